"""A table of faces that the user writes: one row an image.

Columns: `path` (relative to the table) and, as far as they are known, `image`, `subject`,
`sequence`, `frame`, `expression`, `split`, and codes: a column an action unit, or one column
of code strings (`facs`, `codes` or `action_units`). A unit without a column, like an empty
cell, is not coded, which is not the same as absent.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from pydantic import field_validator

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources.codings import (
    NOT_CODED,
    Codings,
    UnitColumns,
    Values,
    code_string,
    string_warnings,
    units_named,
)
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.files import Row, Table, existing_folder, read_table
from facsinterp.faces.table import FaceTable, Found, Terms
from facsinterp.facs import EXPRESSIONS, UNITS, describe, expression_of

_TEXTS: Final = ("path", "image", "subject", "sequence", "frame", "expression", "split")
_CODE_STRINGS: Final = ("facs", "codes", "action_units")
_LISTED: Final = 20  # faults that one message lists


class ManifestOptions(SourceOptions):
    """Which table is read, how its codes are meant, and whether the faces may be shown."""

    file: str = "faces.csv"
    """Name of the table in the folder."""
    values: Values = "presence"
    """What numbers in unit columns are: 0 and 1, or 0 (absent) to 5 (E). Letters are both."""
    units: tuple[int, ...] = ()
    """The units that code strings speak of; when left out, all that any of them names."""
    showable: Literal["none", "all"] = "none"
    """Whether the faces may be shown in a report."""
    terms: str = ""
    """The terms under which the pictures may be used, in words."""

    @field_validator("units")
    @classmethod
    def _known(cls, units: tuple[int, ...]) -> tuple[int, ...]:
        unknown = [describe(unit) for unit in units if unit not in UNITS]
        if unknown:
            message = ", ".join(unknown)
            raise ValueError(message)
        return tuple(sorted(set(units)))


@dataclass(frozen=True)
class _Columns:
    """Which column of the table holds what."""

    texts: Mapping[str, str]
    codes: str | None
    units: UnitColumns
    unused: tuple[str, ...]

    def text(self, row: Row, name: str) -> str:
        """A cell of one of the named columns; empty when the table has no such column."""
        return row.cells[self.texts[name]] if name in self.texts else ""

    def path(self, row: Row) -> str:
        """The picture's path with forward slashes, tidied."""
        written = self.text(row, "path").replace("\\", "/")
        return posixpath.normpath(written) if written else ""


def _read(folder: Path | None, options: ManifestOptions) -> FaceTable:
    """The faces of the table whose pictures exist; DataError with every fault of the table."""
    root = existing_folder(folder, "a manifest")
    if _outside(options.file):
        raise DataError(Fault("the table is not inside its folder", got=options.file))
    table = read_table(root / options.file)
    columns = _columns(table)
    DataError.raise_any(_column_faults(table, columns, options))
    faults = [fault for row in table.rows for fault in _row_faults(row, columns)]
    faults.extend(_repeat_faults(table, columns))
    units, codings = _codings(table, columns, options, faults)
    if faults:
        raise DataError(_first(faults)).inside(options.file)
    there = [os.path.isfile(root / columns.path(row)) for row in table.rows]
    missing = [row for row, exists in zip(table.rows, there, strict=True) if not exists]
    skipped = [(columns.path(row), f"row {row.line}: there is no such file") for row in missing]
    if not any(there):
        raise DataError(_no_pictures(root / options.file, [path for path, _ in skipped]))
    subjects = {columns.text(row, "subject") for row in table.rows} - {""}
    found = Found(
        f"{options.file} with {len(table.rows)} rows",
        {"images": sum(there), "subjects": len(subjects)},
        skipped=tuple(skipped),
        warnings=tuple(_warnings(table, columns, units, options)),
    )
    kept = [i for i, exists in enumerate(there) if exists]
    return _table(
        [table.rows[i] for i in kept], columns, units, [codings[i] for i in kept], options, found
    )


def _columns(table: Table) -> _Columns:
    plain = {header: header.casefold().replace(" ", "_") for header in table.headers}
    texts = {name: header for header, name in plain.items() if name in _TEXTS}
    codes = next((header for header, name in plain.items() if name in _CODE_STRINGS), None)
    units = UnitColumns.among(table.headers)
    used = {*texts.values(), codes, *units.headers}
    return _Columns(texts, codes, units, tuple(h for h in table.headers if h and h not in used))


def _codings(
    table: Table, columns: _Columns, options: ManifestOptions, faults: list[Fault]
) -> tuple[tuple[int, ...], list[Codings]]:
    """The units that are coded at all, and what each row says of them."""
    if columns.codes is None:
        read = [columns.units.read(row, options.values, faults) for row in table.rows]
        return columns.units.units, read
    cells = [row.cells[columns.codes] for row in table.rows]
    units = options.units or tuple(sorted(unit for unit in units_named(cells) if unit in UNITS))
    return units, [code_string(cell, units) for cell in cells]


