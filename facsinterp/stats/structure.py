"""How filters hang together: which are duplicates, and how many different ones there are.

`activation` is (n, J), one number a unit of analysis and filter; `subjects` (n,) names of
people, "" where not known. All is told by centred ranks, so that filters are not called
alike because they know the same people. It describes; no test is corrected by it.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from facsinterp.errors import Fault, InputError

Floats = NDArray[np.float64]
Clusters = NDArray[np.int64]

BAR: Final = 0.95
# Filters that are linked with one another, and rows or filters whose eigenvalues are taken: each
# pair of them is a number in memory, some 1 GB in all.
MOST: Final = 8192
# Correlations that are held at a time.
BLOCK: Final = 1 << 23
# Eigenvalues of whole size come out this near to it: 0, or those of exact duplicates.
WHOLE: Final = 1e-8


class EffectiveNumber(NamedTuple):
    """How many independent filters `live` filters are worth, in two ways; NaN for none."""

    live: int
    """Filters whose centred ranks are not all equal."""
    participation: float
    li_ji: float


def subject_centred(values: ArrayLike, subjects: ArrayLike) -> Floats:
    """Each row less the mean of its subject, (n, columns); every name is a subject, "" too.

    (k x - sum x) / k rather than x - mean: for float32 values the only rounding is the last
    division, so that differences that are equal stay equal whoever's they are. What is
    constant in a subject is 0 there exactly, whatever its type.
    """
    given = np.asarray(values, dtype=np.float64)
    if not len(given):
        return given
    _, owner, rows = np.unique(np.asarray(subjects), return_inverse=True, return_counts=True)
    order = np.argsort(owner, kind="stable")
    starts = np.cumsum(rows) - rows
    count = rows[owner][:, None].astype(np.float64)
    sums = np.add.reduceat(given[order], starts, axis=0)
    low = np.minimum.reduceat(given[order], starts, axis=0)
    high = np.maximum.reduceat(given[order], starts, axis=0)
    return np.where((low == high)[owner], 0.0, (count * given - sums[owner]) / count)


def centred_ranks(activation: ArrayLike, subjects: ArrayLike) -> Floats:
    """Midranks, from 1, of activations less their subject's mean: (m, J), m <= n rows.

    Each row's activation less the mean over the rows of its subject is ranked among the
    rows of all subjects. Rows of people with one row say nothing of differences inside a
    person and are left out, as are rows whose subject is not known; where no subject is
    known at all, every row stays and nothing is subtracted. The order of rows is kept.

    Equal differences are equal exactly for float32 activations whose exponents span less
    than about 20 binary digits: a filter that knows people only is constant afterwards.
    Raises InputError when the arrays do not fit together or are not finite.
    """
    values, names = _fitting(activation, subjects)
    if (names == "").all():
        return np.asarray(rankdata(values, axis=0), dtype=np.float64)
    _, owner, rows = np.unique(names, return_inverse=True, return_counts=True)
    kept = (names != "") & (rows[owner] > 1)
    return np.asarray(
        rankdata(subject_centred(values[kept], names[kept]), axis=0), dtype=np.float64
    )


def duplicates(activation: ArrayLike, subjects: ArrayLike, *, bar: float = BAR) -> Clusters:
    """Number of the cluster of duplicates each filter is in (J,); -1 where there is none.

    Complete linkage on |Spearman correlation| of centred activations: any two filters of a
    cluster correlate by `bar` or more. Clusters are numbered from 0 in the order of their
    first filters; a filter without duplicates is a cluster of one. A filter whose centred
    ranks are all equal (dead, constant, or one that knows people only) has -1.

    Correlations are held in blocks and only groups of connected filters are linked. Raises
    InputError when `bar` is no correlation or more than 8,192 filters are connected.
    """
    if not 0 < bar <= 1:
        raise InputError(Fault("bar is no correlation", expected="above 0, up to 1", got=str(bar)))
    scores = _scores(activation, subjects)
    squares = _squares(scores)
    part = _connected(scores, squares, bar)
    part[squares == 0] = -1
    cluster = np.full(len(part), -1)
    groups = np.split(np.argsort(part, kind="stable"), np.flatnonzero(np.diff(np.sort(part))) + 1)
    total = 0
    for members in groups:
        if len(members) and part[members[0]] >= 0:
            cluster[members] = total + _linked(scores[:, members], squares[members], bar)
            total = int(cluster[members].max()) + 1
    return _by_first_member(cluster)


def correlation_with(activation: ArrayLike, subjects: ArrayLike, other: ArrayLike) -> Floats:
    """Spearman correlation of each filter with filter number `other` (J,) of it: (J,).

    Of centred activations, as in `duplicates`; NaN where `other` is negative or one of the
    two is constant. Tells duplicates (near 1) from opposites (near -1).
    """
    scores, partner = _scores(activation, subjects), np.asarray(other, dtype=np.int64)
    squares = _squares(scores)
    product = np.einsum("nj,nj->j", scores, scores[:, partner])
    both = np.sqrt(squares * squares[partner])
    known = (partner >= 0) & (both > 0)
    return np.asarray(product / np.where(known, both, np.nan), dtype=np.float64)


def effective_number(activation: ArrayLike, subjects: ArrayLike) -> EffectiveNumber:
    """How many independent filters the live filters are worth.

    From the eigenvalues l of the correlation matrix of centred ranks (`centred_ranks`),
    taken from the n x n Gram matrix when there are more filters than rows:
    `participation` = (sum l)**2 / sum l**2; `li_ji` = sum of [l >= 1] + (l - floor(l))
    (Li & Ji 2005). Few rows make many independent filters look redundant: J of them have a
    participation of about J / (1 + J / m) on m rows. Both describe, and divide no test.

    Raises InputError when there are more than 8,192 of both, filters and rows.
    """
    scores = _scores(activation, subjects)
    squares = _squares(scores)
    live = int((squares > 0).sum())
    if not live:
        return EffectiveNumber(0, np.nan, np.nan)
    unit = scores[:, squares > 0] / np.sqrt(squares[squares > 0])
    _refuse_too_many(min(unit.shape))
    gram = unit @ unit.T if live > len(unit) else unit.T @ unit
    values = np.linalg.eigvalsh(gram)
    near = np.rint(values)
    values = np.where(np.abs(values - near) <= WHOLE * np.maximum(near, 1.0), near, values)
    li_ji = float(((values >= 1) + values - np.floor(values)).sum())
    return EffectiveNumber(live, float(live**2 / (values**2).sum()), li_ji)


def _scores(activation: ArrayLike, subjects: ArrayLike) -> Floats:
    """Twice the centred ranks less their mean (m, J): whole numbers, so that sums are exact."""
    ranks = centred_ranks(activation, subjects)
    return 2 * ranks - (len(ranks) + 1)


def _squares(scores: Floats) -> Floats:
    """Sum of squares of each filter's scores; 0 for a filter whose ranks are all equal."""
    return np.asarray(np.einsum("nj,nj->j", scores, scores), dtype=np.float64)


