"""Losses: what a network or a probe loses by a silencing, person by person.

A loss is positive where silencing harms. Each subject counts once, however many faces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.stats.effect import auroc
from facsinterp.stats.people.bootstrap import FEWEST_INFORMATIVE, FEWEST_SUBJECTS

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Subjects = NDArray[np.str_]

DRAWS: Final = 2000
LEVEL: Final = 0.95


@dataclass(frozen=True, eq=False)
class Loss:
    """One loss for each subject, silencing and column (emotion or action unit)."""

    each: Floats
    """(subject, silencing, column); NaN where a subject says nothing of a column."""

    @property
    def mean(self) -> Floats:
        """(silencing, column) over the subjects that say something; NaN without any."""
        return np.asarray(_weighted(self.each, np.ones((1, len(self.each))))[0])

    def interval(self, seed: int) -> tuple[Floats, Floats]:
        """95 % bounds (silencing, column): subjects are resampled, quantiles of the draws.

        NaN for fewer than 20 subjects, and for a column of which fewer than five say something.
        """
        subjects, _, columns = self.each.shape
        low = np.full(self.each.shape[1:], np.nan)
        high = low.copy()
        known = np.isfinite(self.each).any(axis=1).sum(axis=0)
        if subjects < FEWEST_SUBJECTS:
            return low, high
        counts = resampled(subjects, seed)
        ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
        for column in range(columns):
            if known[column] >= FEWEST_INFORMATIVE:
                drawn = _weighted(self.each[:, :, [column]], counts)[:, :, 0]
                low[:, column], high[:, column] = np.nanquantile(drawn, ends, axis=0)
        return low, high


def resampled(subjects: int, seed: int) -> Floats:
    """How often each subject is taken in each of 2,000 resamples (draw, subject)."""
    rng = np.random.default_rng(seed)
    share = np.full(subjects, 1 / subjects)
    return rng.multinomial(subjects, share, size=DRAWS).astype(np.float64)


def subject_means(values: Floats, chosen: Labels, subjects: Subjects) -> Floats:
    """Mean (subject, silencing, column) over the chosen faces of each subject, by name.

    `values` (silencing, face, column), `chosen` (face, column), `subjects` (face,). NaN where
    a subject has no chosen face.
    """
    owner = np.unique(subjects, return_inverse=True)[1]
    member = owner == np.arange(owner.max(initial=-1) + 1)[:, None]
    weight = (member[:, :, None] & chosen).astype(np.float64)
    count = weight.sum(axis=1)[:, None]
    total = np.einsum("jnc,snc->sjc", values, weight, optimize=True)
    return np.asarray(total / np.where(count > 0, count, np.nan))


def emotion_losses(
    base: Floats, silenced: Floats, emotions: NDArray[np.str_], names: list[str], subjects: Subjects
) -> tuple[Loss, Loss]:
    """Fall of each emotion's probability (or logit), on its own faces and on the others'.

    `base` (1, face, emotion) and `silenced` (silencing, face, emotion) in the order of
    `names`; `emotions` (face,) as labelled, "" where not known: such faces are neither.
    """
    own = emotions[:, None] == np.array(names)
    other = ~own & (emotions != "")[:, None]
    fall = base - silenced
    return Loss(subject_means(fall, own, subjects)), Loss(subject_means(fall, other, subjects))


def separation(scores: Floats, present: Labels, coded: Labels, subjects: Subjects) -> Floats:
    """Mean score with an action unit less that without, in each subject (subject, silencing, au).

    NaN where a subject has not both.
    """
    shown = subject_means(scores, present & coded, subjects)
    return np.asarray(shown - subject_means(scores, ~present & coded, subjects))


def unit_losses(
    base: Floats, silenced: Floats, present: Labels, coded: Labels, subjects: Subjects
) -> Loss:
    """Share of the separation that each unit's probe loses, in its own logits.

    `base` (1, face, au), `silenced` (silencing, face, au). The separation is that of
    `separation`; a share is of its mean over subjects with the network as it is: 1 when all
    is lost, below 0 when silencing makes it larger.
    """
    before = separation(base, present, coded, subjects)
    after = separation(silenced, present, coded, subjects)
    whole = Loss(before).mean
    return Loss((before - after) / np.where(whole > 0, whole, np.nan))


def auroc_losses(base: Floats, silenced: Floats, present: Labels, coded: Labels) -> Floats:
    """Fall of each unit's AUROC over all faces (silencing, au)."""
    found = np.full((len(silenced), present.shape[1]), np.nan)
    for unit in range(present.shape[1]):
        rows, shown = coded[:, unit], present[coded[:, unit], unit][:, None]
        if shown.any() and not shown.all() and np.isfinite(base[0, rows, unit]).all():
            both = np.concatenate([base[:, rows, unit], silenced[:, rows, unit]])
            values = auroc(both.T, shown)[:, 0]
            found[:, unit] = values[0] - values[1:]
    return found


def recognised(
    answers: Floats, emotions: NDArray[np.str_], classes: tuple[str, ...]
) -> NDArray[np.int64]:
    """How many faces (silencing,) get their own class, of those whose emotion is a class.

    `answers` (silencing, face, class), `emotions` (face,).
    """
    known = np.isin(emotions, classes)
    truth = np.array([classes.index(name) for name in emotions[known].tolist()], dtype=np.int64)
    right = answers[:, known].argmax(axis=2) == truth
    return np.asarray(right.sum(axis=1), dtype=np.int64)


def _weighted(each: Floats, counts: Floats) -> Floats:
    """Means over subjects in each draw (draw, silencing, column)."""
    known = np.isfinite(each)
    flat = np.where(known, each, 0.0).reshape(len(each), -1)
    weight = counts @ known.reshape(len(each), -1).astype(np.float64)
    total = counts @ flat / np.where(weight > 0, weight, np.nan)
    return np.asarray(total.reshape(len(counts), *each.shape[1:]))
