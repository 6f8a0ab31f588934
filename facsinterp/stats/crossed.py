"""Shares of right answers for new people and new training seeds: both are luck at once.

Every network answers every face, so a face's answers share its person, and a network's answers
share its seed. Errors are linearised residuals of the share, summed over each in turn: the
variance over people plus that over seeds. What belongs to single pairs of the two is in both
sums and counts twice, which errs to long intervals (Cameron, Gelbach & Miller 2011 take it away
once; Owen 2007 shows that leaving it is safe).

Two or three networks often agree by luck. Satterthwaite's formula then takes their small spread
for certain and gives the freedom of the many people, so the freedom is at most twice that of the
fewest seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from facsinterp.errors import Fault, InputError
from facsinterp.stats.accuracy import wilson

Floats = NDArray[np.float64]

_ROUNDING: Final = 1e-20
"""A variance below this is none: sums of residuals that should cancel leave some 1e-17."""


@dataclass(frozen=True)
class Estimate:
    """A share, or a difference of two, with a 95 % interval."""

    value: float
    low: float
    """NaN where fewer than two people are shown, and for a difference without any spread."""
    high: float
    error: float
    """Standard error."""
    freedom: float
    """Degrees of freedom, by Satterthwaite (1946); with several seeds at most 2 (seeds - 1)."""
    people: int
    seeds: int
    """Networks of the arm with fewer; 1: the luck of training is not in the interval."""
    p: float
    """Two-sided, that a difference is 0; NaN for a share, and where there is no spread."""


def crossed_share(
    right: ArrayLike,
    people: Sequence[str] | NDArray[np.str_],
    classes: NDArray[np.integer] | None = None,
) -> Estimate:
    """The share of right answers, by Wilson's interval with the effective number of faces.

    `right` is (seed, face) bool, one row a network; `people` (face,) names who is shown. With
    `classes` (face,) it is the mean of the shares of each class, balanced accuracy. The
    effective number is p (1 - p) / variance, and the number of people where all answers
    are alike; t with the Satterthwaite degrees of freedom stands for the normal quantile (see
    `facsinterp.stats.accuracy.accuracy`). Raises InputError for shapes that do not match.
    """
    answers, whose = _checked(right, people)
    value, residuals = _residuals(answers, classes)
    seeds = len(answers)
    table = _by_person(residuals / seeds, whose)
    groups = table.shape[1]
    if groups < 2:
        return Estimate(value, math.nan, math.nan, math.nan, math.nan, groups, seeds, math.nan)
    variance, freedom = _variance(table.sum(axis=0), [table.sum(axis=1)])
    if variance > 0:
        effective = min(value * (1 - value) / variance, answers.shape[1])
    else:  # no spread to measure: each person counts once, which is the cautious end
        effective, freedom = float(groups), float(groups - 1)
    low, high = wilson(value, effective, float(student.ppf(0.975, freedom)))
    return Estimate(value, low, high, math.sqrt(variance), freedom, groups, seeds, math.nan)


def crossed_gain(
    first: ArrayLike,
    second: ArrayLike,
    people: Sequence[str] | NDArray[np.str_],
    *,
    paired: bool,
) -> Estimate:
    """The share of `first` less that of `second`, which answered the same faces.

    Both are (seed, face) bool. `paired`: row by row their networks belong together, as when
    they began with the same weights; otherwise the seeds of the two are independent. An arm
    with one row shows no luck of training, and `seeds` says so. The interval is value +-
    t * error. Raises InputError for shapes that do not match.
    """
    one, whose = _checked(first, people)
    other, _ = _checked(second, people)
    if paired and len(one) != len(other):
        got = f"{len(one)} and {len(other)}"
        raise InputError(Fault("pairs take as many networks on both sides", got=got))
    tables = []
    values = []
    for answers in (one, other):
        value, residuals = _residuals(answers, None)
        values.append(value)
        tables.append(_by_person(residuals / len(answers), whose))
    gain, seeds = values[0] - values[1], min(len(one), len(other))
    groups = tables[0].shape[1]
    if groups < 2:
        return Estimate(gain, math.nan, math.nan, math.nan, math.nan, groups, seeds, math.nan)
    by_seed = [tables[0].sum(axis=1), tables[1].sum(axis=1)]
    lots = [by_seed[0] - by_seed[1]] if paired else by_seed
    variance, freedom = _variance(tables[0].sum(axis=0) - tables[1].sum(axis=0), lots)
    error = math.sqrt(variance)
    # Without any spread, as of equal answers, nothing is known of its size.
    half = float(student.ppf(0.975, freedom)) * error if error else math.nan
    p = float(2 * student.sf(abs(gain) / error, freedom)) if error else math.nan
    return Estimate(gain, gain - half, gain + half, error, freedom, groups, seeds, p)


def _checked(
    right: ArrayLike, people: Sequence[str] | NDArray[np.str_]
) -> tuple[Floats, NDArray[np.intp]]:
    answers = np.asarray(right, dtype=np.float64)
    _, whose = np.unique(np.asarray(people), return_inverse=True)
    if answers.ndim != 2 or not answers.size or answers.shape[1] != len(whose):
        expected = f"(seed, {len(whose)} faces), at least one of each"
        raise InputError(
            Fault("answers and people do not match", expected=expected, got=str(answers.shape))
        )
    return answers, whose


def _residuals(answers: Floats, classes: NDArray[np.integer] | None) -> tuple[float, Floats]:
    """The share, and what each answer adds to its error: (answer - share) / faces."""
    faces = answers.shape[1]
    _, own = np.unique(np.zeros(faces) if classes is None else classes, return_inverse=True)
    counts = np.bincount(own)
    shares = np.bincount(own, weights=answers.mean(axis=0)) / counts
    return float(shares.mean()), (answers - shares[own]) / (counts[own] * len(counts))


def _by_person(residuals: Floats, whose: NDArray[np.intp]) -> Floats:
    """(seed, person) sums."""
    return np.stack([np.bincount(whose, weights=row) for row in residuals])


def _variance(people: Floats, lots: Sequence[Floats]) -> tuple[float, float]:
    """The variance of a sum over people and over each lot of seeds, and its freedom."""
    parts = []
    for sums in (people, *lots):
        count = len(sums)
        if count > 1:
            # Residuals of all people sum to 0, those of a lot of seeds too, but for rounding.
            spread = sums - sums.mean()
            parts.append((count / (count - 1) * float(spread @ spread), count - 1))
    variance = sum(part for part, _ in parts)
    if variance < _ROUNDING:
        return 0.0, float(len(people) - 1)
    freedom = variance**2 / sum(part**2 / free for part, free in parts)
    several = [len(sums) for sums in lots if len(sums) > 1]
    return variance, min(freedom, 2.0 * (min(several) - 1)) if several else freedom
