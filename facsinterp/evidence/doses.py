"""Dose and response: how the peaks of filters rise with the coded intensity of a unit.

Coded absent is a level of its own, then come the letters A to E; a unit that is present and
whose intensity nobody scored is the last level and has no place in the order. A face that
was not coded for the unit has no level at all. People, not faces, are the units of chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from facsinterp.errors import Fault, InputError
from facsinterp.stats.paired import mean_change, sign_flips

Floats = NDArray[np.float64]

LEVELS: Final = ("absent", "A", "B", "C", "D", "E", "not scored")
"""Names of the levels in order; the last, present without intensity, is not in the order."""
NOT_SCORED: Final = 6
FEWEST_SUBJECTS: Final = 3
"""Below so many people a level has no interval worth drawing."""


@dataclass(frozen=True)
class Trend:
    """Whether people's answers rise with the level, for each of F filters."""

    people: int
    """Who show at least two levels in the order, so that theirs can rise."""
    mean: Floats
    """(filter,) mean over people of Spearman's correlation of level and peak."""
    low: Floats
    """(filter,) 95 % Student interval over people; NaN below two."""
    high: Floats
    p: Floats
    """(filter,) two-sided, by the signs of people; NaN without people."""
    faces: float
    """Median over these people of the faces that each has in the order; NaN without people."""


@dataclass(frozen=True)
class Doses:
    """Answers of F filters at each level of `LEVELS`; standardised peaks."""

    faces: NDArray[np.int64]
    """(level,)"""
    subjects: NDArray[np.int64]
    """(level,)"""
    mean: Floats
    """(level, filter) mean over people of their own means; NaN where nobody is."""
    low: Floats
    """(level, filter) 95 % Student interval over people; NaN below two."""
    high: Floats
    rising: Trend
    """Over all levels in the order, from absent to E."""
    graded: Trend
    """Over the letters alone: absent faces, which chose the filters, play no part."""

    @property
    def drawn(self) -> NDArray[np.bool_]:
        """(level,) whether enough people are there."""
        return np.asarray(self.subjects >= FEWEST_SUBJECTS)

    @property
    def scored(self) -> bool:
        """Whether any face has a letter."""
        return bool(self.faces[1:NOT_SCORED].any())


def levels_of(present: ArrayLike, coded: ArrayLike, intensity: ArrayLike) -> NDArray[np.int64]:
    """(face,) the level of each face, a place in `LEVELS`; -1 where it was not coded.

    Intensities between letters go to the nearest, ties to the even one as numpy rounds; what
    is present is at least A.
    """
    on, known = np.asarray(present, dtype=bool), np.asarray(coded, dtype=bool)
    strength = np.asarray(intensity, dtype=np.float64)
    scored = np.isfinite(strength)
    letter = np.clip(np.rint(np.where(scored, strength, 1)), 1, 5).astype(np.int64)
    level = np.where(on, np.where(scored, letter, NOT_SCORED), 0)
    return np.asarray(np.where(known, level, -1), dtype=np.int64)


