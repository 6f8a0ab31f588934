"""The files of RAF-DB and RAF-AU: lists of labels, pictures by their names, sorted copies."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Final

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.reading.files import UnreadableFile, read_text
from facsinterp.faces.sources.reading.listing import below, picture_names
from facsinterp.faces.sources.reading.notes import Notes, few
from facsinterp.faces.sources.reading.trees import children, inner

_LISTS: Final = ("list_patition_label.txt", "list_partition_label.txt")
"""The owners' spelling, and that of helpful people."""
_CODES: Final = "rafau_label.txt"
_SPLITS: Final = ("train", "test")
_GAP: Final = re.compile(r"[\s,]+")
_NO_CODES: Final = frozenset({"", "null", "none", "nan"})


@dataclass(frozen=True)
class Listed:
    """One face: its name, its picture, and what is said of it."""

    image: str
    path: str
    expression: str = ""
    split: str = ""
    codes: str = ""


def find_list(root: Path, labels: str) -> Path | None:
    """The list of basic or compound labels; a folder of basic labels need not be called so."""
    places = [inner(root, f"{labels}/EmoLabel", labels)]
    if root.name.casefold() == labels or (labels == "basic" and root.name.casefold() != "compound"):
        places += [inner(root, "EmoLabel"), root]
    for folder in places:
        for file in [] if folder is None else children(folder):
            if file.name.casefold() in _LISTS:
                return file
    return None


def read_list(
    root: Path, file: Path, pictures: str, names: Sequence[str], notes: Notes
) -> list[Listed]:
    """The labelled faces that have a picture, in the order of the list."""
    base = file.parent.parent if file.parent.name.casefold() == "emolabel" else file.parent
    there = _pictures(root, base, pictures)
    where = below(root, file)
    found: dict[str, Listed] = {}
    missing = []
    lines = list(_lines(file))
    _require_labels(where, [number for _, _, number in lines], names)
    for line, name, number in lines:
        row = f"{where}, line {line}"
        image, expression = _image(name), _expression(number, names)
        if not expression:
            notes.skip(row, f"its label is no number from 1 to {len(names)}")
            continue
        if image in found:
            notes.skip(row, "the picture of an earlier line")
        elif image.casefold() not in there:
            missing.append(image)
        else:
            path = there[image.casefold()]
            found[image] = Listed(image, path, expression, _split(image))
    notes.skip_all(missing, f"there is no {pictures} picture")
    return list(found.values())


def _require_labels(where: str, numbers: Sequence[str], names: Sequence[str]) -> None:
    """Raise DataError for a list of other labels, such as the compound ones for the basic."""
    wrong = [number for number in numbers if not _expression(number, names)]
    if len(wrong) > len(numbers) / 10:
        raise DataError(
            Fault(
                "this is not the list of the labels that were asked for",
                where=where,
                expected=f"lines such as train_00001.jpg 5, with numbers from 1 to {len(names)}",
                got=f"{len(wrong):,} of {len(numbers):,} lines with others, such as {wrong[0]!r}",
                do="the compound pictures have eleven labels; choose with labels = ...",
            )
        )


def find_sorted(root: Path) -> Path | None:
    """The folder of a copy that is sorted into train/1 ... 7 and test/1 ... 7."""
    for folder in (inner(root, "DATASET"), root):
        if folder is not None and any(
            inner(folder, f"{split}/{number}") for split in _SPLITS for number in (1, 4, 7)
        ):
            return folder
    return None


