"""How strongly each filter answers to each action unit: effects by rank and by correlation.

Every function takes `activation` (n, J), one number a unit of analysis and filter, and
`labels` (n, U), whether each action unit is present, and gives an array (J, U). All n
rows must be coded for all U action units: a row that was not coded is left out by the
caller, since not coded is not absent, and labels other than 0 and 1 are refused. Filters
are taken in blocks, so that beside the result memory does not grow with their number.
Precision among the top N is in `top`, divergences of histograms are in `divergence`; no
effect knows of p-values.

Where an action unit is absent from every row, or present in every row, no contrast
exists: all effects are NaN there. A filter with one value for all rows says nothing:
AUROC 1/2, correlations 0.

Which effect may be compared between action units? Two checks of an explanation (Oikarinen,
Yan & Weng 2025): a score must fall when half of the rows with a unit are no longer marked
(missing labels) and when as many others are marked at random (extra labels). Rank, partial
rank and point-biserial correlation, AUPRC above the base rate and mutual information fall
in both. For missing labels AUROC, lift and the divergences of rare units hardly fall; for
extra labels precision, its gain, and the AUPRC of common units do not. These say how well a
filter detects a unit, not which unit it should be named after.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy.stats import rankdata

from facsinterp.errors import Fault, InputError
from facsinterp.stats.matrices import (
    Floats,
    Labels,
    Positions,
    coded,
    finite,
    group_numbers,
    in_blocks,
    paired,
)


def base_rate(labels: ArrayLike) -> Floats:
    """Share of rows with each action unit (U,); NaN where there are no rows."""
    present = coded(labels)
    if not len(present):
        return np.full(present.shape[1], np.nan)
    return np.asarray(present.mean(axis=0), dtype=np.float64)


def midranks(activation: ArrayLike) -> Floats:
    """Rank of each row within each filter (n, J), from 1; tied rows share the mean rank.

    Ties are equal numbers of the dtype given: values one step of float32 apart are none.
    """
    values = finite(activation)
    return np.asarray(rankdata(values, method="average", axis=0), dtype=np.float64)


def auroc(activation: ArrayLike, labels: ArrayLike) -> Floats:
    """Chance that a row with the unit answers more than one without it, ties half (J, U).

    The pooled area under the ROC curve, (W - n1 (n1 + 1) / 2) / (n1 n0) with W the sum of
    the midranks of the n1 rows with the unit (Mann & Whitney 1947). Any two rows form a
    pair, so that differences between people weaken it: `auroc_within` leaves them out.
    """
    values, present = paired(activation, labels)
    everyone = np.zeros(len(present), dtype=np.int64)
    return _wins(values, present, everyone)


def auroc_within(activation: ArrayLike, labels: ArrayLike, subjects: ArrayLike) -> Floats:
    """AUROC (J, U) over pairs of rows of one subject alone.

    Sum over subjects of their Mann-Whitney statistics over the sum of n1s n0s, so that a
    subject counts by its pairs. `subjects` (n,); "" is not known and forms no pair. NaN
    where no subject has rows with the unit and rows without it.
    """
    values, present = paired(activation, labels)
    return _wins(values, present, group_numbers(subjects, len(present)))


def rank_correlation(activation: ArrayLike, labels: ArrayLike) -> Floats:
    """Correlation of each filter's midranks with each action unit (J, U).

    n (AUROC - 1/2) sqrt(rate (1 - rate)) / sd of the midranks: the rank sum standardised
    by the base rate, hence comparable between action units where AUROC is not.
    """
    values, present = paired(activation, labels)
    middle = (len(present) + 1) / 2
    return _correlation(values, present, lambda block: midranks(block) - middle)


def point_biserial(activation: ArrayLike, labels: ArrayLike) -> Floats:
    """Pearson correlation of each filter's activation with each action unit (J, U).

    (mean with the unit - mean without) sqrt(rate (1 - rate)) / sd of all rows: the rank
    correlation's cousin that depends on the scale, and on single extreme rows.
    """
    values, present = paired(activation, labels)
    return _correlation(values, present, _centred)


def partial_rank_correlation(
    activation: ArrayLike, labels: ArrayLike, *, ridge: float = 0.1
) -> Floats:
    """Rank correlation of each filter with each unit, given all other units (J, U).

    The partial correlation of midranks and label from their joint correlation matrix, with
    `ridge` added to the diagonal of the labels' part: as if every label carried
    independent noise of `ridge` times its variance, which keeps action units that nearly
    always come together from sharing one large positive and one large negative value. 0
    gives the plain partial correlation (and InputError where labels depend linearly on
    each other). Units without contrast are no part of what is given.
    """
    correlation = rank_correlation(activation, labels)
    present = coded(labels)
    contrast = present.any(axis=0) & ~present.all(axis=0)
    inverse = _inverse(present[:, contrast], ridge)
    marginal = correlation[:, contrast]
    slope = marginal @ inverse
    unexplained = np.maximum(0.0, 1.0 - (marginal * slope).sum(axis=1, keepdims=True))
    scale = np.sqrt(np.diag(inverse) * unexplained + slope**2)
    partial = np.divide(slope, scale, out=np.zeros_like(slope), where=scale > 0)
    result = np.full_like(correlation, np.nan)
    result[:, contrast] = partial
    return result


def auprc(activation: ArrayLike, labels: ArrayLike) -> Floats:
    """Mean over the rows with a unit of the precision down to their place (J, U).

    The area under the precision-recall curve as average precision. Rows that tie are
    counted by expectation over every order they could stand in (McSherry & Najork 2008),
    so that the order of rows does not matter; packages that take a whole tie at once give
    other values there. Dominated by the base rate: see `auprc_gain`.
    """
    values, present = paired(activation, labels)
    on = np.ascontiguousarray(present).view(np.uint8)
    total = present.sum(axis=0).astype(np.float64)
    contrast = (total > 0) & (total < len(on))
    summed = _precision_over_places()
    result = np.empty((values.shape[1], on.shape[1]))
    for part, block in in_blocks(values, on.shape[1]):
        for j, column in enumerate(np.ascontiguousarray(block.T), start=part.start):
            result[j] = summed(column, np.argsort(-column), on)
    result[:, contrast] /= total[contrast]
    result[:, ~contrast] = np.nan
    return result


def auprc_gain(activation: ArrayLike, labels: ArrayLike) -> Floats:
    """AUPRC less the base rate (J, U), comparable between action units.

    By chance it is not 0 but small and positive, (n - n1) (H - 1) / (n (n - 1)) with
    H = 1 + 1/2 + ... + 1/n (the first places of a short list are lucky), 0.010 for 593 rows.
    """
    return auprc(activation, labels) - base_rate(labels)


def exact_dtype(largest: int) -> DTypeLike:
    """float32 when whole numbers up to `largest` are exact in it, else float64.

    A float32 holds every whole number up to 2**24, and products of matrices are twice as
    fast in it.
    """
    return np.float32 if largest < 1 << 24 else np.float64


def _wins(values: NDArray[Any], present: Labels, group: Positions) -> Floats:
    """Share of pairs of one group, with and without the unit, that stand in order."""
    on = present.astype(np.float64)
    with_unit = np.zeros((int(group.max(initial=-1)) + 1, on.shape[1]))
    np.add.at(with_unit, group, on)
    size = np.bincount(group)[:, None]
    least = (with_unit * (with_unit + 1) / 2).sum(axis=0)
    pairs = (with_unit * (size - with_unit)).sum(axis=0)
    result = np.empty((values.shape[1], on.shape[1]))
    for part, block in in_blocks(values, on.shape[1]):
        result[part] = _ranks_in_groups(block, group).T @ on - least
    return np.asarray(result / np.where(pairs > 0, pairs, np.nan), dtype=np.float64)


def _ranks_in_groups(block: Floats, group: Positions) -> Floats:
    order = np.argsort(group, kind="stable")
    size = np.bincount(group)
    ranks = np.ones_like(block)
    for count in np.unique(size[size > 1]):
        # Groups of one size are ranked together: (groups, rows, filters).
        rows = order[np.isin(group[order], np.flatnonzero(size == count))].reshape(-1, count)
        ranks[rows] = rankdata(block[rows], method="average", axis=1)
    return ranks


def _correlation(
    values: NDArray[Any], present: Labels, centred: Callable[[Floats], Floats]
) -> Floats:
    on = present.astype(np.float64)
    rate = on.mean(axis=0)
    spread = np.sqrt(len(on) * rate * (1 - rate))
    result = np.empty((values.shape[1], on.shape[1]))
    for part, block in in_blocks(values, on.shape[1]):
        score = centred(block)
        length = np.sqrt((score**2).sum(axis=0))[:, None]
        result[part] = score.T @ on / np.where(length > 0, length, 1.0)
    return np.asarray(result / np.where(spread > 0, spread, np.nan), dtype=np.float64)


def _centred(block: Floats) -> Floats:
    # The mean of equal numbers may differ from them by rounding: a constant filter is 0 by rule.
    constant = (block == block[:1]).all(axis=0)
    return np.where(constant, 0.0, block - block.mean(axis=0))


def _inverse(present: Labels, ridge: float) -> Floats:
    """Inverse of the labels' correlation matrix with the ridge on its diagonal."""
    if not ridge >= 0:
        raise InputError(Fault("the ridge is negative", expected="0 or more", got=str(ridge)))
    score = (present - present.mean(axis=0)) / present.std(axis=0)
    roots, axes = np.linalg.eigh(score.T @ score / max(len(score), 1))
    raised = np.maximum(roots, 0.0) + ridge
    if raised.min(initial=np.inf) <= 1e-12 * raised.max(initial=0.0):
        raise InputError(
            Fault("action units depend linearly on each other", do="give a ridge above 0, as 0.1")
        )
    return np.asarray((axes / raised) @ axes.T, dtype=np.float64)


