"""Figures: recurrence of each unit beside chance, and how alike matched filters are."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .measure import CLAIMS, EMOTION, OTHER_PEOPLE, OTHER_SEED, UNTRAINED, Measured, likenesses

# Told apart by colour-blind readers (Okabe & Ito).
_COLOURS: Final = {
    OTHER_SEED: "rgb(0,114,178)",
    OTHER_PEOPLE: "rgb(213,94,0)",
    UNTRAINED: "rgb(128,128,128)",
    EMOTION: "rgb(230,159,0)",
}
_STEP: Final = 0.05


def units(table: pd.DataFrame) -> dict[str, Any]:
    """A row a unit: the share of findings that recur, and hollow what chance would give."""
    rows = table[table["a filter"] == CLAIMS["auroc"]]
    rows = rows[rows["recurring"].notna()].sort_values("recurring")
    axes = {
        "xaxis": {
            "title": {"text": "share of findings that hold for the matched filter"},
            "tickformat": ".0%",
            "range": [-0.02, 1.02],
        },
        "yaxis": {"type": "category", "automargin": True},
    }
    return {
        "data": [
            _dots(rows, "recurring", "recurs", "circle", _COLOURS[OTHER_SEED]),
            _dots(
                rows, "by chance", "filters matched at random", "circle-open", _COLOURS[UNTRAINED]
            ),
        ],
        "layout": _layout(150 + 24 * len(rows), left=10) | axes,
    }


def likeness(found: Measured) -> dict[str, Any]:
    """The share of matched filters with each correlation, a line a kind of pair."""
    axes = {
        "xaxis": {"title": {"text": "correlation of matched filters over faces"}},
        "yaxis": {
            "title": {"text": "share of matched filters"},
            "tickformat": ".0%",
            "rangemode": "tozero",
        },
    }
    return {
        "data": [_steps(kind, values) for kind, values, _ in likenesses(found)],
        "layout": _layout(380, left=60) | axes,
    }


def _dots(rows: pd.DataFrame, column: str, name: str, symbol: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": rows[column].tolist(),
        "y": [f"AU{one}" for one in rows["au"]],
        "text": [
            f"found in {a} of {b} that could test it"
            for a, b in zip(rows["found in"], rows["could test"], strict=True)
        ],
        "marker": {"symbol": symbol, "size": 10, "color": colour},
        "hovertemplate": "%{y}: %{x:.0%} (%{text})<extra></extra>",
    }


def _steps(kind: str, values: NDArray[np.float64]) -> dict[str, Any]:
    """A histogram of correlations, from its first bar that is not empty."""
    edges = np.arange(-1, 1 + _STEP / 2, _STEP)
    counts, _edges = np.histogram(values, edges)
    shares = counts / max(len(values), 1)
    filled = np.flatnonzero(shares)
    shown = slice(filled[0], None) if len(filled) else slice(0)
    return {
        "type": "scatter",
        "mode": "lines",
        "line": {"shape": "hvh", "color": _COLOURS[kind], "width": 2},
        "name": kind,
        "x": (edges[:-1] + _STEP / 2)[shown].tolist(),
        "y": shares[shown].tolist(),
        "hovertemplate": "%{x:.2f}: %{y:.1%}<extra>" + kind + "</extra>",
    }


def _layout(height: int, *, left: int) -> dict[str, Any]:
    """The legend above, in one line."""
    return {
        "height": height,
        "showlegend": True,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "margin": {"t": 60, "r": 20, "b": 50, "l": left},
    }
