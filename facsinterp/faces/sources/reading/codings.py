"""What the cells of a table say of each action unit: not coded, absent, or present.

Units are coded in columns of their own (`AU12`, `au_12`, `12`; a sibling `AU12_r` or
`AU12_intensity` holds the intensity), or together in one column of code strings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from facsinterp.errors import Fault
from facsinterp.faces.sources.reading.files import Row, UnreadableFile, number
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.facs import LETTERS, UNITS, Reading, label, parse

Values = Literal["presence", "intensity"]

_BLANK: Final = frozenset({"", "nan", "na", "n/a", "none", "null"})
_COLUMN: Final = re.compile(
    r"(?:au[ _-]?)?0*(?P<unit>[1-9]\d?)(?:_(?:c|presence)|(?P<intensity>_(?:r|intensity)))?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True)
class Coding:
    """What was coded of one unit in one face. `present` is None when nothing was."""

    present: bool | None = None
    intensity: float = np.nan
    """0 where absent, 1 to 5 where present, NaN where not scored."""
    side: str = ""


NOT_CODED: Final = Coding()
ABSENT: Final = Coding(False, 0.0)

Codings = Mapping[int, Coding]
"""By unit, for one face; a unit that is missing was not coded."""


@dataclass(frozen=True)
class UnitColumns:
    """The columns of a table that hold one unit each."""

    presence: Mapping[int, str]
    intensity: Mapping[int, str]
    unknown: tuple[str, ...]
    """Columns of numbers that FACS does not use."""
    repeated: tuple[str, ...]
    """Columns of a unit that has one already."""

    @classmethod
    def among(cls, headers: Iterable[str]) -> UnitColumns:
        """Those of the given headers that name a unit."""
        columns: dict[str, dict[int, str]] = {"presence": {}, "intensity": {}}
        unknown, repeated = [], []
        for header in headers:
            named = _COLUMN.fullmatch(header)
            if not named:
                continue
            unit = int(named["unit"])
            kind = columns["intensity" if named["intensity"] else "presence"]
            if unit not in UNITS:
                unknown.append(header)
            elif unit in kind:
                repeated.append(header)
            else:
                kind[unit] = header
        return cls(columns["presence"], columns["intensity"], tuple(unknown), tuple(repeated))

    @property
    def units(self) -> tuple[int, ...]:
        """Every unit that has a column, ascending."""
        return tuple(sorted({*self.presence, *self.intensity}))

    @property
    def headers(self) -> frozenset[str]:
        """Every header that names a unit."""
        return frozenset(
            (*self.presence.values(), *self.intensity.values(), *self.unknown, *self.repeated)
        )

    def read(self, row: Row, values: Values, faults: list[Fault]) -> Codings:
        """What a row says of each unit; cells that say nothing readable become faults."""
        found = {}
        for unit in self.units:
            column = self.presence.get(unit) or self.intensity[unit]
            meant: Values = values if unit in self.presence else "intensity"
            try:
                coding = _coding(row.cells[column], meant)
                sibling = self.intensity.get(unit)
                if coding.present and sibling and sibling != column:
                    column = sibling
                    scored = _coding(row.cells[column], "intensity").intensity
                    coding = Coding(True, scored or np.nan)
            except UnreadableFile as reason:
                faults.append(
                    Fault(
                        f"a cell of column {column} cannot be read",
                        where=f"row {row.line}",
                        expected=_expected(
                            meant if column in self.presence.values() else "intensity"
                        ),
                        got=str(reason),
                    )
                )
                continue
            found[unit] = coding
        return found

    def contradicted(self, row: Row, values: Values) -> Iterator[int]:
        """Units whose column of intensity does not agree with their column of presence."""
        for unit in self.presence.keys() & self.intensity.keys():
            said = row.cells[self.presence[unit]], row.cells[self.intensity[unit]]
            try:
                here, scored = _coding(said[0], values), _coding(said[1], "intensity")
            except UnreadableFile:
                yield unit
                continue
            if scored.present is not None and scored.present != here.present:
                yield unit


def _coding(cell: str, values: Values) -> Coding:
    """What one cell of a unit's column says; UnreadableFile when it is nothing allowed."""
    if cell.casefold() in _BLANK:
        return NOT_CODED
    if cell.upper() in LETTERS:
        return Coding(True, LETTERS.index(cell.upper()) + 1.0)
    value = number(cell)
    if values == "presence" and value in (0, 1):
        return Coding(True) if value else ABSENT
    if values == "intensity" and 0 <= value <= 5:
        return Coding(True, value) if value else ABSENT
    raise UnreadableFile(cell)


