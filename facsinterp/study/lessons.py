"""What a network of a study learns to name, and from which faces.

expression   the expression of each labelled face of the training subjects
shuffled     the same, with the expressions shuffled between the sequences of each subject
identity     the subject of each face: some sequences of every training subject are learnt,
             the others validate
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault
from facsinterp.faces.splits.folds import Fold
from facsinterp.faces.table import FaceTable
from facsinterp.facs import EXPRESSIONS
from facsinterp.study.parts import Labels

VALIDATION_SEQUENCES = 1 / 5
"""Of each subject's sequences, those that validate when identity is learnt."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """Classes, the class of each face (-1: none), and the rows to train and to validate on."""

    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def lesson(faces: FaceTable, fold: Fold, labels: Labels, seed: int) -> Lesson:
    """What is learnt in a fold; `seed` shuffles. Test rows of the fold are in no lesson.

    Raises DataError when the faces cannot teach it.
    """
    if labels == "identity":
        return _identity(faces, fold, seed)
    classes = class_names(faces)
    expression = faces.column("expression")
    numbers = np.array([classes.index(e) if e else -1 for e in expression], dtype=np.int64)
    if labels == "shuffled":
        numbers = shuffled_between_sequences(faces, numbers, seed)
    train, validation = (rows[numbers[rows] >= 0] for rows in (fold.train, fold.validation))
    return Lesson(classes, numbers, train, validation)


def class_names(faces: FaceTable) -> tuple[str, ...]:
    """The expressions that label some face: the usual ones in CK+ order, then any others."""
    there = set(faces.column("expression")) - {""}
    return (*(e for e in EXPRESSIONS if e in there), *sorted(there - set(EXPRESSIONS)))


def shuffled_between_sequences(
    faces: FaceTable, labels: NDArray[np.int64], seed: int
) -> NDArray[np.int64]:
    """(image,) labels that tell nothing but the subject, -1 where there was none.

    The label of a sequence is its expression, neutral only where it has no other; the labels
    of a subject's sequences change places, and every labelled face of a sequence gets its
    new one. So a subject keeps the labels of its sequences, and a sequence has one.
    """
    neutral = _number_of_neutral(faces)
    subjects, sequences = faces.column("subject"), sequence_names(faces)
    shuffled = np.full(len(labels), -1, dtype=np.int64)
    rng = np.random.default_rng([seed, 1])
    for subject in np.unique(subjects[labels >= 0]):
        rows = np.flatnonzero((subjects == subject) & (labels >= 0))
        names, of_row = np.unique(sequences[rows], return_inverse=True)
        own = [sequence_label(labels[rows[of_row == i]], neutral) for i in range(len(names))]
        shuffled[rows] = rng.permutation(own)[of_row]
    return shuffled


def sequence_label(labels: NDArray[np.int64], neutral: int) -> int:
    """The most frequent label of a sequence's faces that is not neutral, if there is any."""
    shown = labels[labels != neutral]
    return int(np.bincount(shown if shown.size else labels).argmax())


def sequence_names(faces: FaceTable) -> NDArray[np.str_]:
    """The sequence of each face; a face without one is a sequence of its own."""
    sequence = faces.column("sequence")
    # No sequence's name starts so: a file name cannot.
    alone = np.char.add("\0", faces.images)
    return np.where(sequence == "", alone, sequence)


def _number_of_neutral(faces: FaceTable) -> int:
    classes = class_names(faces)
    return classes.index("neutral") if "neutral" in classes else -1


def _identity(faces: FaceTable, fold: Fold, seed: int) -> Lesson:
    subjects, sequences = faces.column("subject")[fold.train], sequence_names(faces)[fold.train]
    classes = tuple(np.unique(subjects).tolist())
    rng = np.random.default_rng([seed, 2])
    looking = np.zeros(len(fold.train), dtype=bool)
    for subject in classes:
        own = np.unique(sequences[subjects == subject])
        kept_back = min(len(own) - 1, max(1, round(len(own) * VALIDATION_SEQUENCES)))
        looking |= np.isin(sequences, rng.permutation(own)[:kept_back])
    if not looking.any() or len(classes) < 2:
        raise DataError(
            Fault(
                "the faces cannot teach who is who",
                expected="two or more training subjects, some with two or more sequences",
                got=f"{amount(len(classes), 'subject')} with "
                f"{amount(len(np.unique(sequences)), 'sequence')}",
                do='leave labels = "identity" out',
            )
        )
    numbers = np.full(len(faces), -1, dtype=np.int64)
    numbers[fold.train] = np.searchsorted(classes, subjects)
    return Lesson(classes, numbers, fold.train[~looking], fold.train[looking])
