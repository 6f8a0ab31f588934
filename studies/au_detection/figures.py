"""The figure: a row a unit, its balanced accuracy with an interval, and the controls beside."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from .found import CHANCE, Found

# Told apart by colour-blind readers (Okabe & Ito), and by shape.
MARKS: Final = {
    "emotion": ("the emotion alone", "rgb(0,114,178)", "diamond-open"),
    "untrained": ("untrained network", "rgb(90,90,90)", "circle-open"),
    "pixels": ("small pictures", "rgb(0,158,115)", "square-open"),
}
STUDIED: Final = "rgb(213,94,0)"
GREY: Final = "rgb(128,128,128)"


def forest(found: Found) -> dict[str, Any]:
    """Balanced accuracy of each unit that can be judged, the best at the top."""
    order = found.judged.sort_values("balanced", ascending=False, kind="stable")
    names = order["unit"].tolist()
    data = [
        _dots(words, found.of(arm, "alone"), names, {"color": colour, "symbol": symbol, "size": 9})
        for arm, (words, colour, symbol) in MARKS.items()
    ]
    above = order["low"] > CHANCE
    for words, some, symbol in (
        ("features of the emotion network", order[above], "circle"),
        ("the same, not shown to be above 0.5", order[~above], "x"),
    ):
        if not some.empty:
            dots = _dots(words, some, names, {"color": STUDIED, "symbol": symbol, "size": 10})
            data.append({**dots, "error_x": _reach(some)})
    return {"data": data, "layout": _layout(names)}


def _dots(
    name: str, table: pd.DataFrame, units: list[str], marker: dict[str, Any]
) -> dict[str, Any]:
    kept = table[table["unit"].isin(units)]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": kept["balanced"].tolist(),
        "y": kept["unit"].tolist(),
        "marker": marker,
        "hovertemplate": "%{y}, " + name + ": %{x:.2f}<extra></extra>",
    }


def _reach(table: pd.DataFrame) -> dict[str, Any]:
    value, low, high = (table[name].to_numpy(float) for name in ("balanced", "low", "high"))
    return {
        "type": "data",
        # Half a face on either side keeps bounds off 1: one may lie below a share near it.
        "array": np.nan_to_num(np.maximum(high - value, 0)).tolist(),
        "arrayminus": np.nan_to_num(np.maximum(value - low, 0)).tolist(),
        "thickness": 1.5,
        "width": 0,
    }


def _layout(names: list[str]) -> dict[str, Any]:
    line = {"type": "line", "x0": CHANCE, "x1": CHANCE, "y0": 0, "y1": 1, "yref": "paper"}
    return {
        "height": 170 + 26 * len(names),
        "margin": {"t": 70, "r": 20, "b": 50, "l": 10},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "xaxis": {
            "title": {"text": "balanced accuracy (95 % interval over people); 0.5: absent to all"},
            "zeroline": False,
            "tickformat": ".1f",
        },
        "yaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": names[::-1],
            "automargin": True,
        },
        "shapes": [{**line, "line": {"color": GREY, "width": 2, "dash": "dash"}}],
    }
