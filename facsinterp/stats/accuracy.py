"""How well labels are predicted for people kept apart, with an interval over subjects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000


@dataclass(frozen=True)
class Accuracy:
    """Share of held-out images named rightly, beside what needs no looking."""

    share: float
    low: float
    high: float
    """95 % percentile interval; NaN below `FEWEST_SUBJECTS` subjects."""
    chance: float
    """One over the number of classes."""
    majority: float
    """Share that is right when each fold always answers its commonest training class."""
    n: int
    subjects: int
    folds: int
    by_fold: tuple[float, ...]
    classes: tuple[str, ...]
    confusion: NDArray[np.int64]
    """(true, predicted) counts, in the order of `classes`."""


FEWEST_SUBJECTS = 10
"""A bootstrap of fewer subjects than this says little and is left out."""


def held_out_accuracy(
    *,
    true: NDArray[np.str_],
    predicted: NDArray[np.str_],
    majority: NDArray[np.str_],
    subject: NDArray[np.str_],
    fold: NDArray[np.str_],
    seed: int = 0,
) -> Accuracy:
    """Accuracy over all folds, one row an image; `majority` is the fold's commonest class.

    The interval resamples subjects (2,000 draws): images of one person are not independent.
    """
    right = (true == predicted).astype(np.float64)
    classes = tuple(sorted({*true.tolist(), *predicted.tolist()}))
    low, high = _subject_interval(right, subject, seed)
    folds = sorted(set(fold.tolist()))
    return Accuracy(
        share=float(right.mean()),
        low=low,
        high=high,
        chance=1 / len(classes),
        majority=float((true == majority).mean()),
        n=right.size,
        subjects=len(set(subject.tolist())),
        folds=len(folds),
        by_fold=tuple(float(right[fold == name].mean()) for name in folds),
        classes=classes,
        confusion=_confusion(true, predicted, classes),
    )


def _subject_interval(
    right: NDArray[np.float64], subject: NDArray[np.str_], seed: int
) -> tuple[float, float]:
    names, member = np.unique(subject, return_inverse=True)
    if names.size < FEWEST_SUBJECTS:
        return float("nan"), float("nan")
    hits = np.bincount(member, right)
    sizes = np.bincount(member)
    drawn = np.random.default_rng(seed).integers(names.size, size=(DRAWS, names.size))
    shares = hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)


def _confusion(
    true: NDArray[np.str_], predicted: NDArray[np.str_], classes: tuple[str, ...]
) -> NDArray[np.int64]:
    names = np.array(classes)
    pairs = np.searchsorted(names, true) * names.size + np.searchsorted(names, predicted)
    return np.bincount(pairs, minlength=names.size**2).reshape(names.size, names.size)
