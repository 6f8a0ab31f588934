"""How much better one set of detectors tells action units than another, on the same faces.

Both answer to the same cells (face, au), so that what makes a face hard weighs on both: subjects
are resampled with all their faces, and the difference is formed in every draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from facsinterp.errors import Fault, InputError
from facsinterp.stats.detection import CUT
from facsinterp.stats.people.bootstrap import FEWEST_SUBJECTS

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Measure = Literal["balanced", "auroc"]

# Of so many draws at least a share must tell all sides of a unit for its interval to be believed.
_TOLD: Final = 0.9


@dataclass(frozen=True, eq=False)
class Contrast:
    """A measure of the first detectors less that of the second, with 95 % bounds over people."""

    difference: Floats
    """(au,) NaN where the measure is not defined."""
    low: Floats
    high: Floats
    """(au,) NaN also where too few people show the unit, or lack it."""
    mean: float
    """Mean over the units that have a difference; NaN where none has."""
    mean_low: float
    mean_high: float
    units: int
    """Units in the mean."""


def contrast(  # noqa: PLR0913 - each is a fact of its own, and all are named
    first: ArrayLike,
    second: ArrayLike,
    present: ArrayLike,
    coded: ArrayLike,
    subjects: ArrayLike,
    *,
    measure: Measure = "balanced",
    cut: float = CUT,
    draws: int = 1000,
    seed: int = 0,
) -> Contrast:
    """Balanced accuracy or AUROC of probabilities `first` (face, au) less that of `second`.

    A cell counts where `coded` (face, au) and both say something. `subjects` (face,) are resampled
    with all their faces; the intervals are t-intervals with the draws' deviation, for a unit with
    one degree of freedom less than subjects on its rarer side, for the mean than subjects. Against
    probabilities that are all 0, both measures are those above 1/2. NaN bounds with fewer than 20
    subjects, or fewer than two on a side; "" is nobody. Deterministic in `seed`. Raises InputError
    where shapes differ.
    """
    one, other = (np.asarray(said, dtype=np.float64) for said in (first, second))
    on, known = np.asarray(present, dtype=bool), np.asarray(coded, dtype=bool)
    if one.ndim != 2 or not one.shape == other.shape == on.shape == known.shape:
        got = ", ".join(str(array.shape) for array in (one, other, on, known))
        raise InputError(
            Fault("answers and codes do not fit together", expected="(face, au) each", got=got)
        )
    names = np.asarray(subjects, dtype=str)
    counted = known & np.isfinite(one) & np.isfinite(other) & (names != "")[:, None]
    people, owner = np.unique(names, return_inverse=True)
    real = np.flatnonzero(people != "")
    times = np.zeros((1 + draws, len(people)))
    times[0] = 1
    if len(real):
        rng = np.random.default_rng(seed)
        times[1:, real] = rng.multinomial(len(real), np.full(len(real), 1 / len(real)), size=draws)
    tell = _auroc if measure == "auroc" else _balanced
    values = tell(one, on, counted, owner, times, cut) - tell(other, on, counted, owner, times, cut)
    rarer = _rarer(on, counted, owner, len(people))
    enough = (rarer >= 2) & (len(real) >= FEWEST_SUBJECTS)
    half = np.where(enough, _half(values[1:], np.maximum(rarer - 1, 1)), np.nan)
    usable = np.isfinite(values[0])
    mean = float(values[0, usable].mean()) if usable.any() else np.nan
    reach = np.nan
    if usable.any() and len(real) >= FEWEST_SUBJECTS:
        # A draw may miss all who show a unit: the others stand for it there.
        every = np.nanmean(np.where(usable, values[1:], np.nan), axis=1, keepdims=True)
        reach = float(_half(every, np.array([len(real) - 1]))[0])
    return Contrast(
        values[0],
        values[0] - half,
        values[0] + half,
        mean,
        mean - reach,
        mean + reach,
        int(usable.sum()),
    )


def _half(values: Floats, freedom: NDArray[np.integer]) -> Floats:
    """Half of the interval of each column of `values` (draw, ...); NaN with too few draws."""
    known = np.isfinite(values)
    told = known.mean(axis=0) >= _TOLD
    spread = np.full(values.shape[1], np.nan)
    spread[told] = np.nanstd(values[:, told], axis=0, ddof=1)
    return np.asarray(student.ppf(0.975, freedom) * spread)


def _rarer(on: Labels, counted: Labels, owner: NDArray[np.intp], people: int) -> NDArray[np.int64]:
    """(au,) subjects with the unit or without it, whichever are fewer."""
    sides = np.zeros((2, people, on.shape[1]))
    np.add.at(sides[0], owner, on & counted)
    np.add.at(sides[1], owner, ~on & counted)
    return np.asarray((sides > 0).sum(axis=1).min(axis=0), dtype=np.int64)


def _balanced(
    said: Floats, on: Labels, counted: Labels, owner: NDArray[np.intp], times: Floats, cut: float
) -> Floats:
    """Balanced accuracy (draw, au); NaN where a side is missing."""
    yes = np.nan_to_num(said) >= cut

    def weight(cells: Labels) -> Floats:
        by_subject = np.zeros((times.shape[1], on.shape[1]))
        np.add.at(by_subject, owner, cells)
        return times @ by_subject

    shown, absent = on & counted, ~on & counted
    with np.errstate(invalid="ignore"):
        hit, left = weight(shown & yes) / weight(shown), weight(absent & ~yes) / weight(absent)
    return np.asarray((hit + left) / 2)


def _auroc(
    said: Floats, on: Labels, counted: Labels, owner: NDArray[np.intp], times: Floats, _cut: float
) -> Floats:
    """AUROC (draw, au), ties half; NaN where a side is missing."""
    found = np.full((len(times), on.shape[1]), np.nan)
    for unit in range(on.shape[1]):
        rows = np.flatnonzero(counted[:, unit])
        rows = rows[np.argsort(said[rows, unit], kind="stable")]
        shown, value = on[rows, unit], said[rows, unit]
        if not 0 < shown.sum() < len(rows):
            continue
        weight = times.T[owner[rows]]
        below = np.zeros((len(rows) + 1, len(times)))
        np.cumsum(np.where(shown[:, None], 0, weight), axis=0, out=below[1:])
        first, last = (np.searchsorted(value, value[shown], side) for side in ("left", "right"))
        mine = weight[shown]
        won = (mine * (below[first] + below[last])).sum(axis=0) / 2
        with np.errstate(invalid="ignore"):
            found[:, unit] = won / (mine.sum(axis=0) * below[-1])
    return found
