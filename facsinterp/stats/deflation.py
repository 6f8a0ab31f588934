"""Sums that scatter more over people than shuffles say: taken nearer to their mean.

Shuffles between people give every person the same share in the spread of a sum. Where people
differ, and those in whom a filter varies are those in whom an action unit does (expressive
people, with others in whom neither moves), the spread over people is larger than that of the
shuffles, and their p-values are too small, however many people there are. So are they where
a person has several rows of one stratum that are alike. The ratio of the two spreads, where it
is below 1, is what a standardised sum is multiplied by, and its p-value with it: a one-sided
form of the studentised permutation test (Janssen 1997; DiCiccio & Romano 2017), with the
variance of the subjects' scores (Hemerik, Goeman & Finos 2020).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from facsinterp.stats.nulls import Scheme

Floats = NDArray[np.float64]

# A score this small beside all weights is round-off of one that does not exist.
NOISE: Final = 1e-12


def deflation(
    weights: ArrayLike, labels: ArrayLike, scheme: Scheme, people: ArrayLike, sd: ArrayLike
) -> Floats:
    """At most 1, the spread under shuffles over that between people, (J, U).

    `weights` (n, J), `labels` (n, U), rows that move singly in `scheme`, `people` (n,) whose
    row each is, `sd` (J, U) of the sum under shuffles. A person's score is the sum of
    weight times label over her rows, both centred in their strata; the spread is that of the
    sum of k such scores, k sum (t - mean t)^2 / (k - 1), over the k people who have one. 1
    where fewer than two have.
    """
    stratum = np.unique(np.asarray(scheme.stratum), return_inverse=True)[1]
    table = _centred(np.asarray(weights, dtype=np.float64), stratum)
    shown = _centred(np.asarray(labels, dtype=np.float64), stratum)
    total = np.zeros((table.shape[1], shown.shape[1]))
    squares, having = np.zeros_like(total), np.zeros_like(total)
    least = NOISE * np.abs(table).sum(axis=0)[:, None]
    owner = np.unique(np.asarray(people), return_inverse=True)[1]
    order = np.argsort(owner, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(owner))[:-1]):
        score = table[rows].T @ shown[rows]
        total += score
        squares += score**2
        having += np.abs(score) > least
    several = having > 1
    count = np.where(several, having, 2.0)
    variance = np.maximum(squares - total**2 / count, 0.0) * count / (count - 1)
    spread = np.sqrt(variance)
    wider = several & (spread > np.asarray(sd))
    return np.where(wider, np.asarray(sd) / np.where(wider, spread, 1.0), 1.0)


def deflated(p: ArrayLike, factor: ArrayLike, *, both: bool = False) -> Floats:
    """p-values of sums whose distance from the mean is multiplied by `factor`, at most 1.

    On the scale of the normal distribution, so that tails keep their shape: 1 - Phi(factor
    times the quantile of p). Never smaller than p, and p itself at the mean and below. `both`:
    p is twice a tail.
    """
    given = np.asarray(p, dtype=np.float64)
    tail = given / 2 if both else given
    moved = ndtr(np.asarray(factor) * ndtri(tail))
    raised = np.where(tail < 0.5, moved, tail)
    return np.asarray(np.maximum(2 * raised if both else raised, given), dtype=np.float64)


def _centred(values: Floats, stratum: NDArray[np.intp]) -> Floats:
    sums = np.zeros((int(stratum.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(sums, stratum, values)
    return np.asarray(values - (sums / np.bincount(stratum)[:, None])[stratum], dtype=np.float64)
