"""The columns of a user's table of faces, what its cells say, and what is wrong with them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from facsinterp.errors import Fault
from facsinterp.faces.sources.reading.codings import UnitColumns
from facsinterp.faces.sources.reading.files import Row, Table
from facsinterp.faces.table import CLIP, PARTS, PHASES
from facsinterp.facs import EXPRESSIONS, expression_of

CODE_STRINGS: Final = ("facs", "codes", "action_units")
_TEXTS: Final = ("path", "image", "subject", "sequence", "frame", "phase", "expression", "split")
_CLIP: Final[Mapping[str, str]] = {
    alias: name for name in CLIP for alias in (name, name.removeprefix("clip_"))
}
_NOT_KNOWN: Final = ("", "/", "-1")


@dataclass(frozen=True)
class Columns:
    """Which column of a table holds what."""

    texts: Mapping[str, str]
    codes: str | None
    units: UnitColumns
    unused: tuple[str, ...]
    twice: tuple[str, ...]
    """Columns that say what another column says."""

    @classmethod
    def of(cls, table: Table) -> Columns:
        """Those of a table, by their headers in any case and with blanks for underscores."""
        plain = {header: header.casefold().replace(" ", "_") for header in table.headers}
        texts: dict[str, str] = {}
        twice = []
        for header, written in plain.items():
            name = _CLIP.get(written, written)
            if name in _TEXTS or name in CLIP:
                if name in texts:
                    twice.append(header)
                texts.setdefault(name, header)
        codes = [header for header, name in plain.items() if name in CODE_STRINGS]
        units = UnitColumns.among(table.headers)
        used = {*texts.values(), *twice, *codes, *units.headers}
        return cls(
            texts,
            codes[0] if codes else None,
            units,
            tuple(header for header in table.headers if header and header not in used),
            (*twice, *codes[1:]),
        )

    def text(self, row: Row, name: str) -> str:
        """A cell of one of the named columns; empty when the table has no such column."""
        return row.cells[self.texts[name]] if name in self.texts else ""

    def path(self, row: Row) -> str:
        """The picture's path with forward slashes, tidied."""
        written = self.text(row, "path").replace("\\", "/")
        return posixpath.normpath(written) if written else ""

    def image(self, row: Row) -> str:
        """The identifier of a row: its image column, else its path."""
        return self.text(row, "image") or self.path(row)

    def sequence(self, row: Row) -> str:
        """The sequence, with the subject in front unless it stands there: names are often 001."""
        sequence, subject = self.text(row, "sequence"), self.text(row, "subject")
        if not (sequence and subject) or sequence.startswith(f"{subject}_"):
            return sequence
        return f"{subject}_{sequence}"

    def clip(self, row: Row) -> tuple[int, int, int]:
        """Onset, apex and offset, -1 where not known."""
        cells = [self.text(row, name) for name in CLIP]
        onset, apex, offset = (-1 if cell in _NOT_KNOWN else int(cell) for cell in cells)
        return onset, apex, offset

    @property
    def has_clips(self) -> bool:
        """Whether any column tells of onset, apex or offset."""
        return any(name in self.texts for name in CLIP)


def outside(path: str) -> bool:
    """Whether a written path leads out of the folder that it is relative to."""
    tidy = posixpath.normpath(path.replace("\\", "/"))
    return tidy.startswith(("/", "../")) or tidy == ".." or tidy[1:2] == ":"


def column_faults(
    table: Table, columns: Columns, file: str, asked: Sequence[int]
) -> Iterator[Fault]:
    """What is wrong with the header; `asked`: the units that an option names."""
    got = ", ".join(table.headers)
    if "path" not in columns.texts:
        yield Fault("the table has no column path", where=file, got=got)
    if columns.units.repeated:
        repeated = ", ".join(columns.units.repeated)
        yield Fault("an action unit has two columns", where=file, got=repeated)
    if columns.twice:
        yield Fault("two columns say the same thing", where=file, got=", ".join(columns.twice))
    if columns.codes and columns.units.units:
        yield Fault(
            "the table codes action units in two ways",
            where=file,
            expected="columns of units or a column of code strings",
            got=got,
        )
    if asked and not columns.codes:
        yield Fault(
            "units are named, and there are no code strings to take them from",
            where=file,
            expected=f"a column {', '.join(CODE_STRINGS)}",
            got=got,
        )


