"""A table of faces that the user writes: one row an image.

Columns: `path` (relative to the table) and, as far as they are known, `image`, `subject`,
`sequence`, `frame`, `phase`, `expression`, `split`, of a clip also `onset`, `apex` and `offset`
(frame numbers, the same in every row of its sequence), and codes: a column an action unit, or
one column of code strings (`facs`, `codes` or `action_units`). A unit without a column, like an
empty cell, is not coded, which is not the same as absent.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import field_validator

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.manifest.rows import (
    Columns,
    column_faults,
    outside,
    row_faults,
)
from facsinterp.faces.sources.reading.codings import (
    Codings,
    Values,
    code_strings,
    grids,
    note_strings,
    units_named,
)
from facsinterp.faces.sources.reading.files import Row, Table, existing_folder, read_table
from facsinterp.faces.sources.reading.notes import Notes, few
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found, Terms
from facsinterp.facs import UNITS, describe, expression_of, label

_LISTED: Final = 20  # faults that one message lists
_NAMED: Final = 6


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


def _read(folder: Path | None, options: ManifestOptions) -> FaceTable:
    """The faces of the table whose pictures exist; DataError with every fault of the table."""
    root = existing_folder(folder, "a manifest")
    if outside(options.file):
        raise DataError(Fault("the table is not inside its folder", got=options.file))
    table = read_table(_required(root, options.file))
    columns = Columns.of(table)
    DataError.raise_any(column_faults(table, columns, options.file, options.units))
    faults = list(row_faults(table, columns))
    units, codings = _codings(table, columns, options, faults)
    if faults:
        raise DataError(_first(faults)).inside(options.file)
    there = [os.path.isfile(root / columns.path(row)) for row in table.rows]
    missing = [row for row, exists in zip(table.rows, there, strict=True) if not exists]
    if not any(there):
        raise DataError(_no_pictures(root / options.file, [columns.path(row) for row in missing]))
    notes = Notes()
    gone = [f"{columns.path(row)}, row {row.line}" for row in missing]
    notes.skip_all(gone, "there is no such file")
    _note_oddities(table, columns, units, options, notes)
    subjects = {columns.text(row, "subject") for row in table.rows} - {""}
    found = Found(
        f"{options.file} with {len(table.rows)} rows",
        {"images": sum(there), "subjects": len(subjects)},
        skipped=notes.skipped,
        warnings=notes.warnings,
    )
    kept = [i for i, exists in enumerate(there) if exists]
    return _table(
        [table.rows[i] for i in kept], columns, units, [codings[i] for i in kept], options, found
    )


def _required(root: Path, file: str) -> Path:
    """The table; DataError with what lies in the folder when it is not there."""
    if not (root / file).is_file():
        there = sorted(entry.name for entry in root.iterdir())
        raise DataError(
            Fault(
                "the table of faces is not in the folder",
                where=str(root),
                expected=file,
                got=few(there, _NAMED) or "an empty folder",
                do="name it: file = ...",
            )
        )
    return root / file


def _codings(
    table: Table, columns: Columns, options: ManifestOptions, faults: list[Fault]
) -> tuple[tuple[int, ...], list[Codings]]:
    """The units that are coded at all, and what each row says of them."""
    if columns.codes is None:
        read = [columns.units.read(row, options.values, faults) for row in table.rows]
        return columns.units.units, read
    cells = [row.cells[columns.codes] for row in table.rows]
    units = options.units or tuple(sorted(unit for unit in units_named(cells) if unit in UNITS))
    return units, code_strings(cells, units)


def _table(
    rows: Sequence[Row],
    columns: Columns,
    units: tuple[int, ...],
    codings: Sequence[Codings],
    options: ManifestOptions,
    found: Found,
) -> FaceTable:
    return FaceTable.from_arrays(
        [columns.image(row) for row in rows],
        units,
        **grids(codings, units),
        subject=[columns.text(row, "subject") for row in rows],
        sequence=[columns.sequence(row) for row in rows],
        frame=[int(columns.text(row, "frame") or 0) for row in rows],
        phase=[columns.text(row, "phase").casefold() for row in rows],
        expression=[expression_of(columns.text(row, "expression")) or "" for row in rows],
        split=[columns.text(row, "split").casefold() for row in rows],
        path=[columns.path(row) for row in rows],
        clip=[columns.clip(row) for row in rows] if columns.has_clips else None,
        terms=_terms(options),
        found=found,
    )


def _terms(options: ManifestOptions) -> Terms:
    """The terms as the user says; what nobody allowed may be neither shown nor passed on."""
    everybody = options.showable == "all"
    return Terms(
        options.file,
        options.terms,
        None if everybody else frozenset(),
        redistributable=everybody,
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
        got=few(paths) or "no rows",
    )


def _note_oddities(
    table: Table, columns: Columns, units: Sequence[int], options: ManifestOptions, notes: Notes
) -> None:
    if columns.unused:
        notes.warn(f"columns that are not used: {', '.join(columns.unused)}")
    if columns.units.unknown:
        notes.warn(f"columns whose number is no FACS code: {', '.join(columns.units.unknown)}")
    nobody = sum(not columns.text(row, "subject") for row in table.rows)
    if nobody:
        notes.warn(
            f"{nobody} of {len(table.rows)} rows name no subject: "
            "no split can keep a person on one side"
        )
    for row in table.rows:
        notes.note(
            "cells where presence and intensity contradict each other, presence is believed",
            *(
                f"row {row.line} {label(unit)}"
                for unit in sorted(columns.units.contradicted(row, options.values))
            ),
        )
    if columns.codes:
        note_strings(table.rows, columns.codes, units, notes)
    if not units:
        notes.warn("no action unit is coded")
    if options.showable == "none":
        notes.warn('no face may be shown; set showable = "all" where the people agreed to it')


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
