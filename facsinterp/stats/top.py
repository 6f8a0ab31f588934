"""How many of the rows that drive a filter most show each action unit.

`activation` (n, J) and `labels` (n, U) are those of `effect`. Ties at the last place are
shared: rows that tie belong in part, so that no result depends on the order of rows, and a
filter that gives all rows one value has P = base rate, anything being possible.

`groups` (n,), such as the subject of each row, admits each group once, with the row that
drives the filter most. Which row that is the activation alone decides, never the labels. Where
rows of a group tie for it, the group's one place is shared equally by them: any other
choice would follow the order of rows, which means nothing, and a group with two different
labels at the same activation does not say which of them belongs to it. Rows of the unknown
group "" stand alone. N cannot exceed the number of groups and is reduced to it.

Neither P nor its relatives may choose between action units, by the checks named in
`effect`: for extra labels P and `gain` stay where they were, for missing labels `lift`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.stats.effect import exact_dtype
from facsinterp.stats.matrices import (
    Floats,
    Labels,
    Positions,
    coded,
    finite,
    group_numbers,
    in_blocks,
    paired,
)

NS: Final = (5, 10, 20, 50, 100)
# Whole weights of a filter sum to at most this, so that sums of them are exact in float64.
LARGEST: Final = 1 << 52


class TopWeights(NamedTuple):
    """How far each row belongs to the top N of each filter, in whole numbers.

    `weights` (n, J) are integers and `total` (J,) is what each column sums to, so that
    `weights.T @ labels / total` is the precision. Whole numbers make sums of them exact,
    and ties between shuffled and observed values certain.
    """

    weights: NDArray[np.int64]
    total: NDArray[np.int64]


class Precision(NamedTuple):
    """Precision among the top N (J, U), the least and largest that ties allow, and N."""

    value: Floats
    low: Floats
    high: Floats
    n: int


def top_weights(activation: ArrayLike, n: int, groups: ArrayLike | None = None) -> TopWeights:
    """Membership of each row in the top `n` of each filter, ties at the last place shared.

    A row above the n-th largest value belongs wholly; the r places left are shared
    equally by the e rows that equal it, r/e each. All weights of a filter are multiplied
    by its e, which makes them whole. With `groups` rows stand for their groups (see above),
    and where b rows of a group tie, by the least common multiple of the b too; where that
    grows beyond 2**52, shares are rounded to the nearest whole number at that scale.
    Raises InputError unless 1 <= n <= rows (with `groups` only unless 1 <= n).
    """
    values = finite(activation)
    numbers = None if groups is None else group_numbers(groups, len(values))
    weights = np.empty(values.shape, dtype=np.int64)
    for part, block in in_blocks(values, 1):
        weights[:, part] = _Places.of(block, n, numbers).weights()
    return TopWeights(weights, weights.sum(axis=0))


def precision_at_n(
    activation: ArrayLike, labels: ArrayLike, n: int, groups: ArrayLike | None = None
) -> Precision:
    """Share of the top `n` rows of each filter that show each action unit.

    Breuer & Kimmel (2017), P = sum of labels over the top N / N. Where rows tie at the
    last place the value is its expectation over every way to break the tie (fractional
    membership), and `low` and `high` are the least and largest P that some way gives. A
    filter with one value for all rows thus has P = base rate, or with `groups` the mean over
    groups of their shares. `n` of the result is the N that was used: the number of groups
    where `groups` are fewer. P tells nothing without the base rate, and for rare units
    without `largest_precision`.
    Raises InputError unless 1 <= n <= rows (with `groups` only unless 1 <= n).
    """
    values, present = paired(activation, labels)
    numbers = None if groups is None else group_numbers(groups, len(values))
    shape = (values.shape[1], present.shape[1])
    value, low, high = np.empty(shape), np.empty(shape), np.empty(shape)
    used = _used(n, len(values), numbers)
    for part, block in in_blocks(values, present.shape[1]):
        places = _Places.of(block, n, numbers)
        weights = places.weights()
        value[part] = weights.T.astype(np.float64) @ present.astype(np.float64)
        value[part] /= weights.sum(axis=0)[:, None]
        low[part], high[part] = places.attainable(present)
    return Precision(value, low, high, used)


def precision_curve(
    activation: ArrayLike,
    labels: ArrayLike,
    ns: Sequence[int] = NS,
    groups: ArrayLike | None = None,
) -> tuple[Precision, ...]:
    """Precision for each N of `ns` in ascending order; each N that was used appears once.

    One N shows one tail of the filter, and which one depends on the number of rows: a
    filter that holds only among its first five, or only beyond them, shows here.
    """
    values, present = paired(activation, labels)
    numbers = None if groups is None else group_numbers(groups, len(values))
    used = sorted({_used(n, len(values), numbers) for n in ns})
    return tuple(precision_at_n(values, present, n, groups) for n in used)


def largest_precision(labels: ArrayLike, n: int, groups: ArrayLike | None = None) -> Floats:
    """Largest P that any filter could reach at this N (U,): 1, or n1 / N for rare units.

    With `groups` n1 is the number of groups that have a row with the unit.
    """
    present = coded(labels)
    numbers = None if groups is None else group_numbers(groups, len(present))
    used = _used(n, len(present), numbers)
    if numbers is not None:
        seen = np.zeros((int(numbers.max()) + 1, present.shape[1]), dtype=bool)
        np.logical_or.at(seen, numbers, present)
        present = seen
    return np.asarray(np.minimum(1.0, present.sum(axis=0) / used), dtype=np.float64)


def lift(precision: ArrayLike, rate: ArrayLike) -> Floats:
    """Precision (J, U) over base rate (U,); NaN for an action unit that never occurs.

    At most 1 / base rate, so it must not be used to choose between action units.
    """
    share = np.asarray(rate, dtype=np.float64)
    seen = np.where(share > 0, share, np.nan)
    return np.asarray(np.asarray(precision, dtype=np.float64) / seen, dtype=np.float64)


def gain(precision: ArrayLike, rate: ArrayLike) -> Floats:
    """(P - rate) / (1 - rate): 0 at chance, 1 when all of the top show the unit (J, U).

    `precision` (J, U), base rate (U,). NaN for a unit that never or always occurs.
    """
    share = np.asarray(rate, dtype=np.float64)
    room = np.where((share > 0) & (share < 1), 1.0 - share, np.nan)
    return np.asarray((np.asarray(precision, dtype=np.float64) - share) / room, dtype=np.float64)


@dataclass(frozen=True)
class _Places:
    """Who holds the N places of each filter: rows surely in, rows that tie for what is left."""

    sure: Labels
    tied: Labels
    left: Positions
    """Places (J,) that groups tied at the last place share."""
    groups_tied: Positions
    """How many (J,) groups these are."""
    alike: Positions | None
    """Rows (n, J) of a row's group that tie for its place; None where rows stand alone."""
    number: Positions
    """Group (n,) of each row."""
    n: int

    @classmethod
    def of(cls, values: Floats, n: int, groups: Positions | None) -> _Places:
        n = _used(n, len(values), groups)
        number = np.arange(len(values)) if groups is None else groups
        if groups is None:
            above, equal = _top_sets(values, n)
            sure, tied, alike = above, equal, None
        else:
            order = np.argsort(groups, kind="stable")
            start = np.flatnonzero(np.diff(groups[order], prepend=-1))
            best = np.maximum.reduceat(values[order], start, axis=0)
            is_best = values == best[groups]
            alike = np.add.reduceat(is_best[order].astype(np.int64), start, axis=0)[groups]
            above, equal = _top_sets(best, n)
            sure, tied = above[groups] & is_best, equal[groups] & is_best
        return cls(sure, tied, n - above.sum(axis=0), equal.sum(axis=0), alike, number, n)

    def weights(self) -> Positions:
        """Membership (n, J) in whole numbers."""
        whole = self.sure * self.groups_tied + self.tied * self.left
        if self.alike is None:
            return np.asarray(whole, dtype=np.int64)
        for j in self._shared():
            inside = whole[:, j] > 0
            alike = self.alike[inside, j]
            multiple = math.lcm(*np.unique(alike).tolist())
            most = LARGEST // (self.n * int(self.groups_tied[j]))
            if multiple <= most:
                whole[inside, j] *= multiple // alike
            else:
                whole[inside, j] = np.rint(whole[inside, j] * (most / alike))
        return np.asarray(whole, dtype=np.int64)

    def attainable(self, present: Labels) -> tuple[Floats, Floats]:
        """Least and largest P (J, U) over every way to break the ties."""
        on = present.astype(exact_dtype(len(present)))
        sure = (self.sure.T.astype(on.dtype) @ on).astype(np.float64)
        tied = (self.tied.T.astype(on.dtype) @ on).astype(np.float64)
        fewest, most = np.stack([sure, tied]), np.stack([sure, tied])
        for j in self._shared():
            for which, rows in enumerate((self.sure[:, j], self.tied[:, j])):
                fewest[which, j], most[which, j] = _all_and_any(present[rows], self.number[rows])
        left, groups = self.left[:, None], self.groups_tied[:, None]
        low = fewest[0] + np.maximum(0, left - (groups - fewest[1]))
        high = most[0] + np.minimum(left, most[1])
        return low / self.n, high / self.n

    def _shared(self) -> list[int]:
        """Filters where rows of one group tie for a place among the N."""
        if self.alike is None:
            return []
        shared = (self.alike > 1) & (self.sure | self.tied)
        return [int(j) for j in np.flatnonzero(shared.any(axis=0))]


def _all_and_any(present: Labels, number: Positions) -> tuple[Positions, Positions]:
    """Groups (U,) all of whose rows have the unit, and groups with such a row."""
    place = np.unique(number, return_inverse=True)[1]
    size = np.bincount(place)[:, None]
    count = np.zeros((len(size), present.shape[1]), dtype=np.int64)
    np.add.at(count, place, present)
    return (count == size).sum(axis=0), (count > 0).sum(axis=0)


def _used(n: int, rows: int, groups: Positions | None) -> int:
    """N, reduced to the number of groups; InputError where it cannot be taken."""
    most = rows if groups is None else int(groups.max(initial=-1)) + 1
    if n < 1 or not most or (groups is None and n > rows):
        raise InputError(
            Fault(
                "the top N cannot be taken",
                expected=f"N from 1 to the number of rows, {rows}",
                got=str(n),
            )
        )
    return min(n, most)


def _top_sets(values: NDArray[Any], n: int) -> tuple[Labels, Labels]:
    """Rows above the n-th largest value of each filter, and rows equal to it (n, J)."""
    last = np.partition(values, len(values) - n, axis=0)[len(values) - n]
    return values > last, values == last
