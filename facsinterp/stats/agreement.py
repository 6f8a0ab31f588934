"""Whether two ways to say what each filter stands for agree, against filters paired by lot."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from facsinterp.errors import Fault, InputError

Floats = NDArray[np.float64]


class Agreement(NamedTuple):
    """The mean score of what filters were told to be, and what it is by lot."""

    mean: float
    expected: float
    """Mean over the shuffles."""
    chance_low: float
    chance_high: float
    """Between them are 95 % of the shuffles."""
    p: float
    """One-sided: agreement above chance."""


def agreement(
    scores: ArrayLike, told: ArrayLike, groups: ArrayLike, *, count: int = 9999, seed: int = 0
) -> Agreement:
    """How well filters score on the unit that each was told to stand for.

    `scores` (J, U): what one method gives every unit of each filter, such as 1 for its best
    unit and 0 for the others; `told` (J,): the column that the other method names; `groups`
    (J,): the layer. Rows of `scores` are shuffled among the filters of a layer, so that how
    often either method names a unit stays as it is in each layer; p is (b + 1) / (m + 1). Filters
    of one network are not independent: leave duplicates out, or p is too small. Deterministic
    in `seed`. Raises InputError without filters, or where the arrays do not fit.
    """
    table, column = np.asarray(scores, dtype=np.float64), np.asarray(told, dtype=np.int64)
    layer = np.unique(np.asarray(groups), return_inverse=True)[1].ravel()
    if table.ndim != 2 or not len(table) or not len(table) == len(column) == len(layer):
        got = f"{table.shape}, {column.shape} and {layer.shape}"
        raise InputError(
            Fault("agreement of nothing", expected="scores (J, U), told, groups", got=got)
        )
    total = float(table[np.arange(len(table)), column].sum())
    rng = np.random.default_rng(seed)
    drawn = np.zeros(count)
    for number in range(layer.max() + 1):
        rows = np.flatnonzero(layer == number)
        owner = rng.permuted(np.tile(rows, (count, 1)), axis=1)
        drawn += table[owner, column[rows]].sum(axis=1)
    hair = 1e-9 * max(1.0, abs(total))
    low, high = np.quantile(drawn, [0.025, 0.975])
    filters = len(table)
    return Agreement(
        mean=total / filters,
        expected=float(drawn.mean()) / filters,
        chance_low=float(low) / filters,
        chance_high=float(high) / filters,
        p=float(((drawn >= total - hair).sum() + 1) / (count + 1)),
    )


def standing(profile: ArrayLike) -> Floats:
    """Where each unit stands in the profile of its filter (J, U): 1 the first, 0 the last.

    The share of the other units that are below, ties counting half; NaN where the filter has
    no number, and 1/2 where there is one unit alone.
    """
    values = np.asarray(profile, dtype=np.float64)
    units = values.shape[1]
    if units == 1:
        return np.where(np.isnan(values), np.nan, 0.5)
    place = (rankdata(values, axis=1) - 1) / (units - 1)
    return np.where(np.isnan(values).any(axis=1, keepdims=True), np.nan, place)
