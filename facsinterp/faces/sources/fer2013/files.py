"""Which form of FER2013 lies in a folder, and what each form holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from filecmp import cmp
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.reading import ferplus
from facsinterp.faces.sources.reading.files import real_files
from facsinterp.faces.sources.reading.listing import below
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.trees import PICTURES, not_this
from facsinterp.facs import expression_of

Version = Literal["fer2013.csv", "icml_face_data.csv", "competition", "ferplus-folders", "folders"]

TITLE: Final = "FER2013"
EXPECTED: Final = (
    "fer2013.csv",
    "icml_face_data.csv",
    "train.csv with a column of pixels",
    "FER2013Train/label.csv",
    "folders such as train/angry with pictures",
)
PARTS: Final[Mapping[str, str]] = {
    "training": "train",
    "publictest": "validation",
    "privatetest": "test",
}
"""The official split: what FER2013 calls its parts, and what they are."""
_FOLDERS: Final[Mapping[str, str]] = {
    **PARTS,
    "train": "train",
    "valid": "validation",
    "val": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
_FERPLUS: Final[Mapping[str, str]] = {
    "fer2013train": "train",
    "fer2013valid": "validation",
    "fer2013test": "test",
}
_PREFIXED: Final = re.compile(r"(training|publictest|privatetest)_(\w+)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """One picture: where it is opened, its part and its label."""

    path: str
    image: str
    split: str
    expression: str
    left_out: str = ""
    """Why it is no face of the table, though there is a picture."""
    content: Hashable = None
    """The same for the same pixels; None where only opening the picture tells."""
    flat: bool = False
    """Whether it is known to be one grey level throughout."""


@dataclass(frozen=True)
class Form:
    """A form of the data set and the files that belong to it."""

    version: Version
    files: tuple[Path, ...]
    votes: Path | None
    """The table of FER+ votes, where one lies there."""
    others: tuple[Version, ...] = ()
    """The forms that lie there as well and are not read."""


def find_form(root: Path, asked: Version | None) -> Form:
    """The form that was asked for, or the fullest that is there; DataError when there is none."""
    files = real_files(root)
    named = _by_name(files)
    votes = named.get("fer2013new.csv")
    forms = {found.version: found for found in _forms(files, named, votes)}
    if not forms:
        raise not_this(TITLE, root, EXPECTED)
    version: Version = next(iter(forms)) if asked is None else asked
    if version not in forms:
        raise DataError(
            Fault("FER2013 is not there in this version", str(root), version, ", ".join(forms))
        )
    others = tuple(other for other in forms if other != version)
    return replace(forms[version], others=others)


def _by_name(files: Sequence[Path]) -> dict[str, Path]:
    """Each file by its name in lower case; the one that lies highest where several have it."""
    found: dict[str, Path] = {}
    for path in sorted(files, key=lambda path: len(path.parts)):
        found.setdefault(path.name.casefold(), path)
    return found


def _forms(files: Sequence[Path], named: Mapping[str, Path], votes: Path | None) -> Iterator[Form]:
    """Every form that is there, the fullest first."""
    for version in ("fer2013.csv", "icml_face_data.csv"):
        if version in named:
            yield Form(version, (named[version],), votes)
    tables = [named[name] for name in ("train.csv", "test.csv") if name in named]
    tables = [path for path in tables if b"pixels" in _first_line(path).lower()]
    if tables:
        yield Form("competition", tuple(tables), votes)
    labels = [path for path in files if path.name.casefold() == "label.csv"]
    labels = [path for path in labels if path.parent.name.casefold() in _FERPLUS]
    if labels:
        yield Form("ferplus-folders", tuple(labels), votes)
    pictures = [
        path
        for path in files
        if path.suffix.casefold() in PICTURES and path.parent.name.casefold() not in _FERPLUS
    ]
    if any(expression_of(path.parent.name) for path in pictures):
        yield Form("folders", tuple(pictures), votes)


def _first_line(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.readline(4096)


def read_folders(root: Path, files: Sequence[Path], notes: Notes) -> tuple[Entry, ...]:
    """The pictures in folders named by expression; parts from file names, else from folders."""
    entries: list[Entry] = []
    once: set[tuple[str, ...]] = set()
    known: dict[tuple[str, str, str], Path] = {}
    counts: Counter[str] = Counter()
    owners: dict[str, set[str]] = {}
    for path in files:
        relative = path.relative_to(root)
        name = relative.as_posix()
        expression = expression_of(path.parent.name)
        if expression is None:
            notes.skip(name, "not in a folder that names an expression")
            continue
        place = tuple(part for part, _ in groupby(relative.parts))
        if place in once:
            notes.skip(name, "the same folder unpacked twice")
            continue
        once.add(place)
        folder = next((_FOLDERS[p] for p in map(str.casefold, place[-3::-1]) if p in _FOLDERS), "")
        official = _PREFIXED.match(path.stem)
        # An official name stands once in a class; of others only the pictures themselves tell.
        key = (expression, "" if official else folder, path.name.casefold())
        if (first := known.setdefault(key, path)) != path and (
            official or cmp(first, path, shallow=False)
        ):
            notes.skip(name, f"unpacked twice: {below(root, first.parent)} has the same picture")
            continue
        if official is None:
            counts["without"] += 1
            split = folder
        else:
            split = PARTS[official[1].casefold()]
            counts["moved"] += (split == "train") != (folder == "train") and folder != ""
            owners.setdefault(path.stem.casefold(), set()).add(expression)
        entries.append(Entry(name, name, split, expression))
    notes.warn(*_folder_warnings(counts))
    again = sorted(stem for stem, expressions in owners.items() if len(expressions) > 1)
    notes.note("names used in more than one folder, known by folder and name", *again)
    return tuple(entries)


def _folder_warnings(counts: Counter[str]) -> Iterator[str]:
    if counts["without"]:
        yield (
            f"the names of {counts['without']} pictures do not tell their official part; "
            "training, validation and test are what the folders say, not those of the data set"
        )
    if counts["moved"]:
        yield (
            f"{counts['moved']} pictures lie in a folder of another part than their names tell; "
            "the names are believed"
        )


def read_ferplus_folders(root: Path, files: Sequence[Path], notes: Notes) -> tuple[Entry, ...]:
    """The pictures that the `label.csv` beside them names, with the label of the majority."""
    entries: list[Entry] = []
    for file in files:
        votes = ferplus.read_label_file(file)
        folder = file.parent.relative_to(root)
        there = {path.name for path in file.parent.iterdir()}
        doubtful = set(ferplus.twice(votes))
        named: set[str] = set()
        for vote in votes:
            # Files are ferNNNNNNN.png; some copies of label.csv leave the ending out.
            name = vote.name if "." in vote.name else f"{vote.name}.png"
            path = (folder / name).as_posix()
            named.add(name)
            if not vote.name:
                continue
            if vote.name in doubtful:
                reason = "its name stands in two rows of label.csv with votes of two pictures"
                notes.skip(f"{path} (row {vote.line})", reason)
            elif name not in there:
                notes.skip(path, "in label.csv, but there is no such picture")
            else:
                expression, why = ferplus.majority(vote.counts)
                part = _FERPLUS[file.parent.name.casefold()]
                entries.append(Entry(path, path, part, expression, why))
        unlabelled = sorted(n for n in there - named if Path(n).suffix.casefold() in PICTURES)
        notes.skip_all([(folder / name).as_posix() for name in unlabelled], "not in label.csv")
        notes.warn(*(f"{folder.as_posix()}: {w}" for w in ferplus.oddities(votes)))
    return tuple(entries)
