"""Tables with a picture in each row, written as numbers: scanned for labels, parsed when opened.

A scan passes over the file once and notes where the numbers of each row stand, without
reading them: a table of 300 MB is known in about a second, and only pictures that are asked
for cost time and memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import Picture, Skip, impostor
from facsinterp.provenance import fingerprint

PIXELS: Final = "pixels"
SIDE: Final = 48
_NUMBERS: Final = SIDE * SIDE
_BLOCK: Final = 256  # rows parsed at once; bounds the memory
_DELIMITERS: Final = (b",", b";", b"\t")
_MARKS: Final = b" \t\"'"


@dataclass(frozen=True)
class PixelRow:
    """One row: its labels, and where in the file its numbers stand."""

    number: int
    """0, 1, ...: every row below the header that is not empty counts, damaged ones too."""
    line: int
    start: int
    end: int
    cells: Mapping[str, str]
    """The other cells, by header in lower case."""
    content: int
    """The same for two rows with the same numbers, within one run of the program."""
    flat: bool
    """Whether all its numbers are the same."""
    fault: str = ""
    """Why there is no picture in this row, as far as can be told without reading numbers."""


@dataclass(frozen=True)
class PixelTable:
    """A scanned table."""

    headers: tuple[str, ...]
    rows: tuple[PixelRow, ...]
    ended: bool
    """Whether the last line has an end of line."""

    def row(self, number: str) -> PixelRow | None:
        """The row of this number, None where there is none."""
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            return None
        return self.rows[int(number)] if int(number) < len(self.rows) else None


def headers_of(path: Path) -> tuple[str, ...]:
    """The column names of a table in lower case, without the blanks around them.

    Raises DataError for what stands in the place of a table.
    """
    with path.open("rb") as file:
        head = file.read(512)
        instead = impostor(head)
        if not instead and b"\0" in head:
            instead = "not text, or text in UTF-16"
        if instead:
            raise DataError(Fault("a table of pictures cannot be read", path.name, got=instead))
        file.seek(0)
        return _header(file.readline())[0]


def scan(path: Path) -> PixelTable:
    """What a table holds; DataError when it is none, or has no column of pixels."""
    headers = headers_of(path)
    if headers.count(PIXELS) != 1:
        raise DataError(
            Fault(
                "a table has no column of pixels",
                where=path.name,
                expected=f"a header with {PIXELS}",
                got=", ".join(headers)[:200],
            )
        )
    rows: list[PixelRow] = []
    with path.open("rb") as file:
        line = file.readline()
        _, delimiter = _header(line)
        offset = len(line)
        for count, line in enumerate(file, start=2):
            if line.strip():
                rows.append(_row(line, headers, delimiter, (len(rows), count, offset)))
            offset += len(line)
    return PixelTable(headers, tuple(rows), line.endswith(b"\n"))


def _header(line: bytes) -> tuple[tuple[str, ...], bytes]:
    delimiter = max(_DELIMITERS, key=line.count)
    cells = line.removeprefix(b"\xef\xbb\xbf").strip().split(delimiter)
    return tuple(_text(cell).casefold() for cell in cells), delimiter


def _text(cell: bytes) -> str:
    return cell.strip().strip(_MARKS).decode("utf-8", errors="replace")


def _row(
    line: bytes, headers: tuple[str, ...], delimiter: bytes, place: tuple[int, int, int]
) -> PixelRow:
    number, count, offset = place
    cells = line.rstrip(b"\r\n").split(delimiter)
    if len(cells) != len(headers):
        fault = f"{len(cells)} cells instead of {len(headers)}"
        return PixelRow(number, count, offset, offset, {}, 0, flat=False, fault=fault)
    column = headers.index(PIXELS)
    cell = cells[column]
    pixels = cell.strip(_MARKS)
    start = offset + sum(len(before) + 1 for before in cells[:column])
    start += len(cell) - len(cell.lstrip(_MARKS))
    first = pixels[: pixels.find(b" ") + 1]
    flat = pixels.startswith(first * 3) and pixels == (first * _NUMBERS)[:-1]
    texts = {name: _text(cells[at]) for at, name in enumerate(headers) if at != column}
    end = start + len(pixels)
    # Counting blanks is enough for nearly every row, and much faster than counting numbers.
    fault = "" if pixels.count(b" ") == _NUMBERS - 1 else _count_fault(pixels)
    return PixelRow(number, count, start, end, texts, hash(pixels), flat, fault)


def _count_fault(pixels: bytes) -> str:
    there = len(pixels.split())
    return "" if there == _NUMBERS else f"{there:,} numbers instead of {_NUMBERS:,}"


@dataclass(frozen=True)
class RowPictures:
    """Pictures of tables under `root`, opened by paths `FILE#ROW`, a block of rows at a time."""

    root: Path

    def fingerprint(self, paths: Sequence[str]) -> str:
        """A hash of the numbers as they are written, in order; a row without any counts as none."""
        written = self._written(paths)
        return fingerprint(["" if isinstance(one, Skip) else fingerprint(one) for one in written])

    def open(self, paths: Sequence[str]) -> Iterator[Picture | Skip]:
        """Each picture in order, (48, 48) grey; a `Skip` for a row without one."""
        written = self._written(paths)
        for start in range(0, len(paths), _BLOCK):
            block = paths[start : start + _BLOCK]
            yield from _pictures(block, [next(written) for _ in block])

    @cached_property
    def _tables(self) -> dict[str, PixelTable | str]:
        """The tables scanned so far, by file; or why one cannot be."""
        return {}

    def _table(self, file: str) -> PixelTable | str:
        if file not in self._tables:
            path = self.root / file
            try:
                there = path.is_file()
                self._tables[file] = scan(path) if there else "there is no such file"
            except DataError as error:
                self._tables[file] = "; ".join(fault.got for fault in error.faults)
        return self._tables[file]

    def _written(self, paths: Sequence[str]) -> Iterator[bytes | Skip]:
        """The numbers of each row as they are written."""
        with ExitStack() as stack:
            opened: dict[str, BinaryIO] = {}
            for path in paths:
                file, _, number = path.rpartition("#")
                table = self._table(file)
                if isinstance(table, str):
                    yield Skip(path, table)
                    continue
                row = table.row(number)
                if row is None or row.fault:
                    none = f"there is no such row; there are {len(table.rows)}"
                    yield Skip(path, none if row is None else f"line {row.line}: {row.fault}")
                    continue
                if file not in opened:
                    opened[file] = stack.enter_context((self.root / file).open("rb"))
                opened[file].seek(row.start)
                yield opened[file].read(row.end - row.start)


def _pictures(paths: Sequence[str], block: Sequence[bytes | Skip]) -> Iterator[Picture | Skip]:
    """The pictures of a block of rows; all at once, unless one of them is damaged."""
    texts = [written for written in block if not isinstance(written, Skip)]
    together = iter(_together(texts))
    for path, written in zip(paths, block, strict=True):
        if isinstance(written, Skip):
            yield written
            continue
        ready = next(together, None)
        picture = _alone(written) if ready is None else ready
        yield Skip(path, picture) if isinstance(picture, str) else picture


def _together(texts: Sequence[bytes]) -> Sequence[Picture]:
    """The pictures of rows of the right length; none at all when any number is no pixel."""
    # No row that passed the scan holds too many, so the sum is right only if each is.
    values = _values(b" ".join(texts))
    if values is None or len(values) != len(texts) * _NUMBERS:
        return ()
    return list(values.reshape(-1, SIDE, SIDE))


def _alone(text: bytes) -> Picture | str:
    """The picture of one row, or what is wrong with it."""
    values = _values(text)
    if values is not None and len(values) == _NUMBERS:
        return values.reshape(SIDE, SIDE)
    for place, written in enumerate(text.split(), start=1):
        if not (written.isdigit() and len(written) < 4 and int(written) < 256):
            shown = written[:20].decode("utf-8", errors="replace")
            return f"number {place} of its pixels is {shown!r}, not 0 to 255"
    return _count_fault(text)


def _values(text: bytes) -> NDArray[np.uint8] | None:
    """The numbers of a text, None when any is not 0 to 255."""
    if text.translate(None, b"0123456789 "):
        return None
    values = np.fromstring(text, dtype=np.int64, sep=" ")
    return None if (values > 255).any() else values.astype(np.uint8)
