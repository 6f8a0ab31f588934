"""The annotation sheets of CAS(ME)^3: micro-expressions of Part A and Part C.

The owners publish them without the pictures. `read_annotations` reads them as they are, for
work on codes alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.reading.clips import COLUMNS, Clip, read_clip
from facsinterp.faces.sources.reading.codings import code_string, units_named
from facsinterp.faces.sources.reading.files import existing_folder
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.sheets import SheetRow, read_sheet, spreadsheets
from facsinterp.faces.sources.reading.trees import children, not_this
from facsinterp.facs import UNITS, format_codes, label, parse

TITLE: Final = "CAS(ME)^3"
Part = Literal["A", "C"]

_MARKS: Final[Mapping[Part, str]] = {"A": "partamelabel", "C": "partcme"}
"""What is in the name of a part's sheet, without blanks and punctuation."""
_DEPTH: Final = 3
"""How far below the data set's folder sheets are looked for."""
_WANTED: Final[Mapping[Part, Mapping[str, Sequence[str]]]] = {
    "A": {**COLUMNS, "objective": ("Objective class",)},
    "C": {
        **{name: COLUMNS[name] for name in ("onset", "offset", "codes", "emotion")},
        "subject": ("sub",),
        "filename": ("count",),
    },
}
_SHEETS: Final = (
    "a sheet such as cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx or CAS(ME)3_part_C_ME.xlsx"
)


@dataclass(frozen=True)
class Annotated:
    """One micro-expression of a sheet: its clip, and what only the sheet says."""

    part: Part
    clip: Clip
    filename: str
    objective: str


def read_annotations(folder: Path | str) -> pd.DataFrame:
    """Every micro-expression that the sheets below a folder (or one sheet) code, without pictures.

    One row a micro-expression: `part`, `sheet`, `row` (in the sheet), `subject`, `filename`,
    `clip` (unique), `onset`, `apex`, `offset` (missing where the sheet has none), `written`
    (the code string as it stands), `codes` (the same in one spelling), `unread` (what of it
    cannot be read), `expression`, `objective`; and a column for each unit that any row names,
    `AU12`: True, False, or missing where it was not coded. Raises DataError where there is none.
    """
    root = Path(folder)
    if root.is_file():
        sheets = [(_part(root) or "A", root)]
    else:
        sheets = find_sheets(existing_folder(root, TITLE))
    if not sheets:
        raise not_this(TITLE, root, _SHEETS)
    notes = Notes()
    found = [(path, one) for part, path in sheets for one in read_part(part, path, notes)]
    units = sorted(u for u in units_named(one.clip.codes for _, one in found) if u in UNITS)
    table = pd.DataFrame([_row(path, one, units) for path, one in found])
    numbers = dict.fromkeys(("onset", "apex", "offset"), "Int64")
    return table.astype(numbers | {label(unit): "boolean" for unit in units})


def _row(path: Path, one: Annotated, units: Sequence[int]) -> dict[str, Any]:
    clip, reading = one.clip, parse(one.clip.codes)
    codings = code_string(clip.codes, units)
    frames = {"onset": clip.onset, "apex": clip.apex, "offset": clip.offset}
    return {
        "part": one.part,
        "sheet": path.name,
        "row": clip.line,
        "subject": clip.subject,
        "filename": one.filename,
        "clip": clip.name,
        **{name: number if number >= 0 else pd.NA for name, number in frames.items()},
        "written": clip.codes,
        "codes": format_codes(reading.codes),
        "unread": " ".join(reading.unread),
        "expression": clip.expression,
        "objective": one.objective,
        **{
            label(unit): pd.NA if not codings or codings[unit].present is None
            else codings[unit].present
            for unit in units
        },
    }  # fmt: skip


def find_sheets(root: Path) -> list[tuple[Part, Path]]:
    """The sheet of each part below a folder; of several versions the one that sorts last."""
    found: dict[Part, Path] = {}
    for path in _spreadsheets(root, _DEPTH):
        part = _part(path)
        if part and (part not in found or _version(path) > _version(found[part])):
            found[part] = path
    return sorted(found.items())


def _spreadsheets(folder: Path, depth: int) -> Iterator[Path]:
    """Sheets in a folder and below it, but not among the frames of subjects."""
    yield from spreadsheets(folder)
    for entry in children(folder) if depth else ():
        if entry.is_dir() and not entry.name.casefold().startswith("spno"):
            yield from _spreadsheets(entry, depth - 1)


def _part(path: Path) -> Part | None:
    name = _plain(path.stem)
    return next((part for part, mark in _MARKS.items() if mark in name), None)


def _version(path: Path) -> tuple[str, str]:
    return _plain(path.stem), path.as_posix()


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def read_part(part: Part, path: Path, notes: Notes) -> list[Annotated]:
    """The micro-expressions of a sheet; DataError when it is another one.

    Clips are named by subject, file and a running number in the order of their onsets, for a
    file may hold several: `spNO.1_a_1`.
    """
    rows = read_sheet(path, _WANTED[part], optional=("objective",))
    clips = []
    for row in rows:
        subject, filename = row.text("subject"), row.text("filename")
        if not (subject and filename):
            notes.skip(f"{path.name}, row {row.line}", "it names no subject and file")
            continue
        clips.append((row, read_clip(row, subject, f"{subject}_{filename}", notes)))
    if not clips:
        fault = Fault("the sheet names no clip", where=path.name, got=f"{len(rows)} rows")
        raise DataError(fault)
    named = _numbered(clips)
    if part == "A" and "v1" in _plain(path.stem):
        notes.note("version 1 of the labels, some of which the owners took back in 2", path.name)
    _note_repeats(named, notes)
    return [
        Annotated(part, clip, row.text("filename"), row.text("objective")) for row, clip in named
    ]


def _numbered(clips: Iterable[tuple[SheetRow, Clip]]) -> list[tuple[SheetRow, Clip]]:
    """The clips in their order, each name with a running number by onset behind it."""
    together: dict[str, list[Clip]] = defaultdict(list)
    given = list(clips)
    for _, clip in given:
        together[clip.name.casefold()].append(clip)
    number = {
        clip.line: place
        for alike in together.values()
        for place, clip in enumerate(
            sorted(alike, key=lambda clip: (clip.onset, clip.offset, clip.line)), start=1
        )
    }
    return [(row, replace(clip, name=f"{clip.name}_{number[clip.line]}")) for row, clip in given]


def _note_repeats(clips: Sequence[tuple[SheetRow, Clip]], notes: Notes) -> None:
    """Rows that code the same frames of the same file as an earlier one."""
    first: dict[tuple[str, int, int], Clip] = {}
    for _, clip in clips:
        key = (clip.name.rpartition("_")[0].casefold(), clip.onset, clip.offset)
        if clip.onset >= 0 and first.setdefault(key, clip) is not clip:
            notes.note("rows that code the frames of an earlier row again", clip.name)
