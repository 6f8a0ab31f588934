"""How good a network's answers are: plain arrays in, shares with their uncertainty out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from facsinterp.errors import Fault, InputError

Z: Final = 1.959963984540054  # of a 95 % interval


@dataclass(frozen=True)
class Accuracy:
    """The share of right answers with a 95 % interval."""

    share: float
    low: float
    high: float
    count: int
    """Faces asked about."""
    effective: float
    """As many independent faces would be as uncertain; `count` when subjects are not known."""
    note: str
    """How the interval was made, for people."""


@dataclass(frozen=True)
class Scores:
    """The answers of a network to faces whose class is known."""

    accuracy: Accuracy
    chance: float
    """1 / classes."""
    majority: float
    """Share of the most frequent class: what always saying it would score."""
    confusion: NDArray[np.int64]
    """(true class, answered class) counts."""
    recall: NDArray[np.float64]
    """(class,) share of its faces that were recognised; NaN for a class without faces."""
    balanced: float
    """Mean of the recalls that are known."""


def score(
    truth: NDArray[np.integer],
    answers: NDArray[Any],
    classes: int,
    subjects: Sequence[str] | NDArray[Any] | None = None,
) -> Scores:
    """Scores of `answers`, class numbers (face,) or probabilities (face, class).

    `truth` (face,) holds class numbers. With `subjects` (face,) the interval counts the
    faces of one subject as alike; see `accuracy`. Raises InputError for no faces, lengths
    that differ or numbers that are no class.
    """
    true = np.asarray(truth, np.int64)
    said = np.asarray(answers)
    said = said.argmax(axis=1) if said.ndim == 2 else said.astype(np.int64)
    _check_answers(true, said, classes)
    table = np.bincount(true * classes + said, minlength=classes**2).reshape(classes, classes)
    counts = table.sum(axis=1)
    recall = np.full(classes, np.nan)
    np.divide(table.diagonal(), counts, out=recall, where=counts > 0)
    return Scores(
        accuracy=accuracy(true == said, subjects),
        chance=1 / classes,
        majority=float(counts.max() / counts.sum()),
        confusion=table.astype(np.int64),
        recall=recall,
        balanced=float(np.nanmean(recall)),
    )


def accuracy(
    right: NDArray[np.bool_], subjects: Sequence[str] | NDArray[Any] | None = None
) -> Accuracy:
    """The share of True in `right` (face,) with a 95 % Wilson interval.

    If `subjects` is not given (default) faces count as independent, which makes the
    interval too narrow when a subject has several. If it is given, Wilson's formula takes
    the number of independent faces that would be as uncertain: p (1 - p) / v, with v the
    linearised variance of a share over clusters (subjects), and t with one degree of
    freedom less than subjects stands for the normal quantile (Korn & Graubard 1998, with
    Wilson's bounds for those of Clopper & Pearson).
    """
    hits = np.asarray(right, bool)
    count, share = len(hits), float(hits.mean())
    if subjects is None:
        low, high = wilson(share, count, Z)
        return Accuracy(share, low, high, count, count, "faces taken as independent (Wilson)")
    _, member = np.unique(np.asarray(subjects), return_inverse=True)
    groups = int(member.max()) + 1
    effective = _effective(hits, member, groups)
    low, high = wilson(share, effective, _student(groups - 1)) if groups > 1 else (0.0, 1.0)
    note = f"{count} faces of {groups} subjects weigh as {effective:.0f} independent faces (Wilson)"
    return Accuracy(share, low, high, count, effective, note)


def wilson(share: float, count: float, z: float) -> tuple[float, float]:
    """Wilson's interval for a share of `count` independent trials at the quantile `z`."""
    middle = share + z**2 / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    scale = 1 + z**2 / count
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def _effective(hits: NDArray[np.bool_], member: NDArray[np.intp], groups: int) -> float:
    count, share = len(hits), hits.mean()
    if groups < 2 or share in (0, 1):
        # No spread to measure: each subject counts once, which is the cautious end.
        return float(groups)
    residual = np.bincount(member, weights=hits - share, minlength=groups)
    variance = groups / (groups - 1) * float(residual @ residual) / count**2
    independent = share * (1 - share) / variance if variance > 0 else count
    return float(min(independent, count))


def _student(freedom: int) -> float:
    return float(stats.t.ppf(0.975, freedom))


def _check_answers(true: NDArray[np.int64], said: NDArray[np.int64], classes: int) -> None:
    if len(true) == 0 or true.shape != said.shape:
        raise InputError(
            Fault(
                "answers and truth do not match",
                expected="as many answers as faces, at least one",
                got=f"{len(said)} answers for {len(true)} faces",
            )
        )
    InputError.raise_any(
        Fault(
            f"{name} holds numbers that are no class",
            name,
            expected=f"0 to {classes - 1}",
            got=f"{values.min()} to {values.max()}",
        )
        for name, values in (("truth", true), ("answers", said))
        if values.min() < 0 or values.max() >= classes
    )
