"""p-values of shuffled sums, with closed forms where shuffles are too few to tell.

(b + 1) / (m + 1) from m shuffles is valid, but says no more than 1 / (m + 1) of the pairs
that matter most. Pairs that fewer than ten shuffles reach are computed instead: exactly for
rare action units and coarse sums, by a saddlepoint for the others. Each p-value carries
how it was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.stats.closed import exact, saddlepoint
from facsinterp.stats.closed.strata import Floats, Strata, label_counts
from facsinterp.stats.nulls import Scheme
from facsinterp.stats.permute import Tally, p_values

METHODS: Final = ("shuffles", "exact", "saddlepoint")
SHUFFLES, EXACT, SADDLEPOINT = range(3)

# Fewer shuffles than this that reach the observed sum are too few.
ENOUGH: Final = 10
# Fewer labels than this that can move make a sum too discrete for a saddlepoint ...
FEW: Final = 20
# ... and so does a weight that this share of the rows has, such as the rank of zeros.
TIED: Final = 0.75
# Additions in which the exact tail takes no longer than a saddlepoint.
QUICK: Final = 2e5
# Steps between weights in exact tails: a step is then under a thousandth of a sum's spread.
FINEST: Final = 4096


@dataclass(frozen=True)
class Tails:
    """`p` (J, U) and `method` (J, U), the place in METHODS of how each p was found."""

    p: Floats
    method: NDArray[np.int8]


def refined(
    tally: Tally, weights: NDArray[np.int64], labels: NDArray[np.bool_], scheme: Scheme
) -> Tails:
    """p-value of each sum of whole `weights` (n, J) over `labels` (n, U), and its method.

    (b + 1) / (m + 1) (Phipson & Smyth 2010) where ten of the m shuffles or more reach the
    sum. Where fewer do and rows move one by one: the exact tail for action units with fewer
    than 20 labels that can move (in each stratum the fewer of rows with and without), for
    filters that give three quarters of the rows one weight, and wherever it is quick, as
    near the largest sum; else the saddlepoint. Shuffles stand where neither serves: groups
    of rows, or rare units beyond the budget of `exact`. Weights finer than FINEST steps,
    such as residual ranks, are rounded for the exact tail, which is then an upper bound.
    One-sided (as large or larger), or, with `tally.below`, twice the smaller tail. Never
    below the attainable p of the action unit, never 0, never above 1.
    """
    upper = _one_sided(tally.reached, tally.count, weights, labels, scheme, lower=False)
    p, method = upper.p, upper.method
    if tally.below is not None:
        under = _one_sided(tally.below, tally.count, weights, labels, scheme, lower=True)
        p = 2 * np.minimum(upper.p, under.p)
        method = np.where(under.p < upper.p, under.method, upper.method)
    return Tails(np.clip(p, exact.attainable_p(labels, scheme), 1.0), method)


def _one_sided(
    reached: NDArray[np.int64],
    count: int,
    weights: NDArray[np.int64],
    labels: NDArray[np.bool_],
    scheme: Scheme,
    *,
    lower: bool,
) -> Tails:
    p = p_values(reached, count)
    method = np.full(p.shape, SHUFFLES, dtype=np.int8)
    few = np.argwhere(reached < ENOUGH)
    if not len(few) or not scheme.singly:
        return Tails(p, method)
    layout = Strata.of(scheme.stratum)
    rare = _movable(labels, layout)[few[:, 1]] < FEW
    tied = _tied_filters(weights, few[:, 0])
    budgets = np.where(rare | tied, exact.RANK_SUM_BUDGET, QUICK)
    found = _exact(weights, labels, layout, few, budgets, lower=lower)
    method[tuple(few[np.isfinite(found)].T)] = EXACT
    smooth = np.isnan(found) & ~rare
    if smooth.any():
        found[smooth] = saddlepoint.tails(weights, labels, scheme.stratum, few[smooth], lower=lower)
        method[tuple(few[smooth].T)] = SADDLEPOINT
    known = np.isfinite(found)
    p[tuple(few[known].T)] = found[known]
    return Tails(p, method)


def _exact(
    weights: NDArray[np.int64],
    labels: NDArray[np.bool_],
    layout: Strata,
    pairs: NDArray[np.int64],
    budgets: Floats,
    *,
    lower: bool,
) -> Floats:
    """Exact tails of pairs (k, 2), NaN beyond the budget of each (k,)."""
    found = np.full(len(pairs), np.nan)
    for j in np.unique(pairs[:, 0]):
        ready = exact.RankSum(weights[:, j], layout, finest=FINEST)
        for k in np.flatnonzero(pairs[:, 0] == j):
            found[k] = ready.tail(labels[:, pairs[k, 1]], lower=lower, budget=budgets[k])
    return found


def _movable(labels: NDArray[np.bool_], layout: Strata) -> NDArray[np.int64]:
    """Labels of each action unit (U,) that can move: in a stratum, the fewer of two kinds."""
    with_unit = label_counts(labels, layout)
    fewer = np.minimum(with_unit, layout.sizes[:, None] - with_unit)
    return np.asarray(fewer.sum(axis=0), dtype=np.int64)


def _tied_filters(weights: NDArray[np.int64], filters: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether one weight is that of most rows, for each of some filters (k,)."""
    asked, place = np.unique(filters, return_inverse=True)
    most = [np.unique(weights[:, j], return_counts=True)[1].max(initial=0) for j in asked]
    return np.asarray(np.asarray(most)[place] >= TIED * len(weights), dtype=np.bool_)
