"""Small charts as SVG text, drawn from plain numbers.

Colours are classes of the style sheet, so one chart serves light, dark and paper, and a
page of charts costs some kilobytes. Each chart has a title for screen readers; the
numbers behind it stand in a table on the same page.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from facsinterp.report.charts.drawing import Floats, line, linear, rect, svg, text
from facsinterp.report.parts import Curve
from facsinterp.report.wording import known, significant

Counts = NDArray[np.int64]
_EDGE: Final = 1e-9
_CURVES: Final = 6  # line styles that the style sheet knows


@dataclass(frozen=True)
class Histogram:
    """Peaks of faces with and without a unit: exact zeros apart, then shared bins."""

    edges: Floats
    """(bin + 1,), over the values that are not zero; empty when all are zero."""
    with_unit: Counts
    """(bin,) faces with the unit."""
    without: Counts
    zero_with: int
    """Faces with the unit whose peak is exactly zero."""
    zero_without: int

    @property
    def n_with(self) -> int:
        """All faces with the unit."""
        return self.zero_with + int(self.with_unit.sum())

    @property
    def n_without(self) -> int:
        """All faces without it."""
        return self.zero_without + int(self.without.sum())


def histogram_of(peak: Floats, present: NDArray[np.bool_], bins: int = 24) -> Histogram:
    """How many of `peak` (image,) lie in common bins, for faces with and without a unit (image,).

    Edges come from all values that are not zero, so the labels play no part in them.
    """
    zero = peak == 0
    rest = peak[~zero]
    edges = np.zeros(0)
    if rest.size:
        low = min(0.0, float(rest.min()))
        edges = np.linspace(low, max(float(rest.max()), low + _EDGE), bins + 1)
    with_unit, without = (
        np.histogram(peak[group & ~zero], edges)[0] if rest.size else np.zeros(0, np.int64)
        for group in (present, ~present)
    )
    return Histogram(
        edges, with_unit, without, int((zero & present).sum()), int((zero & ~present).sum())
    )


def curve_chart(curves: Sequence[Curve], quantity: str) -> Markup:
    """Curves of one quantity over the epochs, each named at its end."""
    finite = [value for curve in curves for value in curve.values if known(value)]
    epochs = max((len(curve.values) for curve in curves), default=0)
    if not finite or epochs == 0:
        return Markup("")
    low, high = min(finite), max(finite)
    margin = 0.06 * (high - low) or 0.5
    x = linear(1, max(epochs, 2), 48, 300)
    y = linear(low - margin, high + margin, 176, 24)
    parts = [
        text(48, 14, quantity, "strong"),
        line(48, 176, 300, 176, "axis"),
        *(text(42, y(v) + 4, significant(v), "tick", "end") for v in (low, high)),
        text(48, 192, "1", "tick", "middle"),
        text(300, 192, f"{epochs}", "tick", "middle"),
        text(174, 192, "epoch", "muted", "middle"),
    ]
    ends = _apart([y(_last(curve)) for curve in curves], 14)
    for i, (curve, end) in enumerate(zip(curves, ends, strict=True)):
        points = " ".join(
            f"{x(e):.1f},{y(v):.1f}" for e, v in enumerate(curve.values, 1) if known(v)
        )
        parts.append(f'<polyline class="curve c{i % _CURVES}" points="{points}"/>')
        told = f"{curve.name} {significant(_last(curve))}"
        parts.append(text(308, end + 4, told, f"c{i % _CURVES}"))
    return svg(470, 200, f"{quantity or 'Training'} over the epochs", parts, "chart curves")


def _last(curve: Curve) -> float:
    return next((value for value in reversed(curve.values) if known(value)), 0.0)


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """The same order of heights, moved so that labels do not lie on each other."""
    order = np.argsort(places, kind="stable")
    moved = np.array(places, dtype=float)
    for above, below in itertools.pairwise(order):
        moved[below] = max(moved[below], moved[above] + gap)
    excess = moved[order[-1]] - 172 if len(places) else 0.0
    return [float(place - max(0.0, excess)) for place in moved]


def share_chart(shares: Floats, title: str) -> Markup:
    """How many filters answer to which share of the faces, in ten bins; none at all apart."""
    none = int((shares <= 0).sum())
    counts, _ = np.histogram(shares[shares > 0], np.linspace(0, 1, 11))
    top = max(none, int(counts.max(initial=0)), 1)
    parts = [line(8, 120, 440, 120, "axis"), text(30, 136, "none", "tick", "middle")]
    for x, width, n, kind in [(10, 40, none, "none"), *_ten_bars(counts)]:
        tall = 88 * n / top
        parts.append(rect(x, 120 - tall, width, tall, kind) if n else "")
        parts.append(text(x + width / 2, 115 - tall, f"{n}", "", "middle") if n else "")
    for tenth in range(0, 11, 2):
        parts.append(text(72 + 36.5 * tenth, 136, f"{10 * tenth} %", "tick", "middle"))
    return svg(460, 144, title, parts, "chart shares")


def _ten_bars(counts: NDArray[np.int_]) -> list[tuple[float, float, int, str]]:
    return [(72 + 36.5 * i, 35, int(n), "bar") for i, n in enumerate(counts)]
