"""Claims about training: networks from other seeds are the units, never their filters.

The filters of one network depend on each other and share its fate, so that a test over
filters rejects true nulls far too often. One number a network goes in here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import hypergeom
from scipy.stats import t as student

from facsinterp.errors import Fault, InputError

Floats = NDArray[np.float64]

FEWEST_SEEDS: Final = 5
# All arrangements are gone through up to so many (ten seeds an arm have 184,756).
MOST_ARRANGEMENTS: Final = 200_000
DRAWS: Final = 99_999
BATCH: Final = 2439  # 41 of them
# Sums that differ by no more than this, relative to the largest number, are ties.
HAIR: Final = 1e-9


@dataclass(frozen=True)
class SeedTest:
    """One-sided test over training seeds, and the size of the difference."""

    p: float
    least_p: float
    """What p could be at best with so many seeds."""
    difference: float
    """Hodges & Lehmann (1963): median of all differences (of all pairwise means, if paired)."""
    low: float
    high: float
    """Two-sided interval of the difference; infinite where so few seeds give none."""
    exact: bool
    """All arrangements were gone through; otherwise random ones and (b + 1) / (m + 1)."""
    note: str
    """What a reader must be told; "" = nothing."""


def arms_test(
    trained: ArrayLike, baseline: ArrayLike, *, level: float = 0.95, seed: int = 0
) -> SeedTest:
    """Is the summary of `trained` networks (a,) larger than that of `baseline` networks (b,)?

    Exact permutation of the arm labels over networks with the sum of the first arm; the
    interval is that of shifts which the two-sided exact rank-sum test does not reject (Hodges &
    Lehmann 1963; Lehmann 1975), conservative where values tie. Seeds of the two arms are
    taken as independent; for pairs see `paired_test`. `seed` matters only beyond 200,000
    arrangements. Raises InputError for values that are no finite numbers, or none.
    """
    first, second = _finite("trained", trained), _finite("baseline", baseline)
    values = np.concatenate([first, second])
    ways = math.comb(len(values), len(first))
    exact = ways <= MOST_ARRANGEMENTS
    observed = first.sum() - HAIR * np.abs(values).max() * len(values)
    if exact:
        p = float(np.mean(_sums_of(values, len(first)) >= observed))
    else:
        p = _drawn_p(_random_arms(values, len(first), seed), observed)
    differences = np.sort((first[:, None] - second).ravel())
    low, high = _inverted(differences, _rank_sum_counts(len(first), len(second)), level)
    return SeedTest(
        p=p,
        least_p=1 / ways if exact else 1 / (DRAWS + 1),
        difference=float(np.median(differences)),
        low=low,
        high=high,
        exact=exact,
        note=_note(min(len(first), len(second)), "an arm"),
    )


def paired_test(differences: ArrayLike, *, level: float = 0.95, seed: int = 0) -> SeedTest:
    """Is a network better than the baseline of the same seed? `differences` (n,), one a seed.

    Sign flips of the differences with their sum, all 2**n of them; the interval is that of
    shifts which the two-sided exact signed-rank test does not reject. Exact if a difference is
    as likely to have either sign where training does nothing. Errors as for `arms_test`.
    """
    values = _finite("differences", differences)
    ways = 2 ** len(values)
    exact = ways <= MOST_ARRANGEMENTS
    observed = values.sum() - HAIR * np.abs(values).max() * len(values)
    if exact:
        sums = np.zeros(1)
        for one in values:
            sums = np.concatenate([sums + one, sums - one])
        p = float(np.mean(sums >= observed))
    else:
        p = _drawn_p(_random_flips(values, seed), observed)
    upper = np.triu_indices(len(values))
    means = np.sort(((values[:, None] + values) / 2)[upper])
    low, high = _inverted(means, _signed_rank_counts(len(values)), level)
    return SeedTest(
        p=p,
        least_p=1 / ways if exact else 1 / (DRAWS + 1),
        difference=float(np.median(means)),
        low=low,
        high=high,
        exact=exact,
        note=_note(len(values), ""),
    )


def rarefied_coverage(found: ArrayLike, k: int) -> float:
    """Expected number of action units that `k` random filters cover, of `found` (J, U) bool.

    sum_u 1 - C(J - m_u, k) / C(J, k), with m_u filters that answer to unit u (Hurlbert
    1971): networks are compared at equal numbers of live filters, which are the rows.
    Raises InputError unless 0 <= k <= J.
    """
    answers = np.asarray(found, dtype=bool)
    if not 0 <= k <= len(answers):
        expected = f"0 to {len(answers)} filters"
        raise InputError(Fault("random filters cannot be drawn", expected=expected, got=str(k)))
    missed = hypergeom.pmf(0, len(answers), answers.sum(axis=0), k)
    return float(np.sum(1 - missed))


def pigeonhole_interval(
    trained: ArrayLike,
    baseline: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = 9999,
    seed: int = 0,
) -> tuple[float, float]:
    """Bounds of the difference of means between two arms, for new seeds and new people.

    `trained` (a, S) and `baseline` (b, S) hold one number a network and test subject; NaN =
    that subject says nothing about that network. Seeds of each arm and the subjects, the
    same for both arms, are resampled each by themselves; a cell weighs the product of its
    two counts (Owen 2007, the pigeonhole bootstrap). Few networks, resampled, show only
    (k - 1) / k of their variance, k in the smaller arm, so the draws give a standard error
    that is made larger by that, with a t-quantile of a + b - 2 degrees of freedom: simulated
    coverage of 95 % is 95 to 100 (quantiles of the draws: 84 at 3 + 3, 88 at 5 + 5 seeds).
    Where noise of single cells prevails its variance counts up to three times: too long
    rather than too short. NaN for fewer than two seeds an arm or two subjects. Raises
    InputError when the arms have different subjects.
    """
    arms = [np.asarray(arm, dtype=np.float64) for arm in (trained, baseline)]
    if any(arm.ndim != 2 for arm in arms) or arms[0].shape[1] != arms[1].shape[1]:
        got = f"{arms[0].shape} and {arms[1].shape}"
        raise InputError(Fault("arms do not have the same subjects", got=got))
    subjects, fewest = arms[0].shape[1], min(map(len, arms))
    if min(fewest, subjects) < 2:
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    # The first draw takes everything once: the estimate.
    people = _counts(subjects, draws, rng)
    means = [_crossed_means(arm, _counts(len(arm), draws, rng), people) for arm in arms]
    drawn = means[0] - means[1]
    freedom = len(arms[0]) + len(arms[1]) - 2
    error = np.nanstd(drawn[1:], ddof=1) * math.sqrt(fewest / (fewest - 1))
    half = float(student.ppf((1 + level) / 2, freedom) * error)
    return float(drawn[0]) - half, float(drawn[0]) + half


def _crossed_means(values: Floats, seeds: Floats, people: Floats) -> Floats:
    """Mean of a table (a, S) in each draw, from the counts of its rows and columns."""
    known = np.isfinite(values)
    total = np.einsum("dr,rs,ds->d", seeds, np.where(known, values, 0), people, optimize=True)
    weight = np.einsum("dr,rs,ds->d", seeds, known.astype(float), people, optimize=True)
    return np.asarray(total / np.where(weight > 0, weight, np.nan), dtype=np.float64)


def _counts(kinds: int, draws: int, rng: np.random.Generator) -> Floats:
    drawn = rng.multinomial(kinds, np.full(kinds, 1 / kinds), size=draws)
    return np.vstack([np.ones(kinds), drawn])


def _rank_sum_counts(first: int, second: int) -> list[int]:
    """Arrangements with 0, 1, ... pairs in which the first arm is larger (Mann & Whitney 1947).

    Coefficients of the Gaussian binomial, prod_i (1 - x^(second + i)) / (1 - x^i).
    """
    counts = [1] + [0] * (first * second)
    for i in range(1, first + 1):
        for at in range(len(counts) - 1, second + i - 1, -1):
            counts[at] -= counts[at - second - i]
        for at in range(i, len(counts)):
            counts[at] += counts[at - i]
    return counts


def _signed_rank_counts(seeds: int) -> list[int]:
    """Sign patterns with 0, 1, ... as the sum of the positive ranks (Wilcoxon 1945)."""
    counts = [1] + [0] * (seeds * (seeds + 1) // 2)
    for rank in range(1, seeds + 1):
        for at in range(len(counts) - 1, rank - 1, -1):
            counts[at] += counts[at - rank]
    return counts


def _inverted(ordered: Floats, counts: list[int], level: float) -> tuple[float, float]:
    """Shifts that a two-sided rank test keeps: from one ordered difference to another."""
    allowed = (1 - level) / 2 * sum(counts) * (1 + 1e-12)
    tail, outside = 0, 0
    for count in counts:
        if tail + count > allowed:
            break
        tail += count
        outside += 1
    if outside == 0:
        return -math.inf, math.inf
    return float(ordered[outside - 1]), float(ordered[-outside])


def _sums_of(values: Floats, chosen: int) -> Floats:
    """Sums of `chosen` of the values, for every choice."""
    sums = [np.zeros(1)] + [np.zeros(0)] * chosen
    for one in values:
        for size in range(chosen, 0, -1):
            sums[size] = np.concatenate([sums[size], sums[size - 1] + one])
    return sums[chosen]


def _random_arms(values: Floats, first: int, seed: int) -> Iterator[Floats]:
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS // BATCH):
        yield rng.permuted(np.tile(values, (BATCH, 1)), axis=1)[:, :first].sum(axis=1)


def _random_flips(values: Floats, seed: int) -> Iterator[Floats]:
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS // BATCH):
        yield (rng.integers(0, 2, size=(BATCH, len(values))) * 2 - 1) @ values


def _drawn_p(sums: Iterator[Floats], observed: float) -> float:
    return (sum(int((some >= observed).sum()) for some in sums) + 1) / (DRAWS + 1)


def _note(seeds: int, where: str) -> str:
    return f"fewer than five seeds {where}".strip() if seeds < FEWEST_SEEDS else ""


def _finite(name: str, values: ArrayLike) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not len(numbers) or not np.isfinite(numbers).all():
        expected = "one finite number a network"
        raise InputError(Fault("no summaries of networks", name, expected, str(numbers.tolist())))
    return numbers
