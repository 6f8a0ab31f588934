"""The Toronto Face Database (TFD): 102,236 faces in a matrix, 4,178 of them with an expression.

Its pictures come from many other data sets, Cohn-Kanade among them. The labelled ones have
five official folds.

Susskind, Anderson and Hinton: The Toronto Face Database, technical report, 2010.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import ArrayPictures, Picture
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.reading.files import existing_folder, real_files
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.matfile import variables
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.tfd.matrix import (
    COHN_KANADE,
    EXPRESSIONS,
    TITLE,
    Labels,
    find_matrix,
    origins_of,
    read_labels,
)
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found

_TERMS: Final = (
    "Research only, by request to the authors; not to be passed on. The pictures come from other "
    "data sets, whose terms hold as well."
)
_PARTS: Final = np.array(["", "train", "validation", "test"])
"""Codes 0 to 3 of `folds`."""
_PUBLISHED: Final = {"images": 102_236, "labelled": 4_178, "unlabelled": 98_058}


class TfdOptions(SourceOptions):
    """Which matrix is read, and whether faces without a label are."""

    matrix: Literal[48, 96] | None = None
    """Which file is read, by the side of its pictures: TFD_48x48.mat or TFD_96x96.mat. When
    left out, the one that is there, and 48 of two. The study's size is another matter."""
    unlabelled: bool = False
    """Whether the 98,058 faces without an expression are taken too. They are in no fold."""
    showable: Showable = "licence"


def _read(folder: Path | None, options: TfdOptions) -> FaceTable:
    """The labelled faces, or all; DataError with everything that is wrong with the matrix."""
    root = existing_folder(folder, TITLE)
    matrix = find_matrix(root, options.matrix)
    labels = read_labels(matrix)
    origins, lacking = origins_of(root, len(labels.expression))
    # One choice of rows for every column: labels, identities, folds and pictures stay together.
    rows = np.flatnonzero(labels.labelled | options.unlabelled)
    if not len(rows):
        raise _nothing(matrix, labels)
    known = labels.labelled[rows]
    codes = np.where(known, labels.expression[rows], 0)
    folds = np.where(known[:, None], labels.folds[rows], 0)
    official = _PARTS[np.where((folds >= 0) & (folds < len(_PARTS)), folds, 0)]
    subject = [str(number) if number >= 0 else "" for number in labels.identity[rows].tolist()]
    path = matrix.relative_to(root).as_posix()
    notes = Notes()
    notes.warn(
        *_label_warnings(labels),
        *_subject_warnings(subject, official),
        *_origin_warnings(root, origins, lacking, rows),
    )
    return FaceTable.from_arrays(
        [f"tfd-{row:06d}" for row in rows],
        (),
        np.zeros((len(rows), 0), dtype=bool),
        subject=subject,
        expression=[EXPRESSIONS[code] for code in codes],
        path=[f"{path}#{row}" for row in rows],
        official=official,
        terms=terms_of(root, TITLE, _TERMS, options.showable, notes),
        found=Found(
            f"{path}{'' if origins is None else ', names in TFD_info.mat'}",
            _counts(labels, origins),
            _PUBLISHED,
            warnings=notes.warnings,
        ),
    )


def _nothing(matrix: Path, labels: Labels) -> DataError:
    there = np.unique(labels.expression)
    return DataError(
        Fault(
            "no face of TFD has a label",
            where=f"labs_ex in {matrix.name}",
            expected="1 (anger) to 7 (neutral) for 4,178 rows",
            got=f"{', '.join(map(str, there[:5].tolist()))} in {len(labels.expression)} rows",
            do="take the matrix as it was published; unlabelled = true reads faces without labels",
        )
    )


def _counts(labels: Labels, origins: Sequence[str] | None) -> dict[str, int]:
    labelled = labels.labelled
    expressions = Counter(labels.expression[labelled].tolist())
    identities = labels.identity[labelled]
    sources = Counter(origins or ())
    return {
        "images": len(labelled),
        "labelled": int(labelled.sum()),
        "unlabelled": int((~labelled).sum()),
        "subjects": len(np.unique(identities[identities >= 0])),
        **{name: expressions[number] for number, name in enumerate(EXPRESSIONS) if name},
        **{f"from {source}": sources[source] for source in sorted(sources)},
    }


def _label_warnings(labels: Labels) -> Iterator[str]:
    strange = ~labels.labelled & (labels.expression != -1)
    if strange.any():
        codes = ", ".join(map(str, np.unique(labels.expression[strange])[:5].tolist()))
        yield f"{int(strange.sum())} rows have labels other than 1 to 7 or -1 ({codes}): no label"
    parts = labels.folds[labels.labelled]
    outside = int(((parts < 1) | (parts >= len(_PARTS))).any(axis=1).sum())
    if outside:
        yield f"{outside} labelled rows have no part in some official fold"
    taken = int((labels.folds[~labels.labelled] > 0).any(axis=1).sum())
    if taken:
        yield f"{taken} rows without a label have a part in an official fold; it is not used"


def _subject_warnings(subject: Sequence[str], official: NDArray[np.str_]) -> Iterator[str]:
    unknown = sum(not name for name in subject)
    if unknown:
        yield f"who is shown is not known for {unknown} of {len(subject)} faces"
    names = np.array(subject, dtype=str)
    for fold in range(official.shape[1]):
        tested = {*names[official[:, fold] == "test"]}
        others = {*names[np.isin(official[:, fold], ("train", "validation"))]}
        shared = sorted((tested & others) - {""})
        if shared:
            yield (
                f"official fold {fold + 1} tests {len(shared)} people on whom it also trains or "
                f"validates ({', '.join(shared[:5])})"
            )


def _origin_warnings(
    root: Path, origins: Sequence[str] | None, lacking: str, rows: NDArray[np.int64]
) -> Iterator[str]:
    names = {path.name.casefold() for path in real_files(root)}
    if "tfd_bad_ids.mat" in names:
        yield "tfd_bad_ids.mat lies here; it is no part of TFD, and nothing is left out by it"
    if origins is None:
        yield (
            f"without {lacking} nobody can tell which pictures come from CK/CK+: do not train on "
            "TFD and test on CK+, or the reverse"
        )
        return
    inside = sum(origins[row] == COHN_KANADE for row in rows.tolist())
    if inside:
        yield (
            f"{inside} of {len(rows)} faces come from CK/CK+ (their names begin with "
            f"{COHN_KANADE}): do not train on TFD and test on CK+, or the reverse"
        )


def _images(matrix: Path) -> Picture:
    images: Picture = variables(matrix, ("images",))["images"]
    return images


def _pictures(folder: Path | None, options: TfdOptions) -> ArrayPictures:
    root = existing_folder(folder, TITLE)
    return ArrayPictures(partial(_images, find_matrix(root, options.matrix)))


SOURCE: Final = Source(
    name="tfd",
    title="Toronto Face Database (TFD)",
    folders=("TFD", "tfd", "toronto-face-database"),
    Options=TfdOptions,
    read=_read,
    pictures=_pictures,
)
