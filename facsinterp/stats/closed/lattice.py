"""Exact tails of sums over shuffled labels, by adding up every value they can take (compiled).

A sum of whole weights moves on a lattice. Strata are independent, so its distribution is
the convolution of theirs. All terms are positive probabilities: nothing cancels, and small
tails keep their relative accuracy.
"""

from __future__ import annotations

import math
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

OVER_BUDGET: Final = -1.0
# A lattice has at most one place for so many additions of the budget.
ROOM: Final = 16


@numba.njit(nogil=True, cache=True)
def log_factorials(largest: int) -> NDArray[np.float64]:
    """log k! for k = 0 .. largest."""
    table = np.empty(largest + 1)
    for k in range(largest + 1):
        table[k] = math.lgamma(k + 1.0)
    return table


@numba.njit(nogil=True, cache=True)
def class_tails(  # noqa: PLR0913, PLR0917 - compiled code takes its arguments by place
    steps: NDArray[np.int64],
    rows: NDArray[np.int64],
    sizes: NDArray[np.int64],
    with_unit: NDArray[np.int64],
    observed: NDArray[np.int64],
    logs: NDArray[np.float64],
    lower: bool,
    budget: float,
    out: NDArray[np.float64],
) -> None:
    """P(sum >= observed), or <=, for weights of two values beside 0, into `out` (U,).

    `steps` (2,) the two values; `rows` (S, 2) how many rows of a stratum have each; `sizes`
    (S,), `with_unit` (S, U), `observed` (U,). The numbers of rows with the unit among them
    are hypergeometric in each stratum. `OVER_BUDGET` where the additions exceed `budget`.
    """
    low = 0
    high = 0
    for c in range(2):
        total = steps[c] * rows[:, c].sum()
        low += min(total, 0)
        high += max(total, 0)
    if high - low > budget / ROOM:
        out[:] = OVER_BUDGET
        return
    now = np.empty(high - low + 1)
    new = np.empty(high - low + 1)
    for u in range(len(out)):
        out[u] = _class_tail(
            steps, rows, sizes, with_unit[:, u], observed[u], logs, lower, budget, low, now, new
        )


@numba.njit(nogil=True, cache=True)
def _class_tail(  # noqa: PLR0913, PLR0917
    steps: NDArray[np.int64],
    rows: NDArray[np.int64],
    sizes: NDArray[np.int64],
    with_unit: NDArray[np.int64],
    observed: int,
    logs: NDArray[np.float64],
    lower: bool,
    budget: float,
    low: int,
    now: NDArray[np.float64],
    new: NDArray[np.float64],
) -> float:
    # The values reached so far lie in first .. last, kept at their distance from `low`.
    first = 0
    last = 0
    now[-low] = 1.0
    work = 0.0
    for s in range(len(sizes)):
        size, m, a, b = sizes[s], with_unit[s], rows[s, 0], rows[s, 1]
        if m == 0 or a + b == 0:
            continue
        rest = size - a - b
        top_a, top_b = min(a, m), min(b, m)
        work += (top_a + 1.0) * (top_b + 1.0) * (last - first + 1.0)
        if work > budget:
            return OVER_BUDGET
        least = steps[0] * top_a if steps[0] < 0 else 0
        least += steps[1] * top_b if steps[1] < 0 else 0
        most = steps[0] * top_a if steps[0] > 0 else 0
        most += steps[1] * top_b if steps[1] > 0 else 0
        for v in range(first + least, last + most + 1):
            new[v - low] = 0.0
        whole = logs[size] - logs[m] - logs[size - m]
        for x in range(max(0, m - b - rest), top_a + 1):
            for y in range(max(0, m - x - rest), min(b, m - x) + 1):
                z = m - x - y
                share = math.exp(
                    logs[a]
                    - logs[x]
                    - logs[a - x]
                    + logs[b]
                    - logs[y]
                    - logs[b - y]
                    + logs[rest]
                    - logs[z]
                    - logs[rest - z]
                    - whole
                )
                shift = steps[0] * x + steps[1] * y - low
                for v in range(first, last + 1):
                    new[v + shift] += share * now[v - low]
        first += least
        last += most
        now, new = new, now
    tail = 0.0
    start, stop = (first, min(observed, last)) if lower else (max(observed, first), last)
    for v in range(start, stop + 1):
        tail += now[v - low]
    return min(tail, 1.0)


