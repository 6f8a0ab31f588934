"""BP4D's tables of codes: a row a frame, a column a unit, read by position.

Two forms are in use: a column for each number from 0 to 99, where column N is AU N, and some
35 columns whose header names the units. Column 0 is the frame in both, whatever its header
says: in the second form it is often called 1, like the column beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp.faces.sources.reading.files import UnreadableFile, read_text
from facsinterp.faces.sources.reading.trees import LAST_FRAME

UNKNOWN: Final = 9
_WIDE: Final = 50
"""A table of at least so many columns has one for each number."""
_NAMED: Final = re.compile(r"(?:AU[ _]?)?0*(\d{1,2})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class FrameCodes:
    """The codes of one task: frames (row,), ascending; units; values (row, unit)."""

    frames: NDArray[np.int64]
    units: tuple[int, ...]
    values: NDArray[np.int8]
    """As in the file; `UNKNOWN` also where a cell holds no number that is allowed."""
    form: str
    """`wide` (a column for each number), `named` or `intensity`."""
    strange: int
    """Cells that hold no number that is allowed."""
    repeated: int
    """Rows whose frame stands in an earlier one."""


def read_occurrence(path: Path) -> FrameCodes:
    """Codes of occurrence: 0, 1 or 9. UnreadableFile for what is no such table."""
    text = _text(path)
    first = [cell.strip().strip("'\"") for cell in text.partition("\n")[0].split(",")]
    if len(first) >= _WIDE:
        form, header, units = "wide", _counts_up(first), tuple(range(1, len(first)))
    else:
        form, header, units = "named", True, _named(first)
    table = _numbers(text, header=header)
    if table.shape[1] != len(first):
        message = f"its header has {len(first)} columns and its rows have {table.shape[1]}"
        raise UnreadableFile(message)
    return _checked(table, units, {0, 1, UNKNOWN}, form)


def read_intensity(path: Path, unit: int) -> FrameCodes:
    """Codes of one unit's intensity, 0 to 5 or 9: two columns, with or without a header."""
    text = _text(path)
    header = not _is_number(text.partition("\n")[0].split(",")[0])
    table = _numbers(text, header=header)
    if table.shape[1] != 2:
        message = f"it has {table.shape[1]} columns, expected frame and intensity"
        raise UnreadableFile(message)
    return _checked(table, (unit,), {0, 1, 2, 3, 4, 5, UNKNOWN}, "intensity")


def _text(path: Path) -> str:
    text = read_text(path).strip()
    if not text:
        message = "it is empty"
        raise UnreadableFile(message)
    return text


def _counts_up(cells: list[str]) -> bool:
    """Whether the first row of a wide table is its header: text, or 0, 1, 2, ... in order."""
    if not all(map(_is_number, cells)):
        return True
    return [float(cell) for cell in cells[1:]] == list(range(1, len(cells)))


def _is_number(cell: str) -> bool:
    return cell.strip().strip("'\"").replace(".", "", 1).isdecimal()


def _named(cells: list[str]) -> tuple[int, ...]:
    """The units that a header names beside the frame; they ascend, as codes never do."""
    found = [_NAMED.fullmatch(cell) for cell in cells[1:]]
    units = [int(match[1]) for match in found if match]
    if len(units) != len(found) or not units or units != sorted(set(units)):
        message = f"its first row names no action units ({', '.join(cells[:6])} ...)"
        raise UnreadableFile(message)
    return tuple(units)


def _numbers(text: str, *, header: bool) -> NDArray[np.float64]:
    """The rows as numbers; NaN where a cell holds none."""
    try:
        table = pd.read_csv(StringIO(text), header=None, skiprows=1 if header else 0)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UnreadableFile(str(error).strip()) from None
    return np.asarray(table.apply(pd.to_numeric, errors="coerce"), dtype=np.float64)


def _checked(
    table: NDArray[np.float64], units: tuple[int, ...], allowed: set[int], form: str
) -> FrameCodes:
    frames = table[:, 0]
    whole = np.isfinite(frames) & (frames == np.floor(frames))
    if not (whole & (frames >= 0) & (frames <= LAST_FRAME)).all():
        message = "its first column is not the number of a frame"
        raise UnreadableFile(message)
    numbers, first = np.unique(frames.astype(np.int64), return_index=True)
    values = table[first, 1:]
    known = np.isin(values, list(allowed))
    return FrameCodes(
        numbers,
        units,
        np.where(known, values, UNKNOWN).astype(np.int8),
        form,
        int((~known).sum()),
        len(frames) - len(numbers),
    )
