"""p-values without shuffles: the signs of subjects' scores are turned.

For labels that change inside takes, takes of unequal length and covariates, where rows
cannot change places. What is left of a filter's ranks and of an action unit's labels, once
nuisance is taken out of both, is multiplied row by row and added up for each subject: the
subject's effective score. Under the null a score is as likely to have either sign, whatever
happens inside the subject; turning the signs of whole subjects shows what chance gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.progress import Advance
from facsinterp.stats.permute import Tally, residual_ranks

Floats = NDArray[np.float64]
CHUNK: Final = 256
# Scores are whole numbers with sums below this: exact in float32, in whatever order added.
REACH: Final = 1 << 24
# Scores, and sums of them, in memory at a time; filters are taken in blocks.
BLOCK: Final = 1 << 22


def flip_tail(  # noqa: PLR0913 - what `upper_tail` takes, and what is nuisance
    weights: ArrayLike,
    labels: NDArray[np.bool_],
    subjects: NDArray[np.str_],
    *,
    count: int,
    seed: int,
    within: bool = True,
    emotions: NDArray[np.str_] | None = None,
    both: bool = False,
    advance: Advance = lambda _flips: None,
) -> Tally:
    """How many of `count` sign vectors reach the observed sum of scores, (J, U).

    `weights` (n, J), such as midranks, `labels` (n, U), `subjects` (n,); rows may be frames,
    of any number a subject. The statistic is the plain sum of the subjects' effective scores
    (Hemerik, Goeman & Finos 2020, JRSS-B 82:841), without division by their spread: signs
    of whole subjects leave the sum of squares as it is. `within` takes each subject's mean
    out of ranks and labels, else only the mean of all; `emotions` (n,) takes out emotions
    as well. Valid as the number of subjects grows; with few informative subjects
    conservative, as (b + 1) / (m + 1) counts the observed signs and b every tie: 2**-k is
    the least p of k subjects. `both` also counts sums as small (`below`).

    Scores are rounded to whole numbers with sums below 2**24, and sums nearer to the
    observed one than rounding can tell count as ties, which can only raise p. Deterministic
    in the seed. Raises InputError where a row has no subject.
    """
    filters, units = np.asarray(weights).shape[1], labels.shape[1]
    reached = np.zeros((filters, units), dtype=np.int64)
    below = np.zeros(reached.shape, dtype=np.int64) if both else None
    told = 0
    for block, scores in _scored(weights, labels, subjects, emotions, within=within):
        up, down = _count(scores, count, seed, both=both)
        reached[block] = up.reshape(-1, units)
        if below is not None:
            below[block] = down.reshape(-1, units)
        done = count * min(block.stop, filters) // filters
        advance(done - told)
        told = done
    return Tally(reached, below, count, None, None)


def flip_score(
    weights: ArrayLike,
    labels: NDArray[np.bool_],
    subjects: NDArray[np.str_],
    *,
    within: bool = True,
    emotions: NDArray[np.str_] | None = None,
) -> Floats:
    """Sum of the subjects' effective scores over the root of their squares (J, U).

    The sum in standard deviations of its distribution under random signs, at most the root
    of the number of subjects that have a score; NaN where none has. Shapes and what is taken
    out as for `flip_tail`.
    """
    found = np.full((np.asarray(weights).shape[1], labels.shape[1]), np.nan)
    for block, scores in _scored(weights, labels, subjects, emotions, within=within):
        spread = np.sqrt((scores.astype(np.float64) ** 2).sum(axis=0))
        z = scores.sum(axis=0, dtype=np.float64) / np.where(spread > 0, spread, np.nan)
        found[block] = z.reshape(-1, labels.shape[1])
    return found


def _scored(
    weights: ArrayLike,
    labels: NDArray[np.bool_],
    subjects: NDArray[np.str_],
    emotions: NDArray[np.str_] | None,
    *,
    within: bool,
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Filters in blocks, each with the whole scores (S, J * U) of its subjects."""
    _check(subjects)
    people = np.unique(subjects, return_inverse=True)[1]
    factors = ([subjects] if within else []) + ([] if emotions is None else [emotions])
    shown = residual_ranks(labels, *factors)
    table = np.asarray(weights, dtype=np.float64)
    wide = max(int(people.max(initial=0)) + 1, CHUNK) * shown.shape[1]
    for block in _filter_blocks(table.shape[1], wide):
        size = np.linalg.norm(table[:, block], axis=0)[:, None] * np.linalg.norm(labels, axis=0)
        yield block, _scores(residual_ranks(table[:, block], *factors), shown, people, size)


def _scores(
    ranks: Floats, shown: Floats, people: NDArray[np.int64], size: Floats
) -> NDArray[np.float32]:
    """Whole score of each subject (S, J * U), filter-major.

    `size` (J, U): scores that are nothing beside it are round-off, and become 0.
    """
    order = np.argsort(people, kind="stable")
    ends = np.cumsum(np.bincount(people))[:-1]
    parts = np.stack([ranks[rows].T @ shown[rows] for rows in np.split(order, ends)])
    reach = np.abs(parts).sum(axis=0)
    room = REACH - 1 - len(parts)
    parts *= room / np.where(reach > 1e-10 * size, reach, np.inf)
    return np.rint(parts).astype(np.float32).reshape(len(parts), -1)


def _count(
    scores: NDArray[np.float32], count: int, seed: int, *, both: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sign vectors with a sum as large, and as small, as the observed one, (J * U,) each."""
    up = np.zeros(scores.shape[1], dtype=np.int64)
    down = np.zeros(scores.shape[1], dtype=np.int64)
    # Each score is off by half a step at most, in the observed sum and in the turned one.
    slack = np.float32(len(scores))
    observed = scores.sum(axis=0, dtype=np.float64).astype(np.float32)
    for chunk, start in enumerate(range(0, count, CHUNK)):
        rng = np.random.default_rng([seed, chunk])
        drawn = rng.integers(0, 2, (CHUNK, len(scores)), dtype=np.int8)
        signs = (2 * drawn[: count - start] - 1).astype(np.float32)
        sums = signs @ scores - observed
        up += (sums >= -slack).sum(axis=0)
        if both:
            down += (sums <= slack).sum(axis=0)
    return up, down


def _filter_blocks(filters: int, numbers: int) -> list[slice]:
    """Slices of filters, so many that `numbers` for each of them stay within the block."""
    step = max(1, BLOCK // max(numbers, 1))
    return [slice(start, start + step) for start in range(0, filters, step)]


def _check(subjects: NDArray[np.str_]) -> None:
    unknown = int((subjects == "").sum())
    if unknown:
        raise InputError(
            Fault(
                "signs of subjects cannot be turned",
                expected="a subject for each row",
                got=f"{unknown} rows without",
                do="leave out rows without a subject",
            )
        )
