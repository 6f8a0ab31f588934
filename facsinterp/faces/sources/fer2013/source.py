"""FER2013, with its own labels or those of FER+, in the forms that are passed around.

Faces that an image search found, 48 by 48 grey pixels, seven expressions. Nobody knows who
is shown, some pictures occur again in another part of the split, and some show no face.

Goodfellow et al.: Challenges in Representation Learning: A Report on Three Machine Learning
Contests, ICONIP 2013. Barsoum et al., ICMI 2016 (FER+).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import numpy as np

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures, Pictures, Skip
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.fer2013.files import (
    PARTS,
    TITLE,
    Entry,
    Form,
    Version,
    find_form,
    read_ferplus_folders,
    read_folders,
)
from facsinterp.faces.sources.fer2013.tables import EMOTIONS, read_tables
from facsinterp.faces.sources.reading.files import existing_folder
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.notes import Notes, no_subjects
from facsinterp.faces.sources.reading.pixelrows import RowPictures
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found

_TERMS: Final = (
    "The pictures were found by an image search; their owners licensed none of them, whatever a "
    "copy of the data set says. The rules of the competition allow research: use them on your "
    "own machine, show and pass on none. The labels of FER+ are under the MIT licence."
)
_TABLES: Final = ("fer2013.csv", "icml_face_data.csv", "competition")
_OFFICIAL: Final = {"images": 35_887, "train": 28_709, "validation": 3_589, "test": 3_589}
_EXPRESSIONS: Final = {
    "anger": 4_953,
    "disgust": 547,
    "fear": 5_121,
    "happy": 8_989,
    "sadness": 6_077,
    "surprise": 4_002,
    "neutral": 6_198,
}
_FERPLUS: Final = {"images": 35_710, "train": 28_558, "validation": 3_579, "test": 3_573}
_COMPETITION: Final = {"images": 35_887, "train": 28_709, "test": 7_178}
_KEEP_FIRST: Final = ("test", "validation", "train", "")


class Fer2013Options(SourceOptions):
    """Which form and whose labels are read, and what becomes of copies."""

    version: Version | None = None
    """Which form is read; when left out, the fullest that lies in the folder."""
    labels: Literal["fer2013", "ferplus"] | None = None
    """FER2013's own labels, or what a majority of ten people said (FER+; pictures without a
    majority are left out). When left out, FER2013's own, unless there are only those of FER+."""
    dedupe: bool = False
    """Whether one of several pictures with the same pixels is kept: that of the test part
    before validation before training, and none where their labels differ."""
    showable: Showable = "licence"


def _read(folder: Path | None, options: Fer2013Options) -> FaceTable:
    """Every picture that can be used, with its label and its part of the official split."""
    root = existing_folder(folder, TITLE)
    form = find_form(root, options.version)
    labels = _labels(form, options)
    notes = Notes()
    try:
        entries = _entries(root, form, labels, notes)
    except DataError as error:
        raise _with_others(error, form) from None
    if not entries:
        fault = Fault(
            "no picture of FER2013 can be used", str(root), "48 x 48 pixels", notes.left_out
        )
        raise _with_others(DataError(fault), form)
    if options.dedupe and form.version not in _TABLES:
        entries = _with_content(root, entries)
    _note_oddities(entries, form, notes)
    counts = _counts(entries)
    kept = _deduped(entries) if options.dedupe else entries
    for entry in kept:
        if entry.left_out:
            notes.skip(entry.path, entry.left_out)
    faces = [entry for entry in kept if not entry.left_out]
    return FaceTable.from_arrays(
        [face.image for face in faces],
        (),
        np.zeros((len(faces), 0), dtype=bool),
        expression=[face.expression for face in faces],
        split=[face.split for face in faces],
        path=[face.path for face in faces],
        terms=terms_of(root, TITLE, _TERMS, options.showable, notes, licensable=False),
        found=Found(
            _layout(root, form, labels),
            counts,
            _expected(form, labels, entries),
            notes.skipped,
            notes.warnings,
        ),
    )


def _labels(form: Form, options: Fer2013Options) -> str:
    """Whose labels are read; DataError where this form does not have those asked for."""
    if form.version == "ferplus-folders":
        if options.labels == "fer2013":
            raise DataError(
                Fault(
                    "the folders of FER+ hold no labels of FER2013",
                    expected="fer2013.csv",
                    got=", ".join(path.parent.name for path in form.files),
                    do='set labels = "ferplus", or leave it out',
                )
            )
        return "ferplus"
    if options.labels == "ferplus" and form.version in ("folders", "competition"):
        raise DataError(
            Fault(
                "FER+ labels belong to pictures by the order of rows, which is lost here",
                expected="fer2013.csv or icml_face_data.csv beside fer2013new.csv",
                got=f"the version {form.version}",
                do="the numbers in the names of FER+ must not be used in its place",
            )
        )
    return options.labels or "fer2013"


