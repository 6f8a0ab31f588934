"""What the methods page says: a text for a paper, rules, columns, nulls, settings, versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from facsinterp.association.columns import PAIRS
from facsinterp.facs import describe
from facsinterp.report.pages.citations import bibliography, citations, cited
from facsinterp.report.pages.formulas import formulas
from facsinterp.report.pages.page import File, Made, Page
from facsinterp.report.pages.paper import methods_file, paper_text
from facsinterp.report.reading.claims import reason, reason_beyond
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import count, exact
from facsinterp.report.words.verdicts import RULES, SHORT

Content = dict[str, Any]


def pages(survey: Survey) -> Iterator[Made]:
    """The page `methods.html`, and the files `methods.txt` and `references.bib`."""
    shown = formulas(survey)
    works = cited(survey, [key for one in shown for key in one.cites])
    rows = _settings(survey)
    more = {"formulas": shown, "works": works, "known": citations(), "setting_rows": rows}
    yield Page("methods.html", "methods.html", _content(survey) | more)
    yield File("methods.txt", methods_file(survey, rows, works).encode())
    yield File("references.bib", bibliography(works).encode())


def _settings(survey: Survey) -> list[tuple[str, str]]:
    """Every setting of the associations by its name."""
    return [
        (name, _plain(value))
        for name, value in sorted(survey.claims.settings.items())
        if not name.startswith("at_least")
    ]


def _content(survey: Survey) -> Content:
    """The text for a paper, what every number is, and what the run rests on."""
    report, claims = survey.report, survey.claims
    return {
        "settings": claims.settings,
        "text": paper_text(survey),
        "columns": tuple(PAIRS.items()),
        "rules": [(kind, SHORT[kind], rule) for kind, rule in RULES.items()],
        "top_n": claims.top_n,
        "untested": _untested(survey),
        "layers": [
            (layer, int(survey.of_layer(layer).sum()), survey.layers.get(layer))
            for layer in survey.layer_names
        ],
        "controls_missing": report.controls_missing,
        "definition": report.definition,
        "provenance": _record(report.provenance),
        "identity": report.identity,
        "which_faces": survey.which_faces,
        "has_associations": bool(claims.units),
    }


def _untested(survey: Survey) -> list[Content]:
    """Action units that one claim or both could not be tested for, with the reasons."""
    claims = survey.claims
    tested = claims.testable & claims.testable_beyond
    return [
        {
            "unit": claims.units[i],
            "name": describe(claims.units[i]),
            "reason": reason(claims.status[i]),
            "reason_beyond": reason_beyond(claims.status_beyond[i]),
            **{name: float(values[i]) for name, values in claims.unit.items()},
        }
        for i in np.argsort(claims.units, kind="stable").tolist()
        if not tested[i]
    ]


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