def _table(
    rows: Sequence[Row],
    columns: _Columns,
    units: tuple[int, ...],
    codings: Sequence[Codings],
    options: ManifestOptions,
    found: Found,
) -> FaceTable:
    grid = [[coding.get(unit, NOT_CODED) for unit in units] for coding in codings]
    shape = (len(rows), len(units))
    side = np.array([[cell.side for cell in line] for line in grid], dtype=str).reshape(shape)
    return FaceTable.from_arrays(
        [columns.text(row, "image") or columns.path(row) for row in rows],
        units,
        np.array([[cell.present is True for cell in line] for line in grid]).reshape(shape),
        coded=np.array([[cell.present is not None for cell in line] for line in grid]).reshape(
            shape
        ),
        intensity=np.array([[cell.intensity for cell in line] for line in grid]).reshape(shape),
        subject=[columns.text(row, "subject") for row in rows],
        sequence=[_sequence(row, columns) for row in rows],
        frame=[int(columns.text(row, "frame") or 0) for row in rows],
        expression=[expression_of(columns.text(row, "expression")) or "" for row in rows],
        split=[columns.text(row, "split") for row in rows],
        path=[columns.path(row) for row in rows],
        side=side if (side != "").any() else None,
        terms=Terms(
            options.file, options.terms, None if options.showable == "all" else frozenset()
        ),
        found=found,
    )


def _sequence(row: Row, columns: _Columns) -> str:
    """The sequence, with the subject in front unless it stands there: names are often 001."""
    sequence, subject = columns.text(row, "sequence"), columns.text(row, "subject")
    if not (sequence and subject) or sequence.startswith(f"{subject}_"):
        return sequence
    return f"{subject}_{sequence}"


def _outside(path: str) -> bool:
    """Whether a written path leads out of the folder that it is relative to."""
    tidy = posixpath.normpath(path.replace("\\", "/"))
    return tidy.startswith(("/", "../")) or tidy == ".." or tidy[1:2] == ":"


def _column_faults(table: Table, columns: _Columns, options: ManifestOptions) -> Iterator[Fault]:
    got = ", ".join(table.headers)
    if "path" not in columns.texts:
        yield Fault("the table has no column path", where=options.file, got=got)
    if columns.units.repeated:
        yield Fault(
            "an action unit has two columns",
            where=options.file,
            got=", ".join(columns.units.repeated),
        )
    if columns.codes and columns.units.units:
        yield Fault(
            "the table codes action units in two ways",
            where=options.file,
            expected="columns of units or a column of code strings",
            got=got,
        )
    if options.units and not columns.codes:
        yield Fault(
            "units are named, and there are no code strings to take them from",
            where=options.file,
            expected=f"a column {', '.join(_CODE_STRINGS)}",
            got=got,
        )


def _row_faults(row: Row, columns: _Columns) -> Iterator[Fault]:
    where = f"row {row.line}"
    path = columns.path(row)
    if not path:
        yield Fault("a row has no path", where=where)
    elif _outside(path):
        yield Fault(
            "a path leads out of the folder of the table",
            where=where,
            expected="a path relative to the table",
            got=columns.text(row, "path"),
        )
    expression = columns.text(row, "expression")
    if expression and expression_of(expression) is None:
        yield Fault(
            "an unknown expression",
            where=where,
            expected=f"{', '.join(EXPRESSIONS)}, or empty",
            got=expression,
        )
    frame = columns.text(row, "frame")
    if frame and not (frame.isascii() and frame.isdigit() and len(frame) < 10):
        yield Fault("a frame is not a number", where=where, expected="0, 1, 2, ...", got=frame)


def _repeat_faults(table: Table, columns: _Columns) -> Iterator[Fault]:
    """Rows whose image stands in an earlier row."""
    first: dict[str, int] = {}
    for row in table.rows:
        name = columns.text(row, "image") or columns.path(row)
        if name and first.setdefault(name, row.line) != row.line:
            yield Fault(
                "an image is there twice",
                where=f"row {row.line}",
                expected="a row for each image",
                got=f"{name}, also in row {first[name]}",
            )


def _first(faults: Sequence[Fault]) -> list[Fault]:
    """The first faults, and how many there are beyond them."""
    more = len(faults) - _LISTED
    return [*faults[:_LISTED], *([Fault(f"and {more} more faults")] if more > 0 else [])]


def _no_pictures(table: Path, paths: Sequence[str]) -> Fault:
    return Fault(
        "none of the pictures of the table exists",
        where=str(table),
        expected="paths relative to the folder of the table",
        got=", ".join(paths[:3]) + (" ..." if len(paths) > 3 else "") or "no rows",
    )


def _warnings(
    table: Table, columns: _Columns, units: Sequence[int], options: ManifestOptions
) -> Iterator[str]:
    if columns.unused:
        yield f"columns that are not used: {', '.join(columns.unused)}"
    if columns.units.unknown:
        yield f"columns whose number is no FACS code: {', '.join(columns.units.unknown)}"
    if columns.codes:
        yield from string_warnings(table.rows, columns.codes, units)
    if not units:
        yield "no action unit is coded"
    if options.showable == "none":
        yield 'no face may be shown; set showable = "all" where the people agreed to it'


def _pictures(folder: Path | None, _options: ManifestOptions) -> FilePictures:
    return FilePictures(existing_folder(folder, "a manifest"))


SOURCE: Final = Source(
    name="manifest",
    title="Faces listed in a table",
    folders=("manifest", "london-smiles"),
    Options=ManifestOptions,
    read=_read,
    pictures=_pictures,
)
