"""How far the activations with an action unit lie from those without it: histograms.

`activation` (n, J) and `labels` (n, U) are those of `effect`; results are (J, U) in nats,
NaN for a unit without contrast, 0 for a filter with one value for all rows. The edges of
the bins come from all rows of a filter together and labels play no part in them: both
sides are always counted in the same bins, and shuffling labels leaves the bins as they are.

Every divergence here is too large by chance, the rarer the unit the more: KL by about
(bins - 1)/2 (1/n1 + 1/n0), which for six rows with the unit exceeds the true value of a
good detector. Values must not be ranked across action units, nor printed for n1 < 30,
without the mean under a null beside them. None has a direction: a filter that a unit
silences scores as high as one that it drives, see `direction`. Of the two checks named in
`effect` all fall for extra labels; for missing labels of a rare unit only mutual
information does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import rel_entr
from scipy.stats import rankdata

from facsinterp.errors import Fault, InputError
from facsinterp.stats.effect import auroc, exact_dtype
from facsinterp.stats.matrices import Floats, Labels, finite, in_blocks, paired

Bins = NDArray[np.int64]
# Of the histograms (bins, J, U) with and without the unit, and the base rate (U,).
Measure = Callable[[Floats, Floats, Floats], Floats]


def kl_divergence(
    activation: ArrayLike, labels: ArrayLike, *, bins: int = 20, pseudo_count: float = 1.0
) -> Floats:
    """D_KL(activation where the unit is present || where absent) in nats (J, U).

    After Khorrami et al. (2015), who give neither bins nor smoothing: `bins` bins of equal
    width over the filter's range in all rows, `pseudo_count` added to each bin of both
    histograms. That shrinks towards the even histogram, which a filter with many zeros
    does not have: by chance alone, 30 bins, 0.5 each and 593 rows give 0.7 nats for 6 rows
    with the unit. `kl_shrunk` is the better estimate.
    """
    added = pseudo_count * bins
    return _over_bins(
        activation,
        labels,
        lambda values: equal_width_bins(values, bins),
        bins,
        lambda pooled: (np.full_like(pooled, pseudo_count), added),
        _kl,
    )


def kl_shrunk(
    activation: ArrayLike, labels: ArrayLike, *, bins: int = 11, shrinkage: float | None = None
) -> Floats:
    """D_KL(present || absent) in nats with quantile bins shrunk to the pooled histogram (J, U).

    One bin holds the rows at the filter's minimum (zero after a ReLU), the others hold
    equal shares of the rest. Both histograms are shrunk towards the pooled one,
    (c_b + k pooled_b / n) / (n_a + k), with k = `shrinkage`, bins / 2 when not given; 0
    leaves the histograms as they are, and the divergence infinite where a bin holds only
    rows with the unit. Rows enter by rank only, so that increasing transforms of the
    activation change nothing.
    """
    return _shrunk(activation, labels, bins, shrinkage, _kl)


def jeffreys(
    activation: ArrayLike, labels: ArrayLike, *, bins: int = 11, shrinkage: float | None = None
) -> Floats:
    """D_KL(present || absent) + D_KL(absent || present) in nats (J, U) (Jeffreys 1946).

    Bins and shrinkage of `kl_shrunk`; symmetric in the two sides.
    """
    return _shrunk(activation, labels, bins, shrinkage, lambda p, q, _: _kl(p, q, _) + _kl(q, p, _))


def jensen_shannon(
    activation: ArrayLike, labels: ArrayLike, *, bins: int = 11, shrinkage: float | None = None
) -> Floats:
    """Mean divergence of both sides from their even mixture in nats (J, U) (Lin 1991).

    Bins and shrinkage of `kl_shrunk`; symmetric, at most log 2. Both sides weigh the same
    whatever the base rate; weighed by it, it is `mutual_information`.
    """

    def measure(p: Floats, q: Floats, rate: Floats) -> Floats:
        return _mixed(p, q, np.full_like(rate, 0.5))

    return _shrunk(activation, labels, bins, shrinkage, measure)


def mutual_information(
    activation: ArrayLike, labels: ArrayLike, *, bins: int = 11, shrinkage: float | None = None
) -> Floats:
    """Information of the filter's bin about the unit in nats (J, U), at most its entropy.

    rate D_KL(present || both) + (1 - rate) D_KL(absent || both), where both is the mixture
    of the two sides at the base rate. Bins and shrinkage of `kl_shrunk`. Without shrinkage
    2 n times it is the G statistic of the (bin, unit) table.
    """
    return _shrunk(activation, labels, bins, shrinkage, _mixed)


def direction(activation: ArrayLike, labels: ArrayLike) -> Floats:
    """1 where the unit drives the filter, -1 where it silences it, 0 for neither (J, U).

    The sign of AUROC - 1/2, exact; NaN for a unit without contrast. To be shown beside
    every divergence.
    """
    return np.asarray(np.sign(auroc(activation, labels) - 0.5), dtype=np.float64)


def equal_width_bins(activation: ArrayLike, bins: int) -> Bins:
    """Bin of each row (n, J), 0 to bins - 1, over the range of each filter in all rows."""
    values = finite(activation).astype(np.float64)
    _check_bins(bins)
    low, high = values.min(axis=0), values.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    place = np.floor((values - low) / width * bins).astype(np.int64)
    return np.asarray(np.minimum(place, bins - 1))


def atom_and_quantile_bins(activation: ArrayLike, bins: int) -> Bins:
    """Bin of each row (n, J): 0 at the filter's minimum, 1 to bins - 1 by rank above it.

    Rows that tie are in one bin, so bins may be uneven or empty.
    """
    values = finite(activation)
    _check_bins(bins)
    smaller = np.asarray(rankdata(values, method="min", axis=0), dtype=np.int64) - 1
    atom = (smaller == 0).sum(axis=0)
    rest = np.maximum(len(values) - atom, 1)
    place = 1 + (smaller - atom) * (bins - 1) // rest
    return np.where(smaller == 0, 0, place)


def _kl(p: Floats, q: Floats, _rate: Floats) -> Floats:
    return np.asarray(rel_entr(p, q).sum(axis=0), dtype=np.float64)


def _mixed(p: Floats, q: Floats, rate: Floats) -> Floats:
    """Divergence of both sides from their mixture, both weighed by the share of rows."""
    both = rate * p + (1 - rate) * q
    return rate * _kl(p, both, rate) + (1 - rate) * _kl(q, both, rate)


def _shrunk(
    activation: ArrayLike,
    labels: ArrayLike,
    bins: int,
    shrinkage: float | None,
    measure: Measure,
) -> Floats:
    prior = bins / 2 if shrinkage is None else shrinkage
    return _over_bins(
        activation,
        labels,
        lambda values: atom_and_quantile_bins(values, bins),
        bins,
        lambda pooled: (prior * pooled / pooled.sum(axis=0), prior),
        measure,
    )


def _over_bins(
    activation: ArrayLike,
    labels: ArrayLike,
    binned: Callable[[Floats], Bins],
    bins: int,
    added: Callable[[Floats], tuple[Floats, float]],
    measure: Measure,
) -> Floats:
    """A measure of the two histograms, to which `added` gives what is put into each bin."""
    values, present = paired(activation, labels)
    contrast = present.any(axis=0) & ~present.all(axis=0)
    on = present[:, contrast]
    with_unit = on.sum(axis=0).astype(np.float64)
    without = len(on) - with_unit
    result = np.full((values.shape[1], present.shape[1]), np.nan)
    for part, block in in_blocks(values, 4 * bins * on.shape[1]):
        place = binned(block)
        count, pooled = _histograms(place, on, bins)
        more, in_all = added(pooled)
        p = (count + more) / (with_unit + in_all)
        q = (pooled - count + more) / (without + in_all)
        found = measure(p, q, with_unit / len(on))
        found[(place == place[:1]).all(axis=0)] = 0.0
        result[part, contrast] = found
    return result


def _histograms(place: Bins, on: Labels, bins: int) -> tuple[Floats, Floats]:
    """Rows in each bin with the unit (bins, J, U), and all rows (bins, J, 1)."""
    exact = on.astype(exact_dtype(len(on)))
    count = np.empty((bins, place.shape[1], on.shape[1]))
    pooled = np.empty((bins, place.shape[1], 1))
    for which in range(bins):
        inside = place == which
        count[which] = inside.T.astype(exact.dtype) @ exact
        pooled[which, :, 0] = inside.sum(axis=0)
    return count, pooled


def _check_bins(bins: int) -> None:
    if bins < 2:
        raise InputError(Fault("too few bins", expected="2 or more", got=str(bins)))
