"""What is said of a run: the answer, verdicts on filters, and where they look, in sentences."""
