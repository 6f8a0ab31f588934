"""Rows laid out stratum by stratum, for sums over rows that may change places.

A stratum is what a null shuffles inside: rows (or whole groups of rows) of one stratum may
change places, rows of two strata never do. Closed forms need nothing else of a null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Strata:
    """Rows in the order of their strata: `order` (n,), and where each stratum begins (S + 1,)."""

    order: Positions
    starts: Positions

    @classmethod
    def of(cls, strata: ArrayLike) -> Self:
        """The layout of one number a row; rows of a stratum keep their order."""
        numbers = np.asarray(strata)
        order = np.argsort(numbers, kind="stable").astype(np.int64)
        changes = np.flatnonzero(np.diff(numbers[order])) + 1
        inner = changes if len(numbers) else changes[:0]
        starts = np.concatenate([[0], inner, [len(numbers)] if len(numbers) else []])
        return cls(order, starts.astype(np.int64))

    @property
    def sizes(self) -> Positions:
        """Rows of each stratum (S,)."""
        return np.diff(self.starts)

    def rows(self, values: NDArray[Any]) -> NDArray[Any]:
        """`values` (n, ...) in the order of the strata, C-contiguous."""
        return np.ascontiguousarray(values[self.order])

    def sums(self, ordered: NDArray[Any]) -> NDArray[Any]:
        """Sum over each stratum (S, ...) of values that `rows` has put in order."""
        if not len(self.order):
            return np.zeros((0, *ordered.shape[1:]), ordered.dtype)
        return np.asarray(np.add.reduceat(ordered, self.starts[:-1], axis=0))

    def spread(self, per_stratum: NDArray[Any]) -> NDArray[Any]:
        """A value of each stratum repeated for its rows, in the order of the strata."""
        return np.repeat(per_stratum, self.sizes, axis=0)


def label_counts(labels: NDArray[np.bool_], strata: Strata) -> Positions:
    """Rows of each stratum that show each action unit (S, U)."""
    return np.asarray(strata.sums(strata.rows(labels).astype(np.int64)), dtype=np.int64)


def in_units(ordered: Positions, strata: Strata) -> Positions:
    """Whole weights (n,) above the least of their stratum, in units of their common divisor.

    Of weights only differences inside strata matter to a test. Whole sums of the result lie
    on a lattice of step 1.
    """
    if not len(ordered):
        return ordered
    least = np.minimum.reduceat(ordered, strata.starts[:-1])
    above = ordered - strata.spread(least)
    return np.asarray(above // max(int(np.gcd.reduce(above)), 1), dtype=np.int64)
