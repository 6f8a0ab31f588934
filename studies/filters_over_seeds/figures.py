"""Two figures: who passes P = 1 against N, and what is left after each control."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from .arms import TRAINED, UNTRAINED
from .jobs import STAGES
from .measure import EMOTIONS
from .published import ACTIVE, REJECTED, SHARE

# Told apart by colour-blind readers (Okabe & Ito), and by their marks.
_ONE, _MIXED = EMOTIONS.values()
LOOKS: Final = {
    TRAINED: ("rgb(213,94,0)", "circle", "solid"),
    UNTRAINED: ("rgb(0,114,178)", "square", "solid"),
    _ONE: ("rgb(0,158,115)", "diamond", "dash"),
    _MIXED: ("rgb(204,121,167)", "triangle-up", "dash"),
    "random sequences": ("rgb(110,110,110)", "x", "dot"),
    "random images that are not neutral": ("rgb(160,160,160)", "cross", "dot"),
    "random images": ("rgb(190,190,190)", "star", "dot"),
}
PANELS: Final = {"image": "every image, as published", "sequence": "one image a sequence"}


def rule(table: pd.DataFrame) -> dict[str, Any]:
    """Share of live filters with P = 1 against N, a line an arm; bars from least to most."""
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {
        "height": 480,
        "margin": {"t": 40, "r": 20, "b": 130, "l": 60},
        "legend": {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
        "annotations": [],
    }
    ticks = sorted(table["n"].unique().tolist())
    for place, (looked, title) in enumerate(PANELS.items()):
        end = "" if place == 0 else str(place + 1)
        layout[f"xaxis{end}"] = {
            "domain": [0.54 * place, 0.54 * place + 0.46],
            "title": {"text": "N"},
            "tickvals": ticks,
        }
        layout[f"yaxis{end}"] = {"anchor": f"x{end}", "range": [-0.03, 1.05], "tickformat": ".0%"}
        layout["annotations"].append(
            {"text": title, "x": 0.54 * place, "xref": "paper", "xanchor": "left", "y": 1.09,
             "yref": "paper", "showarrow": False}
        )  # fmt: skip
        axes = {"xaxis": f"x{end}", "yaxis": f"y{end}"}
        shown = table[table["looked"] == looked]
        data += [{**line, **axes} for line in _lines(shown, legend=place == 0)]
        data.append({**_published(ticks, legend=place == 0), **axes})
    layout["yaxis"]["title"] = {"text": "share of live filters with P = 1"}
    return {"data": data, "layout": layout}


def _lines(table: pd.DataFrame, *, legend: bool) -> Iterator[dict[str, Any]]:
    for arm, (colour, symbol, dash) in LOOKS.items():
        rows = table[(table["arm"] == arm) & table["share"].notna()].sort_values("n")
        if rows.empty:
            continue
        yield {
            "type": "scatter",
            "mode": "lines+markers",
            "name": arm,
            "legendgroup": arm,
            "showlegend": legend,
            "x": rows["n"].tolist(),
            "y": rows["share"].tolist(),
            "error_y": {
                "type": "data",
                "array": (rows["most"] - rows["share"]).tolist(),
                "arrayminus": (rows["share"] - rows["least"]).tolist(),
                "thickness": 1.5,
                "width": 3,
            },
            "line": {"color": colour, "dash": dash},
            "marker": {"color": colour, "symbol": symbol, "size": 9},
            "hovertemplate": f"{arm}, N = %{{x}}: %{{y:.0%}}<extra></extra>",
        }


def _published(ticks: list[int], *, legend: bool) -> dict[str, Any]:
    """The paper's share, across all N since it is told nowhere at which."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": f"published: {ACTIVE - REJECTED} of {ACTIVE}, N not told (not run here)",
        "legendgroup": "published",
        "showlegend": legend,
        "x": ticks,
        "y": [SHARE] * len(ticks),
        "line": {"color": "rgb(0,0,0)", "width": 1, "dash": "dot"},
        "marker": {"color": "rgb(0,0,0)", "symbol": "circle-open", "size": 11},
        "hovertemplate": f"published: {SHARE:.0%}, N not told<extra></extra>",
    }


def funnel(table: pd.DataFrame) -> dict[str, Any]:
    """Share of live filters left after each stage and all before it, a bar an arm."""
    data = []
    for arm in (TRAINED, UNTRAINED, *EMOTIONS.values()):
        rows = table[table["arm"] == arm].set_index("stage").reindex(STAGES)
        if rows["share"].isna().all():
            continue
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": arm,
                "y": list(STAGES),
                "x": [None if pd.isna(one) else float(one) for one in rows["share"]],
                "error_x": {
                    "type": "data",
                    "array": (rows["most"] - rows["share"]).fillna(0).tolist(),
                    "arrayminus": (rows["share"] - rows["least"]).fillna(0).tolist(),
                    "thickness": 1.5,
                    "width": 3,
                },
                "marker": {"color": LOOKS[arm][0]},
                "hovertemplate": f"{arm}, %{{y}}: %{{x:.0%}}<extra></extra>",
            }
        )
    layout = {
        "height": 520,
        "barmode": "group",
        "margin": {"t": 20, "r": 20, "b": 100, "l": 200},
        "xaxis": {
            "title": {"text": "share of live filters that pass this and all above"},
            "tickformat": ".0%",
            "range": [0, 1.05],
        },
        "yaxis": {"type": "category", "autorange": "reversed", "automargin": True},
        "legend": {"orientation": "h", "y": -0.16, "yanchor": "top", "x": 0},
    }
    return {"data": data, "layout": layout}
