"""Small charts as SVG text, drawn from plain numbers.

Colours are classes of the style sheet, so one chart serves light, dark and paper, and a
page of charts costs some kilobytes. Each chart has a title for screen readers; the
numbers behind it stand in a table on the same page.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from facsinterp.report.drawing import Floats, Scale, axis, line, linear, rect, svg, text
from facsinterp.report.parts import Curve
from facsinterp.report.wording import exact, known, number, percent, significant, with_interval

_EDGE: Final = 1e-9
# What each kind says of a pair; colour alone would say it to nobody who does not see it.
_PASSES: Final[Mapping[str, str]] = {
    "beyond": "passes beyond the emotion",
    "emotion": "passes, and nothing shows more than the emotion tells",
    "answers": "passes, with no test beyond the emotion",
    "": "does not pass",
}
_CURVES: Final = 6  # line styles that the style sheet knows


@dataclass(frozen=True)
class UnitBar:
    """What the chart of a filter shows of one action unit; numbers may be missing."""

    label: str
    name: str
    precision: float | None
    base: float | None
    auroc: float | None
    low: float | None
    high: float | None
    kind: str
    """Of the verdict that the pair allows; empty where it passes no test."""
    named: bool


@dataclass(frozen=True)
class Histogram:
    """Peaks of faces with and without a unit: exact zeros apart, then shared bins."""

    edges: Floats
    """(bin + 1,), over the values that are not zero; empty when all are zero."""
    with_unit: Floats
    """(bin,) share of the faces with the unit."""
    without: Floats
    zero_with: float
    """Share of the faces with the unit whose peak is exactly zero."""
    zero_without: float
    n_with: int
    n_without: int


def histogram_of(peak: Floats, present: NDArray[np.bool_], bins: int = 24) -> Histogram:
    """Shares of `peak` (image,) in common bins, for faces with and without a unit (image,).

    Edges come from all values that are not zero, so the labels play no part in them.
    """
    zero = peak == 0
    rest = peak[~zero]
    n_with, n_without = int(present.sum()), int((~present).sum())
    if rest.size:
        low = min(0.0, float(rest.min()))
        edges = np.linspace(low, max(float(rest.max()), low + _EDGE), bins + 1)
    else:
        edges = np.zeros(0)
    counts = [
        np.histogram(peak[group & ~zero], edges)[0] if rest.size else np.zeros(0)
        for group in (present, ~present)
    ]
    return Histogram(
        edges,
        counts[0] / max(n_with, 1),
        counts[1] / max(n_without, 1),
        float(zero[present].mean()) if n_with else 0.0,
        float(zero[~present].mean()) if n_without else 0.0,
        n_with,
        n_without,
    )


def unit_chart(bars: Sequence[UnitBar], top_n: int, level: float) -> Markup:
    """Two panels over the same units: precision in the top faces, and AUROC with interval.

    `level` is that of the intervals, 0.95 for 95 %.
    """
    row, head, foot = 20, 44, 26
    height = head + row * len(bars) + foot
    left, right = linear(0, 1, 206, 376), linear(0, 1, 412, 612)
    bottom = head + row * len(bars)
    drawn = any(known(bar.low) for bar in bars if bar.low is not None)
    beside = f"with {exact(100 * level)} % interval" if drawn else "too few subjects for intervals"
    parts = [
        text(206, 14, f"P@{top_n}", "strong"),
        text(206, 29, "share of the top; mark: base rate", "muted"),
        text(412, 14, "AUROC", "strong"),
        text(412, 29, f"{beside}; line: chance", "muted"),
        *axis(left, (0, 0.5, 1), head, bottom),
        *axis(right, (0, 0.5, 1), head, bottom),
        line(right(0.5), head, right(0.5), bottom, "chance"),
    ]
    for i, bar in enumerate(bars):
        parts.append(_unit_row(bar, head + row * i, row, left, right))
    title = f"Precision in the top {top_n} faces and AUROC of each action unit"
    return svg(620, height, title, parts, "chart units")


def _unit_row(bar: UnitBar, top: float, row: int, left: Scale, right: Scale) -> str:
    middle = top + row / 2
    passing = f"passes kind-{bar.kind}" if bar.kind else ""
    state = " ".join(name for name in ("best" if bar.named else "", passing) if name)
    told = (
        f"{bar.label} {bar.name}: precision {number(bar.precision)}, base rate "
        f"{percent(bar.base)}, AUROC {with_interval(bar.auroc, bar.low, bar.high)}"
        f"; {_PASSES[bar.kind]}"
    )
    parts = [
        f"<title>{escape(told)}</title>",
        f'<rect class="band" x="0" y="{top:g}" width="620" height="{row}"/>',
        text(44, middle + 4, bar.label, "label", "end"),
        text(50, middle + 4, bar.name, "name"),
    ]
    if bar.precision is not None and known(bar.precision):
        width = left(bar.precision) - left(0)
        parts.append(rect(left(0), top + 4, width, row - 8, "bar"))
    if bar.base is not None and known(bar.base):
        parts.append(line(left(bar.base), top + 2, left(bar.base), top + row - 2, "base"))
    if bar.low is not None and bar.high is not None and known(bar.low) and known(bar.high):
        parts.append(line(right(bar.low), middle, right(bar.high), middle, "interval"))
    if bar.auroc is not None and known(bar.auroc):
        parts.append(f'<circle class="dot" cx="{right(bar.auroc):.1f}" cy="{middle:g}" r="4"/>')
    return f'<g class="row {state}">{"".join(parts)}</g>'


def histogram_chart(shares: Histogram, label: str) -> Markup:
    """Faces with the unit above the axis, without it below; zeros at the left.

    The zeros have a scale of their own, from none to all of a group, as they can be most
    of the faces; the bins share one scale, named at its largest bin.
    """
    middle, reach = 142.0, 104.0
    parts = [
        text(150, 16, f"with {label}: {shares.n_with} faces", "with strong"),
        text(150, 282, f"without {label}: {shares.n_without} faces", "without strong"),
        *_zeros(shares, middle, reach),
        *_bins(shares, middle, reach),
        line(40, middle, 100, middle, "axis"),
        line(150, middle, 606, middle, "axis"),
    ]
    title = f"Peak activations of faces with and without {label}, as shares of each group"
    return svg(620, 292, title, parts, "chart peaks")


def _zeros(shares: Histogram, middle: float, reach: float) -> list[str]:
    up, down = shares.zero_with * reach, shares.zero_without * reach
    return [
        text(70, 16, "exactly 0", "muted", "middle"),
        rect(50, middle - reach, 40, 2 * reach, "gauge"),
        *_mirror(50, 40, middle, up, down),
        text(96, middle - 6, percent(shares.zero_with), "with"),
        text(96, middle + 16, percent(shares.zero_without), "without"),
    ]


def _bins(shares: Histogram, middle: float, reach: float) -> list[str]:
    if not shares.edges.size:
        return [text(378, middle - 8, "every face is at 0", "muted", "middle")]
    top = max(float(shares.with_unit.max()), float(shares.without.max()), _EDGE)
    scale = linear(float(shares.edges[0]), float(shares.edges[-1]), 150, 606)
    parts = []
    for side in (-1, 1):
        height = middle + side * reach
        parts.append(line(150, height, 606, height, "grid"))
        parts.append(text(604, height - 4, percent(top), "tick", "end"))
    for i, (up, down) in enumerate(zip(shares.with_unit, shares.without, strict=True)):
        start, end = scale(float(shares.edges[i])), scale(float(shares.edges[i + 1]))
        heights = reach * up / top, reach * down / top
        parts += _mirror(start + 0.5, end - start - 1, middle, *heights)
    for tick in np.linspace(shares.edges[0], shares.edges[-1], 5):
        parts.append(text(scale(float(tick)), 262, significant(float(tick)), "tick", "middle"))
    return [*parts, text(606, 282, "peak activation", "muted", "end")]


def _mirror(x: float, width: float, middle: float, up: float, down: float) -> list[str]:
    return [
        rect(x, middle - up, width, up, "with") if up > 0 else "",
        rect(x, middle, width, down, "without") if down > 0 else "",
    ]


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
