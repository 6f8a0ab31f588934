"""What the first page says: the answer, the verdicts, the units by layer, the clearest filters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.facs import describe, label
from facsinterp.report.addresses import INDEX, layer_page, unit_page
from facsinterp.report.charts.cloud import cloud, cloud_words
from facsinterp.report.charts.figures import curve_chart
from facsinterp.report.charts.overview import LayerVerdicts, layer_verdicts, verdict_chart
from facsinterp.report.pages.coded import script
from facsinterp.report.pages.listing import filter_listing
from facsinterp.report.pages.page import File, Made, Page
from facsinterp.report.parts import Curve
from facsinterp.report.reading.cards import FaceCard
from facsinterp.report.reading.claims import UnitRow
from facsinterp.report.reading.controls import Arm, arms
from facsinterp.report.reading.showing import cards_of, faces_of
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import count, median_count
from facsinterp.report.words.answer import answer, more, not_tested_beyond, subjects_of
from facsinterp.report.words.beside import seeds
from facsinterp.report.words.terms import KEEP
from facsinterp.report.words.verdicts import LEGEND, SHORT

Content = dict[str, Any]
SHOWCASE_FACES: Final = 5
_OF_ASSOCIATIONS: Final = ("", "filters")
"""Studies whose question the associations answer; "": a report that names none."""


@dataclass(frozen=True)
class Showcase:
    """One action unit, the filter that shows it best, and the first faces of that filter."""

    row: UnitRow
    filter: str
    href: str
    others: int
    cards: tuple[FaceCard, ...]


@dataclass(frozen=True)
class Square:
    """Filters of a layer, or of a control's, that pass for one unit; None where not tested."""

    unit: int
    n: float | None
    share: float


@dataclass(frozen=True)
class Line:
    """One row of the heat map: a layer of the network, or below it the same of a control."""

    layer: str
    arm: str
    """Title of the control; empty for the network that is studied."""
    told: str
    """The control in words."""
    size: float
    any_unit: float | None
    squares: tuple[Square, ...]


@dataclass(frozen=True)
class Heat:
    """Layer by unit: how many filters pass for one claim, and as which share of the layer."""

    claim: str
    title: str
    units: tuple[tuple[int, str, str], ...]
    """(number, label, name) of each unit that could be tested."""
    lines: tuple[Line, ...]
    top: float
    untested: tuple[str, ...]


def clearest(survey: Survey) -> dict[int, int]:
    """For each unit that a filter passes for: its column and the filter that shows it best.

    One that passes beyond the emotion where there is any, else one that passes the first test.
    Of these it is the one that follows the unit most of all, if it is among them; else the one
    of largest z of the test that decides.
    """
    claims = survey.claims
    places = {str(name): place for place, name in enumerate(survey.filters)}
    found = {}
    for column in np.argsort(claims.units, kind="stable").tolist():
        beyond = claims.passes_beyond[:, column]
        able = beyond if beyond.any() else claims.passes[:, column]
        if not able.any():
            continue
        z = claims.pair["z_beyond" if beyond.any() else "z"][:, column]
        score = np.where(able, np.nan_to_num(np.abs(z), nan=0.0), -1.0)
        chosen = places.get(claims.best_filter[column], -1)
        found[column] = chosen if chosen >= 0 and able[chosen] else int(score.argmax())
    return found


def showcase(survey: Survey, column: int, position: int, cards: tuple[FaceCard, ...]) -> Showcase:
    """What the index shows of the filter at `position` for the unit in `column`."""
    claims, name = survey.claims, str(survey.filters[position])
    row = claims.row(position, column)
    others = int((claims.passes | claims.passes_beyond)[:, column].sum()) - 1
    return Showcase(row, name, survey.addresses[position], others, cards)


def pages(survey: Survey) -> Iterator[Made]:
    """The page `index.html`, and the table of all filters that it shows."""
    cards = cards_of(survey)
    shown = [
        showcase(
            survey,
            column,
            position,
            faces_of(survey, cards, position, survey.claims.units[column], SHOWCASE_FACES),
        )
        for column, position in clearest(survey).items()
    ]
    drawn = cloud(survey)
    figures = [drawn.figure] if drawn else []
    content = _content(survey) | {
        "showcase": shown,
        "cloud": cloud_words(drawn) if drawn else "",
    }
    yield Page(INDEX, "index.html", content, figures)
    yield File("data/filters.js", script("facsinterpFilters", filter_listing(survey)).encode())


def _content(survey: Survey) -> Content:
    """The question, the answer, and the ways into the rest."""
    report = survey.report
    return _claims(survey) | {
        "question": report.question,
        "own_answer": report.answer,
        "elsewhere": bool(report.findings and report.study not in _OF_ASSOCIATIONS)
        and not report.answer,
        "answer": answer(survey),
        "more": more(survey),
        "facts": report.facts,
        "facts_of_data": _data_facts(survey),
        "findings": report.findings,
        "experiment": bool(report.findings or report.sections),
        "layers": [(layer, layer_page(layer)) for layer in survey.layer_names],
        "shape": survey.thumbnail,
        "terms": survey.faces.terms,
        "keep": KEEP if survey.kept_to_oneself else "",
        "n_hidden": int(survey.hidden.sum()),
        "first": survey.addresses[0] if survey.addresses else INDEX,
        "curves": _curve_charts(report.curves),
        "controls_missing": report.controls_missing,
        "n_filters": len(survey.filters),
        "which_faces": survey.which_faces,
    }


