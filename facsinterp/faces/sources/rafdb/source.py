"""RAF-DB: faces from the web that some forty people labelled each; RAF-AU adds units to others.

Li, Deng and Du: Reliable Crowdsourcing and Deep Locality-Preserving Learning for Expression
Recognition in the Wild, CVPR 2017. Yan, Li, Que, Pei and Deng: RAF-AU Database, ACCV 2020.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.rafdb.files import (
    Listed,
    find_codes,
    find_list,
    find_sorted,
    read_codes,
    read_list,
    read_sorted,
)
from facsinterp.faces.sources.reading.codings import code_string, grids, units_named
from facsinterp.faces.sources.reading.files import existing_folder
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.notes import Notes, no_subjects
from facsinterp.faces.sources.reading.trees import not_this
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found
from facsinterp.facs import UNITS, label, parse

BASIC: Final = ("surprise", "fear", "disgust", "happy", "sadness", "anger", "neutral")
"""The basic labels, 1 to 7."""
COMPOUND: Final = (
    "happily surprised", "happily disgusted", "sadly fearful", "sadly angry", "sadly surprised",
    "sadly disgusted", "fearfully angry", "fearfully surprised", "angrily surprised",
    "angrily disgusted", "disgustedly surprised",
)  # fmt: skip
"""The compound labels, 1 to 11."""
PUBLISHED: Final[Mapping[str, int]] = {
    "train": 12_271,
    "test": 3_068,
    **dict(
        zip(
            (f"train {name}" for name in BASIC),
            (1_290, 281, 717, 4_772, 1_982, 705, 2_524),
            strict=True,
        )
    ),
}
_TITLE: Final = "RAF-DB"
_TERMS: Final = "Research alone, on request by e-mail to its owners; no redistribution."
_EXPECTED: Final = (
    "basic/EmoLabel/list_patition_label.txt beside basic/Image/aligned",
    "the sorted copy DATASET/train/1 ... 7",
    "RAF-AU/RAFAU_label.txt beside its pictures",
)


class RafDbOptions(SourceOptions):
    """Which labels and which pictures are taken, and whether the faces may be shown."""

    labels: Literal["basic", "compound"] = "basic"
    """The seven basic expressions, or the eleven compound ones of other pictures."""
    pictures: Literal["aligned", "original"] = "aligned"
    """Faces aligned at 100 x 100 pixels, or the whole photographs."""
    showable: Showable = "licence"
    """Who may be shown in a report: nobody, as the licence says, or everybody."""


def _read(folder: Path | None, options: RafDbOptions) -> FaceTable:
    """Every labelled or coded face that has a picture; DataError when there are none."""
    root = existing_folder(folder, _TITLE)
    notes = Notes()
    names = BASIC if options.labels == "basic" else COMPOUND
    layout, listed = _labelled(root, options, names, notes)
    coded = _coded(root, options, notes)
    if not (listed or coded):
        raise _nothing(root, layout, options, notes)
    units = _units(coded, notes)
    faces = [*listed, *coded]
    notes.warn(no_subjects(_TITLE))
    counts = _counts(listed, coded, names)
    return FaceTable.from_arrays(
        [face.image for face in faces],
        units,
        **grids([code_string(face.codes, units) for face in faces], units),
        expression=[face.expression for face in faces],
        split=[face.split for face in faces],
        path=[face.path for face in faces],
        terms=terms_of(root, _TITLE, _TERMS, options.showable, notes),
        found=Found(
            ", ".join(filter(None, [layout, "RAF-AU" if coded else ""])),
            counts,
            {**_published(listed, options), **({"RAF-AU": 4_601} if coded else {})},
            notes.skipped,
            notes.warnings,
        ),
    )


def _labelled(
    root: Path, options: RafDbOptions, names: Sequence[str], notes: Notes
) -> tuple[str, list[Listed]]:
    """The layout that was found, and the labelled faces in it."""
    place = find_list(root, options.labels)
    if place is not None:
        listed = read_list(root, place, options.pictures, names, notes)
        return f"{options.labels} labels, {options.pictures} pictures", listed
    copy = find_sorted(root) if options.labels == "basic" else None
    if copy is not None:
        return "a copy sorted in folders by label", read_sorted(root, copy, names, notes)
    return "", []


def _coded(root: Path, options: RafDbOptions, notes: Notes) -> list[Listed]:
    """The faces of RAF-AU, which are others than those of RAF-DB."""
    file = find_codes(root)
    if file is None:
        notes.warn("no action unit is coded: RAF-AU (RAFAU_label.txt) is not there")
        return []
    faces = read_codes(root, file, options.pictures, notes)
    unread = {face.image: parse(face.codes).unread for face in faces}
    bad = [f"{image} ({', '.join(parts)})" for image, parts in unread.items() if parts]
    if bad:
        notes.note("code strings that cannot be read, not coded", *bad)
    if blank := [face.image for face in faces if not face.codes]:
        notes.note("faces of RAF-AU without a code (null), not coded", *blank)
    return faces


def _units(coded: Sequence[Listed], notes: Notes) -> tuple[int, ...]:
    """The units of FACS that any code string names."""
    named = units_named(face.codes for face in coded)
    for unit, count in sorted(named.items()):
        if unit not in UNITS:
            notes.note("numbers that are no FACS code, left out", f"{label(unit)} x {count}")
    return tuple(sorted(unit for unit in named if unit in UNITS))


def _counts(
    listed: Sequence[Listed], coded: Sequence[Listed], names: Sequence[str]
) -> dict[str, int]:
    splits = Counter(face.split for face in listed)
    counts = {"train": splits["train"], "test": splits["test"]}
    for split in ("train", "test"):
        labels = Counter(face.expression for face in listed if face.split == split)
        counts |= {f"{split} {name}": labels[name] for name in names}
    return counts | ({"RAF-AU": len(coded)} if coded else {})


def _published(listed: Sequence[Listed], options: RafDbOptions) -> Mapping[str, int]:
    return PUBLISHED if listed and options.labels == "basic" else {}


def _nothing(root: Path, layout: str, options: RafDbOptions, notes: Notes) -> DataError:
    """The error when no face can be used: not the data set, or labels without pictures."""
    if not layout and not notes.skipped:
        other = "compound" if options.labels == "basic" else "basic"
        there = find_list(root, other) or (other == "basic" and find_sorted(root))
        do = f'only the {other} part is here: set labels = "{other}"' if there else ""
        return not_this(_TITLE, root, _EXPECTED, do=do)
    return DataError(
        [
            Fault(
                "no label has a picture",
                where=str(root),
                expected="pictures in Image/aligned (aligned) or Image/original (original)",
                got=layout or "RAF-AU",
                do="unpack the pictures, or choose the others with pictures = ...",
            ),
            *notes.faults,
        ]
    )


def _pictures(folder: Path | None, _options: RafDbOptions) -> FilePictures:
    return FilePictures(existing_folder(folder, _TITLE))


SOURCE: Final = Source(
    name="rafdb",
    title="RAF-DB, with the codes of RAF-AU",
    folders=("RAF-DB", "rafdb", "RAFDB"),
    Options=RafDbOptions,
    read=_read,
    pictures=_pictures,
)
