"""Correction of many p-values that are tested together, one named family at a time."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, InputError

Floats = NDArray[np.float64]

METHODS: Final = {
    "bh": "Benjamini & Hochberg (1995): false discovery rate, independent or positively "
    "dependent tests",
    "by": "Benjamini & Yekutieli (2001): false discovery rate, any dependence",
}
"""What `adjust` knows."""

# The observed z and those of the shuffles may come from other orders of summation, or from
# float32: what differs by no more counts as a tie, which only makes p larger.
HAIR: Final = 1e-6


def adjust(p: ArrayLike, method: str = "bh") -> Floats:
    """Adjusted p-values (q-values) of the family, in the shape of `p`.

    The family is every p that is not NaN; what lies outside it stays NaN and does not
    count. `method` is a key of `METHODS`. Raises InputError for another method, and for
    p-values outside [0, 1].
    """
    if method not in METHODS:
        raise InputError(
            Fault("unknown correction", expected=" or ".join(METHODS), got=repr(method))
        )
    values = np.asarray(p, dtype=np.float64)
    inside = ~np.isnan(values)
    if ((values[inside] < 0) | (values[inside] > 1)).any():
        raise InputError(Fault("p-values outside their range", expected="0 to 1, NaN = no test"))
    result = np.full(values.shape, np.nan)
    if inside.any():
        # Imported here: statsmodels takes more than a second, and only this line needs it.
        from statsmodels.stats.multitest import multipletests

        result[inside] = multipletests(values[inside], method=f"fdr_{method}")[1]
    return result


class Hierarchical(NamedTuple):
    """Filters that answer to something, and to what: the family of a filter is its row."""

    q_filter: Floats
    """(J,) adjusted Simes p-value of each filter; NaN for a filter without a test."""
    rejected: NDArray[np.bool_]
    """(J, U)"""
    q: Floats
    """(J, U) at most the level just where a pair is rejected, 1 in filters that are not
    selected; NaN outside the family. At another level it means nothing."""


def hierarchical(p: ArrayLike, q: float) -> Hierarchical:
    """Which filters answer to some action unit at level `q`, and to which (J, U).

    One Simes p-value a filter over its action units, Benjamini & Hochberg over the filters,
    and inside each of the S selected filters Benjamini & Hochberg at q S / J, J filters
    with a test (Benjamini & Bogomolov 2014, their Simes example). Controls the false
    discovery rate over filters, and the average false discovery proportion over the
    selected ones. `p` (J, U), NaN = outside the family. Raises InputError as `adjust` does.
    """
    values = np.asarray(p, dtype=np.float64)
    inside = _adjusted_rows(values)
    tested = np.flatnonzero(~np.isnan(values).all(axis=1))
    # The least adjusted p-value of a family is its Simes p-value.
    simes = np.full(len(values), np.nan)
    simes[tested] = np.nanmin(inside[tested], axis=1) if len(tested) else []
    q_filter = adjust(simes)
    selected = q_filter <= q
    share = selected.sum() / max(1, len(tested))
    rejected = selected[:, None] & (inside <= q * share)
    scaled = np.where(rejected, np.minimum(inside / max(share, 1e-300), q), 1.0)
    return Hierarchical(q_filter, rejected, np.where(np.isnan(inside), np.nan, scaled))


def _adjusted_rows(values: Floats) -> Floats:
    """Benjamini & Hochberg inside each row; tens of thousands of rows are no loop."""
    order = np.argsort(values, axis=1)  # NaN last
    tests = (~np.isnan(values)).sum(axis=1, keepdims=True)
    ordered = np.take_along_axis(values, order, axis=1) * tests
    ordered /= np.arange(1, values.shape[1] + 1)
    least = np.fmin.accumulate(ordered[:, ::-1], axis=1)[:, ::-1]
    result = np.full(values.shape, np.nan)
    np.put_along_axis(result, order, np.minimum(least, 1), axis=1)
    result[np.isnan(values)] = np.nan
    return result


def max_t(z: ArrayLike, largest: ArrayLike) -> Floats:
    """Family-wise adjusted one-sided p-values, in the shape of `z`; NaN where z is NaN.

    (b + 1) / (m + 1), with b of the m shuffles whose largest z over the whole family
    reaches the observed one (Westfall & Young 1993, single step; the one added is the
    observed arrangement itself). `largest` (m,) must be the maximum over the very pairs
    that are not NaN in `z`, each standardised by the moments of its own null: then pairs
    of rare action units do not own the maximum. Strong control needs that the pairs
    without association have one joint null law whatever the others do; label rows that
    move as a whole give it where filters and action units are jointly independent.
    Stepping down would need the maximum over what is left after each rejection, and
    those are not kept. Raises InputError when `largest` is empty or holds NaN.
    """
    observed = np.asarray(z, dtype=np.float64)
    drawn = np.sort(np.asarray(largest, dtype=np.float64).ravel())
    if not len(drawn) or np.isnan(drawn).any():
        got = "none" if not len(drawn) else "NaN among them"
        raise InputError(Fault("no largest z of the shuffles", expected="one a shuffle", got=got))
    below = np.searchsorted(drawn, observed - HAIR * np.abs(observed), side="left")
    p = (len(drawn) - below + 1) / (len(drawn) + 1)
    return np.where(np.isnan(observed), np.nan, p)


def fewest_rejections(least_p: float, tests: int, alpha: float, method: str = "bh") -> int:
    """How many of `tests` p-values must be as small as `least_p` before one is rejected.

    Shuffles bound p from below: with m of them `least_p` is 1 / (m + 1), and a lone finding
    among many tests may be out of reach. 0 when there are no tests; more than `tests`
    when nothing can be rejected.
    """
    factor = float(np.sum(1 / np.arange(1, tests + 1))) if method == "by" else 1.0
    # Less a hair, so that 0.05 * 53 / 0.05 is 53 and not the next whole number.
    return int(np.ceil(least_p * tests * factor / alpha * (1 - 1e-12)))
