"""How many filters of any set answer to some action unit, at least, with one confidence for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, InputError

Counts = NDArray[np.int64]

# What differs by no more than this counts as a tie with the observed maximum (float32).
HAIR: Final = 1e-6


@dataclass(frozen=True)
class Bounds:
    """Lower bounds on the filters that answer, right for every set together.

    With probability `level` no set whatever, also one that was chosen after seeing the
    results, holds fewer such filters than `of` says.
    """

    reached: Counts
    """(J,) arrangements, the observed one among them, that reach the filter's maximum; 0
    for a filter that was not tested."""
    numerator: int
    denominator: int
    """Fewer than k filters without association have `reached` / k below this ratio, for
    every k at once."""
    level: float

    def of(self, chosen: ArrayLike) -> int:
        """At least so many of the `chosen` filters, bool (J,), answer to some action unit.

        |S| minus the least over k of (filters of S outside the k-th reference set, plus
        k - 1); Blanchard, Neuvial & Roquain (2020), their bound for any set.
        Raises InputError unless `chosen` has one entry a filter.
        """
        inside = np.asarray(chosen, dtype=bool)
        if inside.shape != self.reached.shape:
            expected = f"one for each of {len(self.reached)} filters"
            raise InputError(Fault("the chosen filters", expected=expected, got=str(inside.shape)))
        counts = np.sort(self.reached[inside & (self.reached > 0)])
        sizes = np.arange(1, len(counts) + 1)
        # Whole numbers on both sides: reached / k < numerator / denominator.
        caught = np.searchsorted(counts * self.denominator, self.numerator * sizes, side="left")
        return int(np.max(caught - sizes + 1, initial=0))


def at_least(by_filter: ArrayLike, observed: ArrayLike, *, level: float = 0.95) -> Bounds:
    """Bounds from the largest z of each filter, observed (J,) and in m shuffles (m, J).

    A filter answers if it is associated with some action unit; its p-value is the share of
    the m + 1 arrangements, the observed one among them, that reach its maximum. The k-th
    reference set holds the filters with p < lambda k (linear template), and lambda is the
    largest with which at most a share 1 - level of the arrangements has k or more filters
    in the k-th set for some k. Because the observed arrangement is one of them, and filters
    without association are exchangeable over all of them together, coverage is exact for
    every m (Hemerik, Solari & Goeman 2019; Blanchard, Neuvial & Roquain 2020).
    Filters in the first set are no nulls wherever the bounds hold at all, so lambda is
    found again without them until nothing changes (their step-down).

    A filter whose observed maximum is NaN was not tested and never counts. With fewer than
    1 / (1 - level) - 1 shuffles every bound is 0.
    Raises InputError when the shapes do not fit or level is not inside (0, 1).
    """
    shuffled = np.asarray(by_filter)
    now = np.asarray(observed, dtype=np.float64)
    _check(shuffled, now, level)
    tested = np.flatnonzero(~np.isnan(now))
    ranks = _reached(shuffled[:, tested], now[tested])
    numerator, denominator = _calibrated(ranks, 1 - level)
    reached = np.zeros(len(now), dtype=np.int64)
    reached[tested] = ranks[0]
    return Bounds(reached, numerator, denominator, level)


def _reached(shuffled: NDArray[np.floating], observed: NDArray[np.float64]) -> Counts:
    """(m + 1, J) arrangements that reach each value of its column; the observed come first."""
    ranks = np.empty((len(shuffled) + 1, len(observed)), dtype=np.int64)
    for column, first in enumerate(observed):
        values = np.append(first, shuffled[:, column].astype(np.float64))
        values[np.abs(values - first) <= HAIR * np.abs(first)] = first
        ranks[:, column] = len(values) - np.searchsorted(np.sort(values), values, side="left")
    return ranks


def _calibrated(ranks: Counts, alpha: float) -> tuple[int, int]:
    """The largest ratio that `reached` / k may be held against, as two whole numbers."""
    sizes = np.arange(1, ranks.shape[1] + 1)
    allowed = int(np.floor(alpha * len(ranks) * (1 + 1e-12)))
    left = np.ones(ranks.shape[1], dtype=bool)
    ratio = (0, 1)
    while left.any():
        ordered = np.sort(ranks[:, left], axis=1)
        shares = ordered / sizes[: left.sum()]
        place = shares.argmin(axis=1)
        least = shares[np.arange(len(shares)), place]
        which = int(np.argsort(least, kind="stable")[allowed])
        ratio = int(ordered[which, place[which]]), int(place[which]) + 1
        still = left & (ranks[0] * ratio[1] >= ratio[0])
        if (still == left).all():
            break
        left = still
    return ratio


def _check(shuffled: NDArray[np.floating], observed: NDArray[np.float64], level: float) -> None:
    faults = []
    if observed.ndim != 1 or shuffled.ndim != 2 or shuffled.shape[1:] != observed.shape:
        faults.append(
            Fault(
                "maxima of the filters do not fit together",
                expected="shapes (shuffles, filters) and (filters,)",
                got=f"{shuffled.shape} and {observed.shape}",
            )
        )
    elif np.isnan(shuffled[:, ~np.isnan(observed)]).any():
        faults.append(Fault("a filter's maximum is NaN in some shuffles, but not as observed"))
    if not 0 < level < 1:
        faults.append(Fault("no such confidence", expected="between 0 and 1", got=str(level)))
    InputError.raise_any(faults)
