"""Saddlepoints of sums of weights under shuffled labels (compiled).

In a stratum of K rows, m with the unit, the sum of the weights w of those m rows has the
moment generating function e_m(exp(theta w)) / C(K, m), e_m the elementary symmetric
polynomial: the likelihood of conditional logistic regression. Strata are independent, so
the logarithms add up. All compiled code is in this one file: what numba keeps on disk of a
function does not notice changes in other files.
"""

from __future__ import annotations

import math
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

# Up to so many terms e_m is summed outright; beyond, and with 16 rows of either kind, the
# condition on m is met by a second saddlepoint, which the many rows make accurate.
OUTRIGHT: Final = 8192
FEW: Final = 16
# Around the mean the formula is 1/0 - 1/0: within so many sd it is read between two points.
MIDDLE: Final = 0.02
STEPS: Final = 60
ROOT_TAU: Final = math.sqrt(2 * math.pi)
TINY: Final = float(np.finfo(np.float64).tiny)


@numba.njit(nogil=True, cache=True)
def filter_tails(
    weights: NDArray[np.float64],
    starts: NDArray[np.int64],
    with_unit: NDArray[np.int64],
    observed: NDArray[np.float64],
) -> NDArray[np.float64]:
    """P(sum >= observed) for each action unit (U,): Lugannani & Rice, as `saddlepoint` says.

    `weights` (n,) on a lattice of step 1, descending and with mean 0 in each stratum;
    `with_unit` (S, U), `observed` (U,) in the same measure.
    """
    out = np.ones(len(observed))
    for u in range(len(observed)):
        out[u] = _tail(weights, starts, np.ascontiguousarray(with_unit[:, u]), observed[u])
    return out


@numba.njit(nogil=True, cache=True)
def _tail(
    weights: NDArray[np.float64],
    starts: NDArray[np.int64],
    with_unit: NDArray[np.int64],
    observed: float,
) -> float:
    level = np.zeros(len(with_unit))
    variance = cumulants(0.0, weights, starts, with_unit, level)[2]
    least, most, rarest = _extremes(weights, starts, with_unit)
    if variance <= 0.0 or observed <= least + 0.25:
        return 1.0
    floor = max(math.exp(rarest), TINY)
    if observed >= most - 0.25:
        return floor
    at = observed - 0.5
    near = MIDDLE / math.sqrt(variance)
    below = cumulants(-near, weights, starts, with_unit, level)
    above = cumulants(near, weights, starts, with_unit, level)
    if below[1] < at < above[1]:
        share = (at - below[1]) / (above[1] - below[1])
        p = (1 - share) * _formula(-near, below[1], below) + share * _formula(near, above[1], above)
    else:
        p = _solved(at, least, most, variance, weights, starts, with_unit, level)
    return float(min(max(p, floor), 1.0))


@numba.njit(nogil=True, cache=True)
def _solved(  # noqa: PLR0917 - compiled code takes its arguments by place
    at: float,
    least: float,
    most: float,
    variance: float,
    weights: NDArray[np.float64],
    starts: NDArray[np.int64],
    with_unit: NDArray[np.int64],
    level: NDArray[np.float64],
) -> float:
    """The formula at the saddlepoint, where the tilted mean is `at`.

    Newton steps on the log of the distance to the end of the range, which the tilted mean
    nears like exp(-theta); halving where a step leaves the bracket.
    """
    end = most if at > 0 else least
    near, far = 0.0, math.inf if at > 0 else -math.inf
    theta = at / variance
    found = cumulants(theta, weights, starts, with_unit, level)
    for _ in range(STEPS):
        miss = found[1] - at
        if abs(miss) <= 1e-7 * math.sqrt(found[2]):
            break
        if (miss < 0) == (at > 0):
            near = theta
        else:
            far = theta
        step = theta
        left = (end - found[1]) / (end - at)
        if left > 0 and found[2] > 0:
            step = theta + math.log(left) * (end - found[1]) / found[2]
        if not min(near, far) < step < max(near, far):
            step = (near + far) / 2 if math.isfinite(far) else 2 * theta
        elif abs(step) > 4 * abs(theta) and not math.isfinite(far):
            step = 4 * theta
        if step == theta:
            break
        theta = step
        found = cumulants(theta, weights, starts, with_unit, level)
    return float(_formula(theta, at, found))


