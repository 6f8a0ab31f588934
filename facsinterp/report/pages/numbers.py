"""The numbers of a filter's page as its script reads them: short lines, and what all share.

A number goes as the text that a reader sees, with marks that one byte can write: `2.1e-5` for
`2.1 × 10⁻⁵`, `-` for what is missing. The script writes them out again and sorts by them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from facsinterp.facs import describe, label
from facsinterp.report.addresses import unit_page
from facsinterp.report.charts.figures import Histogram
from facsinterp.report.pages.page import File
from facsinterp.report.reading.claims import MARKS, Claims, UnitRow, reason, reason_beyond
from facsinterp.report.wording import (
    DASH,
    MINUS,
    capital,
    count,
    exact,
    key,
    known,
    number,
    percent,
    probability,
    significant,
)
from facsinterp.report.words.beside import Beside
from facsinterp.report.words.reachable import out_of_reach

UNITS_SCRIPT: Final = "data/units.js"
_DIGITS: Final = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_FEW: Final = 100  # of more shuffles p itself tells how many they are
_FLIPS: Final = "by signs of subjects turned at random"


@lru_cache(1 << 16)  # a page has hundreds of numbers, and most of them are on many pages
def plain(text: str) -> str:
    """A number of `wording` without a space, in ASCII, as the script reads it."""
    if text == DASH:
        return "-"
    if text.startswith("<"):
        return "<"
    short = text.replace(MINUS, "-").replace(" × 10", "e").translate(_DIGITS)
    if short == "1.00":
        return "1"
    return re.sub(r"^(-?)0\.", r"\1.", short)


def numbers_of(rows: Sequence[UnitRow]) -> dict[str, Any]:
    """The units of one filter, a line each."""
    return {
        "named": next((row.unit for row in rows if row.named), None),
        "tested": "|".join(_tested(row) for row in rows if row.tested),
        "untested": "|".join(_untested(row) for row in rows if not row.tested),
    }


def told_of(counts: Histogram | None) -> dict[str, Any]:
    """A histogram as its script draws it: faces in each bin, and how many are zero."""
    if counts is None:
        return {}
    ends = (
        [plain(significant(float(edge))) for edge in counts.edges[[0, -1]]]
        if counts.edges.size
        else []
    )
    return {
        "ends": ends,
        "with": [counts.n_with, counts.zero_with, *counts.with_unit.tolist()],
        "without": [counts.n_without, counts.zero_without, *counts.without.tolist()],
    }


@dataclass(frozen=True)
class Bin:
    """A part of the range of a filter."""

    low: float
    high: float
    faces: tuple[tuple[str, bool], ...]
    """Names of faces that stand for it, and whether each may not be shown."""


def bins_of(bins: Sequence[Bin]) -> dict[str, Any]:
    """A line for each part of a range: its ends, and faces, less how the names of all end."""
    names = [name for one in bins for name, _ in one.faces]
    tail = min(names, key=len, default="")
    while not all(name.endswith(tail) for name in names):
        tail = tail[1:]
    return {
        "tail": tail,
        "bins": [
            " ".join(
                [
                    *(plain(significant(end)) for end in (one.low, one.high)),
                    *(name.removesuffix(tail) + "!" * hidden for name, hidden in one.faces),
                ]
            )
            for one in bins
        ],
    }


def beside_of(lines: Sequence[Beside], networks: Sequence[str]) -> list[list[str | int]]:
    """The lines of the controls; a network that all pages share is told by its place."""
    places: dict[str, str | int] = {name: place for place, name in enumerate(networks)}
    return [
        [places.get(one.network, one.network), one.auroc, one.passes, one.verdict] for one in lines
    ]


def units_file(claims: Claims, networks: Sequence[str] = ()) -> File:
    """What the pages of all filters share of each unit and of how the tests were made."""
    settings = claims.settings
    ways: dict[str, str] = dict(MARKS.values())
    if settings["null"] == "subject-flips":
        ways = dict.fromkeys(ways, _FLIPS)
    shared = {
        "units": {unit: _unit(claims, column, unit) for column, unit in enumerate(claims.units)},
        "ways": ways,
        "permutations": count(settings["permutations"]),
        "together": settings["unit"] != "sequence",
        "top": claims.top_n,
        "level": f"{exact(100 * float(settings['interval']))} %",
        "alpha": exact(settings["alpha"]),
        "networks": networks,
        "false": f"{exact(100 * float(settings['alpha']))} %",
    }
    return File(UNITS_SCRIPT, f"window.facsinterpUnits = {script(shared)};\n".encode())


def _unit(claims: Claims, column: int, unit: int) -> dict[str, Any]:
    values: Mapping[str, float] = {
        name: float(array[column]) for name, array in claims.unit.items() if array.size
    }
    told = {
        "label": label(unit),
        "name": describe(unit).removeprefix(label(unit)).strip(),
        "page": unit_page(unit),
        "n": count(values["n_present"]),
        "people": count(values["n_subjects_present"]),
        "base": percent(values["base_rate"]),
        "share": key(values["base_rate"]),
        "reason": reason(claims.status[column]),
        "beyond": reason_beyond(claims.status_beyond[column]),
    }
    if caution := out_of_reach(claims, column):
        told["unreachable"] = capital(caution)
    largest = values["largest_precision"]
    if known(largest) and largest < 1:
        told["most_possible"] = number(largest)
    return told


def _tested(row: UnitRow) -> str:
    chance = row["kl"] is not None and row["kl_null"] is not None
    divergence = ("kl", 2), ("kl_null", 3), ("kl_null_sd", 3)
    return " ".join(
        (
            f"{row.unit}",
            f"{2 * row.passes_beyond + row.passes}",
            *(_short(row[name]) for name in ("auroc", "auroc_low", "auroc_high", "auroc_within")),
            *_test(row, "z", "auroc"),
            *_test(row, "z_beyond", "beyond"),
            _precision(row),
            _made(row, "precision"),
            *(_short(row[name] if chance else None, digits) for name, digits in divergence),
        )
    )


def _short(value: float | None, digits: int = 2) -> str:
    return plain(number(value, digits))


def _precision(row: UnitRow) -> str:
    """With what the order of ties could make of it, where that differs."""
    names = ["precision_at_n"]
    if row["precision_low"] is not None and row["precision_low"] != row["precision_high"]:
        names += ["precision_low", "precision_high"]
    return "~".join(_short(row[name]) for name in names)


def _test(row: UnitRow, score: str, claim: str) -> tuple[str, ...]:
    shared = (plain(probability(row[name])) for name in (f"q_{claim}", f"p_{claim}_max"))
    return (_short(row[score], 1), _made(row, claim), *shared)


def _made(row: UnitRow, claim: str) -> str:
    """A p, the letter of how it was made, and how many shuffles reached it where few did."""
    text = plain(probability(row[f"p_{claim}"]))
    if text == "-" or claim not in row.ways:
        return text
    reached = row.values.get(f"reached_{claim}")
    counted = f"{reached:.0f}" if reached is not None and 0 <= reached < _FEW else ""
    return f"{text}{MARKS[row.ways[claim]][0].upper()}{counted}"


def _untested(row: UnitRow) -> str:
    return f"{row.unit} {_short(row['auroc'])} {_short(row['precision_at_n'])}"


def script(told: Mapping[str, Any]) -> Markup:
    """As JSON that no text in it can end."""
    text = json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # nothing in it can end the script that holds it
