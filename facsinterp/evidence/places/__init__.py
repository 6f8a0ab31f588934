"""Where filters look: each held against the region of the unit that it answers to."""