@numba.njit(nogil=True, cache=True)
def _formula(theta: float, at: float, found: tuple[float, float, float, float]) -> float:
    """Lugannani & Rice on a lattice of step 1, `at` half a step below the value asked for.

    Where the sum of the two terms is no probability (skew sums in the middle), the form of
    Barndorff-Nielsen (1990), which always is one; the normal tail where that fails too.
    """
    value, _, second, extra = found
    r = math.copysign(math.sqrt(max(2.0 * (theta * at - value), 0.0)), theta)
    u = 2.0 * math.sinh(theta / 2.0) * math.sqrt(second) * math.exp(extra)
    tail = 0.5 * math.erfc(r / math.sqrt(2.0))
    if r == 0.0 or u == 0.0:
        return tail
    p = tail + math.exp(-0.5 * r * r) / ROOT_TAU * (1.0 / u - 1.0 / r)
    if 0.0 < p < 1.0:
        return p
    star = r + math.log(u / r) / r
    return 0.5 * math.erfc(star / math.sqrt(2.0)) if math.isfinite(star) else tail


@numba.njit(nogil=True, cache=True)
def _extremes(
    weights: NDArray[np.float64], starts: NDArray[np.int64], with_unit: NDArray[np.int64]
) -> tuple[float, float, float]:
    """Least and largest sum, and the log of the chance of the largest."""
    least, most, chance = 0.0, 0.0, 0.0
    for s in range(len(with_unit)):
        part = weights[starts[s] : starts[s + 1]]
        m = with_unit[s]
        if m == 0 or m == len(part):
            continue
        least += part[len(part) - m :].sum()
        most += part[:m].sum()
        # Any of the rows that equal the last of the largest m may be among them.
        same, over = 0, 0
        for w in part:
            over += w > part[m - 1]
            same += w == part[m - 1]
        chance += _log_choose(same, m - over) - _log_choose(len(part), m)
    return least, most, chance


@numba.njit(nogil=True, cache=True)
def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)


@numba.njit(nogil=True, cache=True)
def outright(size: int, m: int) -> bool:
    """Whether e_m of a stratum is summed outright."""
    fewer = min(m, size - m)
    return bool(fewer < FEW or size * fewer <= OUTRIGHT)


@numba.njit(nogil=True, cache=True)
def cumulants(
    theta: float,
    weights: NDArray[np.float64],
    starts: NDArray[np.int64],
    with_unit: NDArray[np.int64],
    level: NDArray[np.float64],
) -> tuple[float, float, float, float]:
    """Value and two derivatives at `theta`, and the log of what a second saddlepoint adds.

    `weights` (n,) descend inside each stratum and have mean 0 there. `level` (S,) holds
    where the second saddlepoints were found, as a start for the next call.
    """
    value, first, second, extra = 0.0, 0.0, 0.0, 0.0
    for s in range(len(with_unit)):
        part = weights[starts[s] : starts[s + 1]]
        m = with_unit[s]
        if m == 0 or m == len(part) or part[0] == part[-1]:
            continue
        if outright(len(part), m):
            k, k1, k2 = _summed(theta, part, m)
        else:
            k, k1, k2, more, level[s] = _double(theta, part, m, level[s])
            extra += more
        value += k
        first += k1
        second += k2
    return value, first, second, extra


