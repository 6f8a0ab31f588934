"""How a number would vary with other people: resamples, held-out halves, stable names."""
