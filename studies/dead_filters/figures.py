"""How many filters live, against the threshold that calls them dead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from .networks import OWN
from .published import ACTIVE

# Told apart by colour-blind readers (Okabe & Ito); the definition's own network comes first.
COLOURS: Final = (
    "rgb(213,94,0)",
    "rgb(0,114,178)",
    "rgb(0,158,115)",
    "rgb(204,121,167)",
    "rgb(86,180,233)",
    "rgb(230,159,0)",
    "rgb(110,110,110)",
)
DASHES: Final = ("solid", "dash", "dot")
_GRID: Final = np.geomspace(0.003, 10, 80)
_BAND: Final = "rgba(128,128,128,0.30)"


def survival(filters: pd.DataFrame, layer: str, threshold: float) -> dict[str, Any]:
    """A line a variant: filters of a layer that live, mean over networks, at each threshold.

    `filters`: one row a filter, of all networks. The grey band is the paper's two counts.
    """
    own = filters[filters["layer"] == layer]
    data = []
    trained = own[own["trained"]]
    for number, (name, arm) in enumerate(trained.groupby("variant", sort=False)):
        style = {"color": COLOURS[number % len(COLOURS)]}
        dash = DASHES[number // len(COLOURS) % len(DASHES)]
        data.append(_line(str(name), arm, {**style, "dash": dash, "width": 2.5}))
    start = own[~own["trained"] & (own["variant"] == OWN)]
    if len(start):
        line = {"color": "rgb(0,0,0)", "dash": "dot", "width": 1.5}
        data.append(_line(f"{OWN}, before training", start, line))
    return {"data": data, "layout": _layout(layer, threshold)}


def _line(name: str, arm: pd.DataFrame, line: Mapping[str, Any]) -> dict[str, Any]:
    ratio = arm["peak_max"] / arm["layer_scale"].where(arm["layer_scale"] > 0)
    networks = len(arm[["seed", "fold"]].drop_duplicates())
    counts = [float((ratio > at).sum()) / networks for at in _GRID]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": _GRID.tolist(),
        "y": counts,
        "line": dict(line),
        "hovertemplate": f"{name}: %{{y:.0f}} live at %{{x:.3g}}<extra></extra>",
    }


def _layout(layer: str, threshold: float) -> dict[str, Any]:
    low, high = ACTIVE
    return {
        "height": 520,
        "margin": {"t": 20, "r": 20, "b": 190, "l": 70},
        "xaxis": {
            "type": "log",
            "title": {"text": "threshold, as a share of the usual filter's strongest answer"},
            "tickvals": [0.01, 0.03, 0.1, 0.3, 1, 3, 10],
            "ticktext": ["0.01", "0.03", "0.1", "0.3", "1", "3", "10"],
        },
        "yaxis": {"title": {"text": f"live filters of {layer}"}, "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
        "shapes": [*_band(low, high), *_mark(threshold)],
        "annotations": [
            {
                "xref": "paper",
                "x": 0.01,
                "xanchor": "left",
                "y": high,
                "yanchor": "bottom",
                "text": f"{low} to {high}: published, threshold not told",
                "showarrow": False,
            }
        ],
    }


def _band(low: int, high: int) -> list[dict[str, Any]]:
    across = {"xref": "paper", "x0": 0, "x1": 1, "y0": low, "y1": high}
    look = {"fillcolor": _BAND, "line": {"width": 0}, "layer": "below"}
    return [{"type": "rect", **across, **look}]


def _mark(threshold: float) -> list[dict[str, Any]]:
    """The study's own threshold, where the axis can show it."""
    if threshold <= 0:
        return []
    down = {"yref": "paper", "y0": 0, "y1": 1, "x0": threshold, "x1": threshold}
    return [{"type": "line", **down, "line": {"width": 1, "dash": "dot", "color": COLOURS[-1]}}]
