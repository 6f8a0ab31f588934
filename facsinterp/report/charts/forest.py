"""Findings drawn: a dot and its interval on a scale that comparable findings share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from facsinterp.report.charts.drawing import line, linear, svg, text
from facsinterp.report.parts import Finding
from facsinterp.report.wording import finding_interval, known, number

WIDTH: Final = 224
_HEIGHT, _EDGE = 40, 14
_MIDDLE: Final = 14
_APART: Final = 26
# Other beginnings, such as "largest", go before anything.
_OF_ONE_UNIT: Final = ("share", "mean", "rank")


def drawn_findings(findings: Sequence[Finding]) -> tuple[Markup | None, ...]:
    """A small chart for each finding that has another one of its kind; None for the others.

    Findings are of a kind when their claims begin alike and both or neither tell a
    difference ("less"): only then do they have one unit, and one scale. No scale is drawn
    for a single finding, which would look large or small by the choice of its ends.
    """
    kinds = [_kind(one) for one in findings]
    made: list[Markup | None] = []
    for one, kind in zip(findings, kinds, strict=True):
        group = [f for f, of in zip(findings, kinds, strict=True) if of == kind]
        made.append(_chart(one, *_ends(group)) if kind and len(group) > 1 else None)
    return tuple(made)


def _kind(finding: Finding) -> tuple[str, bool] | None:
    """How its claim begins, and whether it is a difference; None without a size of its own."""
    counted = known(finding.estimate) and finding.low is None and abs(finding.estimate or 0) > 1
    if not known(finding.estimate) or counted:
        return None
    start = " ".join(finding.claim.split()[:2]).lower()
    if not start.startswith(_OF_ONE_UNIT):
        return None
    return start, " less " in finding.claim or "difference" in finding.claim.lower()


def _ends(group: Sequence[Finding]) -> tuple[float, float]:
    """Round numbers around all of a group's intervals, with 0 among them."""
    values = [float(x) for one in group for x in (one.estimate, one.low, one.high) if known(x)]  # type: ignore[arg-type]
    return -_round_up(-min(*values, 0.0)), _round_up(max(*values, 0.0))


def _round_up(size: float) -> float:
    """The next of 1, 2, 5, 10, ... times a power of ten."""
    if size <= 0:
        return 0.0
    power = 10 ** math.floor(math.log10(size))
    return next(float(f"{k * power:.6g}") for k in (1, 2, 5, 10) if size <= k * power * (1 + 1e-9))


def _chart(finding: Finding, low: float, high: float) -> Markup:
    if low == high:
        high = 1.0
    place = linear(low, high, _EDGE, WIDTH - _EDGE)
    parts = [line(place(low), _MIDDLE, place(high), _MIDDLE, "grid")]
    for end in dict.fromkeys((low, 0.0, high)):
        parts.append(line(place(end), 4, place(end), 24, "chance" if end == 0 else "grid"))
        # Two numbers in one place could not be read.
        if end == 0 or abs(place(end) - place(0)) > _APART:
            parts.append(text(place(end), _HEIGHT - 3, _tick(end), "tick", "middle"))
    if known(finding.low) and known(finding.high):
        span = place(float(finding.low or 0)), place(float(finding.high or 0))
        parts.append(line(span[0], _MIDDLE, span[1], _MIDDLE, "interval"))
    at = place(float(finding.estimate or 0))
    kind = "dot" if known(finding.low) else "dot hollow"
    parts.append(f'<circle class="{kind}" cx="{at:.1f}" cy="{_MIDDLE}" r="5"/>')
    told = finding_interval(finding.estimate, finding.low, finding.high)
    name = f"{told} on a scale from {_tick(low)} to {_tick(high)}"
    return svg(WIDTH, _HEIGHT, name, parts, "chart forest")


def _tick(value: float) -> str:
    digits = 0 if float(value).is_integer() else max(1, -math.floor(math.log10(abs(value))))
    return number(value, digits)
