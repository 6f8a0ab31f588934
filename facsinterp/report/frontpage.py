"""What the first page says: the answer, the verdicts, the units by layer, the clearest filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.facs import describe, label
from facsinterp.report.answer import answer, not_tested_beyond, subjects_of
from facsinterp.report.claims import UnitRow
from facsinterp.report.figures import curve_chart
from facsinterp.report.gallery import FaceCard
from facsinterp.report.overview import LayerVerdicts, layer_verdicts, verdict_chart
from facsinterp.report.parts import Curve
from facsinterp.report.survey import Survey
from facsinterp.report.verdicts import LEGEND, SHORT
from facsinterp.report.wording import count

Content = dict[str, Any]
SHOWCASE_FACES: Final = 5


@dataclass(frozen=True)
class Showcase:
    """One action unit, the filter that shows it best, and the first faces of that filter."""

    row: UnitRow
    filter: str
    href: str
    others: int
    held_out: float | None
    """AUROC on subjects that did not choose the filter; None where there is none of it."""
    cards: tuple[FaceCard, ...]


@dataclass(frozen=True)
class Heat:
    """Layer by unit: how many filters pass for one claim, and as which share of the layer."""

    claim: str
    title: str
    units: tuple[tuple[int, str, str], ...]
    """(number, label, name) of each unit that could be tested."""
    lines: tuple[tuple[str, int, int, tuple[tuple[int, int, float], ...]], ...]
    """(layer, filters, filters that pass for any, (unit, filters, share) of each unit)."""
    top: float
    untested: tuple[str, ...]


def clearest(survey: Survey) -> dict[int, int]:
    """For each unit that a filter passes for: its column and the filter that shows it best.

    One that passes beyond the emotion where there is any, else one that passes the first test.
    Of these it is the one whose held-out AUROC the associations give, if it is among them;
    else the one of largest z of the test that decides.
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
    held_out = row["best_auroc_held_out"] if claims.best_filter[column] == name else None
    return Showcase(row, name, survey.addresses[position], others, held_out, cards)


def index_page(survey: Survey, shown: Sequence[Showcase]) -> Content:
    """The question, the answer, and the ways into the rest."""
    report, lines = survey.report, layer_verdicts(survey)
    has_claims = bool(survey.claims.units) and bool(survey.filters)
    return {
        "question": report.question,
        "answer": answer(survey),
        "facts": report.facts,
        "facts_of_data": _data_facts(survey),
        "overview": lines if has_claims else (),
        "verdict_chart": verdict_chart(lines) if has_claims else None,
        "bounds": _bounds(lines) if has_claims else [],
        "legend": [(kind, SHORT[kind], LEGEND[kind]) for kind, _ in lines[0].counts]
        if has_claims
        else [],
        "heats": _heats(survey) if has_claims else [],
        "not_beyond": not_tested_beyond(survey) if has_claims else "",
        "showcase": shown,
        "findings": report.findings,
        "sections": report.sections,
        "curves": _curve_charts(report.curves),
        "n_filters": len(survey.filters),
        "settings": survey.claims.settings,
        "which_faces": survey.which_faces,
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


def _heats(survey: Survey) -> list[Heat]:
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
    lines = []
    for layer in survey.layer_names:
        inside = survey.of_layer(layer)
        size, found = int(inside.sum()), passes[inside]
        cells = tuple((units[i], int(n), n / size) for i in columns for n in [found[:, i].sum()])
        lines.append((layer, size, int(found.any(axis=1).sum()), cells))
    return Heat(
        claim,
        title,
        tuple((units[i], label(units[i]), describe(units[i])) for i in columns),
        tuple(lines),
        max((float(share) for *_, cells in lines for *_, share in cells), default=0.0),
        tuple(label(unit) for unit, can in zip(units, testable, strict=True) if not can),
    )


def _curve_charts(curves: Sequence[Curve]) -> list[Any]:
    quantities = dict.fromkeys(curve.quantity for curve in curves)
    charts = [
        curve_chart([curve for curve in curves if curve.quantity == quantity], quantity)
        for quantity in quantities
    ]
    return [chart for chart in charts if chart]