def dose_response(
    peak: ArrayLike,
    present: ArrayLike,
    coded: ArrayLike,
    intensity: ArrayLike,
    subjects: ArrayLike,
    *,
    count: int = 9999,
    seed: int = 0,
) -> Doses:
    """The answers of filters to each coded intensity of one unit.

    `peak` (face, filter); `present`, `coded`, `intensity` and `subjects` (face,). Faces that
    were not coded for the unit, or whose subject is not known (""), are left out. Peaks
    become (x - mean) / standard deviation over the faces that are left; a filter that gives
    all of them one value has NaN everywhere. At each level a person counts once, with the
    mean of the person's faces, and the interval is Student's over people
    (`stats.paired.mean_change`). The trend of a person is Spearman's correlation, by
    midranks, of level and peak over the person's faces, 0 where all peaks are one; its test
    turns the signs of people (`stats.paired.sign_flips`): exact up to 14 people, else
    `count` draws by `seed`. Simulated share of tests at 5 % that reject where peaks know
    nothing of the level, 8 faces each of 8 to 40 people: 1 to 6, and 10 where a unit is on one
    face of twenty and nine peaks of ten are zero; false rises are at most half of that, since
    ties at zero lean correlations the other way. Raises InputError for arrays that do not fit
    together.
    """
    values, owner = np.asarray(peak, dtype=np.float64), np.asarray(subjects, dtype=str)
    level = levels_of(present, coded, intensity)
    if values.ndim != 2 or not len(values) == len(level) == len(owner):
        got = f"{values.shape} peaks, {len(level)} codes, {len(owner)} subjects"
        raise InputError(Fault("peaks and codes do not fit together", got=got))
    kept = (level >= 0) & (owner != "")
    values, level, owner = _standard(values[kept]), level[kept], owner[kept]
    at = [_at(values[level == one], owner[level == one]) for one in range(len(LEVELS))]
    mean, low, high = (np.stack(parts) for parts in zip(*at, strict=True))
    ordered = level != NOT_SCORED
    letters = ordered & (level > 0)
    return Doses(
        faces=np.bincount(level, minlength=len(LEVELS)).astype(np.int64),
        subjects=np.array([len(np.unique(owner[level == one])) for one in range(len(LEVELS))]),
        mean=mean,
        low=low,
        high=high,
        rising=_trend(values[ordered], level[ordered], owner[ordered], count, seed),
        graded=_trend(values[letters], level[letters], owner[letters], count, seed),
    )


def _standard(values: Floats) -> Floats:
    if not len(values):
        return values
    moves = np.ptp(values, axis=0) > 0
    spread = np.where(moves, values.std(axis=0), np.nan)
    return np.asarray((values - values.mean(axis=0)) / spread)


def _at(values: Floats, owner: NDArray[np.str_]) -> tuple[Floats, Floats, Floats]:
    """Mean, low and high of one level, (filter,) each."""
    if not len(values):
        none = np.full(values.shape[1], np.nan)
        return none, none, none
    means = np.stack([values[owner == person].mean(axis=0) for person in np.unique(owner)])
    if len(means) < 2:
        none = np.full(values.shape[1], np.nan)
        return means[0], none, none
    found = mean_change(means)
    return found.mean, found.low, found.high


def _trend(
    values: Floats, level: NDArray[np.int64], owner: NDArray[np.str_], count: int, seed: int
) -> Trend:
    """Mean over people of their own correlations, and what the signs of people give."""
    each, sizes = [], []
    for person in np.unique(owner):
        own = owner == person
        if np.ptp(level[own]) > 0:
            each.append(_spearman(level[own], values[own]))
            sizes.append(int(own.sum()))
    if not each:
        none = np.full(values.shape[1], np.nan)
        return Trend(0, none, none, none, none, math.nan)
    table = np.stack(each)
    if len(each) < 2:
        none = np.full(values.shape[1], np.nan)
        alone = np.where(np.isnan(table[0]), np.nan, 1.0)
        return Trend(1, table[0], none, none, alone, float(sizes[0]))
    change = mean_change(table)
    p = sign_flips(table, count=count, seed=seed).p
    # Correlations end at 1; a Student interval does not know that.
    low, high = np.maximum(change.low, -1), np.minimum(change.high, 1)
    return Trend(len(each), change.mean, low, high, p, float(np.median(sizes)))


def _spearman(level: NDArray[np.int64], values: Floats) -> Floats:
    """(filter,) correlation of midranks; 0 where all values are one, NaN where unknown."""
    steps = rankdata(level) - (len(level) + 1) / 2
    ranks = rankdata(values, axis=0) - (len(level) + 1) / 2
    size = np.sqrt((steps**2).sum() * (ranks**2).sum(axis=0))
    found = steps @ ranks / np.where(size > 0, size, 1)
    return np.asarray(np.where(np.isnan(values).any(axis=0), np.nan, found), dtype=np.float64)
