"""Figures: systems on one scale with their intervals, what mistakes add, who is taken for whom."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

# Told apart by colour-blind readers (Okabe & Ito).
OURS, PRINTED, GROUND = "rgb(0,114,178)", "rgb(213,94,0)", "rgb(128,128,128)"
MISTAKES: Final = {
    "checkpoint-on-test": ("rgb(213,94,0)", "circle", "epoch chosen on the test fold"),
    "folds-by-image": ("rgb(0,158,115)", "diamond", "folds of images, not of people"),
}
_LEGEND: Final = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}


def systems(table: pd.DataFrame, printed: pd.DataFrame, where: str) -> dict[str, Any]:
    """A line a system with its interval; hollow marks: what papers print, from other faces.

    `table` is that of `tables.systems`, `printed` that of `published.table`; `where`: the data
    set of the printed numbers, for people.
    """
    own = dict(zip(table["system"], table["words"], strict=True))
    lines = [*table["words"]]
    places = []
    for row in printed.to_dict("records"):
        line = own.get(row["beside"], row["system"])
        if line not in lines:
            lines.append(line)
        places.append(line)
    value, low, high = (table[name].to_numpy(float) for name in ("accuracy", "low", "high"))
    data = [
        {
            **_marks(value, low, high, table["words"].tolist(), OURS, "circle"),
            "name": "run here, 95 % interval",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "always the commonest class",
            "x": table["majority"].tolist(),
            "y": table["words"].tolist(),
            "marker": {"symbol": "line-ns-open", "color": GROUND, "size": 14},
            "hovertemplate": "majority: %{x:.1%}<extra></extra>",
        },
    ]
    if len(printed):
        memory = printed["from_memory"].to_numpy(bool)
        for some, symbol, name in (
            (~memory, "diamond-open", f"printed, of {where}; not run here"),
            (memory, "x-thin-open", f"printed, of {where}; from memory, not verified"),
        ):
            if some.any():
                data.append(_printed(printed[some], np.array(places)[some].tolist(), symbol, name))
    return {
        "data": data,
        "layout": {
            "height": 150 + 26 * len(lines),
            "margin": {"t": 60, "r": 20, "b": 50, "l": 10},
            "legend": _LEGEND,
            "xaxis": {"title": {"text": "faces of held-out people named rightly"}, **_PERCENT},
            "yaxis": _lines(lines),
        },
    }


_PERCENT: Final = {"tickformat": ".0%", "range": [0, 1.02]}


def _lines(names: list[str]) -> dict[str, Any]:
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": names[::-1],
        "automargin": True,
    }


def _printed(rows: pd.DataFrame, lines: list[str], symbol: str, name: str) -> dict[str, Any]:
    spread = np.nan_to_num(rows["spread"].to_numpy(float)) / 100
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": (rows["percent"].to_numpy(float) / 100).tolist(),
        "y": lines,
        "text": [f"{s}, {w}" for s, w in zip(rows["system"], rows["source"], strict=True)],
        "error_x": {"type": "data", "array": spread.tolist(), "thickness": 1, "width": 4},
        "marker": {"symbol": symbol, "color": PRINTED, "size": 10, "line": {"width": 2}},
        "hovertemplate": "%{text}: %{x:.2%}<extra></extra>",
    }


def _marks(
    value: np.ndarray[Any, Any],
    low: np.ndarray[Any, Any],
    high: np.ndarray[Any, Any],
    lines: list[str],
    colour: str,
    symbol: str,
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": value.tolist(),
        "y": lines,
        "error_x": {
            "type": "data",
            "array": _listed(high - value),
            "arrayminus": _listed(value - low),
            "thickness": 2,
            "width": 0,
        },
        "marker": {"color": colour, "symbol": symbol, "size": 10},
        "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
    }


def _listed(values: np.ndarray[Any, Any]) -> list[float | None]:
    """Without a bar where there is no interval: JSON has no NaN."""
    return [float(one) if np.isfinite(one) else None for one in values]


def gains(table: pd.DataFrame, lines: list[str], what: str) -> dict[str, Any]:
    """A line a difference with its interval; full where the corrected p is at most 0.05."""
    shown = table["p_holm"].to_numpy(float) <= 0.05
    data = []
    for some, symbol, name in (
        (shown, "circle", "corrected p at most 0.05"),
        (~shown, "circle-open", "not shown"),
    ):
        if some.any():
            value, low, high = (
                100 * table[key].to_numpy(float)[some] for key in ("difference", "low", "high")
            )
            marks = _marks(value, low, high, np.array(lines)[some].tolist(), OURS, symbol)
            data.append({**marks, "name": name, "hovertemplate": "%{y}: %{x:.1f}<extra></extra>"})
    return _differences(data, lines, what)


def costs(table: pd.DataFrame, words: dict[str, str]) -> dict[str, Any]:
    """What each mistake adds for each system, in points, with its interval."""
    lines = [words[name] for name in dict.fromkeys(table["system"])]
    data = []
    for mistake, (colour, symbol, name) in MISTAKES.items():
        rows = table[table["mistake"] == mistake]
        if len(rows):
            value, low, high = (
                100 * rows[key].to_numpy(float) for key in ("difference", "low", "high")
            )
            marks = _marks(value, low, high, [words[one] for one in rows["system"]], colour, symbol)
            # In one line for each system, one mistake above the other.
            beside = {"orientation": "h", "offsetgroup": mistake}
            hover = "%{y}: %{x:.1f}<extra></extra>"
            data.append({**marks, **beside, "name": name, "hovertemplate": hover})
    return _differences(data, lines, "points that the mistake adds")


def _differences(data: list[dict[str, Any]], lines: list[str], what: str) -> dict[str, Any]:
    return {
        "data": data,
        "layout": {
            "height": 160 + 30 * len(lines),
            "margin": {"t": 60, "r": 20, "b": 50, "l": 10},
            "showlegend": True,
            "legend": _LEGEND,
            "scattermode": "group",
            "xaxis": {
                "title": {"text": f"{what} (95 % interval)"},
                "zeroline": True,
                "zerolinecolor": GROUND,
                "zerolinewidth": 2,
            },
            "yaxis": _lines(lines),
        },
    }


def confusion(table: pd.DataFrame) -> dict[str, Any]:
    """Who is taken for whom: rows true, columns answered, shares of the row.

    `table` holds the rows of one system from `tables.confusion`.
    """
    classes = list(dict.fromkeys(table["true"]))
    share = table.pivot_table(index="true", columns="predicted", values="share", dropna=False)
    share = share.reindex(index=classes, columns=classes)
    known = [name for name in classes if share.loc[name].notna().any()]
    z = share.loc[known].to_numpy(float)
    return {
        "data": [
            {
                "type": "heatmap",
                "x": classes,
                "y": known,
                "z": z.tolist(),
                "zmin": 0,
                "zmax": 1,
                "colorscale": [[0, "rgb(247,247,247)"], [1, OURS]],
                "text": [[f"{100 * one:.0f}" if one >= 0.005 else "" for one in row] for row in z],
                "texttemplate": "%{text}",
                "hovertemplate": "%{y} taken for %{x}: %{z:.1%}<extra></extra>",
                "colorbar": {"tickformat": ".0%", "title": {"text": "of the row", "side": "right"}},
            }
        ],
        "layout": {
            "height": 180 + 36 * len(known),
            "margin": {"t": 20, "r": 20, "b": 70, "l": 10},
            "xaxis": {"title": {"text": "answered"}, "type": "category"},
            "yaxis": {
                "title": {"text": "shown"},
                "type": "category",
                "autorange": "reversed",
                "automargin": True,
            },
        },
    }
