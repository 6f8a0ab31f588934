"""Figures: the matrix of pairs as heat maps, and each pair's ways beside one another."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from .pairs import AS_IS, PIXELS, RETRAINED, UNTRAINED, WITHIN

MAPS: Final = {
    AS_IS: "as is",
    RETRAINED: "output layer re-trained",
    UNTRAINED: "the same, untrained features",
}
# Told apart by colour-blind readers (Okabe & Ito), and by shape.
MARKS: Final = {
    AS_IS: ("as is", "rgb(213,94,0)", "circle"),
    RETRAINED: ("output layer re-trained", "rgb(0,114,178)", "square"),
    UNTRAINED: ("the same, untrained features", "rgb(86,180,233)", "square-open"),
    PIXELS: ("the same, pictures made small", "rgb(0,158,115)", "diamond-open"),
    WITHIN: ("trained on the other set itself", "rgb(60,60,60)", "triangle-up-open"),
}
MAJORITY: Final = "rgb(128,128,128)"
# Most to least blue; text on the dark half is white.
_SCALE: Final = [[0, "rgb(247,251,255)"], [0.5, "rgb(107,174,214)"], [1, "rgb(8,48,107)"]]
_DARK: Final = 0.55


def matrix(table: pd.DataFrame) -> dict[str, Any]:
    """Three heat maps of accuracy, trained on (down) by asked about (across)."""
    labels = list(dict.fromkeys([*table["train"], *table["test"]]))
    width = 1 / len(MAPS)
    layout: dict[str, Any] = {
        "height": 150 + 60 * len(labels),
        "margin": {"t": 40, "r": 10, "b": 60, "l": 10},
        "annotations": [],
    }
    data = []
    for place, (way, title) in enumerate(MAPS.items()):
        end = "" if place == 0 else str(place + 1)
        left, right = place * width + 0.01, (place + 1) * width - 0.02
        cells = _cells(table, way, labels)
        data.append(_map(cells, labels, end, shown=place == len(MAPS) - 1))
        layout[f"xaxis{end}"] = {
            "domain": [left, right],
            "title": {"text": "asked about"},
            "type": "category",
            "anchor": f"y{end}",
        }
        layout[f"yaxis{end}"] = {
            "type": "category",
            "autorange": "reversed",
            "anchor": f"x{end}",
            "automargin": True,
            "showticklabels": place == 0,
            "title": {"text": "trained on" if place == 0 else ""},
        }
        heading = {
            "text": f"<b>{title}</b>",
            "x": (left + right) / 2,
            "y": 1.01,
            "xanchor": "center",
        }
        layout["annotations"].append(
            {**heading, "xref": "paper", "yref": "paper", "yanchor": "bottom", "showarrow": False}
        )
        layout["annotations"].extend(_numbers(cells, labels, end))
    return {"data": data, "layout": layout}


def _cells(table: pd.DataFrame, way: str, labels: list[str]) -> pd.DataFrame:
    some = table[table["way"] == way].set_index(["train", "test"])["accuracy"]
    return some.unstack("test").reindex(index=labels, columns=labels)


def _map(cells: pd.DataFrame, labels: list[str], end: str, *, shown: bool) -> dict[str, Any]:
    return {
        "type": "heatmap",
        "x": labels,
        "y": labels,
        "z": _listed(cells),
        "zmin": 0,
        "zmax": 1,
        "colorscale": _SCALE,
        "showscale": shown,
        "colorbar": {"tickformat": ".0%", "thickness": 12},
        "xgap": 2,
        "ygap": 2,
        "hovertemplate": "%{y} asked about %{x}: %{z:.1%}<extra></extra>",
        "xaxis": f"x{end}",
        "yaxis": f"y{end}",
    }


def _listed(cells: pd.DataFrame) -> list[list[float | None]]:
    return [[float(v) if np.isfinite(v) else None for v in row] for row in cells.to_numpy(float)]


def _numbers(cells: pd.DataFrame, labels: list[str], end: str) -> list[dict[str, Any]]:
    return [
        {
            "text": "not comparable" if value is None else f"{100 * value:.1f} %",
            "x": across,
            "y": down,
            "xref": f"x{end}",
            "yref": f"y{end}",
            "showarrow": False,
            "font": {"color": "white" if value is not None and value > _DARK else "black"},
        }
        for down, row in zip(labels, _listed(cells), strict=True)
        for across, value in zip(labels, row, strict=True)
    ]


def ways(table: pd.DataFrame) -> dict[str, Any]:
    """A row a pair of two sets: every way with its interval, and the commonest class."""
    some = table[table["train"] != table["test"]]
    names = list(dict.fromkeys(some["train"] + " → " + some["test"]))
    data = [_majority(some[some["way"] == AS_IS], names)]
    for place, way in enumerate(MARKS):
        data.append(_marks(some[some["way"] == way], way, names, place))
    return {
        "data": data,
        "layout": {
            "height": 160 + 70 * len(names),
            "margin": {"t": 70, "r": 20, "b": 50, "l": 10},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "xaxis": {
                "title": {"text": "held-out faces named rightly (95 % interval)"},
                "tickformat": ".0%",
                "range": [0, 1],
            },
            "yaxis": {
                "tickvals": list(range(len(names))),
                "ticktext": names,
                "range": [len(names) - 0.5, -0.5],
                "automargin": True,
                "zeroline": False,
                "showgrid": False,
            },
        },
    }


def _marks(rows: pd.DataFrame, way: str, names: list[str], place: int) -> dict[str, Any]:
    title, colour, symbol = MARKS[way]
    value, low, high = (rows[name].to_numpy(float) for name in ("accuracy", "low", "high"))
    pairs = (rows["train"] + " → " + rows["test"]).tolist()
    return {
        "type": "scatter",
        "mode": "markers",
        "name": title,
        "x": value.tolist(),
        "y": [names.index(name) + (place - 2) * 0.15 for name in pairs],
        "error_x": {
            "type": "data",
            "array": np.nan_to_num(high - value).tolist(),
            "arrayminus": np.nan_to_num(value - low).tolist(),
            "thickness": 1.5,
            "width": 0,
        },
        "marker": {"color": colour, "symbol": symbol, "size": 9},
        "text": pairs,
        "hovertemplate": "%{text}: %{x:.1%}<extra>" + title + "</extra>",
    }


def _majority(rows: pd.DataFrame, names: list[str]) -> dict[str, Any]:
    """A line through each row at the share of the commonest class."""
    across: list[float | None] = []
    down: list[float | None] = []
    for name, share in zip(rows["train"] + " → " + rows["test"], rows["majority"], strict=True):
        at = names.index(name)
        across += [float(share), float(share), None]
        down += [at - 0.42, at + 0.42, None]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "always the commonest class",
        "x": across,
        "y": down,
        "line": {"color": MAJORITY, "dash": "dot", "width": 2},
        "hoverinfo": "skip",
    }
