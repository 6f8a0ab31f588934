"""Figures: differences to matched filters with intervals, and the curve of several filters."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

# Told apart by colour-blind readers (Okabe & Ito).
STUDIED: Final = "rgb(213,94,0)"
MATCHED: Final = "rgb(128,128,128)"


def differences(table: pd.DataFrame, what: str, alpha: float) -> dict[str, Any]:
    """A row a unit or emotion: difference to matched filters; full where it is shown."""
    value, low, high = (table[name].to_numpy(float) for name in ("difference", "low", "high"))
    shown = (table["q"].to_numpy(float) <= alpha) & (value > 0)
    data = []
    for name, some, symbol in (
        (f"shown (corrected p at most {alpha:g})", shown, "circle"),
        ("not shown", ~shown, "circle-open"),
    ):
        reach = {
            "type": "data",
            "array": (high - value)[some].tolist(),
            "arrayminus": (value - low)[some].tolist(),
            "thickness": 1.5,
            "width": 0,
        }
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": value[some].tolist(),
                "y": table["name"].to_numpy(str)[some].tolist(),
                "error_x": reach,
                "marker": {"color": STUDIED, "symbol": symbol, "size": 9},
                "hovertemplate": "%{y}: %{x:.3f}<extra></extra>",
            }
        )
    return {
        "data": data,
        "layout": {
            "height": 140 + 24 * len(table),
            "margin": {"t": 40, "r": 20, "b": 50, "l": 10},
            "showlegend": True,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "xaxis": {
                "title": {"text": f"{what} (95 % interval over people)"},
                "zeroline": True,
                "zerolinecolor": MATCHED,
                "zerolinewidth": 2,
                "tickformat": ".1%",
            },
            "yaxis": {
                "type": "category",
                "categoryorder": "array",
                "categoryarray": table["name"].tolist()[::-1],
                "automargin": True,
            },
        },
    }


def dose_curve(doses: pd.DataFrame) -> dict[str, Any]:
    """Dose curve of the top filters, and the band of random sets."""
    at = doses["filters"].astype(int).tolist()
    band = [*doses["random_high"], *doses["random_low"][::-1]]
    return {
        "data": [
            {
                "type": "scatter",
                "x": [*at, *at[::-1]],
                "y": [float(value) for value in band],
                "fill": "toself",
                "fillcolor": "rgba(128,128,128,0.25)",
                "mode": "lines",
                "line": {"width": 0},
                "hoverinfo": "skip",
                "name": "random sets, 5 % to 95 %",
            },
            _line(at, doses["random"], "random sets, mean", MATCHED, "dash"),
            _line(at, doses["lost"], "associated most with the unit", STUDIED, "solid"),
        ],
        "layout": {
            "height": 420,
            "margin": {"t": 40, "r": 20, "b": 50, "l": 70},
            "xaxis": {
                "title": {"text": "filters silenced together"},
                "type": "log",
                "tickvals": at,
                "ticktext": [str(count) for count in at],
            },
            "yaxis": {
                "title": {"text": "separation lost, mean over units"},
                "tickformat": ".0%",
                "rangemode": "tozero",
            },
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        },
    }


def _line(
    at: list[int], values: pd.Series[float], name: str, colour: str, dash: str
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": at,
        "y": np.asarray(values, dtype=float).tolist(),
        "line": {"dash": dash, "color": colour},
        "marker": {"color": colour},
        "name": name,
    }
