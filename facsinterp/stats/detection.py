"""How well detectors tell which action units are present, beside what saying none would score.

A cell is one face and one action unit. It counts where the unit was coded and the detector
said something: not coded is not absent, and NaN is no answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from facsinterp.errors import Fault, InputError
from facsinterp.stats.accuracy import Accuracy, accuracy
from facsinterp.stats.effect import auroc
from facsinterp.stats.people.bootstrap import FEWEST_SUBJECTS, auroc_interval

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Counts = NDArray[np.int64]

CUT: Final = 0.5
"""The probability from which on a unit is said to be present, the same for every unit.

No cut is chosen on validation faces: a rare unit has a handful there, and the choice adds noise
(on drawn faces with ten people to validate on, cuts chosen for balanced accuracy scored 0.838 on
other people, one half 0.846, and better in 14 of the 20 units that could be chosen for). One
half is right for what a fit aims at: taught with balanced weights it stands for the base rate in
plain probability, the best cut for balanced accuracy (Menon et al. 2013); taught without them it
is the best cut for accuracy, which Breuer & Kimmel (2017) report.
"""


@dataclass(frozen=True, eq=False)
class Detection:
    """Scores of presence, (au,) each; NaN where a score is not defined."""

    count: Counts
    """Cells that count."""
    positives: Counts
    """Those in which the unit is present."""
    accuracy: Floats
    sensitivity: Floats
    """Share of the faces with the unit that are found; NaN without any."""
    specificity: Floats
    """Share of the faces without it that are left alone; NaN without any."""
    balanced: Floats
    """Mean of the two; NaN where either is."""
    f1: Floats
    """2 TP / (2 TP + FP + FN); NaN where the unit is neither present nor said to be."""
    auroc: Floats
    """Of the probabilities, ties half; NaN unless faces with and without it are there."""


def detection(
    probability: ArrayLike, present: ArrayLike, coded: ArrayLike, *, cut: float = CUT
) -> Detection:
    """Scores of `probability` (face, au), which says present from `cut` on.

    `present` and `coded` (face, au) bool. Raises InputError where shapes differ.
    """
    said, on, counted = _cells(probability, present, coded)
    yes = (said >= cut) & counted
    hit, shown, absent = (yes & on).sum(axis=0), (on & counted).sum(axis=0), counted & ~on
    false, without = (yes & ~on).sum(axis=0), absent.sum(axis=0)
    sensitivity, specificity = _share(hit, shown), _share(without - false, without)
    return Detection(
        count=counted.sum(axis=0),
        positives=shown,
        accuracy=_share(hit + without - false, shown + without),
        sensitivity=sensitivity,
        specificity=specificity,
        balanced=(sensitivity + specificity) / 2,
        f1=_share(2 * hit, shown + yes.sum(axis=0)),
        auroc=_by_unit(said, on, counted),
    )


def all_absent(probability: ArrayLike, present: ArrayLike, coded: ArrayLike) -> Detection:
    """What saying absent to every cell would score, in the cells that `detection` counts."""
    said, on, counted = _cells(probability, present, coded)
    return detection(np.zeros_like(said), on, counted)


@dataclass(frozen=True)
class Pooled:
    """The share of right answers over all cells, as Breuer & Kimmel (2017) report it."""

    accuracy: Accuracy
    """Its interval takes the cells of one subject for alike."""
    all_absent: float
    """What saying absent to every cell would score."""


def pooled(
    probability: ArrayLike,
    present: ArrayLike,
    coded: ArrayLike,
    subjects: ArrayLike,
    *,
    cut: float = CUT,
) -> Pooled:
    """Accuracy over all faces and action units at once; `subjects` (face,).

    High by itself where units are rare: read it against `all_absent`. Raises InputError where
    shapes differ or no cell counts.
    """
    said, on, counted = _cells(probability, present, coded)
    if not counted.any():
        raise InputError(Fault("no cell to score", expected="a face coded for a unit that is told"))
    right = ((said >= cut) == on)[counted]
    owner = np.broadcast_to(np.asarray(subjects, dtype=str)[:, None], on.shape)[counted]
    found = accuracy(right, owner)
    people = len(np.unique(owner))
    note = (
        f"{found.count} cells (face, action unit) of {people} subjects weigh as "
        f"{found.effective:.0f} independent cells (Wilson)"
    )
    return Pooled(replace(found, note=note), float((~on[counted]).mean()))


@dataclass(frozen=True, eq=False)
class DetectionIntervals:
    """95 % bounds over people, (au,) each, which hold what `detection` finds; NaN where too few
    show the unit, or lack it."""

    auroc_low: Floats
    auroc_high: Floats
    balanced_low: Floats
    balanced_high: Floats


def detection_intervals(
    probability: ArrayLike,
    present: ArrayLike,
    coded: ArrayLike,
    subjects: ArrayLike,
    *,
    cut: float = CUT,
    draws: int = 2000,
    seed: int = 0,
) -> DetectionIntervals:
    """Bounds of AUROC and balanced accuracy: subjects (face,) are resampled with all their faces.

    Both by a t-interval on the logit scale with the draws' deviation there and one degree of
    freedom less than subjects on the rarer side, as `auroc_interval`. Near 1 the middle on that
    scale is less than the score: bounds that would leave out what `detection` finds are widened
    to it. NaN with fewer than 20 subjects coded for the unit, or fewer than two that show it or
    lack it; "" is nobody. Deterministic in `seed`.
    """
    said, on, counted = _cells(probability, present, coded)
    names = np.asarray(subjects, dtype=str)
    bounds = np.full((4, on.shape[1]), np.nan)
    for unit in range(on.shape[1]):
        rows = counted[:, unit] & (names != "")
        if not rows.any():
            continue
        value, shown, who = said[rows, unit], on[rows, unit], names[rows]
        low, high = auroc_interval(value[:, None], shown[:, None], who, draws=draws, seed=seed)
        bounds[:2, unit] = low[0, 0], high[0, 0]
        bounds[2:, unit] = _balanced_interval(value >= cut, shown, who, draws, seed)
    found = detection(said, on, counted, cut=cut)
    values = np.stack([found.auroc, found.balanced])
    # NaN stays NaN: no interval is made of a score alone.
    low, high = np.minimum(bounds[::2], values), np.maximum(bounds[1::2], values)
    return DetectionIntervals(low[0], high[0], low[1], high[1])


def _balanced_interval(
    yes: Labels, shown: Labels, subjects: NDArray[np.str_], draws: int, seed: int
) -> tuple[float, float]:
    kinds, owner = np.unique(subjects, return_inverse=True)
    many = len(kinds)
    # Of each subject: faces with the unit, those found, faces without, those left alone.
    tallies = np.stack(
        [np.bincount(owner, one, many) for one in (shown, shown & yes, ~shown, ~shown & ~yes)]
    )
    rarer = int((tallies[[0, 2]] > 0).sum(axis=1).min())
    if many < FEWEST_SUBJECTS or rarer < 2:
        return np.nan, np.nan
    times = np.random.default_rng(seed).multinomial(many, np.full(many, 1 / many), size=draws)
    logits = _balanced_logit(tallies @ times.T)
    middle = float(_balanced_logit(tallies.sum(axis=1)))
    half = student.ppf(0.975, rarer - 1) * np.nanstd(logits, ddof=1)
    low, high = 1 / (1 + np.exp(-(middle + np.array([-half, half]))))
    return float(low), float(high)


def _balanced_logit(tallies: NDArray[np.number]) -> Floats:
    """Logit of balanced accuracy (4, ...) -> (...); half a face on either side keeps 0 and 1."""
    shown, hit, without, left = tallies
    known = (shown > 0) & (without > 0)
    balanced = (_share(hit, shown) + _share(left, without)) / 2
    least = np.where(known, np.minimum(shown, without), np.nan)
    share = (balanced * least + 0.5) / (least + 1)
    return np.asarray(np.log(share) - np.log1p(-share))


def _cells(
    probability: ArrayLike, present: ArrayLike, coded: ArrayLike
) -> tuple[Floats, Labels, Labels]:
    said = np.asarray(probability, dtype=np.float64)
    on, known = np.asarray(present, dtype=bool), np.asarray(coded, dtype=bool)
    if said.ndim != 2 or not said.shape == on.shape == known.shape:
        got = f"{said.shape}, {on.shape} and {known.shape}"
        raise InputError(
            Fault("answers and codes do not fit together", expected="(face, au) each", got=got)
        )
    return said, on, known & np.isfinite(said)


def _by_unit(said: Floats, on: Labels, counted: Labels) -> Floats:
    """AUROC (au,), each unit over its own rows."""
    found = np.full(on.shape[1], np.nan)
    for unit in range(on.shape[1]):
        rows = counted[:, unit]
        if rows.any():
            found[unit] = auroc(said[rows, unit][:, None], on[rows, unit][:, None])[0, 0]
    return found


def _share(part: ArrayLike, whole: ArrayLike) -> Floats:
    """part / whole, NaN where there is no whole."""
    bottom = np.asarray(whole, dtype=np.float64)
    return np.asarray(np.asarray(part) / np.where(bottom > 0, bottom, np.nan))
