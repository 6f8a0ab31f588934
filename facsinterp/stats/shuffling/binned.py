"""KL divergence under shuffles from one table a bin: no logarithm is taken more than once.

With both histograms shrunk to the pooled one, p(b) = (c_b + k m_b / n) / (n1 + k) for the
c_b rows with the action unit among the m_b rows of bin b, the shrunk shares add up to 1 and

    D_KL(present || absent) = sum_b g_b(c_b) / (n1 + k) + log((n0 + k) / (n1 + k)),
    g_b(c) = (c + k m_b / n) log((c + k m_b / n) / (m_b - c + k m_b / n)).

g_b takes m_b + 1 values. They are kept as whole numbers of a small unit, so that sums of them
are exact and equal divergences compare as equal.
"""

from __future__ import annotations

from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from facsinterp.stats.shuffling import counting
from facsinterp.stats.shuffling.counting import LANES

__all__ = ["LANES", "Binned"]

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

# Entries of a table have at most this many bits: their rounding is then above that of a float64,
# and no sum of them overflows.
BITS: Final = 46
LAST: Final = np.uint32(1 << 31)


@final
class Binned:
    """Divergences of some filters and at most 64 action units, tallied as shuffles come."""

    def __init__(self, bins: Positions, labels: NDArray[np.bool_], number_of_bins: int) -> None:
        rows, units = labels.shape
        self._shrink = number_of_bins / 2
        self._with_unit = labels.sum(axis=0).astype(np.int64)
        self._rows = rows
        packed = np.zeros((rows, LANES), dtype=np.uint8)
        packed[:, :units] = labels
        self._packed = packed.view(np.uint64)
        # The fullest bin comes last: its rows need not be visited.
        sizes = np.stack([(bins == b).sum(axis=0) for b in range(number_of_bins)], axis=1)
        by_size = np.argsort(sizes, axis=1, kind="stable")
        self._sizes = np.take_along_axis(sizes, by_size, axis=1)
        place = np.take_along_axis(np.argsort(by_size, axis=1), bins.T, axis=1)
        self._order, self._segments = _segments(place, self._sizes)
        self._table, self._start, self._unit = _tables(self._sizes, rows, self._shrink)
        self._observed = np.zeros((len(sizes), units), dtype=np.int64)
        self.reached = np.zeros_like(self._observed)
        """(J, U) shuffles with at least the observed divergence."""
        self._total = np.zeros(self._observed.shape)
        self._squares = np.zeros(self._observed.shape)
        counting.observe_bins(self._packed, *self._lists, self._with_unit, self._observed)

    def count(self, moved: NDArray[np.int32]) -> None:
        """Tally some shuffles (k, n)."""
        counting.tally_bins(
            self._packed,
            moved,
            *self._lists,
            self._with_unit,
            self._observed,
            self._sizes.shape[1],  # two equal sums differ by rounding of at most 1 a bin
            self.reached,
            self._total,
            self._squares,
        )

    def moments(self, count: int) -> tuple[Floats, Floats]:
        """Mean and standard deviation (J, U) in nats over the `count` shuffles tallied."""
        present = np.where(self._with_unit < self._rows, self._with_unit, 0).astype(np.float64)
        present[present == 0] = np.nan
        absent = self._rows - present
        scale = self._unit[:, None] / (present + self._shrink)
        constant = np.log((absent + self._shrink) / (present + self._shrink))
        mean = self._total / count
        spread = np.maximum(self._squares - self._total * mean, 0.0)
        sd = np.sqrt(spread / (count - 1)) if count > 1 else np.full(spread.shape, np.nan)
        return (self._observed + mean) * scale + constant, sd * scale

    @property
    def _lists(self) -> tuple[NDArray[np.uint32], Positions, Positions, Positions]:
        return self._order, self._segments, self._table, self._start


def _segments(place: Positions, sizes: Positions) -> tuple[NDArray[np.uint32], Positions]:
    """Rows of each filter by bin (J, n), the last of each segment marked; segments (J, B)."""
    order = np.argsort(place, axis=1, kind="stable").astype(np.uint32)
    sorted_place = np.take_along_axis(place, order.astype(np.int64), axis=1)
    first = np.cumsum(sizes, axis=1) - sizes
    inside = np.arange(place.shape[1]) - np.take_along_axis(first, sorted_place, axis=1)
    ends = inside + 1 == np.take_along_axis(sizes, sorted_place, axis=1)
    order[ends | ((inside + 1) % counting.FULL == 0)] |= LAST
    return order, -(-sizes // counting.FULL)


def _tables(sizes: Positions, rows: int, shrink: float) -> tuple[Positions, Positions, Floats]:
    """g_b(c) of all bins side by side (J, n + B), where each begins (J, B), their unit (J,)."""
    filters, bins = sizes.shape
    start = np.cumsum(sizes + 1, axis=1) - (sizes + 1)
    which = np.repeat(np.tile(np.arange(bins), filters), (sizes + 1).ravel()).reshape(
        filters, rows + bins
    )
    size = np.take_along_axis(sizes, which, axis=1)
    found = np.arange(rows + bins) - np.take_along_axis(start, which, axis=1)
    prior = shrink * size / max(rows, 1)
    with_unit, without = found + prior, size - found + prior
    occupied = size > 0  # an empty bin adds nothing
    ratio = np.divide(with_unit, without, out=np.ones_like(prior), where=occupied)
    value = with_unit * np.log(ratio)
    reach = np.abs(value).max(axis=1, initial=0)
    exponent = BITS - np.ceil(np.log2(reach + 1)).astype(np.int64)
    table = np.rint(np.ldexp(value, exponent[:, None])).astype(np.int64)
    return table, start, np.ldexp(1.0, -exponent)
