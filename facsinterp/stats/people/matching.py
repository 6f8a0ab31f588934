"""Which filter stands for which action unit, one to one, and how much of FACS that covers."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from facsinterp.errors import Fault, InputError
from facsinterp.progress import Advance
from facsinterp.stats.people.bootstrap import FEWEST_SUBJECTS
from facsinterp.stats.people.scores import Score, people, resamples

Floats = NDArray[np.float64]
Matched = NDArray[np.int64]

COVERED: Final = 0.75


class Coverage(NamedTuple):
    """How much of the testable action units the filters cover."""

    share: float
    """Covered units over testable ones; NaN when none is testable."""
    covered: NDArray[np.bool_]
    """(U,)"""
    testable: int


def matching(z: ArrayLike, allowed: ArrayLike) -> Matched:
    """The filter matched to each action unit (U,), -1 where there is none.

    Of all one-to-one assignments over `allowed` (J, U) pairs it has the largest sum of `z`
    (J, U); filters and units may stay unmatched, so that no pair with z <= 0 is matched.
    A z that does not exist (NaN) is not allowed. Hungarian method (Kuhn 1955; scipy's is
    that of Crouse 2016). Raises InputError for other shapes or an infinite z.
    """
    score, usable = np.asarray(z, dtype=np.float64), np.asarray(allowed, dtype=bool)
    if score.ndim != 2 or score.shape != usable.shape:
        got = f"{score.shape} and {usable.shape}"
        raise InputError(
            Fault("z and allowed do not fit together", expected="(filters, units) twice", got=got)
        )
    if np.isinf(score).any():
        raise InputError(Fault("z is infinite", where=f"{int(np.isinf(score).sum())} pairs"))
    gain = np.where(usable & (score > 0), score, 0.0)
    matched = np.full(score.shape[1], -1)
    # Filters that gain nothing are left out: there may be very many.
    worth = np.flatnonzero(gain.any(axis=1))
    filters, units = linear_sum_assignment(gain[worth], maximize=True)
    real = gain[worth[filters], units] > 0
    matched[units[real]] = worth[filters[real]]
    return matched


def matching_stability(
    score: Score,
    allowed: ArrayLike,
    subjects: ArrayLike,
    *,
    draws: int = 1000,
    seed: int = 0,
    advance: Advance = lambda _draws: None,
) -> tuple[Matched, Floats]:
    """The matching of all subjects, and how often each match returns among others: (U,) each.

    `score`: z (J, U) of a draw of subjects (see `stats.people.scores`); each draw has its own
    matching over the same `allowed` pairs (J, U). The share is NaN for an unmatched unit,
    and for all units with fewer than 20 subjects, where draws differ too little to be
    believed. `advance` hears the draws done.
    """
    many = len(people(subjects))
    usable = np.asarray(allowed, dtype=bool)
    matched = matching(score(np.ones(many, np.int64)), usable)
    if many < FEWEST_SUBJECTS or draws < 1:
        return matched, np.full(len(matched), np.nan)
    returned = np.zeros(len(matched))
    for times in resamples(subjects, draws, seed):
        returned += matching(score(times), usable) == matched
        advance(1)
    return matched, np.where(matched >= 0, returned / draws, np.nan)


def coverage(
    matched: ArrayLike, held_out_auroc: ArrayLike, testable: ArrayLike, *, bar: float = COVERED
) -> Coverage:
    """Share of the testable action units that a matched filter tells on other people.

    `matched` (U,) as from `matching`; `held_out_auroc` (U,) of each unit's matched filter,
    on subjects that had no part in choosing it; `testable` (U,). A unit is covered when it
    is testable, matched, and its AUROC is `bar` or more; an AUROC of NaN covers nothing.
    Raises InputError when the lengths differ.
    """
    filters, area = np.asarray(matched), np.asarray(held_out_auroc, dtype=np.float64)
    able = np.asarray(testable, dtype=bool)
    if not filters.shape == area.shape == able.shape:
        got = f"{filters.shape}, {area.shape} and {able.shape}"
        raise InputError(Fault("matches, AUROC and units differ in shape", got=got))
    covered = able & (filters >= 0) & (area >= bar)
    total = int(able.sum())
    return Coverage(float(covered.sum() / total) if total else float("nan"), covered, total)
