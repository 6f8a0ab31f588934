"""Small p-values of sums of whole weights under labels shuffled inside strata, in closed form.

A saddlepoint gives the far tail, which shuffles cannot reach, with a relative error of
some per cent; it needs neither shuffles nor the lattice of all sums. For rare action units
take `exact`: with fewer than about 20 labels that can move, a sum takes so few values that
a smooth formula is no longer close in the middle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.stats.closed.strata import Floats, Strata, in_units, label_counts


def tails(
    weights: NDArray[np.int64],
    labels: NDArray[np.bool_],
    strata: ArrayLike,
    pairs: ArrayLike,
    *,
    lower: bool = False,
) -> Floats:
    """Chance of a sum as large as the observed one, or larger, for each pair (k,).

    `weights` (n, J) whole numbers, `labels` (n, U), `strata` (n,) what rows are shuffled
    inside, `pairs` (k, 2) of filter and action unit. Lugannani & Rice (1980) on the exact
    cumulant generating function of the shuffles (Robinson 1982; Booth & Butler 1990), with
    the second continuity correction of Daniels (1987, Int. Stat. Rev. 55:37), as sums are
    whole numbers: P(T >= t) is read half a step below t, which also gives the largest sum
    a saddlepoint. `lower`: as small or smaller. Never 0 nor NaN, and never less than the
    chance of the most extreme sum, which is exact; 1 where no shuffle changes the sum.
    """
    from facsinterp.stats.closed.tilting import filter_tails

    asked = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    layout = Strata.of(strata)
    counts = label_counts(labels, layout)
    present = layout.rows(labels)
    numbers = layout.spread(np.arange(len(layout.sizes)))
    result = np.ones(len(asked))
    for j in np.unique(asked[:, 0]):
        places = np.flatnonzero(asked[:, 0] == j)
        whole = layout.rows(weights[:, j]).astype(np.int64)
        steps = in_units(-whole if lower else whole, layout).astype(np.float64)
        steps -= layout.spread(layout.sums(steps) / layout.sizes)
        units = asked[places, 1]
        observed = steps @ present[:, units]
        descending = steps[np.lexsort((-steps, numbers))]
        result[places] = filter_tails(descending, layout.starts, counts[:, units], observed)
    return result
