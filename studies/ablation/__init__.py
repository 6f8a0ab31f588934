"""What becomes of expressions and action units when single filters are silenced."""