@numba.njit(nogil=True, cache=True)
def drawn_costs(
    weights: NDArray[np.int64],
    starts: NDArray[np.int64],
    with_unit: NDArray[np.int64],
    lower: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Costs (n,) and rows to draw (S,) for `rank_sum_tail`, from weights ascending in strata.

    A sum is large when the rows with the unit have large weights, or, which is the same,
    those without it small ones; in each stratum the fewer of the two are drawn.
    """
    costs = np.empty_like(weights)
    chosen = np.empty_like(with_unit)
    for s in range(len(with_unit)):
        start, stop = starts[s], starts[s + 1]
        fewer = 2 * with_unit[s] <= stop - start
        chosen[s] = with_unit[s] if fewer else stop - start - with_unit[s]
        for i in range(start, stop):
            # Descending weights with the sign turned are ascending costs.
            costs[i] = -weights[start + stop - 1 - i] if fewer != lower else weights[i]
    return costs, chosen


@numba.njit(nogil=True, cache=True)
def rank_sum_work(
    costs: NDArray[np.int64],
    starts: NDArray[np.int64],
    chosen: NDArray[np.int64],
    distance: int,
) -> float:
    """Additions that `rank_sum_tail` takes at most, without doing them."""
    work = 0.0
    width = 1.0
    for s in range(len(chosen)):
        size, m = starts[s + 1] - starts[s], chosen[s]
        if m == 0:
            continue
        reach = 0
        ways = 1.0
        for k in range(m):
            reach += costs[starts[s + 1] - 1 - k] - costs[starts[s] + k]
            ways = min(ways * (size - k) / (k + 1.0), 1e300)
        inner = min(reach, distance) + 1.0
        first = starts[s]
        different = size - _tied_at_end(costs[first : starts[s + 1]])
        while first < starts[s] + different and costs[first] == costs[starts[s]]:
            first += 1
        work += size * m + (starts[s] + different - first) * m * inner
        work += width * min(ways, inner)
        width = min(width + reach, distance + 1.0)
    return work


@numba.njit(nogil=True, cache=True)
def rank_sum_tail(
    costs: NDArray[np.int64],
    starts: NDArray[np.int64],
    chosen: NDArray[np.int64],
    distance: int,
) -> float:
    """P(sum of the chosen rows' costs exceeds its least value by at most `distance`).

    `costs` (n,) whole numbers, ascending inside each stratum; `chosen` (S,) how many rows
    of a stratum are drawn without replacement. The shift algorithm (Streitberg & Roehmel
    1986) inside strata, with probabilities in place of numbers of ways, which would
    overflow; then the strata are convolved. Values beyond `distance` are never kept.
    """
    now = np.zeros(distance + 1)
    new = np.zeros(distance + 1)
    now[0] = 1.0
    last = 0
    for s in range(len(chosen)):
        m = chosen[s]
        if m == 0:
            continue
        part = _stratum_distribution(costs[starts[s] : starts[s + 1]], m, distance)
        most = min(last + len(part) - 1, distance)
        new[: most + 1] = 0.0
        for step in range(len(part)):
            share = part[step]
            if share > 0.0:
                for v in range(min(last, distance - step) + 1):
                    new[v + step] += share * now[v]
        last = most
        now, new = new, now
    return min(float(now[: last + 1].sum()), 1.0)


@numba.njit(nogil=True, cache=True)
def _stratum_distribution(costs: NDArray[np.int64], m: int, distance: int) -> NDArray[np.float64]:
    """Probability of each excess over the least sum, 0 .. min(largest excess, distance).

    Rows are taken in turn; with k of them drawn so far, the next is drawn with probability
    (m - k) / (rows left). Costs are ascending, so k drawn rows exceed the k cheapest ones:
    the excess only grows, and what is beyond `distance` can be dropped.
    """
    size = len(costs)
    reach = 0
    for k in range(m):
        reach += costs[size - 1 - k] - costs[k]
    width = min(reach, distance) + 1
    table = np.zeros((m + 1, width))
    table[0, 0] = 1.0
    # Largest excess so far for each k; rows that tie with the cheapest leave it at 0.
    held = np.zeros(m + 1, np.int64)
    last = size - _tied_at_end(costs)
    for i in range(last):
        for k in range(min(i, m), -1, -1):
            drawn = (m - k) / (size - i)
            step = costs[i] - costs[k] if k < m else width
            if step < width:
                stop = min(held[k] + step, width - 1)
                for v in range(step, stop + 1):
                    table[k + 1, v] += drawn * table[k, v - step]
                held[k + 1] = max(held[k + 1], stop)
            for v in range(held[k] + 1):
                table[k, v] *= 1.0 - drawn
    # The dearest rows are alike: whatever is still to be drawn costs the same.
    step = 0
    for k in range(m - 1, -1, -1):
        step += costs[-1] - costs[k]
        for v in range(step, min(held[k] + step, width - 1) + 1):
            table[m, v] += table[k, v - step]
    found: NDArray[np.float64] = table[m]
    return found


@numba.njit(nogil=True, cache=True)
def _tied_at_end(costs: NDArray[np.int64]) -> int:
    """Rows that have the largest cost."""
    tied = 1
    while tied < len(costs) and costs[-1 - tied] == costs[-1]:
        tied += 1
    return tied
