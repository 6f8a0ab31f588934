"""AffectNet: photographs from the web, labelled by hand with expressions, valence and arousal.

Mollahosseini, Hasani and Mahoor: AffectNet, IEEE Transactions on Affective Computing 10 (2019).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources.affectnet.files import Part, is_automatic, read_list, read_set
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.reading.files import existing_folder
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.notes import Notes, no_subjects
from facsinterp.faces.sources.reading.trees import children, inner, not_this
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found

NAMES: Final = (
    "neutral", "happy", "sadness", "surprise", "fear", "disgust", "anger", "contempt", "", "",
)  # fmt: skip
"""The expressions 0 to 9: 8 (none of them) and 9 (uncertain) are no label."""
_NO_LABEL: Final = 8
_TRAIN: Final = (74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882, 3_750)
OLD: Final[Mapping[str, int]] = {
    **{f"train {name}": n for name, n in zip(NAMES[:8], _TRAIN, strict=True)},
    **{f"validation {name}": 500 for name in NAMES[:8]},
}
NEW: Final[Mapping[str, int]] = {"validation": 3_999}
_TITLE: Final = "AffectNet"
_WITH_PICTURES: Final = "AffectNet with its pictures"
_TERMS: Final = (
    "Non-commercial research, on request to its owners; no redistribution. The photographs "
    "belong to others."
)
_EXPECTED: Final = (
    "Manually_Annotated_file_lists/training.csv beside Manually_Annotated_Images",
    "train_set/annotations and train_set/images",
)


class AffectNetOptions(SourceOptions):
    """Whether labels that a program gave are read too, and whether the faces may be shown."""

    automatic: bool = False
    """Whether the faces of Automatically_Annotated_file_lists are read as well. Nobody looked
    at them: a program trained on the others gave their labels."""
    showable: Showable = "licence"
    """Who may be shown in a report: nobody, as the licence says, or everybody."""


def _read(folder: Path | None, options: AffectNetOptions) -> FaceTable:
    """Every labelled face that has a picture; DataError when there are none."""
    root = existing_folder(folder, _TITLE)
    notes = Notes()
    old = _lists(root, automatic=options.automatic)
    new = [f for name in ("train_set", "val_set") if (f := inner(root, name)) is not None]
    if old and new:
        raise DataError(
            Fault(
                "two releases of AffectNet lie in one folder",
                where=str(root),
                expected="one of them, for they share pictures",
                got=", ".join(f"{file.parent.name}/{file.name}" for file in old)
                + ", "
                + ", ".join(f.name for f in new),
                do="name the folder of one",
            )
        )
    if old:
        parts = [_old(root, file, notes) for file in old]
    elif new:
        parts = [read_set(root, f, notes) for f in new]
    else:
        raise not_this(_TITLE, root, _EXPECTED)
    parts = _each_once(parts, notes)
    notes.warn(*_lacking(parts))
    if not any(len(part.images) for part in parts):
        raise _nothing(root, parts, notes)
    return _table(root, parts, options, notes, OLD if old else NEW)


def _table(
    root: Path,
    parts: Sequence[Part],
    options: AffectNetOptions,
    notes: Notes,
    published: Mapping[str, int],
) -> FaceTable:
    images = [image for part in parts for image in part.images]
    expressions = np.concatenate([part.expressions for part in parts])
    points = np.concatenate([part.points for part in parts])
    lacking = int(np.isnan(points[:, 0, 0]).sum())
    if lacking:
        notes.warn(f"{lacking:,} of {len(images):,} faces have no landmarks")
    notes.warn(no_subjects(_TITLE))
    notes.warn("no action unit is coded in AffectNet")
    return FaceTable.from_arrays(
        images,
        (),
        np.zeros((len(images), 0), dtype=bool),
        expression=np.array(NAMES)[expressions].tolist(),
        split=[part.split for part in parts for _ in part.images],
        path=[path for part in parts for path in part.paths],
        landmarks=points if lacking < len(images) else None,
        terms=terms_of(root, _TITLE, _TERMS, options.showable, notes),
        found=Found(
            " and ".join(part.name for part in parts),
            _counts(parts),
            published,
            notes.skipped,
            notes.warnings,
        ),
    )


def _lists(root: Path, *, automatic: bool) -> list[Path]:
    """The lists of the old release: training, validation and, if asked for, the automatic."""
    folders = ["Manually_Annotated_file_lists", "Manually_Annotated/Manually_Annotated_file_lists"]
    wanted = {"training.csv": 0, "validation.csv": 1}
    if automatic:
        folders += [
            "Automatically_Annotated_file_lists",
            "Automatically_Annotated/Automatically_Annotated_file_lists",
            "Automatically_annotated_file_list",
        ]
        wanted["automatically_annotated.csv"] = 2
    places = [root, *(f for name in folders if (f := inner(root, name)) is not None)]
    found = {f.name.casefold(): f for place in places for f in children(place) if f.is_file()}
    return [found[name] for name in sorted(wanted, key=wanted.__getitem__) if name in found]


def _old(root: Path, file: Path, notes: Notes) -> Part:
    """The faces of one list of the old release; DataError where its pictures are not there."""
    kind = "Automatically" if is_automatic(file) else "Manually"
    names = (f"{kind}_Annotated_Images", f"{kind}_Annotated/{kind}_Annotated_Images")
    pictures = inner(root, *names, f"{kind}_Annotated")
    if pictures is None:
        raise not_this(_WITH_PICTURES, root, f"{names[0]} with what {file.name} lists")
    return read_list(root, file, pictures, notes)


def _each_once(parts: Sequence[Part], notes: Notes) -> list[Part]:
    """The parts with each picture in one row only: one of the validation part, else the first."""
    taken: dict[str, tuple[Part, int]] = {}
    fresh: dict[str, list[int]] = {}
    for part in sorted(parts, key=lambda part: part.split != "validation"):
        fresh[part.name] = []
        for row, path in enumerate(part.paths):
            other, at = taken.setdefault(path, (part, row))
            if (other, at) == (part, row):
                fresh[part.name].append(row)
                continue
            same = part.expressions[row] == other.expressions[at]
            where = "an earlier row" if other is part else other.name
            label = "" if same else ", under another label"
            notes.skip(f"{part.name}: {path}", f"a picture that {where} has{label}")
            if not same:
                notes.note("pictures whose rows give different labels", path)
    return [
        part if len(fresh[part.name]) == len(part.paths) else _rows(part, fresh[part.name])
        for part in parts
    ]


def _lacking(parts: Sequence[Part]) -> Iterator[str]:
    """What a data set that was unpacked in part does not have."""
    for part in parts:
        if not len(part.images):
            yield f"{part.name} gives no face: its labels or its pictures are not there"
    for split in ("train", "validation"):
        if not any(part.split == split for part in parts):
            yield f"there is no {split} part: AffectNet seems to be unpacked in part only"


def _rows(part: Part, rows: Sequence[int]) -> Part:
    return Part(
        part.name,
        part.split,
        [part.images[row] for row in rows],
        [part.paths[row] for row in rows],
        part.expressions[list(rows)],
        part.points[list(rows)],
    )


def _counts(parts: Sequence[Part]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for split in ("train", "validation"):
        chosen = [part.expressions for part in parts if part.split == split]
        numbers = np.bincount(np.concatenate([*chosen, np.empty(0, np.int64)]), minlength=10)
        counts[split] = int(numbers.sum())
        counts |= {f"{split} {name}": int(numbers[k]) for k, name in enumerate(NAMES[:_NO_LABEL])}
        counts[f"{split} without a label"] = int(numbers[_NO_LABEL:].sum())
    return counts


def _nothing(root: Path, parts: Sequence[Part], notes: Notes) -> DataError:
    lists = ", ".join(part.name for part in parts)
    return DataError(
        [
            Fault(
                "no face of AffectNet has both a label and a picture",
                where=str(root),
                expected="the pictures that the lists name, unpacked beside them",
                got=lists,
            ),
            *notes.faults,
        ]
    )


def _pictures(folder: Path | None, _options: AffectNetOptions) -> FilePictures:
    return FilePictures(existing_folder(folder, _TITLE))


SOURCE: Final = Source(
    name="affectnet",
    title="AffectNet",
    folders=("AffectNet", "affectnet"),
    Options=AffectNetOptions,
    read=_read,
    pictures=_pictures,
)
