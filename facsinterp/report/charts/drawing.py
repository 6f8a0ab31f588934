"""The strokes that charts are made of: scales, lines, bars and words as SVG text.

Colours are classes of the style sheet. Every text that comes from data goes through here
and is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Scale = Callable[[float], float]


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """A scale from `low` and `high` to two places; a span of nothing stays at the start."""
    span = (high - low) or 1.0
    return lambda value: start + (end - start) * (float(value) - low) / span


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A line of a class of the style sheet."""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    """A bar of a class of the style sheet, never of negative size."""
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
        f'height="{max(height, 0):.1f}"/>'
    )


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """Escaped words of a class of the style sheet."""
    put = "" if anchor == "start" else f' text-anchor="{anchor}"'
    said = f' class="{kind}"' if kind else ""
    return f'<text{said} x="{round(x, 1):g}" y="{round(y, 1):g}"{put}>{escape(words)}</text>'


def svg(width: int, height: int, title: str, parts: Sequence[str], kind: str) -> Markup:
    """A whole chart with its name for screen readers."""
    # Every text that comes from data went through escape in `text` or the row's title.
    return Markup(
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
