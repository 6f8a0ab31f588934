"""How far numbers of few stores can be trusted: 95 % intervals over stores, not over pairs."""

from __future__ import annotations

import math

from scipy import stats

LEVEL = 0.95


def of_share(hits: int, stores: int) -> tuple[float, float]:
    """Bounds of a share of stores: exact, also where none or all of them count.

    Clopper & Pearson (1934).
    """
    found = stats.binomtest(hits, stores).proportion_ci(LEVEL, method="exact")
    return float(found.low), float(found.high)


def of_mean(mean: float, error: float, stores: int) -> tuple[float, float]:
    """Bounds of the mean over stores of a share in each, from its standard error; inside 0 to 1.

    Student's t with stores - 1 degrees of freedom. Where all stores have 0, or all 1, there is
    no spread to go by: the mean of shares is no larger than the share of stores above 0, and no
    smaller than that of stores at 1, whose exact bounds are given. NaN for a single store.
    """
    if math.isnan(error):
        return math.nan, math.nan
    if error == 0 and mean in (0, 1):
        return of_share(round(mean * stores), stores)
    half = float(stats.t.ppf((1 + LEVEL) / 2, stores - 1)) * error
    return max(0.0, mean - half), min(1.0, mean + half)
