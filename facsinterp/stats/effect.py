"""How strongly each filter answers to each action unit: effects on plain arrays.

Every function takes `activation` (n, J), one number a unit of analysis and filter, and
`labels` (n, U), whether each action unit is present, and gives an array (J, U). All n
rows must be coded for all U action units: a row that was not coded is left out by the
caller, since not coded is not absent. No function knows of subjects or p-values; nulls
live in `permute`, corrections in `multiple`.

Where an action unit is absent from every row, or present in every row, no contrast
exists: AUROC, rank correlation and KL divergence are NaN there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy.stats import rankdata

from facsinterp.errors import Fault, InputError

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

# Filters are taken in blocks so that no intermediate array holds more numbers than this.
BLOCK = 1 << 23


def base_rate(labels: ArrayLike) -> Floats:
    """Share of rows with each action unit (U,); NaN where there are no rows."""
    present = np.asarray(labels, dtype=bool)
    if not len(present):
        return np.full(present.shape[1], np.nan)
    return np.asarray(present.mean(axis=0), dtype=np.float64)


class TopWeights(NamedTuple):
    """How far each row belongs to the top N of each filter, in whole numbers.

    `weights` (n, J) are integers and `total` (J,) is what each column sums to, so that
    `weights.T @ labels / total` is the precision. Whole numbers make sums of them exact,
    and ties between shuffled and observed values certain.
    """

    weights: NDArray[np.int64]
    total: NDArray[np.int64]


class Precision(NamedTuple):
    """Precision among the top N (J, U), and the least and largest that ties allow."""

    value: Floats
    low: Floats
    high: Floats


def top_weights(activation: ArrayLike, n: int) -> TopWeights:
    """Membership of each row in the top `n` of each filter, ties at the last place shared.

    A row above the n-th largest value belongs wholly; the r places left are shared
    equally by the e rows that equal it, r/e each. All weights of a filter are multiplied
    by its e, which makes them whole. Raises InputError unless 1 <= n <= rows.
    """
    values = _finite(activation)
    above, equal = _top_sets(values, n)
    tied = equal.sum(axis=0)
    left = n - above.sum(axis=0)
    return TopWeights(above * tied + equal * left, n * tied)


def precision_at_n(activation: ArrayLike, labels: ArrayLike, n: int) -> Precision:
    """Share of the top `n` rows of each filter that show each action unit.

    Breuer & Kimmel (2017), P = sum of labels over the top N / N. Where rows tie at the
    last place the value is its expectation over every way to break the tie (fractional
    membership), and `low` and `high` are the least and largest P that some way gives. A
    filter with one value for all rows thus has P = base rate.
    Raises InputError unless 1 <= n <= rows.
    """
    values, present = _pair(activation, labels)
    above, equal = _top_sets(values, n)
    exact = exact_dtype(len(values))
    on = present.astype(exact)
    sure = (above.T.astype(exact) @ on).astype(np.float64)
    tied_on = (equal.T.astype(exact) @ on).astype(np.float64)
    tied = equal.sum(axis=0)[:, None].astype(np.float64)
    left = n - above.sum(axis=0)[:, None]
    return Precision(
        (sure * tied + left * tied_on) / (n * tied),
        (sure + np.maximum(0, left - (tied - tied_on))) / n,
        (sure + np.minimum(left, tied_on)) / n,
    )


def lift(precision: ArrayLike, rate: ArrayLike) -> Floats:
    """Precision (J, U) over base rate (U,); NaN for an action unit that never occurs.

    At most 1 / base rate, so it must not be used to choose between action units.
    """
    share = np.asarray(rate, dtype=np.float64)
    seen = np.where(share > 0, share, np.nan)
    return np.asarray(np.asarray(precision, dtype=np.float64) / seen, dtype=np.float64)


def midranks(activation: ArrayLike) -> Floats:
    """Rank of each row within each filter (n, J), from 1; tied rows share the mean rank."""
    values = _finite(activation)
    return np.asarray(rankdata(values, method="average", axis=0), dtype=np.float64)


def auroc(activation: ArrayLike, labels: ArrayLike) -> Floats:
    """Chance that a row with the unit answers more than one without it, ties half (J, U).

    The pooled area under the ROC curve, (W - n1 (n1 + 1) / 2) / (n1 n0) with W the sum of
    the midranks of the n1 rows with the unit (Mann & Whitney 1947).
    """
    values, present = _pair(activation, labels)
    with_unit = present.sum(axis=0).astype(np.float64)
    without = len(present) - with_unit
    rank_sum = midranks(values).T @ present.astype(np.float64)
    pairs = np.where(with_unit * without > 0, with_unit * without, np.nan)
    return np.asarray((rank_sum - with_unit * (with_unit + 1) / 2) / pairs, dtype=np.float64)


def rank_correlation(activation: ArrayLike, labels: ArrayLike) -> Floats:
    """Correlation of each filter's midranks with each action unit (J, U).

    n (AUROC - 1/2) sqrt(rate (1 - rate)) / sd of the midranks: the rank sum standardised
    by the base rate, hence comparable between action units where AUROC is not. 0 for a
    filter with one value for all rows.
    """
    values, present = _pair(activation, labels)
    rate = base_rate(present)
    spread = midranks(values).std(axis=0)[:, None]
    centred = auroc(values, present) - 0.5
    scale = len(values) * np.sqrt(rate * (1 - rate))
    return np.asarray(centred * scale / np.where(spread > 0, spread, 1.0), dtype=np.float64)


def kl_divergence(
    activation: ArrayLike, labels: ArrayLike, *, bins: int = 20, pseudo_count: float = 1.0
) -> Floats:
    """D_KL(activation where the unit is present || where absent) in nats (J, U).

    After Khorrami et al. (2015), who give neither bins nor smoothing: `bins` bins of equal
    width over the filter's range in all rows, `pseudo_count` added to each bin of both
    histograms. The value is biased upwards by about (bins - 1)/2 (1/n1 + 1/n0): compare it
    with its mean under a null. A filter with one value for all rows has 0.
    """
    values, present = _pair(activation, labels)
    on = present.astype(exact_dtype(len(values)))
    total = present.sum(axis=0).astype(np.float64)
    absent = len(present) - total
    result = np.full((values.shape[1], present.shape[1]), np.nan)
    contrast = (total > 0) & (absent > 0)
    for block in _filter_blocks(values, present.shape[1]):
        place = equal_width_bins(values[:, block], bins)
        divergence: Floats = np.zeros(result[block].shape)
        for which in range(bins):
            count, pooled = _counts(place == which, on)
            p = (count + pseudo_count) / (total + bins * pseudo_count)
            q = (pooled - count + pseudo_count) / (absent + bins * pseudo_count)
            divergence += p * np.log(p / q)
        constant = (place == place[:1]).all(axis=0)
        divergence[constant] = 0.0
        result[block] = divergence
    result[:, ~contrast] = np.nan
    return result


def kl_divergence_shrunk(activation: ArrayLike, labels: ArrayLike, *, bins: int = 11) -> Floats:
    """D_KL(present || absent) in nats with quantile bins shrunk to the pooled histogram (J, U).

    One bin holds the rows at the filter's minimum (zero after a ReLU), the others hold
    equal shares of the rest. Both histograms are shrunk towards the pooled one,
    (c_b + k pooled_b / n) / (n_a + k) with k = bins / 2. Rows enter by rank only, so that
    increasing transforms of the activation change nothing.
    """
    values, present = _pair(activation, labels)
    on = present.astype(exact_dtype(len(values)))
    total = present.sum(axis=0).astype(np.float64)
    absent = len(present) - total
    prior = bins / 2
    result = np.zeros((values.shape[1], present.shape[1]))
    for block in _filter_blocks(values, present.shape[1]):
        place = atom_and_quantile_bins(values[:, block], bins)
        for which in range(bins):
            count, pooled = _counts(place == which, on)
            expected = prior * pooled / len(values)
            p = (count + expected) / (total + prior)
            q = (pooled - count + expected) / (absent + prior)
            occupied = np.broadcast_to(pooled > 0, p.shape)
            ratio = np.divide(p, q, out=np.ones_like(p), where=occupied)
            result[block] += p * np.log(ratio)
    result[:, (total == 0) | (absent == 0)] = np.nan
    return result


def equal_width_bins(activation: ArrayLike, bins: int) -> NDArray[np.int64]:
    """Bin of each row (n, J), 0 to bins - 1, over the range of each filter in all rows."""
    values = _finite(activation)
    low, high = values.min(axis=0), values.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    place = np.floor((values - low) / width * bins).astype(np.int64)
    return np.asarray(np.minimum(place, bins - 1))


def atom_and_quantile_bins(activation: ArrayLike, bins: int) -> NDArray[np.int64]:
    """Bin of each row (n, J): 0 at the filter's minimum, 1 to bins - 1 by rank above it."""
    values = _finite(activation)
    smaller = np.asarray(rankdata(values, method="min", axis=0), dtype=np.int64) - 1
    atom = (smaller == 0).sum(axis=0)
    rest = np.maximum(len(values) - atom, 1)
    place = 1 + (smaller - atom) * (bins - 1) // rest
    return np.where(smaller == 0, 0, place)


