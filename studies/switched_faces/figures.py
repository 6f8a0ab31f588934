"""Figures: agreement against chance, which unit stands for which, heat map, curves by intensity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from facsinterp.facs import label

from . import tables

SHOWN: Final = 24
CURVES: Final = 6
COLUMNS: Final = 3
# Told apart by colour-blind readers (Okabe & Ito); those of the report's own overlays.
UP, DOWN, GROUND = "rgb(213,94,0)", "rgb(0,114,178)", "rgb(247,246,243)"
_CHANCE: Final = "rgb(128,128,128)"
_MARGIN: Final = {"t": 30, "r": 20, "b": 50}


def agreement(tests: pd.DataFrame, measures: Mapping[str, str], whose: Mapping[str, str]) -> Any:  # noqa: ANN401 - a figure
    """Found, and by lot, for each set of filters; one panel a measure."""
    layout: dict[str, Any] = {
        "height": 130 + 42 * tests["which"].nunique(),
        "margin": {**_MARGIN, "l": 10, "t": 50},
        "legend": {"orientation": "h", "y": 1.04, "yanchor": "bottom", "x": 0},
    }
    data = []
    for place, (measure, title) in enumerate(measures.items()):
        end = "" if place == 0 else str(place + 1)
        rows = tests[tests["measure"] == measure]
        names = [
            f"{whose[which]} ({n})" for which, n in zip(rows["which"], rows["filters"], strict=True)
        ]
        layout[f"xaxis{end}"] = {
            "domain": [0.52 * place, 0.48 + 0.52 * place],
            "range": [0, 1.02],
            "title": {"text": title},
            **({"tickformat": ".0%"} if place == 0 else {}),
        }
        layout[f"yaxis{end}"] = {
            "anchor": f"x{end}",
            "autorange": "reversed",
            "automargin": True,
            "type": "category",
            "showticklabels": place == 0,
        }
        lot = (rows["expected"], rows["chance_low"], rows["chance_high"])
        found = (rows["mean"], rows["low"], rows["high"])
        shown = {"xaxis": f"x{end}", "yaxis": f"y{end}", "showlegend": place == 0, "y": names}
        data += [
            {**_dots("by lot, with 95 % of the shuffles", lot, _CHANCE, "line-ns-open"), **shown},
            {**_dots("found, with 95 % interval", found, UP, "circle"), **shown},
        ]
    return {"data": data, "layout": layout}


def _dots(name: str, told: Sequence[pd.Series[float]], colour: str, symbol: str) -> dict[str, Any]:
    value, low, high = (np.asarray(one, float) for one in told)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": value.tolist(),
        "error_x": {
            "type": "data",
            "array": (high - value).tolist(),
            "arrayminus": (value - low).tolist(),
            "thickness": 3,
            "width": 0,
        },
        "marker": {
            "color": colour,
            "symbol": symbol,
            "size": 11,
            "line": {"width": 3, "color": colour},
        },
        "hovertemplate": f"%{{y}}: %{{x:.2f}}<extra>{name}</extra>",
    }


def matrix(rows: pd.DataFrame) -> dict[str, Any]:
    """How many filters go with each unit, and are moved most by each."""
    units = sorted({*rows["associated"], *rows["causal"]} - {0})
    down = [*units, 0]
    counts = [
        [int(((rows["causal"] == c) & (rows["associated"] == a)).sum()) for a in units]
        for c in down
    ]
    return {
        "data": [
            {
                "type": "heatmap",
                "x": [label(unit) for unit in units],
                "y": [label(unit) if unit else "none" for unit in down],
                "z": counts,
                "text": [[str(n) if n else "" for n in line] for line in counts],
                "texttemplate": "%{text}",
                "colorscale": [[0, GROUND], [1, UP]],
                "xgap": 1,
                "ygap": 1,
                "showscale": False,
                "hovertemplate": "associated %{x}, moved most by %{y}: %{z} filters<extra></extra>",
            }
        ],
        "layout": {
            "height": 130 + 22 * len(down),
            "margin": {**_MARGIN, "l": 80},
            "xaxis": {
                "title": {"text": "associated unit", "standoff": 8},
                "tickangle": -60,
                "type": "category",
                "showgrid": False,
                "automargin": True,
            },
            "yaxis": {
                "title": {"text": "unit that moves it most", "standoff": 8},
                "autorange": "reversed",
                "type": "category",
                "showgrid": False,
                "automargin": True,
            },
        },
    }


def heatmap(found: xr.Dataset) -> dict[str, Any] | None:
    """Sizes of all units on the filters that one unit moves most, by that unit; None without."""
    chosen = _of_many_units(found, SHOWN)
    if not chosen:
        return None
    part = found.sel(filter=chosen)
    size = part["size"].transpose("filter", "au").values
    reach = float(np.abs(size).max())
    return {
        "data": [
            {
                "type": "heatmap",
                "x": [label(int(unit)) for unit in part["au"].values],
                "y": part["filter"].values.astype(str).tolist(),
                "z": size.tolist(),
                "zmin": -reach,
                "zmax": reach,
                "colorscale": [[0, DOWN], [0.5, GROUND], [1, UP]],
                "xgap": 1,
                "ygap": 1,
                "colorbar": {"title": {"text": "change, sd"}, "outlinewidth": 0},
                "hovertemplate": "%{y}, %{x}: %{z:.2f} sd<extra></extra>",
            }
        ],
        "layout": {
            "height": 130 + 20 * len(chosen),
            "margin": {**_MARGIN, "l": 90},
            "yaxis": {
                "autorange": "reversed",
                "automargin": True,
                "type": "category",
                "showgrid": False,
            },
            "xaxis": {
                "title": {"text": "unit that is switched on", "standoff": 8},
                "tickangle": -60,
                "type": "category",
                "showgrid": False,
                "automargin": True,
            },
        },
    }


def curves(found: xr.Dataset) -> dict[str, Any] | None:
    """A panel a unit: how its clearest filter follows the drawn movement; None without."""
    chosen = [names[0] for names in _by_unit(found).values()][:CURVES]
    if not chosen or found.sizes["intensity"] < 2:
        return None
    part = found.sel(filter=chosen)
    letters = ["none", *(tables.LETTERS[int(n)] for n in found["intensity"].values)]
    at = [0.0, *found["movement"].values.astype(float).tolist()]
    best = [part["dose_high"].sel(filter=name, au=_best(part, name)) for name in chosen]
    least = [part["dose_low"].sel(filter=name, au=_best(part, name)) for name in chosen]
    top, low = max(float(one.max()) for one in best), min(float(one.min()) for one in least)
    layout: dict[str, Any] = {
        "height": 110 + 230 * -(-len(chosen) // COLUMNS),
        "margin": {**_MARGIN, "l": 60},
        "showlegend": False,
        "grid": {
            "rows": -(-len(chosen) // COLUMNS),
            "columns": COLUMNS,
            "pattern": "independent",
            "ygap": 0.3,
            "xgap": 0.1,
        },
        "annotations": [],
    }
    data = []
    for place, name in enumerate(chosen):
        unit, end = _best(part, name), "" if place == 0 else str(place + 1)
        one = part.sel(filter=name, au=unit)
        data += _curve(one, at, end)
        layout[f"xaxis{end}"] = {"tickvals": at, "ticktext": letters, "range": [-0.05, 1.05]}
        layout[f"yaxis{end}"] = {"range": [min(low, 0) * 1.05 - 0.1, top * 1.05], "zeroline": True}
        if place % COLUMNS == 0:
            layout[f"yaxis{end}"]["title"] = {"text": "change, sd"}
        layout["annotations"].append(
            {
                "text": f"{name}: {label(unit)}",
                "xref": f"x{end} domain",
                "yref": f"y{end} domain",
                "x": 0,
                "y": 1.02,
                "yanchor": "bottom",
                "showarrow": False,
            }
        )
    return {"data": data, "layout": layout}


def _curve(one: xr.Dataset, at: list[float], axis: str) -> list[dict[str, Any]]:
    """What would be in proportion to the movement, dashed, and what is, with its intervals."""
    size, low, high = (one[name].values for name in ("dose", "dose_low", "dose_high"))
    axes = {"type": "scatter", "xaxis": f"x{axis}", "yaxis": f"y{axis}"}
    return [
        {
            **axes,
            "mode": "lines",
            "x": [0.0, at[-1]],
            "y": [0.0, float(size[-1])],
            "line": {"color": _CHANCE, "dash": "dash", "width": 1},
            "hoverinfo": "skip",
        },
        {
            **axes,
            "mode": "lines+markers",
            "x": at,
            "y": [0.0, *size.tolist()],
            "error_y": {
                "type": "data",
                "array": [0.0, *(high - size).tolist()],
                "arrayminus": [0.0, *(size - low).tolist()],
                "width": 3,
            },
            "line": {"color": UP},
            "marker": {"color": UP, "size": 7},
            "name": str(one["filter"].item()),
            "hovertemplate": "%{y:.2f} sd<extra></extra>",
        },
    ]


def _best(found: xr.Dataset, name: str) -> int:
    return int(found["best"].sel(filter=name))


def _by_unit(found: xr.Dataset) -> dict[int, list[str]]:
    """Filters whose first unit is surely ahead, by that unit, the clearest first."""
    table = tables.filters(found)
    ahead = table[(table["best"] != "") & (table["lead_low"] > 0)]
    by_unit: dict[int, list[str]] = {}
    for name in ahead.sort_values("lead", ascending=False, kind="stable")["filter"].tolist():
        by_unit.setdefault(_best(found, name), []).append(name)
    return by_unit


def _of_many_units(found: xr.Dataset, count: int) -> list[str]:
    """The clearest filter of each unit, then the next of each while there is room, by unit."""
    ranked = [
        (place, unit, name)
        for unit, names in _by_unit(found).items()
        for place, name in enumerate(names)
    ]
    chosen = sorted(ranked, key=lambda one: one[0])[:count]
    return [name for *_, name in sorted(chosen, key=lambda one: one[1])]
