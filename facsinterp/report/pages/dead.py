"""The page of dead, nearly dead and duplicate filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facsinterp.report.charts.figures import share_chart
from facsinterp.report.pages.duplicates import duplicate_content
from facsinterp.report.pages.page import Page
from facsinterp.report.reading.survey import NEARLY_DEAD, Survey
from facsinterp.report.wording import percent

Content = dict[str, Any]


def pages(survey: Survey) -> Iterator[Page]:
    """The page `dead.html`."""
    yield Page("dead.html", "dead.html", _content(survey) | duplicate_content(survey))


def _content(survey: Survey) -> Content:
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
        "shape": survey.thumbnail,
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
