"""Label files read with care: text that is what its name says, numbers, tables with headers."""

from __future__ import annotations

import codecs
import csv
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import impostor, is_junk

_DELIMITERS: Final = ",;\t"


class UnreadableFile(Exception):  # noqa: N818 - a reason on its way to a list, never an error
    """Why a label file cannot be used; sources turn it into a skip or a fault."""


def existing_folder(folder: Path | None, title: str) -> Path:
    """The folder of a data set; DataError when none is named, or there is none."""
    if folder is None:
        raise DataError(Fault(f"{title} is read from a folder", do="name it with --data"))
    if not folder.is_dir():
        got = "a file" if folder.exists() else "nothing"
        raise DataError(Fault(f"there is no folder of {title}", where=str(folder), got=got))
    return folder


def real_files(folder: Path) -> tuple[Path, ...]:
    """Every file below a folder, sorted by path, without what systems leave behind.

    Linked folders are followed, each once.
    """
    return tuple(sorted(Path(inside, name) for inside, names in walked(folder) for name in names))


def walked(top: Path) -> Iterator[tuple[str, list[str]]]:
    """Each folder from `top` down and the names of its files, both by name.

    Without what systems leave behind. Linked folders are followed, each once.
    """
    visited: set[str] = set()
    for inside, folders, names in os.walk(top, followlinks=True):
        real = os.path.realpath(inside)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(n for n in folders if not is_junk(n) and n != "__MACOSX")
        yield inside, sorted(name for name in names if not is_junk(name))


def read_text(path: Path) -> str:
    """The text of a label file, without byte order mark.

    Raises UnreadableFile for what is missing, empty, a git LFS pointer or a web page.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        raise UnreadableFile(message) from None
    return text_of(content)


def text_of(content: bytes) -> str:
    """The text that the bytes of a label file hold; UnreadableFile as `read_text`."""
    instead = impostor(content)
    if instead:
        raise UnreadableFile(instead)
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def number(text: str) -> float:
    """The finite number that a text holds, such as `1.2000000e+01`; else UnreadableFile."""
    try:
        # Python alone reads 1_2 as 12, and digits of every script.
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        message = f"{text[:40]!r} is not a number"
        raise UnreadableFile(message)
    return value


@dataclass(frozen=True)
class Row:
    """One row of a table: where it stands in the file, and its cells by header."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A table with a header. Headers and cells are without surrounding blanks and quotes."""

    headers: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path) -> Table:
    """The table in a CSV file, parted by commas, semicolons or tabs.

    Raises DataError with every row that does not fit the header, or when there is no table.
    """
    try:
        text = read_text(path)
    except UnreadableFile as error:
        raise DataError(Fault("a table cannot be read", where=path.name, got=str(error))) from None
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    # NUL is what a torn download shows; csv refuses it on some versions only.
    if "\0" in text:
        raise DataError(Fault("a table is not text", where=path.name, do="save it as UTF-8 CSV"))
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        lines = [(reader.line_num, [_bare(cell) for cell in cells]) for cells in reader]
    except csv.Error as error:
        where = f"{path.name}, row {reader.line_num}"
        raise DataError(Fault("a table cannot be read", where=where, got=str(error))) from None
    filled = [(line, cells) for line, cells in lines if any(cells)]
    if not filled:
        raise DataError(Fault("a table is empty", where=path.name, expected="a header and rows"))
    (_, headers), *body = filled
    faults = [
        *_header_faults(path, headers),
        *(
            Fault(
                "a row does not fit the header",
                where=f"{path.name}, row {line}",
                expected=f"{len(headers)} cells",
                got=str(len(cells)),
            )
            for line, cells in body
            if len(cells) != len(headers)
        ),
    ]
    DataError.raise_any(faults)
    return Table(
        tuple(headers),
        tuple(Row(line, dict(zip(headers, cells, strict=True))) for line, cells in body),
    )


def _header_faults(path: Path, headers: list[str]) -> Iterator[Fault]:
    repeated = sorted({header for header in headers if header and headers.count(header) > 1})
    if repeated:
        yield Fault("columns of a table are named twice", where=path.name, got=", ".join(repeated))


def _bare(cell: str) -> str:
    return cell.strip().strip("'\"").strip()
