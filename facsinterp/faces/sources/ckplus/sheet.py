"""The coding sheet of the older release (CK): one row a sequence, its codes in one cell.

It is `Cohn-Kanade Database FACS codes_updated based on 2002 manual_revised.xls`, or a copy
of it as .xlsx or .csv: rows of preamble, then `Subject #`, `Session #`, `FACS Code`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from facsinterp.faces.sources.ckplus.files import Sequence
from facsinterp.faces.sources.reading.codings import Coding, read_string
from facsinterp.faces.sources.reading.listing import below
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.sheets import SheetRow, read_sheet
from facsinterp.facs import parse

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "subject": ("Subject #", "Subject No", "Subject Number"),
    "session": ("Session #", "Session No", "Session Number"),
    "codes": ("FACS Code", "FACS Codes", "FACS"),
}
_SUFFIXES: Final = (".xls", ".xlsx", ".csv")
_NUMBER: Final = re.compile(r"S?0*(\d{1,4})", re.IGNORECASE | re.ASCII)


def sheets_of(files: Iterable[Path]) -> list[Path]:
    """Copies of the sheet among the files, by their names."""
    return [
        path
        for path in files
        if path.suffix.casefold() in _SUFFIXES and "facs" in path.name.casefold()
    ]


def code_by_sheet(root: Path, sequences: Iterable[Sequence], sheet: Path, notes: Notes) -> None:
    """Give the sequences the codes that the sheet has for them; DataError if it is another one."""
    place = below(root, sheet)
    rows = _by_sequence(read_sheet(sheet, _COLUMNS), place, notes)
    for sequence in sequences:
        row = rows.pop(sequence.name, None)
        if row is not None and sequence.files["image"]:
            sequence.codes = _codes(row, sequence, notes)
        elif row is not None:
            rows[sequence.name] = row
    for name in sorted(rows):
        notes.skip(f"{place}, row {rows[name].line}", f"no image of {name}")


def _by_sequence(rows: Iterable[SheetRow], place: str, notes: Notes) -> dict[str, SheetRow]:
    """Rows by name of their sequence; one that is there again with other codes is in neither."""
    found: dict[str, SheetRow] = {}
    twice: set[str] = set()
    for row in rows:
        subject = _NUMBER.fullmatch(row.text("subject"))
        session = _NUMBER.fullmatch(row.text("session"))
        if not (subject and session):
            notes.skip(f"{place}, row {row.line}", "no subject and session number")
            continue
        name = f"S{int(subject[1]):03d}_{int(session[1]):03d}"
        if name in found and found[name].text("codes") != row.text("codes"):
            twice.add(name)
        found.setdefault(name, row)
    for name in sorted(twice):
        notes.note("sequences with two rows of different codes, which code nothing", name)
        del found[name]
    return found


def _codes(row: SheetRow, sequence: Sequence, notes: Notes) -> Mapping[int, Coding] | None:
    """The codings of a row; None, and noted, where a part of its codes cannot be read."""
    cell = row.text("codes")
    said = read_string(cell)
    if said is None and cell:
        unread = ", ".join(parse(cell).unread) or cell
        notes.note(
            "sequences whose codes cannot be read and code nothing", f"{sequence.name}: {unread}"
        )
    return said
