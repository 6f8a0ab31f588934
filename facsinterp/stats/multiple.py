"""Correction of many p-values that are tested together, one named family at a time."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, InputError

METHODS: Final = {
    "bh": "Benjamini & Hochberg (1995): false discovery rate, independent or positively "
    "dependent tests",
    "by": "Benjamini & Yekutieli (2001): false discovery rate, any dependence",
}


def adjust(p: ArrayLike, method: str = "bh") -> NDArray[np.float64]:
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


def fewest_rejections(least_p: float, tests: int, alpha: float, method: str = "bh") -> int:
    """How many of `tests` p-values must be as small as `least_p` before one is rejected.

    Shuffles bound p from below: with m of them `least_p` is 1 / (m + 1), and a lone finding
    among many tests may be out of reach. 0 when there are no tests; more than `tests`
    when nothing can be rejected.
    """
    factor = float(np.sum(1 / np.arange(1, tests + 1))) if method == "by" else 1.0
    # Less a hair, so that 0.05 * 53 / 0.05 is 53 and not the next whole number.
    return int(np.ceil(least_p * tests * factor / alpha * (1 - 1e-12)))