def _expected(values: Values) -> str:
    numbers = "0 (absent), 1 (present)" if values == "presence" else "0 (absent) to 5 (E)"
    hint = '; values = "intensity" allows 0 to 5' if values == "presence" else ""
    return f"{numbers}, A to E, or empty (not coded){hint}"


def read_string(cell: str) -> dict[int, Coding] | None:
    """What a code string says of each unit that it names; the others are absent.

    None for a string that codes nothing: an empty one, and one with a part that cannot be
    read, for the part may have been any unit. A unit that is only doubtfully there, or only
    as a movement (M59), is not coded: neither says that it is seen, nor that it is not.
    """
    reading = parse(cell)
    if reading.unread or not (reading.codes or reading.neutral):
        return None
    return {unit: _of_reading(reading, unit) for unit in {code.unit for code in reading.codes}}


def code_string(cell: str, units: Sequence[int]) -> Codings:
    """What a code string says of the given units, as `read_string`; nothing where that is None."""
    said = read_string(cell)
    return {} if said is None else {unit: said.get(unit, ABSENT) for unit in units}


def _of_reading(reading: Reading, unit: int) -> Coding:
    seen = [
        code for code in reading.codes if code.unit == unit and code.certain and not code.movement
    ]
    if not seen:
        return NOT_CODED
    sides = {code.side for code in seen}
    intensity = max(code.intensity or 0 for code in seen)
    return Coding(True, float(intensity or np.nan), sides.pop() if len(sides) == 1 else "")


def units_named(cells: Iterable[str]) -> Counter[int]:
    """How many of the code strings name each unit, movements aside."""
    named: Counter[int] = Counter()
    for cell, count in Counter(cells).items():
        for unit in {code.unit for code in parse(cell).codes if not code.movement}:
            named[unit] += count
    return named


def code_strings(cells: Sequence[str], units: Sequence[int]) -> list[Codings]:
    """What each of many code strings says of the given units, as `code_string`."""
    said = {cell: code_string(cell, units) for cell in set(cells)}
    return [said[cell] for cell in cells]


def grids(codings: Sequence[Codings], units: Sequence[int]) -> dict[str, Any]:
    """`present`, `coded`, `intensity` and `side`, (image, au) each, as a face table takes them.

    `codings`: what was coded of each face; a unit that is missing there was not coded. `side`
    is None where none is known.
    """
    shape = (len(codings), len(units))
    cells = [coding.get(unit, NOT_CODED) for coding in codings for unit in units]
    side = np.array([cell.side for cell in cells], dtype=str).reshape(shape)
    return {
        "present": np.array([cell.present is True for cell in cells], dtype=bool).reshape(shape),
        "coded": np.array([cell.present is not None for cell in cells], dtype=bool).reshape(shape),
        "intensity": np.array([cell.intensity for cell in cells], dtype=float).reshape(shape),
        "side": side if (side != "").any() else None,
    }


def note_strings(rows: Sequence[Row], column: str, units: Sequence[int], notes: Notes) -> None:
    """Note what is left out of a column of code strings when only `units` are taken from it."""
    parsed = {cell: parse(cell) for cell in {row.cells[column] for row in rows}}
    readings = {row.line: parsed[row.cells[column]] for row in rows}
    unread = [f"row {n}: {', '.join(r.unread)}" for n, r in readings.items() if r.unread]
    notes.note("code strings that cannot be read and code nothing", *unread)
    moved = [f"row {n}" for n, r in readings.items() if any(code.movement for code in r.codes)]
    notes.note("rows with movements (M59 and the like), which code no unit", *moved)
    for unit, count in sorted(units_named(row.cells[column] for row in rows).items()):
        if unit not in units:
            why = "is not among the units asked for" if unit in UNITS else "is not a FACS code"
            notes.warn(f"{label(unit)} {why}; left out of {count} rows")
