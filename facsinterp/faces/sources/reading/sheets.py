"""Coding sheets: Excel workbooks and CSV exports of them, read by the names of their columns.

The sheets of the field have preambles, blank columns, cells that are numbers in one row and
text in the next. The header is looked for among the first rows; what a column is called may
vary. Cells are given as they stand: `facsinterp.facs.parse` reads numbers and text alike.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from python_calamine import CalamineWorkbook

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import impostor
from facsinterp.faces.sources.reading.files import UnreadableFile, number, read_text
from facsinterp.faces.sources.reading.notes import Notes, few
from facsinterp.faces.sources.reading.trees import children

_PREAMBLE: Final = 40
"""Rows among which a header is looked for."""
_SHOWN: Final = 12
_TEXTS: Final = (".csv", ".tsv", ".txt")
_BOOKS: Final = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How zipped workbooks begin, and the older ones (.xls)."""

Cells = tuple[object, ...]


@dataclass(frozen=True)
class SheetRow:
    """One row below the header: where it stands in the file, and its cells by wanted name.

    A column that the sheet does not have is missing from `cells`; an empty cell is None.
    """

    line: int
    cells: Mapping[str, object]

    def text(self, name: str) -> str:
        """A cell as text without surrounding blanks; whole numbers without `.0`; "" if none.

        A date, into which Excel turns cells such as 4/7, is given as one (`2014-07-04`).
        """
        cell = self.cells.get(name)
        if cell is None:
            return ""
        if isinstance(cell, float) and cell.is_integer():
            return str(int(cell))
        return str(cell).strip()

    def integer(self, name: str) -> int | None:
        """A whole number; None for an empty cell or a `/`. UnreadableFile for anything else."""
        text = self.text(name)
        if text in ("", "/", "-", "nan"):
            return None
        value = number(text)
        if not value.is_integer():
            message = f"{text} is not a whole number"
            raise UnreadableFile(message)
        return int(value)


def spreadsheets(folder: Path) -> list[Path]:
    """Workbooks and tables directly in a folder, workbooks first, then by name."""
    found = [
        entry
        for entry in children(folder)
        if entry.suffix.casefold() in (*_BOOKS, ".csv", ".tsv") and not entry.name.startswith("~$")
    ]
    return sorted(found, key=lambda path: (path.suffix.casefold() in _TEXTS, path.name))


def find_sheet(
    title: str,
    candidates: Sequence[Path],
    wanted: Mapping[str, Sequence[str]],
    notes: Notes,
    *,
    optional: Sequence[str] = (),
) -> tuple[Path, tuple[SheetRow, ...]]:
    """The first of some files that is the sheet looked for, and its rows.

    Those after it are noted. DataError with what is wrong with each when none is.
    """
    faults: list[Fault] = []
    for place, path in enumerate(candidates):
        try:
            rows = read_sheet(path, wanted, optional=optional)
        except DataError as error:
            faults.extend(error.faults)
            continue
        for fault in faults:
            notes.skip(fault.where, f"not the coding sheet: {fault.what}")
        for other in candidates[place + 1 :]:
            notes.note(f"sheets not read, for {path.name} comes first", other.name)
        return path, rows
    raise DataError(faults or Fault(f"there is no coding sheet of {title}"))


def read_sheet(
    path: Path,
    wanted: Mapping[str, Sequence[str]],
    *,
    optional: Sequence[str] = (),
    sheet: str = "",
    positions: Mapping[str, int] | None = None,
) -> tuple[SheetRow, ...]:
    """The rows of a sheet that are not empty, with the columns that are `wanted`.

    `wanted`: name -> the headers it may have (case, blanks and punctuation do not count; the
    name itself always counts); a sheet must have all of them but the `optional`. `sheet`: its
    name in a workbook, else the first that has such a header. `positions`: name -> column number
    (0, 1, ...) where a sheet has no header at all. Raises DataError with what was looked for and
    what was found.
    """
    needed = [name for name in wanted if name not in optional]
    variants = list(_variants(path, sheet))
    for rows in variants:
        for place, cells in enumerate(rows[:_PREAMBLE]):
            columns = _columns(cells, wanted)
            if all(name in columns for name in needed):
                DataError.raise_any(_repeated(path, cells, columns))
                return _below(rows, place + 1, columns)
    widest = max(variants, key=lambda rows: max(map(len, rows[:_PREAMBLE]), default=0))
    if positions is not None and widest and len(widest[0]) > max(positions.values()):
        return _below(widest, 0, positions)
    heads = [cells for rows in variants for cells in rows[:_PREAMBLE]]
    nearest = max(heads, key=lambda cells: (len(_columns(cells, wanted)), len(cells)), default=())
    has = _columns(nearest, wanted)
    raise DataError(
        Fault(
            "this is not the sheet that was looked for",
            where=path.name,
            expected=f"a header with {', '.join(needed)}",
            got=_shown(nearest),
            do=f"missing: {', '.join(n for n in needed if n not in has)}" if has else "",
        )
    )


