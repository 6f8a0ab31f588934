"""The gallery of each layer: its filters with their strongest faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.keeping.layout import Layer
from facsinterp.facs import describe, label
from facsinterp.report.addresses import face_picture, layer_name, layer_page
from facsinterp.report.charts.overview import LayerVerdicts, layer_verdicts, verdict_chart
from facsinterp.report.pages.coded import coded, script
from facsinterp.report.pages.listing import passing, verdicts
from facsinterp.report.pages.page import File, Made, Page
from facsinterp.report.reading.controls import arms
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import (
    DASH,
    known,
    median_count,
    number,
    percent,
    probability,
    with_interval,
)
from facsinterp.report.words.beside import seeds
from facsinterp.report.words.verdicts import LEGEND, SHORT, badge_of

Content = dict[str, Any]
Rows = NDArray[np.intp]
STRIP: Final = 5  # faces of a card
_UNITS_TOLD: Final = 8


@dataclass(frozen=True)
class Card:
    """One filter of the gallery. `faces` holds "" for each face that may not be shown."""

    name: str
    channel: str
    href: str
    kind: str
    badge: str
    faces: tuple[str, ...]
    unit: str
    """Label of the unit of its verdict, or of the nearest; empty where none was tested."""
    auroc: str
    corrected: str
    beyond: str
    active: str
    dead: bool


@dataclass(frozen=True)
class Beside:
    """How many filters of the layer pass, in this network or in a control."""

    title: str
    words: str
    size: float | None
    answers: float | None
    beyond: float | None


def pages(survey: Survey, part: slice) -> Iterator[Made]:
    """Of the layers at these places of `survey.layer_names`: a page, and the data it sorts by."""
    names = survey.layer_names
    lines = {line.layer: line for line in layer_verdicts(survey) if line.layer}
    shown = _shown(survey)
    for place in range(*part.indices(len(names))):
        layer = names[place]
        rows = np.flatnonzero(survey.of_layer(layer))
        content = _content(survey, layer, rows, lines[layer], shown) | {
            "previous": _neighbour(names, place - 1),
            "next": _neighbour(names, place + 1),
            "place": place + 1,
            "layers": len(names),
        }
        yield Page(layer_page(layer), "layer.html", content)
        yield File(data_script(layer), script("facsinterpLayer", gallery(survey, rows)).encode())


def data_script(layer: str) -> str:
    """Address of what the gallery of a layer is sorted by."""
    return f"data/layer-{layer_name(layer)}.js"


def gallery(survey: Survey, rows: Rows) -> Content:
    """Codes of the filters `rows`, card by card; of `each` unit, unit by unit."""
    claims = survey.claims
    columns = _columns(survey)
    shares = [float(share) for share in survey.activity.active_share[rows]]
    content: Content = {
        "units": [[claims.units[i], describe(claims.units[i])] for i in columns],
        "verdict": verdicts(survey, rows),
        "active": coded([percent(share) for share in shares], shares),
        "passing": None,
    }
    if columns:
        content["passing"] = passing(survey, rows)
        for name in ("auroc", "q_auroc", "q_beyond", "auroc_low", "auroc_high"):
            told = probability if name.startswith("q_") else number
            values = claims.pair[name][rows]
            if name not in ("auroc_low", "auroc_high"):
                content[name] = _coded(told, _own(claims.named[rows], values))
            content[f"each_{name}"] = _coded(told, values[:, columns].T.ravel().tolist())
    return content


def _coded(told: Any, values: Sequence[float]) -> Content:  # noqa: ANN401
    finite = [float(value) if known(value) else None for value in values]
    return coded([told(value) for value in finite], finite)


def _own(named: NDArray[np.int64], values: NDArray[Any]) -> list[float]:
    """Of each filter the number of the unit that its verdict names."""
    own = values[np.arange(len(named)), np.maximum(named, 0)]
    return [float(value) for value in np.where(named >= 0, own, np.nan)]


def _columns(survey: Survey) -> list[int]:
    """Columns of the units that could be tested for either claim, by their numbers."""
    claims = survey.claims
    if not claims.units:
        return []
    able = claims.testable | claims.testable_beyond
    return [i for i in np.argsort(claims.units, kind="stable").tolist() if able[i]]


def _neighbour(names: Sequence[str], place: int) -> tuple[str, str] | None:
    return (names[place], layer_page(names[place])) if 0 <= place < len(names) else None


def _content(
    survey: Survey, layer: str, rows: Rows, line: LayerVerdicts, shown: Sequence[bool]
) -> Content:
    has_claims = bool(survey.claims.units)
    return {
        "layer": layer,
        "facts": tuple(_facts(survey, survey.layers.get(layer), rows)),
        "cards": [_card(survey, at, shown) for at in rows.tolist()],
        "shape": survey.thumbnail,
        "strip": STRIP,
        "verdict_chart": verdict_chart([line]) if has_claims else None,
        "legend": [(kind, SHORT[kind], LEGEND[kind]) for kind, n in line.counts if n],
        "beside": tuple(_beside(survey, layer, rows)) if has_claims else (),
        "often": _often(survey, rows),
        "has_claims": has_claims,
        "told": median_count,
        "which_faces": survey.which_faces,
        "data": data_script(layer),
        "dead": int(survey.activity.dead[rows].sum()),
    }


def _facts(survey: Survey, layer: Layer | None, rows: Rows) -> Iterator[tuple[str, str, str]]:
    dead, nearly = survey.activity.dead[rows], survey.activity.nearly_dead[rows]
    yield "Filters", f"{len(rows):,}", ""
    more = f"{int(nearly.sum()):,} more answer to less than 1 %" if nearly.any() else ""
    yield "Dead on all faces", f"{int(dead.sum()):,}", more
    if layer is not None and layer.rows and layer.cols:
        after = f"after {layer.nonlinearity}" if layer.nonlinearity else ""
        yield "Map of a filter", f"{layer.rows} × {layer.cols}", after
    if layer is not None and layer.field_shape is not None:
        high, wide = layer.field_shape
        shape = survey.thumbnail
        of = f"of a face of {shape[0]} × {shape[1]} px" if shape else ""
        yield "Sees at most", f"{high} × {wide} px", of
    share = survey.activity.active_share[rows]
    if len(share):
        low, middle, high_share = np.quantile(share, (0.25, 0.5, 0.75)).tolist()
        spread = f"; half of them on {percent(low)} to {percent(high_share)}"
        differ = percent(low) != percent(high_share)
        told = f"of all faces, the median filter{spread if differ else ''}"
        yield "Active on", percent(middle), told


def _beside(survey: Survey, layer: str, rows: Rows) -> Iterator[Beside]:
    """What passes here, then the same of each control that has this layer."""
    claims = survey.claims
    compared = [arm for arm in arms(survey.controls, survey.layer_names) if arm.size(layer)]
    yield Beside(
        "this network",
        "",
        len(rows),
        float(claims.answering[rows].sum()) if claims.testable.any() else None,
        float(claims.surpassing[rows].sum()) if claims.testable_beyond.any() else None,
    )
    for arm in compared:
        over = seeds(arm, layer)
        yield Beside(
            arm.title,
            f"{arm.words}; {over}" if arm.words else over,
            arm.size(layer),
            arm.passing("answers", layer),
            arm.passing("beyond", layer),
        )


def _often(survey: Survey, rows: Rows) -> list[tuple[int, str, str, int, int]]:
    """Units that most filters of the layer pass for: number, label, name, at all, beyond."""
    claims = survey.claims
    at_all = (claims.passes | claims.passes_beyond)[rows].sum(axis=0)
    beyond = claims.passes_beyond[rows].sum(axis=0)
    order = sorted(np.flatnonzero(at_all).tolist(), key=lambda i: (-at_all[i], claims.units[i]))
    return [
        (u, label(u), describe(u), int(at_all[i]), int(beyond[i]))
        for i in order[:_UNITS_TOLD]
        for u in [claims.units[i]]
    ]


def _shown(survey: Survey) -> Sequence[bool]:
    """(image,) whether the site has a picture of the face."""
    if survey.thumbnail is None:
        return [False] * len(survey.faces)
    return [bool(one) for one in ~survey.hidden]


def _card(survey: Survey, at: int, shown: Sequence[bool]) -> Card:
    claims, one = survey.claims, survey.filters[at]
    dead = bool(survey.activity.dead[at])
    column = int(claims.named[at])
    faces = survey.strongest.face[at, :STRIP].tolist() if survey.thumbnail else []
    card = Card(
        str(one),
        f"{one.channel:03d}",
        survey.addresses[at],
        str(survey.kind[at]) or "none",
        badge_of(claims, at, dead=dead),
        tuple(
            face_picture(survey.face_names[face]) if shown[face] else ""
            for face in faces
            if face >= 0
        ),
        "",
        DASH,
        DASH,
        DASH,
        percent(float(survey.activity.active_share[at])),
        dead or str(survey.kind[at]) == "dead",
    )
    if column < 0:
        return card
    return _with_unit(survey, at, column, card)


def _with_unit(survey: Survey, at: int, column: int, card: Card) -> Card:
    pair = survey.claims.pair
    auroc, low, high = (pair[name][at, column] for name in ("auroc", "auroc_low", "auroc_high"))
    return replace(
        card,
        unit=label(survey.claims.units[column]),
        auroc=with_interval(auroc, low, high),
        corrected=_tested(pair["q_auroc"][at, column]),
        beyond=_tested(pair["q_beyond"][at, column]),
    )


def _tested(p: float) -> str:
    return probability(p) if known(p) else "not tested"
