"""What the pages of dead filters and of the data say: numbers arranged for their templates.

Every function gives the names that its template uses.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.facs import describe
from facsinterp.report.figures import share_chart
from facsinterp.report.survey import NEARLY_DEAD, Survey
from facsinterp.report.wording import percent

Content = dict[str, Any]
_SKIPPED_SHOWN: Final = 200  # skipped files listed by name; the counts by reason are whole


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
