"""The sections of a study as pages show them: tables to read and sort, figures as plain JSON."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from facsinterp.report.frames import plain
from facsinterp.report.pages.columns import Cell, Column, Links, planned
from facsinterp.report.parts import Section

if TYPE_CHECKING:
    import pandas as pd

NO_LINKS: Final[Links] = {}
_TABLE_ROWS: Final = 500  # of a section's table; the rest is in the files of the table
_ENOUGH: Final = 4  # rows from which a column that never changes is told once instead
_ID: Final = 48


@dataclass(frozen=True)
class Rows:
    """A section's table as the pages show it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left_out: int
    numeric: tuple[bool, ...] = ()
    """Which columns hold numbers, or numbers with their intervals."""
    constant: tuple[tuple[str, str], ...] = ()
    """Heads and texts of columns that say the same in every row, which stand in a sentence."""


@dataclass(frozen=True)
class ShownSection:
    """A section with its table as text and its figure as a place among those of the page."""

    title: str
    paragraphs: tuple[str, ...]
    table: Rows | None
    figure: int | None
    id: str = ""
    """Where a link finds it, `#do-the-filters-matter`; made of the title alone."""


def section_ids(sections: Sequence[Section]) -> tuple[str, ...]:
    """A name for each section that links and files can have, from its title."""
    seen: Counter[str] = Counter()
    made: list[str] = []
    for section in sections:
        words = re.sub(r"[^a-z0-9]+", "-", section.title.lower())[:_ID].strip("-") or "section"
        name = words
        while name in made:  # also the second "x" where another is called "x 2"
            seen[words] += 1
            name = f"{words}-{seen[words] + 1}"
        made.append(name)
    return tuple(made)


def shown_sections(
    sections: Sequence[Section], links: Links = NO_LINKS
) -> tuple[list[ShownSection], list[Any]]:
    """The sections, and the figures that they place by number.

    `links`: pages by what a cell says, such as those of filters by their names.
    """
    shown: list[ShownSection] = []
    figures: list[Any] = []
    for section, name in zip(sections, section_ids(sections), strict=True):
        place = None
        if section.figure is not None:
            place = len(figures)
            figures.append(_plain({"data": [], "layout": {}} | dict(section.figure)))
        table = None if section.table is None else _rows(section.table, links)
        shown.append(ShownSection(section.title, tuple(section.paragraphs), table, place, name))
    return shown, figures


def _rows(table: pd.DataFrame, links: Links) -> Rows:
    top = plain(table.head(_TABLE_ROWS))
    columns = planned([(str(name), top.iloc[:, i].tolist()) for i, name in enumerate(top.columns)])
    same: list[Column] = []
    if len(table) == len(top) >= _ENOUGH:
        same = [column for column in columns[1:] if len(set(column.texts)) == 1]
        columns = [column for column in columns if column not in same]
    cells = [column.cells(links) for column in columns]
    return Rows(
        tuple(column.title for column in columns),
        tuple(zip(*cells, strict=True)),
        len(table) - len(top),
        tuple(column.numeric for column in columns),
        tuple((column.title, column.texts[0]) for column in same),
    )


def _plain(thing: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same figure in plain JSON values, numbers that JSON lacks as null."""
    if isinstance(thing, Mapping):
        return {str(key): _plain(inner) for key, inner in thing.items()}
    if hasattr(thing, "tolist"):
        return _plain(thing.tolist())
    if isinstance(thing, (list, tuple)):
        return [_plain(inner) for inner in thing]
    if isinstance(thing, float) and not math.isfinite(thing):
        return None
    return thing
