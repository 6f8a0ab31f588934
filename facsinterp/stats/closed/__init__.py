"""Without shuffles: moments, exact distributions and saddlepoints of sums over strata."""
