"""Lists of pictures by their addresses on the web, with a column a unit: 0, 1 or 999.

Names of columns and addresses stand in quotes and blanks as often as not. Lists parted by
tabs have no header: two addresses, then the units from 1 to 60 in order.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.reading.files import UnreadableFile, read_text
from facsinterp.faces.sources.reading.sheets import read_sheet

ABSENT, PRESENT, NOT_SCORED, STRANGE = 0, 1, 2, 3
_UNITS: Final = tuple(range(1, 61))
_CODES: Final = {
    **dict.fromkeys(("0", "0.0"), ABSENT),
    **dict.fromkeys(("1", "1.0"), PRESENT),
    **dict.fromkeys(("999", "999.0", "", "nan", "NaN"), NOT_SCORED),
}
_UNIT: Final = re.compile(r"AU\s*0*(\d{1,2})", re.IGNORECASE | re.ASCII)
_MARKS: Final = " \t\"'`"


@dataclass(frozen=True)
class UrlList:
    """The rows of a list."""

    lines: Sequence[int]
    """Where each row stands in its file."""
    first: Sequence[str]
    second: Sequence[str]
    """Two addresses of each picture; "" where there is none."""
    units: tuple[int, ...]
    codes: NDArray[np.uint8]
    """(row, unit): ABSENT, PRESENT, NOT_SCORED or STRANGE."""
    misfits: tuple[int, ...]
    """Lines that have more or fewer cells than the first."""
    shifted: tuple[int, ...]
    """Lines with an address where a code should be."""


@dataclass(frozen=True)
class _Columns:
    """Which column holds what."""

    first: int
    second: int | None
    units: dict[int, int]
    """Unit -> column."""


def read_url_list(path: Path) -> UrlList:
    """A list from a file of text or a workbook. DataError for a file that is none."""
    if path.suffix.casefold() in (".xlsx", ".xls"):
        return _read_workbook(path)
    try:
        text = read_text(path)
    except UnreadableFile as reason:
        raise DataError(Fault("a list cannot be read", path.name, got=str(reason))) from None
    opening = text.lstrip().partition("\n")[0]
    delimiter = "\t" if "\t" in opening else max(",;", key=opening.count)
    try:
        return _of_rows(path, _Rows(text, delimiter))
    except csv.Error as error:
        raise DataError(Fault("a list cannot be read", path.name, got=str(error))) from None


@dataclass(frozen=True)
class _Rows:
    """The rows of a text with the numbers of their lines; no row is longer than its line.

    No cell of such a list holds a line break. A quote that nothing closes would swallow the
    rows behind it otherwise.
    """

    text: str
    delimiter: str

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        width = 0
        lines = (line.rstrip("\n") for line in StringIO(self.text, newline=None))
        for number, line in enumerate(lines, start=1):
            cells = self._cells(line, csv.QUOTE_MINIMAL)
            width = width or len(cells)
            if cells and len(cells) != width:
                # The quote is a part of the cell where the row fits the others then.
                plain = self._cells(line, csv.QUOTE_NONE)
                cells = plain if len(plain) == width else cells
            if cells:
                yield number, cells

    def _cells(self, line: str, quoting: Literal[0, 3]) -> list[str]:
        reader = csv.reader(
            [line], delimiter=self.delimiter, skipinitialspace=True, quoting=quoting
        )
        return next(reader, [])


def _of_rows(path: Path, numbered: Iterable[tuple[int, list[str]]]) -> UrlList:
    rows = iter(numbered)
    first = next(rows, None)
    if first is None:
        raise DataError(Fault("a list is empty", path.name))
    columns = _columns(path, [bare(cell) for cell in first[1]])
    if _is_header(first[1]):
        return _gathered(rows, columns, len(first[1]))
    listed = _gathered(chain([first], rows), columns, len(first[1]))
    if listed.shifted:
        raise DataError(
            Fault(
                "the columns of a list are not those that were taken for them",
                where=f"{path.name}, row {listed.shifted[0]}",
                expected=f"a header, or {len(_UNITS)} units after one or two addresses",
                got="an address where the codes of a unit should be",
                do="give the list a header: URL, orig_url, AU 1 ...",
            )
        )
    return listed


def bare(cell: str) -> str:
    """A cell without the blanks and quotes around it."""
    return cell.strip(_MARKS)


def _is_header(cells: Sequence[str]) -> bool:
    return any(bare(cell).casefold() == "url" or _UNIT.fullmatch(bare(cell)) for cell in cells)


def _columns(path: Path, cells: Sequence[str]) -> _Columns:
    """The columns by the header, or by their number where there is none."""
    if not _is_header(cells):
        addresses = len(cells) - len(_UNITS)
        if addresses not in (1, 2):
            raise DataError(
                Fault(
                    "this is no list of EmotioNet",
                    where=path.name,
                    expected="a header with URL and AU 1 ..., or two addresses and 60 units",
                    got=f"{len(cells)} columns: {', '.join(cells[:4])} ...",
                )
            )
        units = {unit: addresses + k for k, unit in enumerate(_UNITS)}
        return _Columns(0, 1 if addresses == 2 else None, units)
    names = [cell.casefold().replace(" ", "_") for cell in cells]
    named = [(int(m[1]), col) for col, cell in enumerate(cells) if (m := _UNIT.fullmatch(cell))]
    units = dict(named)
    if "url" not in names or not units or len(units) < len(named):
        raise DataError(
            Fault(
                "this is no list of EmotioNet",
                where=path.name,
                expected="columns URL and AU 1 ... AU 60, each once",
                got=", ".join(cells[:6]) + " ...",
            )
        )
    second = names.index("orig_url") if "orig_url" in names else None
    return _Columns(names.index("url"), second, units)


def _gathered(
    numbered: Iterable[tuple[int, Sequence[str]]], columns: _Columns, width: int
) -> UrlList:
    lines, first, second, misfits, shifted = [], [], [], [], []
    codes = bytearray()
    places = list(columns.units.values())
    for line, cells in numbered:
        if len(cells) != width:
            misfits.append(line)
            continue
        picked = [cells[place] for place in places]
        try:
            row = bytes(map(_CODES.__getitem__, picked))
        except KeyError:
            if any("://" in cell for cell in picked):
                shifted.append(line)
                continue
            row = bytes(_CODES.get(bare(cell), STRANGE) for cell in picked)
        codes += row
        lines.append(line)
        first.append(bare(cells[columns.first]))
        second.append("" if columns.second is None else bare(cells[columns.second]))
    grid = np.frombuffer(bytes(codes), dtype=np.uint8).reshape(len(lines), len(places))
    return UrlList(lines, first, second, tuple(columns.units), grid, tuple(misfits), tuple(shifted))


def _read_workbook(path: Path) -> UrlList:
    wanted: dict[str, tuple[str, ...]] = {"URL": (), "orig_url": ()}
    wanted |= {f"AU {unit}": (f"AU{unit:02d}",) for unit in _UNITS}
    optional = [name for name in wanted if name != "URL"]
    rows = read_sheet(path, wanted, optional=optional)
    has = [name for name in wanted if rows and name in rows[0].cells]
    units = {int(name[3:]): has.index(name) for name in has if name.startswith("AU ")}
    if not units:
        expected = "columns URL and AU 1 ... AU 60"
        raise DataError(Fault("this is no list of EmotioNet", path.name, expected=expected))
    second = has.index("orig_url") if "orig_url" in has else None

    def cells() -> Iterator[tuple[int, list[str]]]:
        for row in rows:
            yield row.line, [row.text(name) for name in has]

    return _gathered(cells(), _Columns(has.index("URL"), second, units), len(has))