@numba.njit(nogil=True, cache=True)
def _summed(theta: float, weights: NDArray[np.float64], m: int) -> tuple[float, float, float]:
    """Log of e_m(exp(theta w)) / C(K, m) with derivatives.

    With `best` the m rows of largest theta w, e_m is their product times the sum over k of
    e_k(1 / x of best rows) e_k(x of the others), each x measured from the last of the best:
    no term exceeds 1 in either polynomial, so nothing overflows however large theta is.
    """
    size = len(weights)
    best = (0, m) if theta >= 0 else (size - m, size)
    mark = weights[m - 1] if theta >= 0 else weights[size - m]
    degree = min(m, size - m)
    out = np.zeros((3, degree + 1))
    rest = np.zeros((3, degree + 1))
    out[0, 0] = 1.0
    rest[0, 0] = 1.0
    top = 0.0
    for i in range(size):
        far = weights[i] - mark
        if best[0] <= i < best[1]:
            top += weights[i]
            _multiply(out, math.exp(-theta * far), -far)
        else:
            _multiply(rest, math.exp(theta * far), far)
    total, slope, bend = 0.0, 0.0, 0.0
    for k in range(degree + 1):
        total += out[0, k] * rest[0, k]
        slope += out[1, k] * rest[0, k] + out[0, k] * rest[1, k]
        bend += out[2, k] * rest[0, k] + 2.0 * out[1, k] * rest[1, k] + out[0, k] * rest[2, k]
    slope /= total
    ways = math.lgamma(size + 1.0) - math.lgamma(m + 1.0) - math.lgamma(size - m + 1.0)
    value = theta * top + math.log(total) - ways
    return value, top + slope, max(bend / total - slope * slope, 0.0)


@numba.njit(nogil=True, cache=True)
def _multiply(polynomial: NDArray[np.float64], x: float, far: float) -> None:
    """Take one more factor (1 + z x), x = exp(theta far), into e_k and its derivatives."""
    for k in range(polynomial.shape[1] - 1, 0, -1):
        e, e1, e2 = polynomial[0, k - 1], polynomial[1, k - 1], polynomial[2, k - 1]
        polynomial[0, k] += x * e
        polynomial[1, k] += x * (e1 + far * e)
        polynomial[2, k] += x * (e2 + 2.0 * far * e1 + far * far * e)


@numba.njit(nogil=True, cache=True)
def _double(
    theta: float, weights: NDArray[np.float64], m: int, level: float
) -> tuple[float, float, float, float, float]:
    """The same by a second saddlepoint on the number of rows (Skovgaard 1987).

    Labels are drawn independently with odds exp(theta w + level), `level` such that m are
    expected. Also gives half the log of the variance of their number over that at theta 0,
    and the level found.
    """
    size = len(weights)
    even = math.log(m / (size - m))
    level = _level(theta, weights, m, level)
    value = -m * level - size * math.log(size / (size - m)) + m * even
    first, spread, cross, square = 0.0, 0.0, 0.0, 0.0
    for i in range(size):
        log_odds = theta * weights[i] + level
        value += max(log_odds, 0.0) + math.log1p(math.exp(-abs(log_odds)))
        p = 1.0 / (1.0 + math.exp(-log_odds)) if log_odds > -700.0 else 0.0
        v = p * (1.0 - p)
        first += p * weights[i]
        spread += v
        cross += v * weights[i]
        square += v * weights[i] * weights[i]
    second = max(square - cross * cross / spread, 0.0)
    more = 0.5 * math.log(spread * size / (m * float(size - m)))
    return value, first, second, more, level


@numba.njit(nogil=True, cache=True)
def _level(theta: float, weights: NDArray[np.float64], m: int, level: float) -> float:
    """Level at which independent labels with odds exp(theta w + level) are m in expectation."""
    # Beyond these all rows together have less, or more, than the odds of m.
    even = math.log(m / (len(weights) - m))
    ends = (theta * weights[0], theta * weights[-1])
    low, high = even - max(ends[0], ends[1]), even - min(ends[0], ends[1])
    level = min(max(level, low), high)
    for _ in range(100):
        expected, spread = 0.0, 0.0
        for i in range(len(weights)):
            log_odds = theta * weights[i] + level
            p = 1.0 / (1.0 + math.exp(-log_odds)) if log_odds > -700.0 else 0.0
            expected += p
            spread += p * (1.0 - p)
        miss = expected - m
        if abs(miss) <= 1e-11 * m:
            break
        if miss > 0:
            high = level
        else:
            low = level
        step = level - miss / spread if spread > 0 else low - 1.0
        level = step if low < step < high else (low + high) / 2
        if high - low <= 1e-13 * max(abs(level), 1.0):
            break
    return level