def _variants(path: Path, sheet: str) -> Iterator[list[Cells]]:
    """Every way to read a file: the sheets of a workbook, or a text parted by each delimiter."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
        if instead := impostor(head):
            raise UnreadableFile(instead)
        # By content: some ".xls" are text, some ".csv" were renamed and never saved as one.
        if head.startswith(_WORKBOOKS):
            yield from _book_rows(path, sheet)
        elif path.suffix.casefold() in (*_TEXTS, ".xls"):
            yield from _text_rows(_plain_text(path))
        else:
            message = "it is neither an Excel workbook nor a table in plain text"
            raise UnreadableFile(message)
    except DataError:
        raise
    except OSError as error:
        raise DataError(Fault("a sheet cannot be read", path.name, got=str(error))) from None
    except Exception as error:  # the reader raises its own kinds for broken workbooks
        fault = Fault(
            "a sheet cannot be read",
            path.name,
            "an Excel workbook, or a CSV export in UTF-8",
            got=str(error),
        )
        raise DataError(fault) from None


def _plain_text(path: Path) -> str:
    text = read_text(path)
    if "\0" in text:  # what a torn download or another kind of file shows
        message = "it holds NUL: it is neither an Excel workbook nor a table in plain text"
        raise UnreadableFile(message)
    return text


def _book_rows(path: Path, sheet: str) -> Iterator[list[Cells]]:
    with CalamineWorkbook.from_path(str(path)) as book:
        for name in _sheet_names(book.sheet_names, sheet, path):
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            yield [tuple(map(_value, cells)) for cells in rows]


def _sheet_names(names: Sequence[str], sheet: str, path: Path) -> list[str]:
    if not sheet:
        return list(names)
    found = [name for name in names if _plain(name) == _plain(sheet)]
    if not found:
        raise DataError(
            Fault("a workbook lacks a sheet", path.name, expected=sheet, got=", ".join(names))
        )
    return found[:1]


def _text_rows(text: str) -> Iterator[list[Cells]]:
    """The rows by each delimiter; the one seen most in the first lines comes first."""
    for delimiter in sorted(",;\t", key=text[:4096].count, reverse=True):
        found = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))
        yield [tuple(cell.strip() or None for cell in cells) for cells in found]


def _value(cell: object) -> object:
    return (cell.strip() or None) if isinstance(cell, str) else cell


def _columns(cells: Cells, wanted: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Which cell of a row is the header of each wanted column, as far as there is one."""
    plain = [_plain(cell) if isinstance(cell, str) else "" for cell in cells]
    found = {}
    for name, aliases in wanted.items():
        for alias in (name, *aliases):
            if _plain(alias) in plain:
                found[name] = plain.index(_plain(alias))
                break
    return found


def _repeated(path: Path, cells: Cells, columns: Mapping[str, int]) -> Iterator[Fault]:
    """Wanted columns whose header is there twice, so that neither can be trusted."""
    plain = [_plain(cell) for cell in cells if cell is not None]
    for col in columns.values():
        if plain.count(_plain(cells[col])) > 1:
            yield Fault(
                "a column of a sheet is there twice",
                where=path.name,
                got=str(cells[col]),
                do="take the one away that is not meant",
            )


def _plain(text: object) -> str:
    return "".join(letter for letter in str(text).casefold() if letter.isalnum() or letter == "#")


def _below(rows: Sequence[Cells], start: int, columns: Mapping[str, int]) -> tuple[SheetRow, ...]:
    return tuple(
        SheetRow(
            line,
            {name: cells[col] if col < len(cells) else None for name, col in columns.items()},
        )
        for line, cells in enumerate(rows[start:], start=start + 1)
        if any(cell is not None for cell in cells)
    )


def _shown(cells: Cells) -> str:
    named = [str(cell) for cell in cells if cell is not None]
    return few(named, _SHOWN) or "an empty sheet"