def read_sorted(root: Path, folder: Path, names: Sequence[str], notes: Notes) -> list[Listed]:
    """The faces of a sorted copy, those left out whose table says something else.

    DataError when more than a tenth of the tables' faces lie in folders of other labels.
    """
    found: dict[str, Listed] = {}
    elsewhere: list[str] = []
    compared, contradicted = 0, []
    for split in _SPLITS:
        said = _said(root, folder, split, notes)
        for number, expression in enumerate(names, 1):
            inside = inner(folder, f"{split}/{number}")
            for name in [] if inside is None else picture_names(inside):
                image = _image(name)
                path = below(root, inside / name) if inside else name
                if image in found:
                    notes.skip(path, "a picture of the same name lies in an earlier folder")
                    continue
                compared += image in said
                if said.get(image, number) != number:
                    contradicted.append(path)
                    reason = f"its folder says {number} and {split}_labels.csv another number"
                    notes.skip(path, reason)
                    continue
                if (_split(image) or split) != split:
                    elsewhere.append(path)
                found[image] = Listed(image, path, expression, _split(image) or split)
        lacking = [image for image in said if image not in found]
        notes.skip_all(lacking, f"{split}_labels.csv lists it, and there is no such picture")
    if len(contradicted) > compared / 10:
        raise DataError(
            Fault(
                "folders and tables of a sorted copy contradict each other",
                where=below(root, folder) if folder != root else str(root),
                expected="each picture in the folder of the label that its table gives",
                got=f"{len(contradicted):,} of {compared:,} in another: {few(contradicted)}",
                do="folders of labels may be swapped; unpack the copy again",
            )
        )
    if elsewhere and len(elsewhere) == len(found):
        raise DataError(
            Fault(
                "the folders train and test are swapped",
                where=below(root, folder) if folder != root else str(root),
                expected="train_00001_aligned.jpg in train, test_0001_aligned.jpg in test",
                got=elsewhere[0],
            )
        )
    if elsewhere:
        notes.note("pictures of one part in the folder of the other; names count", *elsewhere)
    return list(found.values())


def find_codes(root: Path) -> Path | None:
    """RAF-AU's list of code strings."""
    for folder in (root, inner(root, "RAF-AU", "RAFAU")):
        for file in [] if folder is None else children(folder):
            if file.name.casefold() == _CODES:
                return file
    return None


def read_codes(root: Path, file: Path, pictures: str, notes: Notes) -> list[Listed]:
    """The coded faces that have a picture; `codes` is "" where nothing was coded."""
    there = _pictures(root, file.parent, pictures)
    found: dict[str, Listed] = {}
    missing = []
    for line, name, codes in _lines(file):
        image = f"rafau_{_image(name)}"
        path = there.get(_image(name).casefold())
        if path is None:
            missing.append(image)
        elif image in found:
            notes.skip(f"{below(root, file)}, line {line}", "the picture of an earlier line")
        else:
            kept = "" if codes.casefold() in _NO_CODES else codes
            found[image] = Listed(image, path, codes=kept)
    notes.skip_all(missing, f"there is no {pictures} picture")
    return list(found.values())


def _lines(file: Path) -> Iterator[tuple[int, str, str]]:
    """Number, name and what follows it of each line; DataError for what is no text."""
    try:
        text = read_text(file)
    except UnreadableFile as reason:
        raise DataError(Fault("a list cannot be read", file.name, got=str(reason))) from None
    for line, words in enumerate(text.splitlines(), 1):
        if words.strip():
            name, *rest = _GAP.split(words.strip(), maxsplit=1)
            yield line, name, "".join(rest)


def _pictures(root: Path, base: Path, pictures: str) -> Mapping[str, str]:
    """Name of each picture in lower case, without `_aligned`, and its path."""
    folder = inner(base, f"Image/{pictures}", pictures)
    if folder is None:
        return {}
    where = below(root, folder)
    return {_image(name).casefold(): f"{where}/{name}" for name in picture_names(folder)}


def _image(name: str) -> str:
    return PurePosixPath(name).stem.removesuffix("_aligned")


def _split(image: str) -> str:
    return next((split for split in _SPLITS if image.casefold().startswith(f"{split}_")), "")


def _expression(number: str, names: Sequence[str]) -> str:
    """The label of a number from 1 on; "" for what is none."""
    known = number.isascii() and number.isdigit() and 1 <= int(number) <= len(names)
    return names[int(number) - 1] if known else ""


def _said(root: Path, folder: Path, split: str, notes: Notes) -> dict[str, int]:
    """Image -> number in a sorted copy's table, where it has one."""
    name = f"{split}_labels.csv"
    file = next((f for f in (root / name, folder / name) if f.is_file()), None)
    if file is None:
        return {}
    try:
        rows = list(csv.reader(StringIO(read_text(file))))
    except (UnreadableFile, csv.Error) as reason:
        notes.skip(below(root, file), str(reason))
        return {}
    pairs = [row for row in rows if len(row) >= 2 and row[1].strip().isdecimal()]
    return {_image(row[0].strip()): int(row[1]) for row in pairs}
