"""Mean and spread of a sum of weights under shuffled labels, without shuffling.

The statistic is `weights.T @ labels`, (J, U). Whole label rows change places inside
strata, one by one or in groups; both moments are closed forms, a few products of matrices
for all pairs. Standardised by them a sum can be compared between action units of every
base rate, and between filters: the score by which an action unit is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.stats.closed.strata import Floats, Strata, label_counts
from facsinterp.stats.nulls import Scheme

# Numbers in the largest intermediate array; filters are taken in blocks that keep to it.
BLOCK: Final = 1 << 22


class Moments(NamedTuple):
    """Mean and standard deviation (J, U) under the null; sd 0 where nothing can change."""

    mean: Floats
    sd: Floats


def moments(weights: ArrayLike, labels: ArrayLike, scheme: Scheme) -> Moments:
    """Mean and sd of `weights.T @ labels` over every shuffle that the scheme allows, (J, U).

    `weights` (n, J) numbers, `labels` (n, U). Rows one by one: sampling without replacement
    in each stratum, of K rows m with the unit, with mean m mean(w) and variance
    m (K - m) / (K (K - 1)) sum (w - mean(w))^2. Groups of rows: the linear assignment
    statistic of the groups of a stratum, with the variance of Hoeffding (1951, Ann. Math.
    Statist. 22:558, theorem 2). Strata are independent. Exact in either case.
    """
    table, present = np.asarray(weights), np.asarray(labels, dtype=bool)
    above, variance = _deviation(table, present, scheme)
    observed = table.T.astype(np.float64) @ present
    return Moments(observed - above, np.sqrt(variance))


def standard_score(weights: ArrayLike, labels: ArrayLike, scheme: Scheme) -> Floats:
    """Distance of the observed sum from its mean under the null, in sd (J, U).

    With midranks and shuffles inside subjects it is the within-subject z. NaN where every
    shuffle gives the same sum.
    """
    above, variance = _deviation(np.asarray(weights), np.asarray(labels, dtype=bool), scheme)
    sd = np.sqrt(variance)
    score = np.full(above.shape, np.nan)
    np.divide(above, sd, out=score, where=sd > 0)
    return score


def _deviation(
    weights: NDArray[np.generic], labels: NDArray[np.bool_], scheme: Scheme
) -> tuple[Floats, Floats]:
    """Observed sum less its mean, and variance of the sum, (J, U) each."""
    above = np.zeros((weights.shape[1], labels.shape[1]))
    variance = np.zeros(above.shape)
    if scheme.singly:
        _add_single_rows(above, variance, weights, labels, Strata.of(scheme.stratum))
        return above, variance
    order = np.lexsort((scheme.place, scheme.group, scheme.stratum))
    groups = scheme.group[order]
    strata = Strata.of(scheme.stratum[order])
    for start, stop in zip(strata.starts[:-1], strata.starts[1:], strict=True):
        count = len(np.unique(groups[start:stop]))
        if count > 1:
            rows = order[start:stop].reshape(count, -1)
            _add_groups(above, variance, weights[rows], labels[rows])
    return above, variance


def _add_single_rows(
    above: Floats,
    variance: Floats,
    weights: NDArray[np.generic],
    labels: NDArray[np.bool_],
    strata: Strata,
) -> None:
    on = strata.rows(labels).astype(np.float64)
    size = strata.sizes[:, None].astype(np.float64)
    with_unit = label_counts(labels, strata)
    share = with_unit * (size - with_unit) / np.maximum(size * (size - 1), 1.0)
    for block in _filter_blocks(weights.shape[1], len(on)):
        ordered = strata.rows(weights[:, block]).astype(np.float64)
        # Measured from a row of the stratum, equal weights are 0 exactly, and so is their sd.
        ordered -= strata.spread(ordered[strata.starts[:-1]])
        centred = ordered - strata.spread(strata.sums(ordered) / size)
        above[block] += centred.T @ on
        variance[block] += strata.sums(centred**2).T @ share


def _add_groups(
    above: Floats,
    variance: Floats,
    weights: NDArray[np.generic],
    labels: NDArray[np.bool_],
) -> None:
    """Add one stratum: `weights` (groups, places, J) and `labels` (groups, places, U).

    With weights and labels centred over the groups at each place, the assignment of labels
    h to weights g has the doubly centred cost d[g, h] = sum over places of their product,
    and the variance is the sum of d^2 / (groups - 1).
    """
    groups, places, filters = weights.shape
    units = labels.shape[2]
    on = labels - labels.mean(axis=0)
    flat = on.reshape(groups * places, units)
    # Either way gives the sum of d^2; the shorter side is the one to keep.
    by_place = places <= groups
    crossed = np.einsum("gpu,gqu->pqu", on, on) if by_place else on.transpose(1, 0, 2)
    crossed = crossed.reshape(places**2 if by_place else places, -1)
    wide = places**2 if by_place else groups * max(places, groups * units)
    for block in _filter_blocks(filters, wide):
        part = weights[:, :, block].astype(np.float64)
        part = part - part[:1]
        part -= part.mean(axis=0)
        above[block] += part.reshape(groups * places, -1).T @ flat
        if by_place:
            square = np.einsum("gpj,gqj->jpq", part, part).reshape(-1, places**2) @ crossed
        else:
            cost = (part.transpose(2, 0, 1).reshape(-1, places) @ crossed) ** 2
            square = cost.reshape(-1, groups * groups, units).sum(axis=1)
        variance[block] += square / (groups - 1)


def _filter_blocks(filters: int, numbers: int) -> Iterator[slice]:
    """Slices of filters, so many that `numbers` for each of them stay within the block."""
    step = max(1, BLOCK // max(numbers, 1))
    for start in range(0, filters, step):
        yield slice(start, start + step)
