"""Whether filters look at a place: shares inside regions, whose place it is, and when.

Two nulls. *Assignment*: the unit was given to a filter of the layer at random, wherever that
filter looks. *Presence*: where the filter looks does not depend on whether the unit is shown.
What varies is the person, so faces are averaged inside people first.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from facsinterp.stats.nulls import Scheme
from facsinterp.stats.paired import sign_flips
from facsinterp.stats.permute import p_values, shuffles, upper_tail, whole_weights

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]

FEWEST_SUBJECTS: Final = 5
FEWEST_UNITS: Final = 4
# Fewer others than this, and no filter could have a p-value of 0.05.
FEWEST_OTHERS: Final = 19
# Sums of the same shares in another order are one sum.
ROUND_OFF: Final = 1e-10


class Interval(NamedTuple):
    """A mean over people, and bounds that hold for other people."""

    mean: Floats
    low: Floats
    high: Floats
    subjects: Positions


class Presence(NamedTuple):
    """How much more a filter looks at the place on faces that show the unit."""

    share_with: float
    share_without: float
    difference: float
    low: float
    high: float
    p: float
    subjects: int
    """People with a face of either kind: the others tell nothing."""
    faces: int
    """Faces of these people."""


class Exchange(NamedTuple):
    """Mean share of filters in the places of their own units, and when units change names."""

    mean: float
    expected: float
    """The mean over all shuffles, in closed form."""
    null_low: float
    null_high: float
    """Between them lie 95 % of the shuffles."""
    low: float
    high: float
    """Of `mean - expected` for other people; NaN for fewer than five."""
    p: float
    """NaN for fewer than four units, which have too few arrangements for a p of 0.05."""
    units: int


def share_inside(maps: ArrayLike, regions: ArrayLike) -> Floats:
    """Share of each map's absolute values that lies in its region, (n,), 0 to 1.

    `maps` (n, row, col); `regions` the same or (row, col), booleans or weights from 0 to 1.
    NaN for a map of zeros.
    """
    size = np.abs(np.asarray(maps, dtype=np.float64))
    total = size.sum(axis=(1, 2))
    inside = (size * regions).sum(axis=(1, 2))
    return np.asarray(np.divide(inside, total, out=np.full(len(size), np.nan), where=total > 0))


def by_subject(values: ArrayLike, owner: ArrayLike, subjects: int) -> Floats:
    """Mean of each subject's faces for each filter, (S, J); NaN where it has none.

    `values` (J, K), NaN where there is none; `owner` (J, K) or (K,), the subject of each face
    from 0 to `subjects` - 1.
    """
    given = np.asarray(values, dtype=np.float64)
    whose = np.broadcast_to(np.asarray(owner, dtype=np.int64), given.shape)
    known = np.isfinite(given)
    filters = np.nonzero(known)[0]
    place = filters * subjects + whose[known]
    size = len(given) * subjects
    count = np.bincount(place, minlength=size)
    total = np.bincount(place, weights=given[known], minlength=size)
    mean = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
    return np.asarray(mean.reshape(len(given), subjects).T, dtype=np.float64)


def over_subjects(table: ArrayLike, *, level: float = 0.95) -> Interval:
    """Mean over the subjects of (S, J) with a t-interval over them, (J,) each.

    NaN is no value; fewer than five subjects have no interval, and none has no mean.
    """
    given = np.asarray(table, dtype=np.float64)
    known = np.isfinite(given)
    count = known.sum(axis=0)
    safe = np.maximum(count, 1)
    mean = np.where(known, given, 0.0).sum(axis=0) / safe
    square = np.where(known, (given - mean) ** 2, 0.0).sum(axis=0)
    half = student.ppf((1 + level) / 2, np.maximum(count - 1, 1)) * np.sqrt(
        square / np.maximum(count - 1, 1) / safe
    )
    mean = np.where(count > 0, mean, np.nan)
    half = np.where(count >= FEWEST_SUBJECTS, half, np.nan)
    return Interval(mean, mean - half, mean + half, count.astype(np.int64))


def above_p(table: ArrayLike) -> Floats:
    """Chance of means above zero as large by turning the signs of subjects, (J,), of (S, J).

    One-sided; exact for up to 14 subjects (`paired.sign_flips`). NaN is no value; NaN for
    fewer than five subjects.
    """
    given = np.asarray(table, dtype=np.float64)
    p = np.full(given.shape[1], np.nan)
    for j, column in enumerate(given.T):
        told = column[np.isfinite(column)]
        if len(told) >= FEWEST_SUBJECTS:
            both = float(sign_flips(told[:, None]).p[0])
            # Turning every sign turns the sum: the two tails are alike.
            p[j] = both / 2 if told.sum() > 0 else 1 - both / 2
    return p


def assignment_p(scores: ArrayLike, chosen: ArrayLike, layers: ArrayLike) -> Floats:
    """Chance that a filter of the layer that was not chosen looks there as much, (J,).

    (1 + others with at least the score) / (1 + others), for the `chosen` (J,); the others are
    the filters of its layer (J,) that have a score and were not chosen. Exact when the chosen
    were drawn from their layer without regard to the scores; those of one layer and unit
    are then conformal p-values against one set of others, for which Benjamini & Hochberg's
    correction holds (Bates et al. 2023, Ann. Statist. 51:149). NaN for the rest, and where
    there are fewer than 19 others.
    """
    value = np.asarray(scores, dtype=np.float64)
    taken, layer = np.asarray(chosen, dtype=bool), np.asarray(layers)
    p = np.full(len(value), np.nan)
    for name in np.unique(layer[taken]):
        others = np.sort(value[(layer == name) & ~taken & np.isfinite(value)])
        mine = np.flatnonzero((layer == name) & taken & np.isfinite(value))
        if len(others) >= FEWEST_OTHERS:
            above = len(others) - np.searchsorted(others, value[mine] - ROUND_OFF)
            p[mine] = (1 + above) / (1 + len(others))
    return p


def presence_difference(
    share: ArrayLike,
    present: ArrayLike,
    subjects: ArrayLike,
    *,
    count: int = 9999,
    seed: int = 0,
    level: float = 0.95,
) -> Presence:
    """Mean over people of the share (n,) with the unit less that without, and its p-value.

    A share of NaN is none. `present` (n,) bool; `subjects` (n,) from 0, -1 unknown. Only
    people with faces of both kinds count. p: `present` shuffled `count` times among the faces
    of each person, the same difference, (b + 1) / (m + 1), one-sided; exact when the faces of
    a person are exchangeable in the share. Interval: Student's t over the people's own
    differences. Fewer than five such people have their means, but no p-value and no interval.
    """
    owner = np.asarray(subjects, dtype=np.int64)
    on = np.asarray(present, dtype=bool)
    size = int(owner.max(initial=-1)) + 1
    known = (owner >= 0) & np.isfinite(np.asarray(share, dtype=np.float64))
    with_, without = (np.bincount(owner[side & known], minlength=size) for side in (on, ~on))
    used = known & np.append((with_ > 0) & (without > 0), [False])[owner]
    value, on = np.asarray(share, dtype=np.float64)[used], on[used]
    people, owner = np.unique(owner[used], return_inverse=True)
    if not len(people):
        return Presence(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, 0, 0)
    means = by_subject(
        [np.where(on, value, np.nan), np.where(on, np.nan, value)], owner, len(people)
    )
    told = over_subjects((means[:, 0] - means[:, 1])[:, None], level=level)
    p = np.nan
    if len(people) >= FEWEST_SUBJECTS:
        # With n1 and n0 faces fixed, the difference is linear in the labels.
        weigh = 1 / with_[people] + 1 / without[people]
        centred = value - np.bincount(owner, value)[owner] / np.bincount(owner)[owner]
        weights = whole_weights((centred * weigh[owner])[:, None])
        tally = upper_tail(weights, on[:, None], Scheme.of_blocks(owner), count=count, seed=seed)
        p = float(p_values(tally.reached, count)[0, 0])
    high_side, low_side = means.mean(axis=0)
    bounds = float(told.mean[0]), float(told.low[0]), float(told.high[0])
    return Presence(float(high_side), float(low_side), *bounds, p, len(people), len(value))


def exchanged_units(
    table: ArrayLike, wanted: ArrayLike, *, count: int = 9999, seed: int = 0
) -> Exchange:
    """Mean share of filters in the places of their own units, against units that change names.

    `table` (S, F, V): mean share of each subject's faces for filter and unit, NaN for none;
    `wanted` (F, V) bool, the units of each filter, each unit with a filter. The filters of a
    unit are averaged first, so that units count alike. Each shuffle gives all filters of a
    unit the place of another, one place to each unit; (b + 1) / (m + 1), one-sided. Filters
    that are copies of each other have one unit as a rule, and move together. The interval
    of `mean - expected` leaves out one subject at a time (jackknife: Efron & Stein 1981), with
    Student's t. Raises ValueError where a filter has no share for some unit.
    """
    shares, asked = np.asarray(table, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    known = np.isfinite(shares)
    total, number = np.where(known, shares, 0.0).sum(axis=0), known.sum(axis=0)
    if (number == 0).any() or not asked.any(axis=0).all():
        message = "a filter has no share for some unit, or a unit no filter"
        raise ValueError(message)
    groups = (asked / asked.sum(axis=0)).T
    placed = groups @ (total / number)
    units = len(placed)
    drawn = np.concatenate(
        [
            placed[np.arange(units), moved].mean(axis=1)
            for moved in shuffles(Scheme.of_blocks(np.zeros(units, np.int64)), count, seed)
        ]
    )
    mean, expected = float(np.trace(placed) / units), float(placed.mean())
    null_low, null_high = np.quantile(drawn, [0.025, 0.975])
    low, high = _jackknife(shares, groups)
    p = np.nan
    if units >= FEWEST_UNITS:
        p = float(p_values((drawn >= mean - ROUND_OFF).sum(), count))
    return Exchange(mean, expected, float(null_low), float(null_high), low, high, p, units)


def intersection_over_union(shared: ArrayLike, first: ArrayLike, second: ArrayLike) -> Floats:
    """Pixels in both over pixels in either, from counts; NaN where both are empty."""
    both = np.asarray(shared, dtype=np.float64)
    either = np.asarray(first) + np.asarray(second) - both
    return np.asarray(np.divide(both, either, out=np.full(either.shape, np.nan), where=either > 0))


def _jackknife(shares: Floats, groups: Floats) -> tuple[float, float]:
    """Bounds of mean - expected, from leaving out one subject at a time.

    A share that is known of one subject alone stays when that one is left out.
    """
    people = len(shares)
    if people < FEWEST_SUBJECTS:
        return np.nan, np.nan
    known = np.isfinite(shares)
    filled = np.where(known, shares, 0.0)
    total, number = filled.sum(axis=0), known.sum(axis=0)

    def excess(total: Floats, number: Positions) -> float:
        placed = groups @ (total / number)
        return float(np.trace(placed) / len(placed) - placed.mean())

    without = np.empty(people)
    for one in range(people):
        lone = number - known[one] == 0
        without[one] = excess(
            np.where(lone, total, total - filled[one]), np.where(lone, 1, number - known[one])
        )
    spread = np.sqrt((people - 1) / people * ((without - without.mean()) ** 2).sum())
    half = float(student.ppf(0.975, people - 1) * spread)
    found = excess(total, number)
    return found - half, found + half
