"""Paired changes over people: how large on average, for whom, and against which chance.

A column is one question asked of the same people, such as how much a filter's answer changes
when a unit is switched on; its numbers are one person's each. People are the units of chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from scipy.stats import t as student

from facsinterp.errors import Fault, InputError
from facsinterp.progress import Advance
from facsinterp.stats.multiple import max_t

Floats = NDArray[np.float64]

# All signs are gone through up to so many people: 2**13 vectors, as one person's sign is free.
MOST_ENUMERATED: Final = 14
CHUNK: Final = 256
# Columns that are compared with all their sign vectors at a time.
BLOCK: Final = 1 << 14
# Sums are made in float32; what differs by no more counts as a tie, which only makes p larger.
HAIR: Final = 1e-5


class Change(NamedTuple):
    """Mean change of each column (K,), with its t-interval."""

    mean: Floats
    low: Floats
    high: Floats
    """Both NaN with fewer than two people."""
    effect: Floats
    """d_z, the mean in standard deviations over people; NaN where people do not differ."""


class Flipped(NamedTuple):
    """How a mean change stands against random signs, (K,) each; NaN in a column with NaN."""

    z: Floats
    """Sum over the root of the sum of squares; 0 where nothing changes."""
    p: Floats
    """Two-sided."""
    p_max: Floats
    """The same over the family of all columns: maximum of |z|, single step."""


def mean_change(changes: ArrayLike, *, level: float = 0.95) -> Change:
    """Mean over people of each column of `changes` (P, K), its interval and d_z.

    The interval is Student's. Simulated coverage of 95 % (8, 20, 40 people): normal 95, 95,
    95; differences of rectified normals 95, 95, 95; log-normal 87, 90, 91; seven in ten zero,
    else exponential 75, 85, 89. Resampling people covers less (percentile 88, 92, 93 and BCa
    88, 91, 93 of differences of rectified normals) and gains 3 points at most where most are
    zero. Raises InputError unless `changes` has people and columns.
    """
    values = _table(changes)
    people = len(values)
    mean: Floats = values.mean(axis=0)
    # Sums of equal numbers leave a spread of round-off.
    spread = np.where(np.ptp(values, axis=0) > 0, _deviation(values), 0.0 * mean)
    reach = student.ppf((1 + level) / 2, people - 1) * spread / np.sqrt(people)
    effect = mean / np.where(spread > 0, spread, np.nan)
    return Change(mean, mean - reach, mean + reach, effect)


def sign_flips(
    changes: ArrayLike,
    *,
    count: int = 9999,
    seed: int = 0,
    advance: Advance = lambda _vectors: None,
) -> Flipped:
    """Whether people change in one direction, for each column of `changes` (P, K).

    Null: a person's changes are as likely to have either sign, all columns at once. The
    signs of whole people are turned, so that whatever columns have to do with each other is
    kept. All 2**(P - 1) vectors for up to 14 people, else `count` random ones and
    (b + 1) / (m + 1). The family of `p_max` is every column without NaN (Westfall & Young
    1993). Deterministic in `seed`. Raises as `mean_change`.
    """
    values = _table(changes)
    known = ~np.isnan(values).any(axis=0)
    length = np.linalg.norm(values[:, known], axis=0)
    unit = (values[:, known] / np.where(length > 0, length, 1)).astype(np.float32)
    observed = np.abs(unit.sum(axis=0, dtype=np.float64))
    bar = (observed - HAIR * np.maximum(observed, 1)).astype(np.float32)
    reached = np.zeros(len(bar), dtype=np.int64)
    largest = []
    exact = len(values) <= MOST_ENUMERATED
    for signs in _every_sign(len(values)) if exact else _random_signs(len(values), count, seed):
        top = np.zeros(len(signs), dtype=np.float32)
        for start in range(0, len(bar), BLOCK):
            part = slice(start, start + BLOCK)
            sums = np.abs(signs @ unit[:, part])
            reached[part] += (sums >= bar[part]).sum(axis=0)
            top = np.maximum(top, sums.max(axis=1))
        largest.append(top)
        advance(len(signs))
    drawn = np.concatenate(largest)
    z, p, p_max = np.full((3, values.shape[1]), np.nan)
    z[known] = unit.sum(axis=0, dtype=np.float64)
    # The vector that turns nobody is among all, but not among random ones.
    p[known] = (reached + (not exact)) / (len(drawn) + (not exact))
    corrected = max_t(observed - HAIR * np.maximum(observed, 1), drawn)
    if exact:
        corrected = (corrected * (len(drawn) + 1) - 1) / len(drawn)
    p_max[known] = corrected
    return Flipped(z, p, p_max)


def monotony(answers: ArrayLike) -> Floats:
    """How far each person's answers rise with the steps, (P, K): Spearman's correlation.

    `answers` (P, step, K), the steps in rising order; 0 where all answers of a person are
    one. Its mean over people is a trend as in Page's test (1963), free of ties.
    """
    values = np.asarray(answers, dtype=np.float64)
    ranks = rankdata(values, axis=1) - (values.shape[1] + 1) / 2
    steps = np.arange(values.shape[1]) - (values.shape[1] - 1) / 2
    size = np.sqrt((ranks**2).sum(axis=1) * (steps**2).sum())
    along = np.einsum("s,psk->pk", steps, ranks)
    return np.asarray(along / np.where(size > 0, size, 1), dtype=np.float64)


def resampled(people: int, draws: int, seed: int) -> Iterator[Floats]:
    """Weights of people (P,), summing to 1, one vector for each draw with replacement."""
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        yield np.bincount(rng.integers(0, people, people), minlength=people) / people


def _deviation(values: Floats) -> Floats:
    people = len(values)
    squares = ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    return np.asarray(np.sqrt(squares / (people - 1 if people > 1 else np.nan)), np.float64)


def _every_sign(people: int) -> Iterator[NDArray[np.float32]]:
    """All sign vectors in which the first person's is +; |sums| of the others are the same."""
    vectors = np.arange(1 << (people - 1))
    for start in range(0, len(vectors), CHUNK):
        bits = (vectors[start : start + CHUNK, None] << 1) >> np.arange(people) & 1
        yield (1 - 2 * bits).astype(np.float32)


def _random_signs(people: int, count: int, seed: int) -> Iterator[NDArray[np.float32]]:
    for chunk, start in enumerate(range(0, count, CHUNK)):
        rng = np.random.default_rng([seed, chunk])
        drawn = rng.integers(0, 2, (CHUNK, people), dtype=np.int8)
        yield (2 * drawn[: count - start] - 1).astype(np.float32)


def _table(changes: ArrayLike) -> Floats:
    values = np.asarray(changes, dtype=np.float64)
    if values.ndim != 2 or not len(values) or not values.shape[1]:
        got = f"shape {values.shape}"
        raise InputError(Fault("no paired changes", expected="(person, column)", got=got))
    return values
