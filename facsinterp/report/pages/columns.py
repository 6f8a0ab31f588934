"""Columns of any table as people read them: heads in words, numbers of one precision, intervals.

A study hands over a table with the names that its code uses. What belongs together is shown
together: `x`, `x_low` and `x_high` become one column of `0.31 [0.20, 0.42]`, as does a number
before a column of texts such as `0.20 to 0.42`. Whatever holds numbers sorts by numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from facsinterp.facs import label
from facsinterp.report.wording import DASH, capital, known, number, probability, significant, value

Links = Mapping[str, str]
Named = tuple[str, Sequence[Any]]

_INTERVAL: Final = re.compile(r"([−-]?[\d.]+)\s+to\s+([−-]?[\d.]+)")
_CHANCE: Final = re.compile(r"(?<![A-Za-z])[pq](?![A-Za-z@])")
_TITLES: Final[Mapping[str, str]] = {
    "au": "Action unit",
    "auroc": "AUROC",
    "kl": "KL",
    "n": "n",
    "p": "p",
    "q": "Corrected p",
    "z": "z",
}


@dataclass(frozen=True)
class Cell:
    """A cell: its text, what it sorts by when it is a number, and the page it leads to."""

    text: str
    key: float | None = None
    href: str = ""


@dataclass(frozen=True)
class Column:
    """A column as it is shown."""

    title: str
    texts: tuple[str, ...]
    keys: tuple[float | None, ...] | None = None
    """None for a column of words."""

    @property
    def numeric(self) -> bool:
        """Whether its cells are numbers."""
        return self.keys is not None

    def cells(self, links: Links) -> tuple[Cell, ...]:
        """Its cells from the top; what names a filter or an action unit leads there."""
        keys = self.keys or (None,) * len(self.texts)
        return tuple(
            Cell(text, key, "" if self.numeric else links.get(text, ""))
            for text, key in zip(self.texts, keys, strict=True)
        )


def planned(columns: Sequence[Named]) -> list[Column]:
    """The columns of a table, with those that belong together as one."""
    return list(_planned(columns))


def title_of(name: str) -> str:
    """The head of a column in words: `separation_lost` as `Separation lost`."""
    words = name.replace("_", " ").strip()
    return _TITLES.get(words, words if len(words) == 1 else capital(words))


def _planned(columns: Sequence[Named]) -> Iterator[Column]:
    place = 0
    while place < len(columns):
        name, values = columns[place]
        after = columns[place + 1 : place + 3]
        if _numbers(values) and _bounds(name, after):
            yield _with_bounds(name, values, after[0][1], after[1][1])
            place += 3
        elif _numbers(values) and after and _intervals(after[0][1]):
            yield _with_texts(name, values, *after[0])
            place += 2
        else:
            yield _alone(name, values)
            place += 1


def _bounds(name: str, after: Sequence[Named]) -> bool:
    names = tuple(one for one, _ in after)
    fitting = {("low", "high"), (f"{name}_low", f"{name}_high"), (f"{name} low", f"{name} high")}
    return names in fitting and all(_numbers(values) for _, values in after)


def _numbers(values: Sequence[Any]) -> bool:
    """Whether a column has numbers and nothing else."""
    there = [one for one in values if value(one) != DASH]
    return bool(there) and all(_is_number(one) for one in there)


def _is_number(thing: object) -> bool:
    return known(thing) and not isinstance(thing, str) and "bool" not in type(thing).__name__


def _intervals(values: Sequence[Any]) -> bool:
    there = [one for one in values if value(one) != DASH]
    return bool(there) and all(isinstance(x, str) and _INTERVAL.fullmatch(x) for x in there)


def _with_bounds(
    name: str, values: Sequence[Any], low: Sequence[Any], high: Sequence[Any]
) -> Column:
    digits = _digits([*values, *low, *high])
    texts = []
    for one, a, b in zip(values, low, high, strict=True):
        text = _text(one, digits)
        between = f" [{_text(a, digits)}, {_text(b, digits)}]" if known(a) and known(b) else ""
        texts.append(text + between)
    return Column(f"{title_of(name)} [interval]", tuple(texts), _keys(values))


def _with_texts(name: str, values: Sequence[Any], called: str, texts: Sequence[Any]) -> Column:
    """As precise as whoever wrote the interval found it to be."""
    joined = []
    for one, text in zip(values, texts, strict=True):
        found = _INTERVAL.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            joined.append(significant(one))
            continue
        digits = len(found.group(1).partition(".")[2])
        low, high = (number(float(end.replace("−", "-")), digits) for end in found.groups())
        joined.append(f"{number(one, digits)} [{low}, {high}]")
    return Column(f"{title_of(name)} [{called}]", tuple(joined), _keys(values))


def _alone(name: str, values: Sequence[Any]) -> Column:
    if not _numbers(values):
        return Column(title_of(name), tuple(value(one) for one in values))
    if name == "au":
        return Column(title_of(name), tuple(label(int(one)) for one in values))
    if _CHANCE.search(name) and all(0 <= float(one) <= 1 for one in values if known(one)):
        texts = tuple(probability(one) for one in values)
    else:
        digits = _digits(values)
        texts = tuple(_text(one, digits) for one in values)
    return Column(title_of(name), texts, _keys(values))


def _keys(values: Sequence[Any]) -> tuple[float | None, ...]:
    return tuple(float(one) if _is_number(one) else None for one in values)


def _text(one: Any, digits: int | None) -> str:  # noqa: ANN401 - a cell
    return significant(one) if digits is None else number(one if known(one) else None, digits)


def _digits(values: Sequence[Any]) -> int | None:
    """One number of decimals for a column, so that its points stand below each other.

    Two or three digits of the larger values; None where they are too small for that.
    """
    sizes = sorted(abs(float(one)) for one in values if known(one) and float(one) != 0)
    if all(size.is_integer() for size in sizes):
        return 0
    usual = sizes[3 * len(sizes) // 4]
    for digits, least in ((0, 100), (1, 10), (2, 0.1), (3, 0.01), (4, 0.001)):
        if usual >= least:
            return digits
    return None
