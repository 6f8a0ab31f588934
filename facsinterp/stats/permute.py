"""What chance alone would give: labels shuffled in the way that a null allows.

Shuffles come in chunks; each chunk is drawn from (seed, number of the chunk) and the scheme
alone. Statistics are sums of whole numbers, hence exact, so that a tie with the observed value
is a tie. Results therefore depend on the seed and on nothing else: not on how many shuffles
are asked for before or after, nor on memory, threads or the library that multiplies.

Memory beside what is given and returned stays under about 250 MB, whatever the number of
rows, filters, action units and shuffles: filters and action units are taken in tiles, and the
shuffles drawn anew for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.progress import Advance
from facsinterp.stats.effect import exact_dtype
from facsinterp.stats.schemes import Scheme, groups_in_strata
from facsinterp.stats.shuffling.engine import block_on

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Shuffled = NDArray[np.int32]

CHUNK: Final = 64
# Residuals this small beside the ranks are none.
ROUND_OFF: Final = 1e-10
# Most numbers in a tile of weights, in the labels of one shuffle, and in a chunk of shuffles.
WEIGHTS: Final = 1 << 23
LABEL_TILE: Final = 1 << 22
DRAWN: Final = 1 << 22
# Most numbers in the rows of a tile of filters that are counted in bins.
BINNED: Final = 1 << 19


class Standard(Protocol):
    """Mean and spread (J, U) of each sum under the null, such as `stats.closed.moments.Moments`."""

    @property
    def mean(self) -> Floats: ...
    @property
    def sd(self) -> Floats: ...


@dataclass(frozen=True)
class Tally:
    """What shuffled sums did beside the observed ones."""

    reached: Positions
    """(J, U) how many shuffles gave at least the observed sum."""
    below: Positions | None
    """(J, U) how many gave at most the observed sum, where asked for."""
    count: int
    largest: Floats | None
    """(count,) largest (sum - mean) / sd of all pairs in each shuffle, of its size where both
    tails count; -inf without a pair."""
    by_filter: NDArray[np.float32] | None
    """(k, J) the same for each filter over its action units, in the first k shuffles."""


@dataclass(frozen=True)
class DivergenceTally:
    """What shuffled KL divergences did beside the observed ones; every array (J, U)."""

    reached: Positions
    """How many shuffles gave at least the observed divergence."""
    mean: Floats
    """Mean over the shuffles, nats; NaN where an action unit does not vary."""
    sd: Floats
    """Standard deviation over the shuffles, nats; NaN there and for a single shuffle."""
    count: int


def shuffles(scheme: Scheme, count: int, seed: int) -> Iterator[Shuffled]:
    """Chunks (k, n) of `count` shuffles in all: which row's labels each row gets.

    Every row of a chunk is a uniform permutation of the groups inside each stratum.
    """
    from facsinterp.stats.shuffling import counting

    order = np.lexsort((scheme.place, scheme.group, scheme.stratum))
    groups, size = groups_in_strata(scheme)
    start = np.cumsum(groups * size) - groups * size
    moving = groups > 1
    start, groups, size = start[moving], groups[moving], size[moving]
    drawn = int((groups - 1).sum())
    step = max(1, min(CHUNK, DRAWN // max(len(order), 1)))
    for chunk, first in enumerate(range(0, count, step)):
        moved = np.empty((min(step, count - first), len(order)), dtype=np.int32)
        uniform = np.random.default_rng([seed, chunk]).random((len(moved), drawn))
        counting.draw(uniform, order, start, groups, size, moved)
        yield moved


def whole_weights(weights: ArrayLike) -> Positions:
    """Whole numbers (n, J) in proportion to the weights, whose sums are exact in a float32.

    A column of halves and whole numbers, such as midranks, is doubled and thereby exact. Any
    other is scaled so that its absolute values add up to less than 2**24, and rounded:
    resolution is then that sum / 2**24, which costs a test no validity.
    """
    given = np.asarray(weights, dtype=np.float64)
    doubled = 2 * given
    exact = (doubled == np.rint(doubled)).all(axis=0)
    reach = np.abs(given).sum(axis=0)
    room = (1 << 24) - 1 - len(given) / 2
    scale = np.where(exact, 2.0, room / np.where(reach > 0, reach, 1.0))
    return np.rint(given * scale).astype(np.int64)


def residual_ranks(ranks: ArrayLike, *factors: ArrayLike) -> Floats:
    """What factors such as subject and emotion do not explain of the ranks (n, J).

    Least-squares residuals on a constant and the dummies of all factors (n,). The factor with
    most levels is taken out by its means, the others as far as it leaves them (Frisch &
    Waugh 1933), so that no matrix of rows by subjects is made.
    """
    given = np.asarray(ranks, dtype=np.float64)
    levels = [np.unique(np.asarray(factor), return_inverse=True)[1] for factor in factors]
    levels = levels or [np.zeros(len(given), dtype=np.int64)]
    levels.sort(key=lambda level: int(level.max(initial=0)), reverse=True)
    most, others = levels[0], levels[1:]
    left = _without_means(given, most)
    if others:
        basis = _basis(np.hstack([_without_means(_dummies(other), most) for other in others]))
        left -= basis @ (basis.T @ left)
    # What factors explain wholly leaves round-off, which must not be taken for an answer.
    left[:, np.abs(left).max(axis=0, initial=0) < ROUND_OFF * np.abs(given).max(initial=1)] = 0.0
    return left


def upper_tail(  # noqa: PLR0913 - all but the data by name
    weights: Positions,
    labels: NDArray[np.bool_],
    scheme: Scheme,
    *,
    count: int,
    seed: int,
    moments: Standard | None = None,
    both: bool = False,
    by_filter: int = 0,
    device: str = "cpu",
    advance: Advance = lambda _shuffles: None,
) -> Tally:
    """How many of `count` shuffles reach the observed sum of weights, for all pairs at once.

    The statistic is `weights.T @ labels` (J, U), with whole weights (n, J): twice the midranks
    give the one-sided rank-sum test (higher when present). `both` also counts shuffles
    that stay at or below it, and takes standardised sums without their sign. With `moments`,
    the largest standardised sum of each shuffle is kept, over pairs with a spread above 0
    (Westfall & Young 1993, max-T), and for the first `by_filter` shuffles that of each filter.
    `device` is where torch multiplies ("cuda"), or "cpu" for numpy; results are the same.
    `advance` hears the number of shuffles done.

    Raises ValueError for `by_filter` without `moments`.
    """
    if by_filter and moments is None:
        message = "the largest sum of each filter needs moments to standardise by"
        raise ValueError(message)
    rows, filters = weights.shape
    units = labels.shape[1]
    reached = np.zeros((filters, units), dtype=np.int64)
    below = np.zeros_like(reached) if both else None
    largest = None if moments is None else np.full(count, -np.inf)
    kept = np.full((min(by_filter, count), filters), -np.inf, dtype=np.float32)
    tiles = _tiles(filters, units, WEIGHTS // max(rows, 1), LABEL_TILE // max(rows, 1))
    heard = _shared(advance, len(tiles))
    exact = exact_dtype(int(np.abs(weights).sum(axis=0).max(initial=0)))
    for some, these in tiles:
        block = block_on(device)(
            np.ascontiguousarray(weights[:, some], dtype=exact),
            np.ascontiguousarray(labels[:, these], dtype=exact),
            None if moments is None else (moments.mean[some, these], moments.sd[some, these]),
            both=both,
        )
        for at, moved in _parts(scheme, count, seed, block.step):
            best = block.count(moved)
            if best is not None and largest is not None:
                span = slice(at, at + len(moved))
                largest[span] = np.maximum(largest[span], best.max(axis=1, initial=-np.inf))
                early = kept[span, some]
                early[:] = np.maximum(early, best[: len(early)])
            heard(len(moved))
        reached[some, these] = block.reached
        if below is not None:
            below[some, these] = block.below
    return Tally(reached, below, count, largest, kept if by_filter else None)


def divergence_tail(
    bins: Positions,
    labels: NDArray[np.bool_],
    scheme: Scheme,
    *,
    count: int,
    seed: int,
    number_of_bins: int,
    advance: Advance = lambda _shuffles: None,
) -> DivergenceTally:
    """How many of `count` shuffles reach the observed KL divergence, with its mean and spread.

    D_KL(present || absent) over the bin of each row (n, J), 0 to `number_of_bins` - 1, both
    histograms shrunk to the pooled one with weight number_of_bins / 2 (see
    `divergence.kl_shrunk`). Bins come from activations alone. Compared are whole
    numbers, so that equal divergences are ties; the shuffles are those of `upper_tail`.
    Raises ValueError for bins outside their range.
    """
    from facsinterp.stats.shuffling.binned import LANES, Binned

    if bins.size and not 0 <= bins.min() <= bins.max() < number_of_bins:
        message = f"bins are numbered from 0 to {number_of_bins - 1}"
        raise ValueError(message)
    rows, filters = bins.shape
    shape = (filters, labels.shape[1])
    reached, mean, sd = np.zeros(shape, np.int64), np.full(shape, np.nan), np.full(shape, np.nan)
    tiles = _tiles(*shape, BINNED // max(rows, 1), LANES)
    heard = _shared(advance, len(tiles))
    for some, these in tiles:
        binned = Binned(bins[:, some], labels[:, these], number_of_bins)
        for _, moved in _parts(scheme, count, seed, CHUNK):
            binned.count(moved)
            heard(len(moved))
        reached[some, these] = binned.reached
        mean[some, these], sd[some, these] = binned.moments(count)
    return DivergenceTally(reached, mean, sd, count)


def p_values(reached: ArrayLike, count: int) -> Floats:
    """(b + 1) / (m + 1): valid for every number of shuffles, and never 0.

    Phipson & Smyth (2010); b shuffles of m reach the observed value.
    """
    return np.asarray((np.asarray(reached) + 1) / (count + 1), dtype=np.float64)


def _parts(scheme: Scheme, count: int, seed: int, step: int) -> Iterator[tuple[int, Shuffled]]:
    """Shuffles, at most `step` at a time, each time with the number of those before."""
    at = 0
    for chunk in shuffles(scheme, count, seed):
        even = -(-len(chunk) // -(-len(chunk) // step))  # parts of one chunk are alike in size
        for first in range(0, len(chunk), even):
            moved = chunk[first : first + even]
            yield at, moved
            at += len(moved)


def _tiles(filters: int, units: int, wide: int, high: int) -> list[tuple[slice, slice]]:
    """All pairs in tiles of at most `wide` filters and `high` action units."""
    wide, high = max(1, wide), max(1, high)
    return [
        (slice(j, j + wide), slice(u, u + high))
        for j in range(0, filters, wide)
        for u in range(0, units, high)
    ]


def _shared(advance: Advance, tiles: int) -> Advance:
    """Tells `advance` of each shuffle once, however many tiles it is drawn for."""
    done = 0

    def heard(shuffled: int) -> None:
        nonlocal done
        before, done = done // tiles, done + shuffled
        if done // tiles > before:
            advance(done // tiles - before)

    return heard


def _without_means(values: Floats, level: Positions) -> Floats:
    """Values (n, J) less the mean of their level (n,)."""
    sums = np.zeros((int(level.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(sums, level, values)
    return np.asarray(values - (sums / np.bincount(level)[:, None])[level], dtype=np.float64)


def _dummies(level: Positions) -> Floats:
    return np.asarray(level[:, None] == np.arange(int(level.max(initial=-1)) + 1), dtype=np.float64)


def _basis(columns: Floats) -> Floats:
    """Orthonormal columns that span the given ones."""
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, size > size.max(initial=0) * 1e-10], dtype=np.float64)
