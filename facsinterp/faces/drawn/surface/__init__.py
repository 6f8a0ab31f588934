"""The skin of the average head, and how people differ from it."""