def exact_dtype(largest: int) -> DTypeLike:
    """float32 when whole numbers up to `largest` are exact in it, else float64.

    A float32 holds every whole number up to 2**24, and products of matrices are twice as
    fast in it.
    """
    return np.float32 if largest < 1 << 24 else np.float64


def _counts(inside: NDArray[np.bool_], on: NDArray[Any]) -> tuple[Floats, Floats]:
    """Rows of a bin with the unit (J, U), and all rows of the bin (J, 1)."""
    count = (inside.T.astype(on.dtype) @ on).astype(np.float64)
    return count, inside.sum(axis=0)[:, None].astype(np.float64)


def _filter_blocks(values: Floats, columns: int) -> list[slice]:
    step = max(1, BLOCK // max(len(values), columns, 1))
    return [slice(start, start + step) for start in range(0, values.shape[1], step)]


def _top_sets(values: Floats, n: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    rows = len(values)
    if not 1 <= n <= rows:
        raise InputError(
            Fault(
                "the top N cannot be taken",
                expected=f"N from 1 to the number of rows, {rows}",
                got=str(n),
            )
        )
    last = np.partition(values, rows - n, axis=0)[rows - n]
    return values > last, values == last


def _pair(activation: ArrayLike, labels: ArrayLike) -> tuple[Floats, Labels]:
    values, present = _finite(activation), np.asarray(labels, dtype=bool)
    if present.ndim != 2 or len(values) != len(present):
        raise InputError(
            Fault(
                "activation and labels do not fit together",
                expected="shapes (n, filters) and (n, action units)",
                got=f"{values.shape} and {present.shape}",
            )
        )
    return values, present


def _finite(activation: ArrayLike) -> Floats:
    values = np.asarray(activation, dtype=np.float64)
    if values.ndim != 2:
        raise InputError(
            Fault("activation is not a matrix", expected="(n, filters)", got=str(values.shape))
        )
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).any(axis=0).sum())
        raise InputError(Fault("activation holds NaN or infinity", where=f"{bad} filters"))
    return values
