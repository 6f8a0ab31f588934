"""Who trains, who validates and who tests: splits in which no subject is on two sides.

Splits of the field, by name, are in `protocols`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault
from facsinterp.faces.table import FaceTable

VALIDATION_SHARE: Final = 1 / 6
"""Of the subjects that are not held out, those who only tell when to stop training."""


@dataclass(frozen=True, eq=False)
class Fold:
    """One split, as positions of rows of the face table, ascending."""

    name: str
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]

    def parts(self, count: int) -> NDArray[np.str_]:
        """(image,) the part of each of `count` faces: train, validation, test, or "" for none."""
        found = np.full(count, "", dtype="U10")
        for part in ("train", "validation", "test"):
            found[getattr(self, part)] = part
        return found


def k_folds(faces: FaceTable, count: int, seed: int) -> tuple[Fold, ...]:
    """`count` splits: fold k tests, the fold after it validates, the others train.

    The subjects, sorted by name, are dealt to the folds in turn, as Khorrami et al. (2015) did
    on CK+ (with its 118 subjects of labelled sequences; here every subject of the table is
    dealt). Seed 0 keeps the order of names; any other seed shuffles the subjects first.
    Raises DataError when a face has no subject, when there are fewer subjects than folds, or
    fewer than three folds (then nobody would train).
    """
    subjects = subjects_of(faces, at_least=count, what=amount(count, "fold"))
    if count < 3:
        raise DataError(
            Fault(
                "too few folds to train, validate and test on different people",
                expected="3 or more",
                got=str(count),
            )
        )
    if seed:
        subjects = np.random.default_rng(seed).permutation(subjects)
    dealt = [subjects[start::count] for start in range(count)]
    width = len(str(count))
    return folds_of(faces, [f"fold-{k + 1:0{width}d}" for k in range(count)], dealt)


def without_each(faces: FaceTable, subjects: NDArray[np.str_]) -> tuple[Fold, ...]:
    """One split for each of these subjects, who alone tests; the next of them validates."""
    # A fold's name is that of a folder, too.
    names = [f"without-{quote(str(subject), safe='')}" for subject in subjects]
    return folds_of(faces, names, [subjects[[k]] for k in range(len(subjects))])


def hold_out(faces: FaceTable, share: float, seed: int) -> Fold:
    """One split: about `share` of the subjects test, a sixth of the others validate.

    The subjects are shuffled by `seed`. Raises DataError when a face has no subject, or when
    nobody would be left to train.
    """
    subjects = subjects_of(faces, at_least=3, what="holding subjects out")
    held = max(1, round(share * len(subjects))) if math.isfinite(share) and share > 0 else 0
    rest = len(subjects) - held
    if not held or rest < 2:
        raise DataError(
            Fault(
                "this share of subjects cannot be held out",
                expected="above 0, and such that two or more are left to train and validate",
                got=f"{share} of {amount(len(subjects), 'subject')}",
            )
        )
    looking = max(1, round(rest * VALIDATION_SHARE))
    shuffled = np.random.default_rng(seed).permutation(subjects)
    parts = [shuffled[:held], shuffled[held : held + looking], shuffled[held + looking :]]
    return folds_of(faces, ["hold-out"], parts)[0]


def folds_of(
    faces: FaceTable, names: Sequence[str], dealt: Sequence[NDArray[np.str_]]
) -> tuple[Fold, ...]:
    """One fold for each name; of the dealt subjects, part k tests and part k + 1 validates.

    Faces of subjects that are in no part are in no fold.
    """
    of_row = faces.column("subject")
    rows = [np.flatnonzero(np.isin(of_row, part)) for part in dealt]
    folds = []
    for k, name in enumerate(names):
        test, validation = k, (k + 1) % len(rows)
        train = [part for i, part in enumerate(rows) if i not in (test, validation)]
        folds.append(Fold(name, np.sort(np.concatenate(train)), rows[validation], rows[test]))
    return tuple(folds)


def subjects_of(faces: FaceTable, *, at_least: int, what: str) -> NDArray[np.str_]:
    """The names of all subjects, sorted. Raises DataError when some are unknown or too few."""
    of_row = faces.column("subject")
    unknown = faces.images[of_row == ""]
    subjects = np.unique(of_row[of_row != ""])
    faults = []
    if len(unknown):
        faults.append(
            Fault(
                f"{what} needs to know whose face each one is",
                where=", ".join(unknown[:5]) + (" ..." if len(unknown) > 5 else ""),
                expected="a subject for every face, so that nobody is on two sides of a split",
                got=f"{len(unknown)} of {amount(len(faces), 'face')} without one",
                do="name their subjects, or choose the split of the data set itself as protocol",
            )
        )
    if len(subjects) < at_least:
        faults.append(
            Fault(
                f"too few subjects for {what}",
                expected=f"{at_least} or more",
                got=f"{len(subjects)} in {amount(len(faces), 'face')}",
            )
        )
    DataError.raise_any(faults)
    return subjects
