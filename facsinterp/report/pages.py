"""What each page says: a run's numbers arranged for one template each.

Every function gives the names that its template uses. Nothing here writes HTML but for the
charts that `facsinterp.report.figures` draws.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.facs import describe, label
from facsinterp.report.answer import answer, subjects_of
from facsinterp.report.figures import (
    curve_chart,
    share_chart,
)
from facsinterp.report.gallery import FaceCard
from facsinterp.report.parts import Curve
from facsinterp.report.survey import NEARLY_DEAD, Survey
from facsinterp.report.verdicts import UnitRow
from facsinterp.report.wording import count, exact, percent

Content = dict[str, Any]
SHOWCASE_FACES: Final = 5
_SKIPPED_SHOWN: Final = 200  # skipped files listed by name; the counts by reason are whole


@dataclass(frozen=True)
class Showcase:
    """One action unit, the filter that answers to it most clearly, and its first faces."""

    row: UnitRow
    filter: str
    href: str
    others: int
    cards: tuple[FaceCard, ...]


def clearest(survey: Survey) -> dict[int, int]:
    """For each unit that a filter answers to: its column and the filter of largest AUROC."""
    verdicts = survey.verdicts
    auroc = np.where(verdicts.passes, np.nan_to_num(verdicts.pair["auroc"], nan=-1.0), -1.0)
    return {
        column: int(auroc[:, column].argmax())
        for column in np.argsort(verdicts.units, kind="stable").tolist()
        if verdicts.passes[:, column].any()
    }


def showcase(survey: Survey, column: int, position: int, cards: tuple[FaceCard, ...]) -> Showcase:
    """What the index shows of the filter at `position` for the unit in `column`."""
    row = next(
        row for row in survey.verdicts.rows(position) if row.unit == survey.verdicts.units[column]
    )
    others = int(survey.verdicts.passes[:, column].sum()) - 1
    return Showcase(row, str(survey.filters[position]), survey.addresses[position], others, cards)


def index_page(survey: Survey, shown: Sequence[Showcase]) -> Content:
    """The question, the answer, and the ways into the rest."""
    report = survey.report
    return {
        "question": report.question,
        "answer": answer(survey),
        "facts": report.facts,
        "facts_of_data": _data_facts(survey),
        "heat": _heat(survey),
        "showcase": shown,
        "findings": report.findings,
        "sections": report.sections,
        "curves": _curve_charts(report.curves),
        "n_filters": len(survey.filters),
        "settings": survey.verdicts.settings,
        "which_faces": survey.which_faces,
    }


def _data_facts(survey: Survey) -> tuple[tuple[str, str, str], ...]:
    faces = survey.faces
    looked = len(survey.rows)
    subjects = set(faces.column("subject").tolist()) - {""}
    sequences = set(faces.column("sequence").tolist()) - {""}
    only = f"{count(looked)} of them in the associations" if looked < len(faces) else ""
    held = f"{count(subjects_of(survey))} of them in the associations" if only else ""
    dead = int(survey.activity.dead.sum())
    return (
        ("Faces", count(len(faces)), only),
        ("Subjects", count(len(subjects)) if subjects else "not known", held),
        ("Sequences", count(len(sequences)) if sequences else "not known", ""),
        ("Filters", count(len(survey.filters)), f"{count(dead)} dead" if dead else "none dead"),
    )


def _heat(survey: Survey) -> Content:
    """Layer by unit: how many filters pass, and as which share of the layer's live filters."""
    verdicts = survey.verdicts
    columns = [i for i in np.argsort(verdicts.units, kind="stable") if verdicts.testable[i]]
    lines = []
    for layer in survey.layer_names:
        inside = survey.of_layer(layer)
        counts = verdicts.passes[inside].sum(axis=0)
        any_unit = int(verdicts.answering[inside].sum())
        size = int(inside.sum())
        cells = [(verdicts.units[i], int(counts[i]), _share(int(counts[i]), size)) for i in columns]
        lines.append((layer, size, any_unit, cells))
    top = max((share for *_, cells in lines for *_, share in cells), default=0.0)
    return {
        "units": [
            (verdicts.units[i], label(verdicts.units[i]), describe(verdicts.units[i]))
            for i in columns
        ],
        "lines": lines,
        "top": top,
        "untested": [
            describe(unit)
            for unit, can in zip(verdicts.units, verdicts.testable, strict=True)
            if not can
        ],
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _curve_charts(curves: Sequence[Curve]) -> list[Any]:
    quantities = dict.fromkeys(curve.quantity for curve in curves)
    charts = [
        curve_chart([curve for curve in curves if curve.quantity == quantity], quantity)
        for quantity in quantities
    ]
    return [chart for chart in charts if chart]


def dead_page(survey: Survey) -> Content:
    """Dead and nearly dead filters by layer."""
    activity = survey.activity
    attributes = {} if survey.report.dead is None else survey.report.dead.attrs
    lines = []
    for layer in survey.layer_names:
        inside = survey.of_layer(layer)
        dead, nearly = inside & activity.dead, inside & activity.nearly_dead
        lines.append(
            {
                "layer": layer,
                "filters": int(inside.sum()),
                "dead": int(dead.sum()),
                "nearly": int(nearly.sum()),
                "median": float(np.median(activity.active_share[inside])),
                "chart": share_chart(
                    activity.active_share[inside], f"Share of faces that {layer} filters answer to"
                ),
                "dead_list": _links(survey, dead),
                "nearly_list": _links(survey, nearly),
            }
        )
    return {
        "lines": lines,
        "total": int(activity.dead.sum()),
        "nearly_total": int(activity.nearly_dead.sum()),
        "n_filters": len(survey.filters),
        "n_faces": len(survey.faces),
        "nearly_dead": percent(NEARLY_DEAD),
        "threshold": attributes.get("threshold", 0.0),
        "relative": bool(attributes.get("relative", False)),
    }


def _links(survey: Survey, chosen: NDArray[np.bool_]) -> list[tuple[str, str, str]]:
    return [
        (str(survey.filters[i]), survey.addresses[i], percent(survey.activity.active_share[i]))
        for i in np.flatnonzero(chosen)
    ]


def data_page(survey: Survey) -> Content:
    """What the loader found, what it left out, the terms, and the codes."""
    faces = survey.faces
    found = faces.found
    hidden = survey.hidden
    reasons = Counter(reason for _, reason in found.skipped)
    subjects = faces.column("subject")
    return {
        "found": found,
        "counts": [
            (name, found.counts.get(name), found.expected.get(name))
            for name in dict.fromkeys([*found.counts, *found.expected])
        ],
        "reasons": reasons.most_common(),
        "skipped": found.skipped[:_SKIPPED_SHOWN],
        "skipped_more": max(0, len(found.skipped) - _SKIPPED_SHOWN),
        "terms": faces.terms,
        "n_hidden": int(hidden.sum()),
        "n_hidden_subjects": len(set(subjects[hidden].tolist())),
        "n_faces": len(faces),
        "units": _unit_lines(survey),
        "expressions": _tally(faces.column("expression")),
        "splits": _tally(faces.column("split")),
        "phases": _tally(faces.column("phase")),
    }


def _unit_lines(survey: Survey) -> list[Content]:
    faces = survey.faces
    subjects, sequences = faces.column("subject"), faces.column("sequence")
    coded = np.asarray(faces.data["coded"].values)
    present = np.asarray(faces.data["present"].values)
    scored = np.isfinite(np.asarray(faces.data["intensity"].values))
    looked = np.zeros(len(faces), dtype=bool)
    looked[survey.rows] = True
    return [
        {
            "unit": unit,
            "name": describe(unit),
            "coded": int(coded[:, i].sum()),
            "present": int(present[:, i].sum()),
            "looked": int((present[:, i] & looked).sum()),
            "sequences": len(set(sequences[present[:, i]].tolist()) - {""}),
            "subjects": len(set(subjects[present[:, i]].tolist()) - {""}),
            "scored": int((present[:, i] & scored[:, i]).sum()),
        }
        for i, unit in sorted(enumerate(faces.units), key=lambda pair: pair[1])
    ]


def _tally(values: NDArray[np.str_]) -> list[tuple[str, int]]:
    names, counts = np.unique(values, return_counts=True)
    if list(names) == [""]:
        return []
    return [(str(name) or "not known", int(n)) for name, n in zip(names, counts, strict=True)]


def methods_page(survey: Survey) -> Content:
    """Settings, formulas, null and family in words; versions and the definition."""
    report = survey.report
    return {
        "settings": survey.verdicts.settings,
        "setting_rows": [
            (name, _plain(value)) for name, value in sorted(survey.verdicts.settings.items())
        ],
        "top_n": survey.verdicts.top_n,
        "n_filters": len(survey.filters),
        "n_testable": int(survey.verdicts.testable.sum()),
        "untested": [row for row in survey.verdicts.rows(0) if not row.testable]
        if survey.filters
        else [],
        "layers": [
            (layer, int(survey.of_layer(layer).sum()), survey.layers.get(layer))
            for layer in survey.layer_names
        ],
        "definition": report.definition,
        "provenance": _record(report.provenance),
        "identity": report.identity,
        "which_faces": survey.which_faces,
        "has_associations": bool(survey.verdicts.units),
    }


def _record(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Provenance as named groups of lines; text that is no JSON object as it is."""
    if not text.strip():
        return []
    try:
        content = json.loads(text)
    except ValueError:
        return [("record", [("", text)])]
    if not isinstance(content, dict):
        return [("record", [("", text)])]
    groups = [
        (name, [(str(key), _plain(value)) for key, value in sorted(inner.items())])
        for name, inner in sorted(content.items())
        if isinstance(inner, dict) and inner
    ]
    rest = [(name, _plain(v)) for name, v in sorted(content.items()) if not isinstance(v, dict)]
    return [*groups, ("run", rest)] if rest else groups


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, (int, np.integer)):
        return count(int(value)) if int(value) >= 10_000 else str(int(value))
    if isinstance(value, (float, np.floating)):
        return exact(float(value))
    return json.dumps(value, ensure_ascii=False, default=str)
