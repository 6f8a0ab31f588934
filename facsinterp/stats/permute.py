"""What chance alone would give: labels shuffled in the way that a named null allows.

A null says which rows may change places if a filter has nothing to do with an action unit.
Both nulls here shuffle whole label rows inside blocks, so that the dependence between
action units, and between filters, is kept, and one set of shuffles serves all pairs.

Shuffles come in chunks; each chunk is drawn from (seed, number of the chunk) and the
blocks alone, so that results depend on nothing else: not on how many shuffles are asked
for before or after, on memory, or on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from facsinterp.errors import Fault, InputError
from facsinterp.progress import Advance
from facsinterp.stats.effect import exact_dtype

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

CHUNK: Final = 64
# Numbers in one product; two such arrays in float32 stay in a second-level cache.
PRODUCT: Final = 1 << 19
# Numbers in the result of one effect over several shuffles.
RESULT: Final = 1 << 22


@dataclass(frozen=True)
class Null:
    """Which rows may change places. `exchangeable` is what must hold for it to be exact."""

    name: str
    exchangeable: str
    blocks: Callable[[NDArray[np.str_]], Positions]
    """From the subject of each row ("" = not known) to the block that it is shuffled in."""


def within_subject_blocks(subjects: NDArray[np.str_]) -> Positions:
    """Rows of one subject form a block; a row without a subject stays where it is.

    Exact when the rows of a subject are exchangeable in the activation or in the labels,
    whatever filters know of identity and whatever habits people have. Trends over a
    session that filter and labels share would break it. Subjects with one row add nothing.
    Raises InputError when no subject has two rows.
    """
    kinds, place, counts = np.unique(subjects, return_inverse=True, return_counts=True)
    known = kinds != ""
    if not known.any():
        raise InputError(_fault("no row has a subject", "a subject for each face"))
    if counts[known].max() < 2:
        raise InputError(_fault("no subject has two rows", "several sequences of a person"))
    unknown = subjects == ""
    place = place.astype(np.int64)
    place[unknown] = len(kinds) + np.arange(int(unknown.sum()))
    return place


def free_blocks(subjects: NDArray[np.str_]) -> Positions:
    """All rows form one block.

    Exact when rows are independent: one row a person, or no subject effect in the
    activation or none in the labels. Wrong where filters know identity and people have
    habits: there it finds associations that do not exist.
    """
    return np.zeros(len(subjects), dtype=np.int64)


NULLS: Final[Mapping[str, Null]] = {
    null.name: null
    for null in (
        Null(
            "within-subject",
            "the rows of a subject are exchangeable, in the activation or in the labels",
            within_subject_blocks,
        ),
        Null("free", "all rows are independent of each other", free_blocks),
    )
}


def null_named(name: str) -> Null:
    """The null of this name; InputError with the known names when there is none."""
    if name not in NULLS:
        raise InputError(Fault("unknown null", expected=" or ".join(NULLS), got=repr(name)))
    return NULLS[name]


def shuffles(blocks: ArrayLike, count: int, seed: int) -> Iterator[Positions]:
    """Chunks (k, n) of `count` shuffles in all: which row's labels each row gets.

    Every row of a chunk is a uniform permutation inside each block.
    """
    block = np.asarray(blocks)
    order = np.argsort(block, kind="stable")
    rank = np.unique(block[order], return_inverse=True)[1].astype(np.float64)
    size = _chunk_size(len(block))
    for chunk, start in enumerate(range(0, count, size)):
        rng = np.random.default_rng([seed, chunk])
        keys = rng.random((min(size, count - start), len(block)))
        moved = np.empty(keys.shape, dtype=np.int64)
        moved[:, order] = order[np.argsort(rank + keys, axis=1)]
        yield moved


def upper_tail(
    weights: NDArray[np.int64],
    labels: NDArray[np.bool_],
    blocks: ArrayLike,
    *,
    count: int,
    seed: int,
    advance: Advance = lambda _shuffles: None,
) -> Positions:
    """How many of `count` shuffles reach the observed sum of weights, (J, U) whole numbers.

    The statistic is `weights.T @ labels`, with whole weights (n, J) so that sums are exact
    and a tie with the observed value counts as reaching it: twice the midranks give the
    one-sided rank-sum test (higher when present), `effect.top_weights` that of precision.
    `advance` hears the number of shuffles done.
    """
    reach = int(np.abs(weights).sum(axis=0).max(initial=0))
    exact = exact_dtype(reach)
    table = np.ascontiguousarray(weights, dtype=exact)
    on = np.ascontiguousarray(labels.T, dtype=exact)
    units, rows = on.shape
    filters = table.shape[1]
    observed = on @ table
    reached = np.zeros((units, filters), dtype=np.int64)
    step = max(1, PRODUCT // max(1, units * max(rows, filters)))
    for chunk in shuffles(blocks, count, seed):
        for start in range(0, len(chunk), step):
            moved = chunk[start : start + step]
            drawn = on[:, moved.ravel()].reshape(units * len(moved), rows) @ table
            reached += (drawn.reshape(units, len(moved), filters) >= observed[:, None]).sum(axis=1)
        advance(len(chunk))
    return reached.T


def p_values(reached: ArrayLike, count: int) -> Floats:
    """(b + 1) / (m + 1): valid for every number of shuffles, and never 0.

    Phipson & Smyth (2010); b shuffles of m reach the observed value.
    """
    return np.asarray((np.asarray(reached) + 1) / (count + 1), dtype=np.float64)


def null_mean(
    effect: Callable[[NDArray[np.bool_]], Floats],
    labels: NDArray[np.bool_],
    blocks: ArrayLike,
    *,
    count: int,
    seed: int,
    advance: Advance = lambda _shuffles: None,
) -> Floats:
    """Mean of an effect over `count` shuffles of the labels, (J, U).

    `effect` gives (J, V) from labels (n, V), such as `kl_divergence` of one activation.
    """
    units = labels.shape[1]
    filters = effect(labels).shape[0]
    total = np.zeros((filters, units))
    step = max(1, RESULT // max(1, units * max(filters, len(labels))))
    for chunk in shuffles(blocks, count, seed):
        for start in range(0, len(chunk), step):
            moved = chunk[start : start + step]
            drawn = labels[moved].transpose(1, 0, 2).reshape(len(labels), -1)
            total += effect(drawn).reshape(filters, len(moved), units).sum(axis=1)
        advance(len(chunk))
    return total / count


def attainable_p(labels: NDArray[np.bool_], blocks: ArrayLike) -> Floats:
    """Least p-value that any filter could reach for each action unit (U,).

    The product over blocks of 1 / C(rows, rows with the unit), which the margins alone
    decide: choosing action units by it costs no validity (the idea of Tarone 1990). 1
    where an action unit does not vary inside any block. Values too small for a float are
    given as the smallest one, never as 0.
    """
    place = np.unique(np.asarray(blocks), return_inverse=True)[1]
    size = np.bincount(place).astype(np.float64)[:, None]
    with_unit = np.zeros((len(size), labels.shape[1]))
    np.add.at(with_unit, place, labels)
    ways = gammaln(size + 1) - gammaln(with_unit + 1) - gammaln(size - with_unit + 1)
    least = np.exp(-ways.sum(axis=0))
    return np.asarray(np.maximum(least, np.finfo(np.float64).tiny), dtype=np.float64)


def _chunk_size(rows: int) -> int:
    # Fewer at a time for very many rows: the keys of a chunk stay under 32 MB.
    return max(1, min(CHUNK, (1 << 22) // max(rows, 1)))


def _fault(what: str, expected: str) -> Fault:
    return Fault(
        f"labels cannot be shuffled within subjects: {what}",
        expected=expected,
        do='give the subject of each face, or choose the null "free" if every face is independent '
        "of the others",
    )
