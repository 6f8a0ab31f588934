"""The charts of an action unit: its filters with their intervals, and their doses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from facsinterp.evidence.doses import LEVELS, NOT_SCORED, Doses
from facsinterp.report.charts.drawing import Scale, line, linear, svg, text
from facsinterp.report.reading.claims import Claims
from facsinterp.report.wording import count, number, plural, with_interval

_BAR: Final = 168  # width of the axis of a forest
_INSET: Final = 6
MOST_POINTS: Final = 1500
"""Filters of the figure of all; more points than that are slow and cannot be told apart."""
# Okabe and Ito's, of a lightness that light and dark pages both carry; each has its own mark.
_MARKS: Final[Mapping[str, tuple[str, str, str]]] = {
    "beyond": ("passes beyond the emotion", "#009e73", "diamond"),
    "emotion": ("passes with the emotion", "#d08a00", "circle"),
    "answers": ("passes; beyond not tested", "#2d8fce", "square"),
    "": ("does not pass", "#8b929e", "circle-open"),
}


class Forest:
    """Dots with intervals on one axis of AUROC, a small SVG for each row of a table. Final."""

    def __init__(self, values: Sequence[float | None]) -> None:
        """The axis holds chance and all `values`, in steps of a tenth."""
        least = min([0.5, *(value for value in values if value is not None)])
        self.low = max(0.0, np.floor(10 * least) / 10)
        self._at: Scale = linear(self.low, 1, _INSET, _BAR - _INSET)

    def row(
        self, auroc: float | None, low: float | None, high: float | None, held: float | None
    ) -> Markup:
        """A dot, its interval, and an upright stroke for its worth on other people."""
        parts = []
        if low is not None and high is not None:
            parts.append(f'<path d="M{self._at(low):.0f} 9H{self._at(high):.0f}"/>')
        if auroc is not None:
            parts.append(f'<circle cx="{self._at(auroc):.0f}"/>')
        if held is not None:
            parts.append(f'<path class="h" d="M{self._at(held):.0f} 2v14"/>')
        return _framed(parts)

    @property
    def chance(self) -> int:
        """Where the style sheet draws the line of chance, in pixels."""
        return round(self._at(0.5))

    def head(self) -> Markup:
        """The numbers of the axis."""
        ticks = [self.low, 1.0] if self.low == 0.5 else [self.low, 0.5, 1.0]
        parts = [text(self._at(tick), 13, f"{tick:g}", "", "middle") for tick in ticks]
        return _framed(parts)


def _framed(parts: Sequence[str]) -> Markup:
    # Numbers alone stand in it; its size and that of the dots are in the style sheet.
    return Markup(f"<svg>{''.join(parts)}</svg>")


def all_filters_figure(
    claims: Claims,
    column: int,
    order: NDArray[np.int64],
) -> dict[str, Any] | None:
    """Plotly: AUROC against the corrected p of every filter in `order`; a click opens it.

    The names and links of filters are the same for all units: points have the places of their
    filters, and `plots.js` looks them up in the list of all. None where nothing was tested.
    """
    auroc = claims.pair["auroc"][:, column]
    corrected = claims.pair["q_auroc"][:, column]
    order = order[np.isfinite(corrected[order])][:MOST_POINTS]
    if not len(order):
        return None
    kinds = claims.kinds(column)[order]
    traces = []
    for kind, (told, colour, symbol) in _MARKS.items():
        some = order[kinds == kind]
        if not len(some):
            continue
        height = -np.log10(np.maximum(corrected[some], 1e-300))
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"{told} ({count(len(some))})",
                "x": [round(float(value), 3) for value in auroc[some]],
                "y": [round(float(value), 2) + 0.0 for value in height],
                "customdata": some.tolist(),
                "hovertemplate": "<b>%{text}</b><br>AUROC %{x}<br>corrected p 10<sup>−%{y}</sup>"
                "<extra></extra>",
                "marker": {"color": colour, "symbol": symbol, "size": 8, "opacity": 0.85},
            }
        )
    return {
        "data": traces,
        "layout": _layout(float(claims.settings["alpha"])),
        "listed": True,
    }


def _layout(alpha: float) -> dict[str, Any]:
    level = -float(np.log10(alpha))
    stroke = {"color": "#8b929e", "dash": "dash", "width": 1}
    return {
        "height": 420,
        "margin": {"l": 60, "r": 16, "t": 8, "b": 50},
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "xaxis": {"title": {"text": "AUROC (0.5 is chance)"}, "zeroline": False},
        "yaxis": {"title": {"text": "−log₁₀ corrected p"}, "rangemode": "tozero"},
        "shapes": [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": level, "y1": level}
            | {"line": stroke}
        ],
    }


_LEFT, _TOP, _BOTTOM = 52, 14, 232
_STEP: Final = 80
_DODGE: Final = 10


def dose_chart(doses: Doses, names: Sequence[str], unit: str) -> Markup:
    """Mean standardised peak of some filters at each level, with intervals and counts.

    A level with fewer than three people has its counts, and no dot.
    """
    levels = [at for at in range(len(LEVELS)) if at != NOT_SCORED or doses.faces[at]]
    drawn = doses.drawn
    every = np.concatenate([part[drawn].ravel() for part in (doses.mean, doses.low, doses.high)])
    every = every[np.isfinite(every)]
    low, high = (float(every.min()), float(every.max())) if len(every) else (-1.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.5)
    y = linear(low - 0.1, high + 0.1, _BOTTOM, _TOP)
    parts = _frame(y, low, high, doses, levels)
    for number_of, name in enumerate(names):
        parts.append(_line_of(doses, number_of, len(names), name, y))
    title = f"Mean standardised peak at each coded intensity of {unit}"
    return svg(round(_x(levels[-1]) + 38), _BOTTOM + 54, title, parts, "chart doses")


def _x(level: int) -> float:
    """Levels in the order stand evenly; what was not scored stands apart."""
    return _LEFT + 40 + _STEP * level + (12 if level == NOT_SCORED else 0)


def _frame(y: Scale, low: float, high: float, doses: Doses, levels: Sequence[int]) -> list[str]:
    right = _x(levels[-1]) + 34
    parts = []
    step = 0.5 if high - low < 3 else 1.0
    for tick in np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step:
        kind = "axis" if tick == 0 else "grid"
        parts.append(line(_LEFT, y(tick), right, y(tick), kind))
        parts.append(text(_LEFT - 6, y(tick) + 4, number(tick, 1), "tick", "end"))
    for level in levels:
        parts.append(text(_x(level), _BOTTOM + 18, LEVELS[level], "strong", "middle"))
        faces, people = int(doses.faces[level]), int(doses.subjects[level])
        words = f"{count(faces)} / {count(people)}"
        parts.append(text(_x(level), _BOTTOM + 34, words, "muted", "middle"))
        if not doses.drawn[level]:
            parts.append(text(_x(level), _BOTTOM + 49, "too few", "muted", "middle"))
    parts.append(text(_LEFT - 6, _BOTTOM + 34, "faces /", "muted", "end"))
    parts.append(text(_LEFT - 6, _BOTTOM + 49, "people", "muted", "end"))
    return parts


def _line_of(doses: Doses, place: int, many: int, name: str, y: Scale) -> str:
    """One filter: a line through the levels in the order, dots and intervals at all."""
    shift = _DODGE * (place - (many - 1) / 2)
    parts, points = [], []
    for level in np.flatnonzero(doses.drawn).tolist():
        mean, low, high = (
            float(part[level, place]) for part in (doses.mean, doses.low, doses.high)
        )
        if not np.isfinite(mean):
            continue
        x = _x(level) + shift
        if level != NOT_SCORED:
            points.append(f"{x:.1f},{y(mean):.1f}")
        told = (
            f"{name} at {LEVELS[level]}: {with_interval(mean, low, high)}, "
            f"{plural(int(doses.faces[level]), 'face')} of "
            f"{plural(int(doses.subjects[level]), 'person', 'people')}"
        )
        parts.append(
            f"<g><title>{escape(told)}</title>{line(x, y(low), x, y(high), 'span')}"
            f'<circle cx="{x:.1f}" cy="{y(mean):.1f}" r="4.5"/></g>'
        )
    path = f'<polyline class="curve c{place}" points="{" ".join(points)}"/>'
    return f'<g class="dose d{place}">{path}{"".join(parts)}</g>'
