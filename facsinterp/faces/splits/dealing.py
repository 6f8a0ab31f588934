"""How protocols deal faces to folds: in turn, one by one, by lists, or as the data set says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault
from facsinterp.faces.splits.contract import Mask
from facsinterp.faces.splits.folds import (
    VALIDATION_SHARE,
    Fold,
    folds_of,
    subjects_of,
    without_each,
)
from facsinterp.faces.table import FaceTable

_SHOWN: Final = 5
# One training face of so many validates where a data set names none for it.
_VALIDATING: Final = 10


def of_emotional_sequences(faces: FaceTable) -> Mask:
    """(image,) whether the face is of a sequence that bears another label than neutral.

    The first frame of any sequence of CK+ is neutral; the papers take those of sequences with
    an emotion alone.
    """
    shown, sequence = faces.column("expression"), faces.column("sequence")
    emotional = (shown != "") & (shown != "neutral")
    known = np.unique(sequence[emotional & (sequence != "")])
    return np.asarray(emotional | np.isin(sequence, known), dtype=bool)


def in_turn(faces: FaceTable, _classed: Mask, *, count: int) -> tuple[Fold, ...]:
    """Subjects sorted by name, subject i tests in fold i mod `count`; the next fold validates.

    Only subjects with an emotional sequence are counted, whatever classes are left out.
    """
    subjects = subjects_of(faces, at_least=count, what=amount(count, "fold"))
    labelled = np.unique(faces.column("subject")[of_emotional_sequences(faces)])
    if len(labelled) < count:
        raise DataError(
            Fault(
                f"too few subjects have an emotion for {amount(count, 'fold')}",
                expected=f"{count} or more",
                got=f"{len(labelled)} of {amount(len(subjects), 'subject')}",
            )
        )
    width = len(str(count))
    names = [f"fold-{k + 1:0{width}d}" for k in range(count)]
    return folds_of(faces, names, [labelled[k::count] for k in range(count)])


def one_out(faces: FaceTable, classed: Mask) -> tuple[Fold, ...]:
    """One fold for each subject with a class (any subject, where nobody has one)."""
    subjects = subjects_of(faces, at_least=3, what="leaving one subject out")
    if classed.any():
        subjects = np.unique(faces.column("subject")[classed])
    if len(subjects) < 3:
        raise DataError(
            Fault(
                "too few subjects have a face with a class",
                expected="3 or more, to train, validate and test on different people",
                got=str(len(subjects)),
            )
        )
    return without_each(faces, subjects)


def by_lists(
    faces: FaceTable, _classed: Mask, *, lists: Sequence[Sequence[str]]
) -> tuple[Fold, ...]:
    """One fold for each list of subjects, who test; of the others, every sixth validates."""
    there = set(subjects_of(faces, at_least=3, what="folds by lists of subjects").tolist())
    listed = [name for names in lists for name in names]
    faults = []
    for what, names in (
        ("subjects of the published lists are not there", set(listed) - there),
        ("subjects are in none of the published lists", there - set(listed)),
    ):
        if names:
            faults.append(
                Fault(
                    f"{len(names)} {what}",
                    expected=f"the {len(listed)} subjects of the lists",
                    got=", ".join(sorted(names)),
                    do="take the whole data set, or another protocol",
                )
            )
    DataError.raise_any(faults)
    of_row = faces.column("subject")
    folds = []
    for k, tested in enumerate(lists):
        others = [name for name in listed if name not in tested]
        looking = others[:: round(1 / VALIDATION_SHARE)]
        test, validation = np.isin(of_row, tested), np.isin(of_row, looking)
        folds.append(_fold(f"fold-{k + 1}", ~test & ~validation, validation, test))
    return tuple(folds)


def official(faces: FaceTable, _classed: Mask) -> tuple[Fold, ...]:
    """The split of the data set itself: training, validation and test."""
    split = faces.column("split")
    sides = [split == part for part in ("train", "validation", "test")]
    if not all(side.any() for side in sides):
        raise _no_official(split, "faces that train, that validate and that test")
    return (_fold("official", *sides),)


def official_without_validation(faces: FaceTable, _classed: Mask) -> tuple[Fold, ...]:
    """The two parts of the data set itself: training, and the other one to test on.

    Of the training faces, sorted by name, every tenth validates: the data set names none.
    """
    split = faces.column("split")
    train = np.flatnonzero(split == "train")
    others = set(split.tolist()) - {"", "train"}
    if len(train) < 2 or len(others) != 1:
        raise _no_official(split, "faces that train, and others that test or validate")
    looking = np.zeros(len(faces), dtype=bool)
    looking[train[np.argsort(faces.images[train], kind="stable")][::_VALIDATING]] = True
    return (
        _fold("official", (split == "train") & ~looking, looking, np.isin(split, list(others))),
    )


def official_folds(faces: FaceTable, _classed: Mask, *, count: int) -> tuple[Fold, ...]:
    """The folds of the data set itself, each with training, validation and test."""
    table = faces.data["official"].values.astype(str) if "official" in faces.data else None
    if table is None or table.shape[1] != count:
        raise DataError(
            Fault(
                "the faces have no such official folds",
                expected=f"{count} of them",
                got="none" if table is None else str(table.shape[1]),
                do="read the data set with the file that names its folds",
            )
        )
    return tuple(
        _fold(
            f"official-{k + 1}", *(table[:, k] == part for part in ("train", "validation", "test"))
        )
        for k in range(count)
    )


def _no_official(split: NDArray[np.str_], expected: str) -> DataError:
    parts, counts = np.unique(split[split != ""], return_counts=True)
    got = [f"{part} {n:,}" for part, n in zip(parts.tolist(), counts.tolist(), strict=True)]
    return DataError(
        Fault(
            "the faces have no official split",
            expected=expected,
            got=", ".join(got) or "faces of no part",
            do="read the data set in a form that names its parts",
        )
    )


def _fold(name: str, train: Mask, validation: Mask, test: Mask) -> Fold:
    return Fold(name, *(np.flatnonzero(side) for side in (train, validation, test)))
