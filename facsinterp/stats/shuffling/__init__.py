"""How shuffles are counted: products on a processor or an accelerator, and tables of bins."""
