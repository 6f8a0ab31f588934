"""Smooth bumps, and smooth values between scattered places."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Field = NDArray[np.floating[Any]]

_NEAR: Final = 6
_SOFT: Final = 1e-4


def bump(x: Field, width: float) -> Field:
    """1 at x = 0, falling to 1/e at `width` on both sides."""
    return np.asarray(np.exp(-((x / width) ** 2)))


class Scattered:
    """Values known at scattered places, and between them by inverse squared distance."""

    def __init__(self, places: Field, values: Field) -> None:
        """places: (n, dimensions); values: (n,)."""
        self._tree = cKDTree(places)
        self._values = values

    def at(self, places: Field) -> Field:
        """(...): values at places (..., dimensions)."""
        apart, near = self._tree.query(places, k=_NEAR)
        weight = 1 / (np.asarray(apart) ** 2 + _SOFT)
        return np.asarray((self._values[near] * weight).sum(-1) / weight.sum(-1))