def _claims(survey: Survey) -> Content:
    """What the associations give; nothing of it where there are none."""
    lines = layer_verdicts(survey)
    there = bool(survey.claims.units) and bool(survey.filters)
    compared = arms(survey.controls, survey.layer_names)
    return {
        "overview": lines if there else (),
        "verdict_chart": verdict_chart(lines) if there else None,
        "bounds": _bounds(lines) if there else [],
        "legend": [(kind, SHORT[kind], LEGEND[kind]) for kind, _ in lines[0].counts]
        if there
        else [],
        "heats": heats(survey) if there else [],
        "arms": [(arm.title, arm.words, seeds(arm)) for arm in compared],
        "not_beyond": not_tested_beyond(survey) if there else "",
        "settings": survey.claims.settings,
        "top_n": survey.claims.top_n,
        "pages_of": {layer: layer_page(layer) for layer in survey.layer_names},
        "unit_page": unit_page,
        "told": median_count,
    }


def _bounds(lines: Sequence[LayerVerdicts]) -> list[tuple[str, list[int]]]:
    """The lower bounds of each claim by layer, of those claims that have any."""
    asked = (
        ("answer", [line.at_least for line in lines]),
        ("beyond the emotion", [line.at_least_beyond for line in lines]),
    )
    return [
        (title, [n for n in values if n is not None])
        for title, values in asked
        if None not in values
    ]


def _data_facts(survey: Survey) -> tuple[tuple[str, str, str], ...]:
    faces = survey.faces
    looked = len(survey.rows)
    subjects = set(faces.column("subject").tolist()) - {""}
    sequences = set(faces.column("sequence").tolist()) - {""}
    only = f"{count(looked)} of them in the associations" if looked < len(faces) else ""
    held = f"{count(subjects_of(survey))} of them in the associations" if only else ""
    dead = int(survey.activity.dead.sum())
    everywhere = f"{count(dead)} dead on all faces" if dead else "none dead on all faces"
    return (
        ("Faces", count(len(faces)), only),
        ("Subjects", count(len(subjects)) if subjects else "not known", held),
        ("Sequences", count(len(sequences)) if sequences else "not known", ""),
        ("Filters", count(len(survey.filters)), everywhere),
    )


def heats(survey: Survey) -> list[Heat]:
    """The table of each claim that some unit could be tested for, the strictest met one first."""
    claims = survey.claims
    asked = (
        ("beyond", "beyond the emotion", claims.testable_beyond, claims.passes_beyond),
        ("answers", "at all", claims.testable, claims.passes),
    )
    met = sorted(asked, key=lambda one: not one[3].any())
    return [_heat(survey, *one) for one in met if one[2].any()]


def _heat(
    survey: Survey, claim: str, title: str, testable: NDArray[np.bool_], passes: NDArray[np.bool_]
) -> Heat:
    units = survey.claims.units
    columns = [i for i in np.argsort(units, kind="stable").tolist() if testable[i]]
    compared = arms(survey.controls, survey.layer_names)
    lines: list[Line] = []
    for layer in survey.layer_names:
        inside = survey.of_layer(layer)
        size, found = int(inside.sum()), passes[inside]
        squares = tuple(_square(units[i], int(found[:, i].sum()), size) for i in columns)
        lines.append(Line(layer, "", "", size, int(found.any(axis=1).sum()), squares))
        wanted = [units[i] for i in columns]
        lines += [line for arm in compared if (line := _control_line(arm, claim, layer, wanted))]
    return Heat(
        claim,
        title,
        tuple((units[i], label(units[i]), describe(units[i])) for i in columns),
        tuple(lines),
        max((square.share for line in lines for square in line.squares), default=0.0),
        tuple(label(unit) for unit, can in zip(units, testable, strict=True) if not can),
    )


def _control_line(arm: Arm, claim: str, layer: str, units: Sequence[int]) -> Line | None:
    """The same layer of a control, in the median over its seeds."""
    size = arm.size(layer)
    if size is None:
        return None
    squares = tuple(_square(unit, arm.passing_for(unit, claim, layer), size) for unit in units)
    return Line(layer, arm.title, arm.words, size, arm.passing(claim, layer), squares)


def _square(unit: int, n: float | None, size: float) -> Square:
    return Square(unit, n, (n or 0.0) / size)


def _curve_charts(curves: Sequence[Curve]) -> list[Any]:
    quantities = dict.fromkeys(curve.quantity for curve in curves)
    charts = [
        curve_chart([curve for curve in curves if curve.quantity == quantity], quantity)
        for quantity in quantities
    ]
    return [chart for chart in charts if chart]