def row_faults(table: Table, columns: Columns) -> Iterator[Fault]:
    """What is wrong with the rows: each by itself, then beside the others."""
    for row in table.rows:
        yield from _path_faults(row, columns)
        yield from _word_faults(row, columns)
        yield from _number_faults(row, columns)
    yield from _repeated(table, columns)
    yield from _torn_clips(table, columns)


def _path_faults(row: Row, columns: Columns) -> Iterator[Fault]:
    path = columns.path(row)
    if not path:
        yield Fault("a row has no path", where=f"row {row.line}")
    elif outside(path):
        yield Fault(
            "a path leads out of the folder of the table",
            where=f"row {row.line}",
            expected="a path relative to the table",
            got=columns.text(row, "path"),
        )


def _word_faults(row: Row, columns: Columns) -> Iterator[Fault]:
    where = f"row {row.line}"
    expression = columns.text(row, "expression")
    if expression and expression_of(expression) is None:
        known = f"{', '.join(EXPRESSIONS)}, or empty"
        yield Fault("an unknown expression", where=where, expected=known, got=expression)
    for name, what, known_words in (
        ("split", "an unknown part of a split", PARTS),
        ("phase", "an unknown phase of a sequence", PHASES),
    ):
        word = columns.text(row, name)
        if word.casefold() not in known_words:
            known = f"{', '.join(filter(None, known_words))}, or empty"
            yield Fault(what, where=where, expected=known, got=word)


def _number_faults(row: Row, columns: Columns) -> Iterator[Fault]:
    where = f"row {row.line}"
    frame = columns.text(row, "frame")
    if frame and not _is_frame(frame):
        yield Fault("a frame is not a number", where=where, expected="0, 1, 2, ...", got=frame)
    if not columns.has_clips:
        return
    wrong = [cell for name in CLIP if not _is_place(cell := columns.text(row, name))]
    if wrong:
        yield Fault(
            "an onset, apex or offset is not the number of a frame",
            where=where,
            expected="0, 1, 2, ..., or empty where it is not known",
            got=", ".join(wrong),
        )
        return
    known = [place for place in columns.clip(row) if place >= 0]
    if known != sorted(known):
        yield Fault(
            "a clip does not run from onset to apex to offset",
            where=where,
            got=", ".join(map(str, columns.clip(row))),
        )


def _is_frame(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) < 10


def _is_place(cell: str) -> bool:
    return cell in _NOT_KNOWN or _is_frame(cell)


def _repeated(table: Table, columns: Columns) -> Iterator[Fault]:
    """Rows whose image, or whose picture under another name, stands in an earlier row."""
    images: dict[str, int] = {}
    paths: dict[str, int] = {}
    for row in table.rows:
        name, path = columns.image(row), columns.path(row)
        # Both are entered, whichever is found: a third row may repeat the other.
        same_image = images.setdefault(name, row.line) if name else row.line
        same_path = paths.setdefault(path, row.line) if path else row.line
        for what, got, line in (
            ("an image is there twice", name, same_image),
            ("a picture is there twice", path, same_path),
        ):
            if line != row.line:
                yield Fault(
                    what,
                    where=f"row {row.line}",
                    expected="a row for each image",
                    got=f"{got}, also in row {line}",
                )
                break


def _torn_clips(table: Table, columns: Columns) -> Iterator[Fault]:
    """Rows whose onset, apex or offset is not that of the first row of their sequence."""
    if not columns.has_clips:
        return
    first: dict[str, Row] = {}
    for row in table.rows:
        sequence = columns.sequence(row)
        if not sequence:
            continue
        other = first.setdefault(sequence, row)
        mine, others = ([columns.text(one, name) for name in CLIP] for one in (row, other))
        if mine != others:
            yield Fault(
                "onset, apex and offset change within a sequence",
                where=f"row {row.line}",
                expected=f"those of row {other.line}: {', '.join(others)}",
                got=", ".join(mine),
            )
