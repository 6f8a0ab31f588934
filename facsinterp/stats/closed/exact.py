"""Exact p-values of sums of whole weights under labels shuffled inside strata.

Rows of a stratum change places one by one (`attainable_p` also knows groups of rows). The
strata are independent, so the distribution of the whole sum is the convolution of theirs:
nothing is drawn, ties count in full, and p-values are right to rounding. Each function has
a budget of additions and says so where a pair would exceed it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from facsinterp.stats.closed.strata import Floats, Strata, in_units, label_counts
from facsinterp.stats.nulls import Scheme
from facsinterp.stats.top import TopWeights

# Additions for one pair: some hundredths of a second.
PRECISION_BUDGET: Final = 2e7
RANK_SUM_BUDGET: Final = 5e7

Whole = NDArray[np.int64]
Labels = NDArray[np.bool_]


def attainable_p(labels: Labels, scheme: Scheme) -> Floats:
    """Least p-value that any filter could reach for each action unit (U,).

    One over the number of different arrangements of its labels that shuffles give: in each
    stratum of K rows with m of the unit C(K, m), of G groups of rows G! / (product of m!
    over groups that look the same). The margins alone decide it, so choosing action units
    by it costs no validity (the idea of Tarone 1990). 1 where no shuffle changes anything.
    Values too small for a float are given as the smallest one, never as 0.
    """
    ways = _log_ways(labels, Strata.of(scheme.stratum)) if scheme.singly else None
    if ways is None:
        ways = _log_group_ways(labels, scheme)
    return np.asarray(np.maximum(np.exp(-ways), np.finfo(np.float64).tiny), dtype=np.float64)


def precision_tail(
    top: TopWeights, labels: Labels, strata: ArrayLike, *, lower: bool = False
) -> Floats:
    """Exact p-value of precision among the top N (J, U): chance of as many or more.

    `top.weights` (n, J) of `top_weights`, `labels` (n, U), `strata` (n,) what rows are
    shuffled inside. In each stratum the number of top rows with the unit is hypergeometric:
    the exact conditional test of stratified 2 x 2 tables (the exact form of Cochran, Mantel
    and Haenszel). Rows that tie at the last place have whole weights of their own, and sure
    and tied places are counted jointly. `lower`: chance of as many or fewer. NaN where a
    pair exceeds PRECISION_BUDGET additions (very many ties on a fine lattice) or a filter
    has more than three different weights: shuffle there.
    """
    from facsinterp.stats.closed.lattice import OVER_BUDGET, class_tails, log_factorials

    layout = Strata.of(strata)
    with_unit = label_counts(labels, layout)
    logs = log_factorials(int(layout.sizes.max(initial=0)))
    result = np.full((top.weights.shape[1], labels.shape[1]), np.nan)
    present = labels.astype(np.int64)
    for j, weights in enumerate(layout.rows(top.weights).T):
        classes = _classes(weights)
        if classes is None:
            continue
        steps, usual, unit = classes
        member = np.stack([weights == usual + step * unit for step in steps], axis=1)
        member &= steps != 0
        rows = layout.sums(member.astype(np.int64))
        there = np.flatnonzero(rows.any(axis=1))
        observed = (top.weights[:, j] - usual) @ present // unit
        class_tails(
            steps, rows[there], layout.sizes[there], with_unit[there], observed, logs,
            lower, PRECISION_BUDGET, result[j],
        )  # fmt: skip
    result[result == OVER_BUDGET] = np.nan
    return result


def feasible(weights: Whole, labels: Labels, strata: ArrayLike, *, lower: bool = False) -> bool:
    """Whether `rank_sum_tail` keeps to RANK_SUM_BUDGET additions for `weights` (n,)."""
    return RankSum(weights, Strata.of(strata)).work(labels, lower=lower) <= RANK_SUM_BUDGET


def rank_sum_tail(
    weights: Whole, labels: Labels, strata: ArrayLike, *, lower: bool = False
) -> float:
    """Exact chance of a sum of weights as large as the observed one, or larger.

    `weights` (n,) whole numbers, such as twice the midranks of a filter; `labels` (n,);
    `strata` (n,) what rows are shuffled inside. The shift algorithm of Streitberg & Roehmel
    (1986, Stat. Software Newsletter 12:10) in each stratum, then strata are convolved; only
    sums as extreme as the observed one are followed. `lower`: as small or smaller.
    NaN beyond RANK_SUM_BUDGET additions (`feasible` tells before).
    """
    ready = RankSum(weights, Strata.of(strata))
    return ready.tail(labels, lower=lower, budget=RANK_SUM_BUDGET)


class RankSum:
    """The weights of one filter, made ready for exact tails of several action units.

    `finest`: most steps between the least and the largest weight of a stratum. Finer weights
    are rounded to so many, and sums that rounding alone may hold apart count as equal: the
    tail is then an upper bound of the exact one, close where a step is small beside the
    spread of the sum.
    """

    def __init__(self, weights: Whole, layout: Strata, *, finest: int | None = None) -> None:
        self._layout = layout
        above = in_units(layout.rows(weights).astype(np.int64), layout)
        largest = int(above.max(initial=0))
        self._rounded = finest is not None and largest > finest
        if finest is not None and largest > finest:
            above = np.rint(above * (finest / largest)).astype(np.int64)
        self._above = above
        numbers = layout.spread(np.arange(len(layout.sizes)))
        self._sorted = self._above[np.lexsort((self._above, numbers))]

    def work(self, labels: Labels, *, lower: bool = False) -> float:
        """Additions that `tail` takes at most."""
        from facsinterp.stats.closed.lattice import rank_sum_work

        return float(rank_sum_work(*self._drawn(labels, lower)))

    def tail(self, labels: Labels, *, lower: bool = False, budget: float) -> float:
        """What the function `rank_sum_tail` gives, with the budget of additions named."""
        from facsinterp.stats.closed.lattice import rank_sum_tail as tail_of
        from facsinterp.stats.closed.lattice import rank_sum_work

        drawn = self._drawn(labels, lower)
        return float(tail_of(*drawn)) if rank_sum_work(*drawn) <= budget else np.nan

    def _drawn(self, labels: Labels, lower: bool) -> tuple[Whole, Whole, Whole, int]:
        from facsinterp.stats.closed.lattice import drawn_costs

        on = labels[self._layout.order]
        with_unit = self._layout.sums(on.astype(np.int64))
        starts = self._layout.starts
        costs, chosen = drawn_costs(self._sorted, starts, with_unit, lower)
        # What the observed rows cost, less what the cheapest rows of each stratum cost.
        fewer = self._layout.spread(2 * with_unit <= self._layout.sizes)
        sign = np.where(fewer != lower, -1, 1)
        paid = int((sign * self._above)[on == fewer].sum())
        place = np.arange(len(costs)) - self._layout.spread(starts[:-1])
        cheapest = int(costs[place < self._layout.spread(chosen)].sum())
        # Rounding moves the sum of the chosen rows by half a step for each, in both arrangements.
        slack = int(chosen.sum()) if self._rounded else 0
        return costs, starts, chosen, paid - cheapest + slack


def _classes(weights: Whole) -> tuple[Whole, int, int] | None:
    """Two steps from the commonest weight in whole units, that weight, and the unit."""
    values, counts = np.unique(weights, return_counts=True)
    if len(values) > 3:
        return None
    usual = int(values[counts.argmax()])
    steps = np.zeros(2, dtype=np.int64)
    others = values[values != usual] - usual
    steps[: len(others)] = others
    unit = max(int(np.gcd.reduce(steps)), 1)
    return steps // unit, usual, unit


def _log_ways(labels: Labels, strata: Strata) -> Floats:
    size = strata.sizes[:, None].astype(np.float64)
    with_unit = label_counts(labels, strata)
    ways = gammaln(size + 1) - gammaln(with_unit + 1) - gammaln(size - with_unit + 1)
    return np.asarray(ways.sum(axis=0), dtype=np.float64)


def _log_group_ways(labels: Labels, scheme: Scheme) -> Floats:
    order = np.lexsort((scheme.place, scheme.group, scheme.stratum))
    groups = Strata.of(
        np.cumsum(np.diff(scheme.group[order], prepend=scheme.group[order[:1]]) != 0)
    )
    stratum = scheme.stratum[order][groups.starts[:-1]]
    in_stratum = np.unique(stratum, return_counts=True)[1]
    place = np.arange(len(order)) - groups.spread(groups.starts[:-1])
    row = groups.spread(np.arange(len(groups.sizes)))
    ways = np.full(labels.shape[1], gammaln(in_stratum + 1.0).sum())
    for u in range(labels.shape[1]):
        looks = np.zeros((len(groups.sizes), int(place.max(initial=0)) + 1), dtype=bool)
        looks[row, place] = labels[order, u]
        named = np.column_stack([stratum, np.packbits(looks, axis=1)])
        same = np.unique(named, axis=0, return_counts=True)[1]
        ways[u] -= gammaln(same + 1.0).sum()
    return ways
