"""What others do: the rules of the papers, and tests of the literature, on plain arrays.

None of these is offered by facsinterp. They stand here so that their error rates can be
seen beside those of what is offered.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import hypergeom, norm, rankdata

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


def hypergeometric(precision: Floats, count: int, labels: Labels) -> Floats:
    """p of a precision (J, U) among `count` rows if they were drawn from all rows (n, U).

    A count that ties leave between two numbers is taken as the lower one.
    """
    hits = np.floor(precision * count + 1e-9)
    tail = hypergeom.sf(hits - 1, len(labels), labels.sum(axis=0)[None], count)
    return np.asarray(tail, dtype=np.float64)


def mann_whitney(activation: Floats, labels: Labels) -> Floats:
    """One-sided p (J, U) of Mann & Whitney's U as if rows were independent.

    Normal, with the variance corrected for ties.
    """
    ranks = rankdata(activation, axis=0)
    rows, with_unit = len(ranks), labels.sum(axis=0).astype(np.float64)
    mean = (rows + 1) / 2
    variance = ((ranks - mean) ** 2).sum(axis=0)[:, None] / (rows * (rows - 1))
    spread = np.sqrt(variance * with_unit * (rows - with_unit))
    return np.asarray(norm.sf((ranks.T @ labels - mean * with_unit) / spread))


def clustered_auroc(activation: Floats, labels: Labels, clusters: ArrayLike) -> Floats:
    """One-sided p (J, U) of AUROC with the variance over clusters of Obuchowski (1997).

    A Wald test: z = (AUROC - 1/2) / se, with eq. 3 to 5 of the paper.
    """
    number = np.unique(np.asarray(clusters), return_inverse=True)[1]
    order = np.argsort(activation, axis=0, kind="stable")
    below = rankdata(activation, method="min", axis=0).astype(np.int64) - 1
    up_to = rankdata(activation, method="max", axis=0).astype(np.int64)
    p = np.empty((activation.shape[1], labels.shape[1]))
    for unit, on in enumerate(labels.T):
        # Rows with the unit among the k lowest of each filter.
        lowest = np.zeros((len(order) + 1, order.shape[1]))
        np.cumsum(on[order], axis=0, out=lowest[1:])
        with_unit = (
            np.take_along_axis(lowest, below, axis=0) + np.take_along_axis(lowest, up_to, axis=0)
        ) / 2
        p[:, unit] = _wald(with_unit, (below + up_to) / 2 - with_unit, on, number)
    return p


def _wald(above_on: Floats, above_off: Floats, on: Labels, cluster: NDArray[np.int64]) -> Floats:
    """p from the number of rows with, and without, the unit that each row is above (n, J)."""
    with_unit, without = float(on.sum()), float((~on).sum())
    # Share of the other side: that is lower, for rows with the unit; that is higher, for others.
    share = np.where(on[:, None], above_off / without, 1 - above_on / with_unit)
    auroc = share[on].mean(axis=0)
    left, groups = share - auroc, int(cluster.max()) + 1
    first, second = np.zeros((2, groups, share.shape[1]))
    np.add.at(first, cluster[on], left[on])
    np.add.at(second, cluster[~on], left[~on])
    variance = (
        _scale(len(np.unique(cluster[on]))) * (first**2).sum(axis=0) / with_unit**2
        + _scale(len(np.unique(cluster[~on]))) * (second**2).sum(axis=0) / without**2
        + 2 * _scale(groups) * (first * second).sum(axis=0) / (with_unit * without)
    )
    # A perfect separation has no variance: the Wald test is then certain.
    spread = np.sqrt(np.maximum(variance, 1e-300))
    return np.asarray(norm.sf((auroc - 0.5) / spread))


def _scale(groups: int) -> float:
    return groups / max(groups - 1, 1)


def circular_shifts(
    ranks: NDArray[np.int64], labels: Labels, takes: ArrayLike, *, count: int, seed: int
) -> Floats:
    """p (J, U) when the time course of each take is turned by a chance number of frames.

    Takes are of one length, each in one piece. Not exact: a take does not end where it began.
    """
    length = int(np.bincount(np.unique(np.asarray(takes), return_inverse=True)[1])[0])
    courses = ranks.reshape(-1, length, ranks.shape[1]).astype(np.float64)
    shown = labels.reshape(-1, length, labels.shape[1]).astype(np.float64)
    turns = np.random.default_rng(seed).integers(length, size=(count, len(courses)))
    place = (np.arange(length) + np.arange(length)[:, None]) % length
    drawn = np.zeros((count + 1, ranks.shape[1] * labels.shape[1]))
    for take, (course, on) in enumerate(zip(courses, shown, strict=True)):
        # The sum of this take for each number of frames that its labels are turned by.
        turned = np.einsum("fj,tfu->tju", course, on[place], optimize=True).reshape(length, -1)
        drawn[0] += turned[0]
        drawn[1:] += turned[turns[:, take]]
    reached = (drawn[1:] >= drawn[0]).sum(axis=0)
    return np.asarray((reached.reshape(ranks.shape[1], -1) + 1) / (count + 1))
