"""Which action units a filter may be named after: those that win when other people are drawn."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.progress import Advance
from facsinterp.stats.people.bootstrap import FEWEST_SUBJECTS
from facsinterp.stats.people.scores import Score, people, resamples

Floats = NDArray[np.float64]

OFTEN: Final = 0.05
# Scores nearer than this are one score: units that were always coded alike, rounded apart.
TIED: Final = 1e-9


class Names(NamedTuple):
    """What each filter may be named after."""

    best: NDArray[np.int64]
    """(J,) the unit of the highest score on all subjects once, -1 where no unit has a score."""
    share: Floats
    """(J, U) share of the draws in which the unit has the filter's highest score; ties are
    split. A filter's shares sum to 1; NaN where no draw gave it a score."""
    named: NDArray[np.bool_]
    """(J, U) the units that win in so large a share, or equal the best: print these."""


def names_by_bootstrap(
    score: Score,
    subjects: ArrayLike,
    *,
    draws: int = 1000,
    share: float = OFTEN,
    seed: int = 0,
    advance: Advance = lambda _draws: None,
) -> Names:
    """The set of action units that win a filter in at least `share` of draws of subjects.

    A single best unit hides that units which occur together can hardly be told apart.
    `score`: of a draw of the subjects, (J, U), NaN where a unit cannot be judged (see
    `stats.people.scores`). With fewer than 20 subjects draws differ too little to be believed,
    and shares are NaN, so that only the best is named. `advance` hears the draws done.
    """
    many = len(people(subjects))
    whole = score(np.ones(many, np.int64))
    first = _winners(whole)
    filters, units = np.nonzero(first)
    best = np.full(len(first), -1)
    best[filters[::-1]] = units[::-1]  # of tied units the first
    wins, rounds = np.zeros(whole.shape), np.zeros(len(whole))
    if many >= FEWEST_SUBJECTS:
        for times in resamples(subjects, draws, seed):
            winners = _winners(score(times))
            number = winners.sum(axis=1)
            wins += winners / np.maximum(number, 1)[:, None]
            rounds += number > 0
            advance(1)
    shares = wins / np.where(rounds > 0, rounds, np.nan)[:, None]
    return Names(best, shares, first | (shares >= share))


def _winners(score: Floats) -> NDArray[np.bool_]:
    """(J, U) the units whose score equals the filter's highest."""
    known = np.where(np.isnan(score), -np.inf, score)
    highest = known.max(axis=1, initial=-np.inf, keepdims=True)
    slack = TIED * np.maximum(np.abs(highest), 1.0)
    with np.errstate(invalid="ignore"):  # where no unit has a score
        return np.asarray((known >= highest - slack) & np.isfinite(known))
