"""Plotly figures: systems and differences as dots with bars, a confusion matrix."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from .published import TABLE_4
from .tables import CHANGES, LSTM, SYSTEMS

_MAIN: Final = "#1f5fbf"
_OTHER: Final = "#7a7a7a"


def systems(table: pd.DataFrame) -> dict[str, Any]:
    """Accuracy of each system with its interval; published ones hollow; the majority as a line."""
    names = [SYSTEMS[name] for name in table["system"]]
    colours = [_MAIN if name in (LSTM, CHANGES) else _OTHER for name in table["system"]]
    order = [*names, *(one.system for one in TABLE_4)]
    majority = float(table["majority"].iloc[0])
    return {
        "data": [
            _dots(
                names,
                table,
                "accuracy",
                ("accuracy_low", "accuracy_high"),
                colours,
                "run here (95 % over people)",
            ),
            {
                "type": "scatter",
                "mode": "markers",
                "name": "published for CASME II, not run here",
                "x": [one.accuracy for one in TABLE_4],
                "y": [one.system for one in TABLE_4],
                "marker": {"size": 10, "symbol": "circle-open", "color": _OTHER},
                "hovertemplate": "%{y}: %{x:.1%}<extra>not run here</extra>",
            },
        ],
        "layout": {
            **_rows(order),
            "showlegend": True,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "xaxis": {"title": {"text": "accuracy"}, "tickformat": ".0%", "range": [0, 1]},
            "shapes": [_line(majority)],
            "annotations": [
                {
                    "x": majority,
                    "y": 0,
                    "yref": "paper",
                    "yanchor": "bottom",
                    "xanchor": "left",
                    "xshift": 4,
                    "showarrow": False,
                    "text": "majority, here",
                }
            ],
        },
    }


def gaps(table: pd.DataFrame) -> dict[str, Any]:
    """Differences of accuracy between pairs of systems; those asked about in colour."""
    names = [
        f"{SYSTEMS[one]} − {SYSTEMS[other]}"
        for one, other in zip(table["system"], table["less"], strict=True)
    ]
    colours = [_MAIN if asked else _OTHER for asked in table["asked"]]
    return {
        "data": [_dots(names, table, "difference", ("low", "high"), colours, "")],
        "layout": {
            **_rows(names),
            "showlegend": False,
            "xaxis": {
                "title": {"text": "difference of accuracy (95 % over people)"},
                "tickformat": "+.0%",
            },
            "shapes": [_line(0.0)],
        },
    }


def confusion(table: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, Any]:
    """Shares of each true class by answer, with clips in the cells."""
    counts = table.set_index("true").loc[list(classes), list(classes)].to_numpy(float)
    shown = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, shown, out=np.zeros_like(counts), where=shown > 0)
    return {
        "data": [
            {
                "type": "heatmap",
                "x": list(classes),
                "y": list(classes),
                "z": share.tolist(),
                "text": [[f"{value:.0f}" for value in row] for row in counts],
                "texttemplate": "%{text}",
                "hovertemplate": "%{y} named %{x}: %{z:.0%}<extra></extra>",
                "colorscale": [[0, "rgb(247,247,247)"], [1, "rgb(31,96,196)"]],
                "zmin": 0,
                "zmax": 1,
                "colorbar": {"tickformat": ".0%", "title": {"text": "of the class"}},
            }
        ],
        "layout": {
            "height": 160 + 50 * len(classes),
            "margin": {"t": 20, "r": 20, "b": 60, "l": 10},
            "xaxis": {"title": {"text": "answer of the LSTM on changes"}},
            "yaxis": {"title": {"text": "shown"}, "autorange": "reversed", "automargin": True},
        },
    }


def _dots(
    names: list[str],
    table: pd.DataFrame,
    value: str,
    bounds: tuple[str, str],
    colours: list[str],
    legend: str,
) -> dict[str, Any]:
    at = table[value].to_numpy(float)
    low, high = (table[name].to_numpy(float) for name in bounds)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": legend,
        "x": at.tolist(),
        "y": names,
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": np.nan_to_num(high - at).tolist(),
            "arrayminus": np.nan_to_num(at - low).tolist(),
            "color": _OTHER,
        },
        "marker": {"size": 10, "color": colours},
        "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
    }


def _rows(order: list[str]) -> dict[str, Any]:
    return {
        "height": 140 + 30 * len(order),
        "margin": {"t": 40, "r": 20, "b": 50, "l": 10},
        "yaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": order[::-1],
            "automargin": True,
        },
    }


def _line(at: float) -> dict[str, Any]:
    return {
        "type": "line",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"dash": "dash", "color": _OTHER, "width": 1},
    }