def _summed_precision(values: Floats, order: Positions, on: NDArray[np.uint8]) -> Floats:
    """Sum over the rows with each unit of the expected precision down to them (U,).

    `order` lists the rows from the largest value. Compiled below.
    """
    rows, units = on.shape
    result, above, here = np.zeros(units), np.zeros(units), np.zeros(units)
    start = 0
    while start < rows:
        here[:] = 0.0
        alone = shared = 0.0
        end = start
        while end < rows and values[order[end]] == values[order[start]]:
            here += on[order[end]]
            alone += 1.0 / (end + 1)
            shared += (end - start) / (end + 1)
            end += 1
        # A row with the unit falls on each place of a tie of t rows with chance 1/t. Above it
        # stand all rows with the unit that are above the tie and, of the k - 1 others in it,
        # as many as its place in the tie lets expect, inside / (t - 1).
        tied = end - start
        alone /= tied
        shared /= tied * max(tied - 1, 1)
        for unit in range(units):
            k = here[unit]
            result[unit] += alone * k * (above[unit] + 1) + shared * k * (k - 1)
            above[unit] += k
        start = end
    return result


@lru_cache(maxsize=1)
def _precision_over_places() -> Callable[[Floats, Positions, NDArray[np.uint8]], Floats]:
    import numba  # here, so that commands that only read results start without it

    compiled: Callable[..., Floats] = numba.njit(cache=True, nogil=True)(_summed_precision)
    return compiled
