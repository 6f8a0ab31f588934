"""Showing it: a static site that opens without a network."""
