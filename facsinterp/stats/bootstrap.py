"""Intervals that show how a figure would vary with other people: subjects are resampled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.progress import Advance

Floats = NDArray[np.float64]

FEWEST_SUBJECTS: Final = 20
# Draws are taken in blocks so that weights (draws, n) hold no more numbers than this.
BLOCK: Final = 1 << 21


def auroc_interval(
    activation: ArrayLike,
    labels: ArrayLike,
    subjects: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
    advance: Advance = lambda _filters: None,
) -> tuple[Floats, Floats]:
    """Lower and upper bound of the pooled AUROC of every filter and action unit, (J, U) each.

    Percentile bootstrap over subjects: each draw takes as many subjects as there are, with
    replacement, with all their rows. `activation` (n, J), `labels` (n, U) bool, `subjects`
    (n,). Draws that miss one side of an action unit are left out. NaN where the unit is
    absent or present everywhere, and everywhere when there are fewer than 20 subjects,
    where the percentile interval is too short to be believed. `advance` hears the number
    of filters done. Raises InputError when the arrays do not fit together.

    A weighted row i of filter j has the weighted midrank R_i, and
    AUROC(w) = (sum_i w_i a_i R_i - n1(w)**2 / 2) / (n1(w) n0(w)), so that one product
    serves all action units of a filter.
    """
    values = np.asarray(activation, dtype=np.float64)
    on = np.asarray(labels, dtype=np.float64)
    names = np.asarray(subjects)
    if not len(values) == len(on) == len(names):
        got = f"{values.shape}, {on.shape} and {names.shape}"
        raise InputError(Fault("activation, labels and subjects differ in length", got=got))
    low = np.full((values.shape[1], on.shape[1]), np.nan)
    high = low.copy()
    kinds, owner = np.unique(names, return_inverse=True)
    contrast = np.flatnonzero((on.sum(axis=0) > 0) & (on.sum(axis=0) < len(on)))
    if len(kinds) < FEWEST_SUBJECTS or not len(contrast):
        return low, high
    times = np.random.default_rng(seed).multinomial(
        len(kinds), np.full(len(kinds), 1 / len(kinds)), size=draws
    )
    quantiles = ((1 - level) / 2, (1 + level) / 2)
    for column in range(values.shape[1]):
        resampled = _resampled(values[:, column], on[:, contrast], owner, times)
        low[column, contrast], high[column, contrast] = _quantiles(resampled, quantiles)
        advance(1)
    return low, high


def _resampled(
    values: Floats, on: Floats, owner: NDArray[np.int64], times: NDArray[np.int64]
) -> Floats:
    """AUROC of one filter in each draw, (draws, U); NaN where a side is missing."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(starts, len(ordered)))
    on, owner = on[order], owner[order]
    result = np.empty((len(times), on.shape[1]))
    for block in _draw_blocks(times, len(values)):
        weight = times[block].astype(np.float64)[:, owner]
        tied = np.add.reduceat(weight, starts, axis=1)
        rank = np.repeat(np.cumsum(tied, axis=1) - tied / 2, sizes, axis=1)
        with_unit = weight @ on
        without = weight.sum(axis=1, keepdims=True) - with_unit
        pairs = np.where(with_unit * without > 0, with_unit * without, np.nan)
        result[block] = ((weight * rank) @ on - with_unit**2 / 2) / pairs
    return result


def _draw_blocks(times: NDArray[np.int64], rows: int) -> Iterator[slice]:
    step = max(1, BLOCK // rows)
    return (slice(start, start + step) for start in range(0, len(times), step))


def _quantiles(drawn: Floats, quantiles: tuple[float, float]) -> tuple[Floats, Floats]:
    # nanquantile goes column by column in Python; only rare action units need it.
    take = np.nanquantile if np.isnan(drawn).any() else np.quantile
    low, high = take(drawn, quantiles, axis=0)
    return low, high