def _entries(root: Path, form: Form, labels: str, notes: Notes) -> tuple[Entry, ...]:
    if form.version == "folders":
        return read_folders(root, form.files, notes)
    if form.version == "ferplus-folders":
        return read_ferplus_folders(root, form.files, notes)
    return read_tables(root, form, votes=labels == "ferplus", notes=notes)


def _with_others(error: DataError, form: Form) -> DataError:
    """The same error; where other forms lie there, how to read one of them instead."""
    if not form.others:
        return error
    instead = Fault(
        "other forms of FER2013 lie here as well",
        got=", ".join(form.others),
        do=f'version = "{form.others[0]}" reads that one',
    )
    return DataError([*error.faults, instead])


def _with_content(root: Path, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The same entries with a hash of their pixels, which decodes every picture once."""
    listed = list(entries)
    opened = FilePictures(root).open([entry.path for entry in listed])
    return tuple(
        entry if isinstance(found, Skip) else replace(entry, content=(found.shape, found.tobytes()))
        for entry, found in zip(listed, opened, strict=True)
    )


def _copies(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Groups of entries with the same pixels."""
    groups: dict[Hashable, list[Entry]] = {}
    for entry in entries:
        if entry.content is not None:
            groups.setdefault(entry.content, []).append(entry)
    return [group for group in groups.values() if len(group) > 1]


def _labels_differ(group: Sequence[Entry]) -> bool:
    return len({entry.expression for entry in group if entry.expression}) > 1


def _deduped(entries: Sequence[Entry]) -> list[Entry]:
    """The same entries, all but one of each group of copies marked as left out."""
    reasons: dict[str, str] = {}
    for group in _copies(entry for entry in entries if not entry.left_out):
        first = min(group, key=lambda entry: _KEEP_FIRST.index(entry.split))
        if _labels_differ(group):
            reason = f"the same pixels as {first.path}, under different labels"
            reasons |= {entry.path: reason for entry in group}
            reasons[first.path] = "the same pixels as another picture, under different labels"
        else:
            reason = f"the same pixels as {first.path}"
            reasons |= {entry.path: reason for entry in group if entry is not first}
    return [replace(entry, left_out=reasons.get(entry.path, entry.left_out)) for entry in entries]


def _note_oddities(entries: Sequence[Entry], form: Form, notes: Notes) -> None:
    notes.warn(no_subjects(TITLE))
    if form.others:
        notes.warn(
            f"not read, though they lie here as well (see version): {', '.join(form.others)}"
        )
    if any(path.name.casefold() == "test.csv" for path in form.files):
        notes.warn("test.csv mixes the official validation and test parts, and has no labels")
    flat = [entry.path for entry in entries if entry.flat]
    notes.note("pictures of one grey level throughout", *flat)
    groups = _copies(entries)
    if groups:
        crossing = [group for group in groups if len({entry.split for entry in group}) > 1]
        notes.warn(
            f"{sum(map(len, groups))} pictures are there more than once, as {len(groups)} "
            f"different ones; {len(crossing)} of these lie in more than one part of the split"
        )
    differ = [group[0].path for group in groups if _labels_differ(group)]
    notes.note("pictures with different labels in their copies", *differ)


def _counts(entries: Sequence[Entry]) -> dict[str, int]:
    """What can be used of the data set, before labels or copies leave something out."""
    splits = Counter(entry.split for entry in entries)
    expressions = Counter(entry.expression for entry in entries if entry.expression)
    return {
        "images": len(entries),
        **{split: splits[split] for split in ("train", "validation", "test")},
        "labelled": expressions.total(),
        **{name: expressions[name] for name in (*EMOTIONS, "contempt")},
    }


def _expected(form: Form, labels: str, entries: Sequence[Entry]) -> Mapping[str, int]:
    if form.version == "ferplus-folders":
        return _FERPLUS
    if form.version == "competition":
        return _COMPETITION
    names = (entry.path.rpartition("/")[2].partition("_")[0].casefold() for entry in entries)
    if form.version == "folders" and not all(name in PARTS for name in names):
        return {"images": _OFFICIAL["images"]}
    return _OFFICIAL | (_EXPRESSIONS if labels == "fer2013" else {})


def _layout(root: Path, form: Form, labels: str) -> str:
    names = {"fer2013": "labels of FER2013", "ferplus": "labels of FER+"}[labels]
    if form.version == "folders":
        return f"folders named by expression, {names}"
    return f"{', '.join(path.relative_to(root).as_posix() for path in form.files)}, {names}"


def _pictures(folder: Path | None, options: Fer2013Options) -> Pictures:
    root = existing_folder(folder, TITLE)
    tables = find_form(root, options.version).version in _TABLES
    return RowPictures(root) if tables else FilePictures(root)


SOURCE: Final = Source(
    name="fer2013",
    title="FER2013 and FER+",
    folders=("fer2013", "FER2013", "fer-2013", "FERPlus"),
    Options=Fer2013Options,
    read=_read,
    pictures=_pictures,
)
