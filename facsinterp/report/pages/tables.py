"""One table of a run as files: CSV for spreadsheets, JSON for scripts, Parquet for both.

CSV is that of RFC 4180 in UTF-8: commas, CRLF, quotes where they are needed, empty for what is
missing. A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a
line break) gets an apostrophe in front; numbers never do. JSON is a list of records with null
for what is missing. Numbers in both have six significant digits, or as many as the table asks
for. Parquet has them in single precision where that loses none of what pages show.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facsinterp.report.frames import plain
from facsinterp.report.pages.page import File

if TYPE_CHECKING:
    import pandas as pd

FOLDER: Final = "tables"
PACKED: Final = 1 << 16
"""Bytes above which CSV and JSON are packed by gzip."""
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_ROWS: Final = 1 << 14  # written at a time
# Beyond these single precision is inexact in ways that show: p-values would become 0.
_SMALLEST, _LARGEST = 1e-37, 1e37
_MANY: Final = 1 << 20  # cells that are packed quickly rather than well


@dataclass(frozen=True)
class Table:
    """A table with its words."""

    name: str
    """Of its files, lower-case letters, digits and hyphens."""
    title: str
    frame: pd.DataFrame
    meanings: Mapping[str, str]
    """What each column is; columns that speak for themselves may be left out."""
    digits: int = 6
    """Significant digits of its numbers in CSV and JSON."""
    formats: tuple[str, ...] = ("csv", "json")
    """Beside Parquet."""


@dataclass(frozen=True)
class Written:
    """A table and its files."""

    table: Table
    files: tuple[File, ...]


def written(table: Table) -> Written:
    """The files of a table, those that are large packed."""
    level = 9 if table.frame.size < _MANY else 6
    files = [
        _packed(f"{FOLDER}/{table.name}.{kind}", _PARTS[kind](table), level)
        for kind in table.formats
    ]
    return Written(table, (*files, File(f"{FOLDER}/{table.name}.parquet", parquet(table.frame))))


def _packed(address: str, parts: Iterator[bytes], level: int) -> File:
    """As it is where it is small; of what is large, packed as it comes, a part is held."""
    content = b""
    for part in parts:
        content += part
        if len(content) > PACKED:
            break
    else:
        return File(address, content)
    out = io.BytesIO()
    # Without a time in it, so that the same table gives the same bytes.
    with gzip.GzipFile("", "wb", level, out, mtime=0) as pack:
        pack.write(content)
        pack.writelines(parts)
    return File(f"{address}.gz", out.getvalue())


def file_format(file: File) -> str:
    """What kind of file it is, such as `CSV, gzip`."""
    ending = file.address.partition(".")[2]
    names = {"csv": "CSV", "json": "JSON", "parquet": "Parquet"}
    return names[ending.removesuffix(".gz")] + (", gzip" if ending.endswith(".gz") else "")


def csv_parts(table: Table) -> Iterator[bytes]:
    """The bytes of its CSV, some thousand rows at a time."""
    yield _line([guarded(str(name)) for name in table.frame.columns])
    for columns in _in_parts(table.frame):
        text = io.StringIO(newline="")
        cells = [_cells(values, table.digits) for values in columns]
        csv.writer(text).writerows(zip(*cells, strict=True))
        yield text.getvalue().encode()


def _line(cells: list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def guarded(text: str) -> str:
    """`text`, with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def json_parts(table: Table) -> Iterator[bytes]:
    """The bytes of its JSON, some thousand records at a time."""
    names = [str(name) for name in table.frame.columns]
    first = "[\n"
    for columns in _in_parts(table.frame):
        plain = [[_value(one, table.digits) for one in values] for values in columns]
        for record in zip(*plain, strict=True):
            content = dict(zip(names, record, strict=True))
            line = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            yield (first + line).encode()
            first = ",\n"
    yield b"[]\n" if first == "[\n" else b"\n]\n"


def parquet(frame: pd.DataFrame) -> bytes:
    """The bytes of its Parquet file, packed by Zstandard."""
    import pyarrow as pa  # slow to load, and only this task of a site writes tables
    from pyarrow.parquet import write_table

    lean = plain(frame)
    floats = [name for name in lean.columns if lean[name].dtype == np.float64]
    for name in floats:
        lean[name] = _lean(lean[name].to_numpy())
    # What pandas would note of its index takes more room than many of these tables.
    table = pa.Table.from_pandas(lean, preserve_index=False).replace_schema_metadata(None)
    content = io.BytesIO()
    write_table(
        table,
        content,
        compression="zstd",
        compression_level=15 if frame.size < _MANY else 3,
        write_statistics=False,
        use_dictionary=[name for name in lean.columns if name not in floats],
        column_encoding=dict.fromkeys(floats, "BYTE_STREAM_SPLIT"),
    )
    return content.getvalue()


def _lean(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    fits = not len(size) or (size.min() > _SMALLEST and size.max() < _LARGEST)
    return values.astype(np.float32) if fits else values


def _in_parts(frame: pd.DataFrame) -> Iterator[list[list[Any]]]:
    """Its columns as lists of Python values, some thousand rows at a time."""
    for start in range(0, len(frame), _ROWS):
        part = frame.iloc[start : start + _ROWS]
        yield [part.iloc[:, i].tolist() for i in range(part.shape[1])]


def _value(thing: Any, digits: int) -> Any:  # noqa: ANN401 - a cell
    """A cell as JSON has it."""
    if thing is None or isinstance(thing, str | bool | int):
        return thing
    if isinstance(thing, float):
        return float(f"{thing:.{digits}g}") if math.isfinite(thing) else None
    if hasattr(thing, "tolist"):
        return _value(thing.tolist(), digits)
    if isinstance(thing, list | tuple):
        return [_value(one, digits) for one in thing]
    text = str(thing)
    return None if text in ("<NA>", "NaT") else text


def _cells(values: list[Any], digits: int) -> list[str]:
    as_number = f".{digits}g"
    return [
        format(one, as_number) if type(one) is float and math.isfinite(one) else _cell(one, digits)
        for one in values
    ]


def _cell(thing: Any, digits: int) -> str:  # noqa: ANN401 - a cell
    """A cell as CSV has it."""
    if isinstance(thing, str):
        return guarded(thing)
    if isinstance(thing, float):
        return f"{thing:.{digits}g}" if math.isfinite(thing) else ""
    plain = _value(thing, digits)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, list):
        return guarded(" ".join(_cell(one, digits) for one in plain))
    return guarded(plain) if isinstance(plain, str) else str(plain)


_PARTS: Final = {"csv": csv_parts, "json": json_parts}
