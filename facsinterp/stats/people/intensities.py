"""How the scores of told intensities would vary with other people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from facsinterp.errors import Fault, InputError
from facsinterp.stats.people.bootstrap import FEWEST_SUBJECTS

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IntensityIntervals:
    """95 % bounds over people of what `intensity_scores` gives, (column,) each; NaN: too few."""

    mse_low: Floats
    mse_high: Floats
    icc_low: Floats
    icc_high: Floats


def intensity_intervals(
    told: ArrayLike,
    coded: ArrayLike,
    subjects: ArrayLike,
    *,
    draws: int = 1000,
    seed: int = 0,
) -> IntensityIntervals:
    """Bounds of mean squared error and ICC(3,1) of `told` (face, column), as in `intensity_scores`.

    `subjects` (face,) are resampled with all their faces. t-intervals with the draws' deviation
    and one degree of freedom less than subjects that show an intensity above 0, the error's on the
    scale of the logarithm, the ICC's on Fisher's. NaN with fewer than 20 subjects, or
    fewer than two that show any; "" is nobody. Of two raters ICC(3,1) is
    2 cov(x, y) / (var x + var y). Deterministic in `seed`. Raises InputError where shapes differ.
    """
    said, truth = np.asarray(told, dtype=np.float64), np.asarray(coded, dtype=np.float64)
    if said.ndim != 2 or said.shape != truth.shape:
        got = f"{said.shape} and {truth.shape}"
        fault = Fault("intensities do not fit together", expected="(face, au) each", got=got)
        raise InputError(fault)
    names = np.asarray(subjects, dtype=str)
    each = [_bounds(said[:, k], truth[:, k], names, draws, seed) for k in range(said.shape[1])]
    return IntensityIntervals(*np.array(each, dtype=np.float64).reshape(-1, 4).T)


def _bounds(
    said: Floats, truth: Floats, names: NDArray[np.str_], draws: int, seed: int
) -> tuple[float, float, float, float]:
    known = np.isfinite(said) & np.isfinite(truth) & (names != "")
    people, owner = np.unique(names[known], return_inverse=True)
    x, y = said[known], truth[known]
    showing = len(np.unique(owner[y > 0]))
    if len(people) < FEWEST_SUBJECTS or showing < 2:
        return np.nan, np.nan, np.nan, np.nan
    many = len(people)
    columns = (np.ones_like(x), x, y, x * x, y * y, x * y)
    sums = np.stack([np.bincount(owner, one, many) for one in columns])
    times = np.random.default_rng(seed).multinomial(many, np.full(many, 1 / many), size=draws)
    width = float(student.ppf(0.975, showing - 1))
    mse, icc = _scores(sums.sum(axis=1))
    drawn_mse, drawn_icc = _scores(np.asarray(sums @ times.T, np.float64))
    reach = width * np.std(np.log(drawn_mse), ddof=1) if (drawn_mse > 0).all() else np.nan
    low, high = mse * np.exp(-reach), mse * np.exp(reach)
    inside = np.isfinite(drawn_icc) & (np.abs(drawn_icc) < 1)
    if not inside.all() or not np.abs(icc) < 1:
        return float(low), float(high), np.nan, np.nan
    half = width * np.std(np.arctanh(drawn_icc), ddof=1)
    middle = np.arctanh(icc)
    return float(low), float(high), float(np.tanh(middle - half)), float(np.tanh(middle + half))


def _scores(sums: Floats) -> tuple[Floats, Floats]:
    """Mean squared error and ICC(3,1) from sums of 1, x, y, xx, yy, xy: (6, ...) -> (...) each."""
    count, x, y, xx, yy, xy = sums
    spread = (xx - x * x / count) + (yy - y * y / count)
    with np.errstate(invalid="ignore", divide="ignore"):
        icc = 2 * (xy - x * y / count) / spread
    return np.asarray((xx + yy - 2 * xy) / count), np.asarray(icc)
