"""Which filters, and which findings on them, come back in networks trained again."""
