"""Every filter as a point: how well it tells its unit, and what of that the emotion leaves.

A Plotly figure. Its colours are the names of the style sheet's, `var(--green)`, which
`plots.js` looks up, so that the figure follows light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from markupsafe import escape
from numpy.typing import NDArray

from facsinterp.facs import label
from facsinterp.report.reading.claims import Claims
from facsinterp.report.reading.controls import Compared, arms
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import capital, count, listed, plural
from facsinterp.report.words.verdicts import SHORT

COLOURS: Final = {
    "beyond": "var(--green)",
    "answers": "var(--blue)",
    "emotion": "var(--amber)",
    "nothing": "var(--grey)",
}
_SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "star")
_GOLDEN: Final = 0.618  # multiples of it, less their whole part, spread points evenly
_MANY: Final = 4000  # points that a browser still draws one by one


@dataclass(frozen=True)
class Cloud:
    """The figure, and what is said of it."""

    figure: dict[str, Any]
    beyond: bool
    """Whether the height of a point is its z beyond the emotion."""
    drawn: int
    below: int
    """Points in the strip below, of units that could not be tested so."""
    left_out: int
    controls: tuple[str, ...]
    units: int
    """Of which each filter has the one that its verdict names, or the nearest."""


def cloud(survey: Survey) -> Cloud | None:
    """The figure of a run; None where no filter has a unit that was tested."""
    claims = survey.claims
    if not claims.units:
        return None
    beyond = bool(claims.testable_beyond.any())
    x, y = _places(claims, beyond=beyond)
    there = np.isfinite(x) & np.isfinite(y)
    below = np.isfinite(x) & ~there & np.isin(survey.kind, ["answers", "nothing"])
    if not there.any():
        return None
    compared = arms(survey.controls, survey.layer_names)
    units = int((claims.testable | claims.testable_beyond).sum())
    behind = [
        trace
        for number, arm in enumerate(compared)
        for trace in _control(arm.title, arm.runs, number, beyond=beyond)
    ]
    spread = np.asarray(np.arange(len(x)) * _GOLDEN % 1, dtype=np.float64)
    traces = [
        *behind,
        *_verdicts(survey, x, y, there),
        *({**trace, "yaxis": "y2"} for trace in _verdicts(survey, x, spread, below, "")),
        *_layers(survey),
    ]
    layout = _layout(units, beyond=beyond, below=bool(below.any()))
    return Cloud(
        {"data": _told_once(traces), "layout": layout},
        beyond,
        int(there.sum()),
        int(below.sum()),
        int((~there & ~below).sum()),
        tuple(arm.title for arm in compared),
        units,
    )


def _places(claims: Claims, *, beyond: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(filter,) AUROC and z of the unit that each verdict names, or of the nearest."""
    rows, column = np.arange(len(claims.named)), np.maximum(claims.named, 0)
    score = claims.pair["z_beyond" if beyond else "z"]
    x = np.where(claims.named >= 0, claims.pair["auroc"][rows, column], np.nan)
    return x, np.where(claims.named >= 0, score[rows, column], np.nan)


def _verdicts(
    survey: Survey,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    there: NDArray[np.bool_],
    z: str = ", z %{y:.1f}",
) -> list[dict[str, Any]]:
    layers = {name: place for place, name in enumerate(survey.layer_names)}
    told = len(layers) <= len(_SYMBOLS)
    found = []
    for kind in reversed(COLOURS):
        inside = np.flatnonzero(there & (survey.kind == kind)).tolist()
        if not inside:
            continue
        symbols = [_SYMBOLS[layers[survey.filters[at].layer]] for at in inside] if told else None
        marker = {"color": COLOURS[kind], "size": 8, "opacity": 0.85}
        line = {"line": {"width": 1, "color": "var(--paper)"}}
        found.append(
            _trace(len(survey.filters), x[inside], y[inside])
            | {
                "name": SHORT[kind],
                "text": [_name(survey, at) for at in inside],
                "customdata": [survey.addresses[at] for at in inside],
                "marker": marker | line | ({"symbol": symbols} if symbols else {}),
                "hovertemplate": f"%{{text}}<br>AUROC %{{x:.2f}}{z}<extra>{SHORT[kind]}</extra>",
            }
        )
    return found


