"""What sums are standardised by, laid out for those who look for the largest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def standard_rows(standard: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Mean and spread (U, J), set so that pairs without a spread never have the largest sum."""
    mean, sd = (np.asarray(values, dtype=np.float64).T for values in standard)
    moves = np.isfinite(mean) & (sd > 0)
    columns = np.where(moves, mean, np.inf), np.where(moves, sd, 1.0)
    return np.ascontiguousarray(columns[0]), np.ascontiguousarray(columns[1])
