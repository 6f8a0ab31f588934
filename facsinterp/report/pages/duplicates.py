"""Filters that answer alike: clusters of duplicates, and how many filters there really are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from facsinterp.errors import FacsinterpError
from facsinterp.evidence.duplicates import duplicate_filters, duplicates_by_layer
from facsinterp.report.addresses import face_page, face_picture
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import count, number

Content = dict[str, Any]

MOST: Final = 4096
"""Filters above which their correlations, one for each two, are not made for a report."""
_CLUSTERS: Final = 60
_THUMBS: Final = 5


@dataclass(frozen=True)
class Duplicates:
    """What is told of duplicates; `words` says why there is nothing to tell."""

    table: xr.Dataset | None
    words: str = ""


def duplicates_of(survey: Survey) -> Duplicates:
    """Clusters over the faces looked at, by differences inside people."""
    filters = len(survey.filters)
    if filters > MOST:
        return Duplicates(
            None,
            f"Not asked: {count(filters)} filters have too many pairs for a report "
            f"(more than {count(MOST)}). `facsinterp.duplicate_filters` finds them on request.",
        )
    told = survey.claims.settings
    try:
        table = duplicate_filters(
            survey.report.store,
            faces="all" if told.get("rows") == "all" else "held-out",
            unit="sequence-mean" if told.get("unit") == "sequence-mean" else "sequence",
        )
    except FacsinterpError as error:
        return Duplicates(None, f"Not known: {error}")
    return Duplicates(table)


def duplicate_content(survey: Survey) -> Content:
    """What the page of dead and duplicate filters says of duplicates."""
    found = duplicates_of(survey)
    if found.table is None:
        return {"duplicates": None, "no_duplicates": found.words}
    table = found.table
    clusters = _clusters(survey, table)
    live = table["cluster"].values >= 0
    return {
        "no_duplicates": "",
        "duplicates": {
            "layers": duplicates_by_layer(table).to_dict("records"),
            "clusters": clusters[:_CLUSTERS],
            "more": max(0, len(clusters) - _CLUSTERS),
            "n_clusters": len(clusters),
            "n_inside": sum(one["size"] for one in clusters),
            "live": int(live.sum()),
            "different": int(table.attrs["clusters"]),
            "participation": number(table.attrs["participation"], 1),
            "li_ji": number(table.attrs["li_ji"], 1),
            "bar": table.attrs["bar"],
            "observations": int(table.attrs["observations"]),
        },
    }


def _clusters(survey: Survey, table: xr.Dataset) -> list[Content]:
    """Clusters of two filters or more, the largest first."""
    numbers = table["cluster"].values
    sizes = np.bincount(numbers[numbers >= 0]) if (numbers >= 0).any() else np.zeros(0, int)
    several = np.flatnonzero(sizes > 1)
    order = several[np.argsort(-sizes[several], kind="stable")]
    return [_cluster(survey, table, np.flatnonzero(numbers == which)) for which in order]


def _cluster(survey: Survey, table: xr.Dataset, members: NDArray[np.intp]) -> Content:
    """The first filter stands for the others; each has its correlation with it."""
    first = int(members[0])
    correlation = table["correlation"].values
    return {
        "size": len(members),
        "name": str(survey.filters[first]),
        "href": survey.addresses[first],
        "layers": list(dict.fromkeys(survey.filters[i].layer for i in members)),
        "others": [
            (str(survey.filters[i]), survey.addresses[i], number(float(correlation[i])))
            for i in members[1:]
        ],
        "thumbs": _thumbs(survey, first),
    }


def _thumbs(survey: Survey, place: int) -> list[tuple[str, str, str]]:
    """Page, picture and name of its strongest faces; none that may not be shown."""
    if survey.thumbnail is None:
        return []
    faces = [int(one) for one in survey.strongest.face[place] if one >= 0]
    hidden = survey.hidden
    return [
        (
            face_page(survey.face_names[face]),
            face_picture(survey.face_names[face]),
            str(survey.faces.images[face]),
        )
        for face in faces
        if not hidden[face]
    ][:_THUMBS]