def _told_once(traces: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry of the legend for the traces of one name, which it shows and hides together."""
    seen: set[str] = set()
    told = []
    for trace in traces:
        group = {"legendgroup": trace["name"], "showlegend": trace["name"] not in seen}
        seen.add(trace["name"])
        told.append({**trace, **group})
    return told


def _name(survey: Survey, at: int) -> str:
    """Filter and unit; Plotly reads some markup in it, so that the filter's name is escaped."""
    name = str(escape(str(survey.filters[at])))
    return f"<b>{name}</b> {label(survey.claims.units[int(survey.claims.named[at])])}"


def _control(
    title: str, runs: Sequence[Compared], number: int, *, beyond: bool
) -> list[dict[str, Any]]:
    """The filters of the controls of one kind, faint and behind the others."""
    places = [_places(run.claims, beyond=beyond) for run in runs]
    x = np.concatenate([one for one, _ in places])
    y = np.concatenate([other for _, other in places])
    there = np.isfinite(x) & np.isfinite(y)
    if not there.any():
        return []
    symbol = ("x-thin", "cross-thin", "asterisk", "y-up", "y-down")[number % 5]
    line = {"width": 1.2, "color": "var(--muted)"}
    return [
        _trace(int(there.sum()), x[there], y[there])
        | {
            "name": f"control: {escape(title)}",
            "marker": {"size": 6, "opacity": 0.45, "symbol": symbol, "line": line},
            "hoverinfo": "skip",
        }
    ]


def _trace(points: int, x: NDArray[np.float64], y: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "type": "scattergl" if points > _MANY else "scatter",
        "mode": "markers",
        "x": np.round(x, 3).tolist(),
        "y": np.round(y, 2).tolist(),
    }


def _layers(survey: Survey) -> list[dict[str, Any]]:
    """What the shapes stand for: an entry of the legend for each layer, and no point."""
    if not 1 < len(survey.layer_names) <= len(_SYMBOLS):
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [None],
            "y": [None],
            "name": str(escape(layer)),
            "legend": "legend2",
            "marker": {"symbol": symbol, "size": 8, "color": "var(--ink)"},
            "hoverinfo": "skip",
        }
        for layer, symbol in zip(survey.layer_names, _SYMBOLS, strict=False)
    ]


def _layout(units: int, *, beyond: bool, below: bool) -> dict[str, Any]:
    chance = {"type": "line", "x0": 0.5, "x1": 0.5, "yref": "paper", "y0": 0, "y1": 1}
    best = f", the best of {units}" if units > 1 else ""
    layout: dict[str, Any] = {
        "height": 560,
        "hovermode": "closest",
        "xaxis": {
            "title": {"text": f"AUROC of its unit{best}"},
            "zeroline": False,
            "anchor": "free",
        },
        "yaxis": {"title": {"text": f"z {'beyond the emotion' if beyond else 'of the test'}"}},
        "shapes": [chance | {"line": {"color": "var(--muted)", "dash": "dot", "width": 1}}],
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "legend2": {"orientation": "h", "x": 0, "y": -0.18, "yanchor": "top"},
    }
    if below:
        layout["yaxis"]["domain"] = [0.15, 1]
        layout["yaxis2"] = {
            "domain": [0, 0.09],
            "range": [-0.2, 1.2],
            "tickvals": [0.5],
            "ticktext": ["not tested"],
            "zeroline": False,
            "fixedrange": True,
        }
    return layout


def _best_of(made: Cloud) -> str:
    """What the choice of a unit does to the figure; nothing where there is one unit."""
    if made.units < 2:
        return " An AUROC of 0.5 is chance."
    compare = "compare it with the grey marks, not" if made.controls else "do not compare it"
    chosen = " Green points have theirs by the upright axis." if made.beyond else ""
    return (
        f" Its unit is the best of {count(made.units)}, which by chance alone lifts the AUROC: "
        f"{compare} with 0.5.{chosen}"
    )


def cloud_words(made: Cloud) -> str:
    """What the figure shows, for its caption and for who cannot see it."""
    up = (
        "the higher, the more it knows of the unit than the emotion tells (z of that test)"
        if made.beyond
        else "the higher, the clearer the test of its unit (z)"
    )
    below = (
        f" Thin grey marks behind them are the filters of the controls: {listed(made.controls)}."
        if made.controls
        else ""
    )
    strip = (
        f" The strip at the bottom holds {count(made.below)} more, whose unit could not be tested "
        "beyond the emotion."
        if made.below
        else ""
    )
    left = (
        f" {capital(plural(made.left_out, 'filter'))} without a tested unit "
        f"{'has' if made.left_out == 1 else 'have'} no point."
        if made.left_out
        else ""
    )
    return (
        f"Each of the {plural(made.drawn, 'point')} is a filter: the farther to the right, the "
        f"better it tells faces with its unit from faces without (AUROC); {up}.{_best_of(made)}"
        f"{strip}{below}{left} Choose a point to open its filter."
    )
