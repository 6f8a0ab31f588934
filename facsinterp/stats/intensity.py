"""How well the intensities of action units are told: error, steps that are right, consistency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IntensityScores:
    """Scores of intensities from 0 to 5; (au,) each, or () over all cells."""

    count: NDArray[np.int64]
    """Cells (face, au) that are scored and told."""
    mse: Floats
    """Mean squared error of what is told, not rounded."""
    exact: Floats
    """Share of the cells in which it is rounded to the coder's step."""
    icc: Floats
    """ICC(3,1) of what is told, not rounded; see `icc31`."""


def intensity_scores(told: ArrayLike, coded: ArrayLike) -> tuple[IntensityScores, IntensityScores]:
    """Scores of each action unit, and over all cells at once, of `told` (face, au).

    `coded` (face, au) are the coder's; NaN in either is not scored or not told, and does not
    count. Without cells scores are NaN. Raises InputError where shapes differ.
    """
    said, truth = np.asarray(told, dtype=np.float64), np.asarray(coded, dtype=np.float64)
    if said.ndim != 2 or said.shape != truth.shape:
        got = f"{said.shape} and {truth.shape}"
        fault = Fault("intensities do not fit together", expected="(face, au) each", got=got)
        raise InputError(fault)
    each = [_scores(said[:, unit], truth[:, unit]) for unit in range(said.shape[1])]
    columns = np.array(each, dtype=np.float64).reshape(-1, 4).T
    return _named(columns), _named(np.array(_scores(said.ravel(), truth.ravel())))


def all_zero(told: ArrayLike, coded: ArrayLike) -> tuple[IntensityScores, IntensityScores]:
    """What intensity 0 in every cell would score, in the cells that `intensity_scores` counts."""
    said = np.asarray(told, dtype=np.float64)
    return intensity_scores(np.where(np.isnan(said), np.nan, 0.0), coded)


def icc31(ratings: ArrayLike) -> float:
    """ICC(3,1) of ratings (target, rater): consistency of single, fixed raters.

    (BMS - EMS) / (BMS + (k - 1) EMS) with the mean squares between targets and of the
    residual of a two-way analysis of variance, k raters (Shrout & Fleiss 1979). One rater's
    constant offset does not lower it. NaN for fewer than two targets, or where no rating varies.
    """
    table = np.asarray(ratings, dtype=np.float64)
    targets, raters = table.shape
    if targets < 2 or raters < 2:
        return float("nan")
    by_target = table.mean(axis=1, keepdims=True) - table.mean()
    residual = table - table.mean(axis=0) - by_target
    between = raters * float((by_target**2).sum()) / (targets - 1)
    error = float((residual**2).sum()) / ((targets - 1) * (raters - 1))
    total = between + (raters - 1) * error
    # Below this nothing varies: rounding of the means alone.
    least = 1e-20 * max(1.0, float(np.abs(table).max()) ** 2)
    return (between - error) / total if total > least else float("nan")


def rounded(intensity: ArrayLike) -> Floats:
    """The nearest step from 0 to 5, halves up."""
    return np.asarray(np.clip(np.floor(np.asarray(intensity, np.float64) + 0.5), 0, 5))


def _scores(said: Floats, truth: Floats) -> tuple[float, float, float, float]:
    """Count, mean squared error, exact share and ICC of one column."""
    known = np.isfinite(said) & np.isfinite(truth)
    if not known.any():
        return 0, np.nan, np.nan, np.nan
    one, other = said[known], truth[known]
    exact = (rounded(one) == rounded(other)).mean()
    return int(known.sum()), ((one - other) ** 2).mean(), exact, icc31(np.stack([one, other], 1))


def _named(columns: Floats) -> IntensityScores:
    return IntensityScores(np.asarray(columns[0], np.int64), *columns[1:])
