"""Intervals that show how a figure would vary with other people: subjects are resampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.progress import Advance

Floats = NDArray[np.float64]

FEWEST_SUBJECTS: Final = 20
# Numbers in the weights (n, draws) of a block of draws: some such arrays fit a second-level
# cache, which halves the time; but never fewer draws than make a block worth its calls.
BLOCK: Final = 1 << 15
FEWEST_DRAWS: Final = 32


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
        advance(values.shape[1])
        return low, high
    resampling = _Resampling.of(on[:, contrast], owner, draws, seed)
    quantiles = ((1 - level) / 2, (1 + level) / 2)
    for column in range(values.shape[1]):
        drawn = resampling.auroc(values[:, column])
        # nanquantile goes unit by unit in Python; only rare action units need it.
        take = np.nanquantile if np.isnan(drawn).any() else np.quantile
        low[column, contrast], high[column, contrast] = take(drawn, quantiles, axis=1)
        advance(1)
    return low, high


@dataclass(frozen=True)
class _Resampling:
    """Draws of subjects, and what they make of the labels; the same for every filter."""

    on: Floats
    """(n, U)"""
    owner: NDArray[np.int64]
    """(n,) which subject each row is of."""
    times: Floats
    """(subject, draw) how often each subject is drawn."""
    with_unit: Floats
    """(U, draw) weight of the rows that show the unit."""
    pairs: Floats
    """(U, draw) weight of the pairs with and without it; NaN where there are none."""

    @classmethod
    def of(cls, on: Floats, owner: NDArray[np.int64], draws: int, seed: int) -> Self:
        subjects = int(owner.max()) + 1
        rng = np.random.default_rng(seed)
        equal = np.full(subjects, 1 / subjects)
        times = rng.multinomial(subjects, equal, size=draws).T.astype(np.float64)
        shown = np.zeros((subjects, on.shape[1]))
        np.add.at(shown, owner, on)
        with_unit = shown.T @ times
        pairs = with_unit * (np.bincount(owner) @ times - with_unit)
        return cls(on, owner, times, with_unit, np.where(pairs > 0, pairs, np.nan))

    def auroc(self, values: Floats) -> Floats:
        """AUROC of one filter (n,) in each draw, (U, draw)."""
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        sizes = np.diff(np.append(starts, len(ordered)))
        on, owner = self.on[order].T, self.owner[order]
        ranked = np.empty_like(self.pairs)
        step = max(FEWEST_DRAWS, BLOCK // len(values))
        for start in range(0, self.times.shape[1], step):
            weight = self.times[owner, start : start + step]
            tied = np.add.reduceat(weight, starts, axis=0)
            rank = np.repeat(np.cumsum(tied, axis=0) - tied / 2, sizes, axis=0)
            ranked[:, start : start + step] = on @ (weight * rank)
        return (ranked - self.with_unit**2 / 2) / self.pairs
