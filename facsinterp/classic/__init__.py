"""Who names expressions without a network: patterns and waves in pictures and clips, and a line."""
