"""Filters of two networks matched one to one by what they answer to the same faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Matching:
    """For each filter of the first network its partner in the second, and how alike they are."""

    partner: NDArray[np.int64]
    """(filter,) position in the second network; -1 for a filter without a partner."""
    correlation: Floats
    """(filter,) Pearson correlation with the partner; NaN without one."""


def match(first: Floats, second: Floats) -> Matching:
    """The one-to-one matching with the largest sum of correlations over faces.

    `first` (face, J), `second` (face, K): answers to the same faces. Filters that give all
    faces one value have no correlation and no partner, and of unequal numbers some filters of
    the larger network stay alone. Bipartite matching on correlations is that of Li et al.
    (2016, arXiv 1511.07543), solved by the Hungarian algorithm.
    """
    table = correlations(first, second)
    rows, columns = (np.flatnonzero(np.isfinite(table).any(axis=axis)) for axis in (1, 0))
    partner = np.full(table.shape[0], -1, dtype=np.int64)
    value = np.full(table.shape[0], np.nan)
    if rows.size and columns.size:
        known = table[np.ix_(rows, columns)]
        chosen, taken = linear_sum_assignment(known, maximize=True)
        partner[rows[chosen]] = columns[taken]
        value[rows[chosen]] = known[chosen, taken]
    return Matching(partner, value)


def correlations(first: Floats, second: Floats) -> Floats:
    """Pearson correlations (J, K) over faces; NaN where a filter gives all faces one value."""
    one, other = _standard(first), _standard(second)
    return np.asarray(one.T @ other, dtype=np.float64)


def within(groups: NDArray[np.str_], rng: np.random.Generator) -> NDArray[np.int64]:
    """(face,) an order of the faces that keeps each one's group: shuffled inside groups.

    Answers of one network in this order share with those of another nothing but the group.
    """
    order = np.arange(len(groups))
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        order[rows] = rng.permutation(rows)
    return order


def _standard(answers: Floats) -> Floats:
    """Columns of mean 0 and length 1; NaN for a constant one."""
    values = np.asarray(answers, dtype=np.float64)
    centred = values - values.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    # Rounding leaves a constant column a length of some 1e-16 of its values.
    still = length <= 1e-9 * np.abs(values).max(axis=0, initial=0) * np.sqrt(len(values))
    return np.asarray(centred / np.where(still | (length == 0), np.nan, length))