def _connected(scores: Floats, squares: Floats, bar: float) -> Clusters:
    """Number of the set of filters that pairs with |correlation| >= bar connect (J,)."""
    count = scores.shape[1]
    part = np.arange(count)
    step = max(1, BLOCK // max(count, 1))
    for start in range(0, count, step):
        block = slice(start, start + step)
        product = np.abs(scores[:, block].T @ scores[:, start:])
        both = np.sqrt(squares[block, None] * squares[None, start:])
        near = (product >= bar * both) & (both > 0)
        one, other = np.nonzero(near & (part[block, None] != part[None, start:]))
        pairs = part[start + one], part[start + other]
        edges: Any = coo_array((np.ones(len(one), np.int8), pairs), shape=(count, count))
        part = connected_components(edges, directed=False)[1].astype(np.int64)[part]
    return part


def _linked(scores: Floats, squares: Floats, bar: float) -> Clusters:
    """Clusters, from 0, of some filters by complete linkage."""
    if len(squares) == 1:
        return np.zeros(1, np.int64)
    _refuse_too_many(len(squares))
    both = np.sqrt(squares[:, None] * squares)
    product = np.abs(scores.T @ scores)
    # What must not be joined is put far beyond the bar: no rounding of 1 - bar matters.
    distance = np.where(product >= bar * both, 1 - np.minimum(product / both, 1.0), 2.0)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="complete")
    return np.asarray(fcluster(tree, t=1.5, criterion="distance"), dtype=np.int64) - 1


def _by_first_member(cluster: Clusters) -> Clusters:
    """Clusters numbered in the order of their first filters; -1 stays."""
    numbers, first, which = np.unique(cluster, return_index=True, return_inverse=True)
    new = np.full(len(numbers), -1)
    true = numbers >= 0
    new[np.flatnonzero(true)[np.argsort(first[true])]] = np.arange(true.sum())
    return np.asarray(new[which.ravel()], dtype=np.int64)


def _refuse_too_many(count: int) -> None:
    if count > MOST:
        raise InputError(
            Fault(
                "there is no memory for the correlations of so many filters",
                expected=f"up to {MOST:,} that correlate with one another",
                got=f"{count:,}",
                do="ask for one layer at a time",
            )
        )


def _fitting(activation: ArrayLike, subjects: ArrayLike) -> tuple[Floats, NDArray[np.str_]]:
    values, names = np.asarray(activation, dtype=np.float64), np.asarray(subjects, dtype=str)
    if values.ndim != 2 or names.shape != values.shape[:1]:
        raise InputError(
            Fault(
                "activation and subjects do not fit together",
                expected="shapes (n, filters) and (n,)",
                got=f"{values.shape} and {names.shape}",
            )
        )
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).any(axis=0).sum())
        raise InputError(Fault("activation holds NaN or infinity", where=f"{bad} filters"))
    return values, names
