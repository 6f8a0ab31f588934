"""Numbers in words: percent with an interval, points with a sign."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"


def percent(share: float) -> str:
    """Such as `81.2 %`."""
    return f"{100 * share:.1f} %"


def within(low: float, high: float) -> str:
    """Such as `78.0 to 84.1`, in percent; a dash where there is no interval."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "–"
    return f"{_signed(100 * low, plus=False)} to {_signed(100 * high, plus=False)}"


def points(share: float) -> str:
    """Such as `+3.1`."""
    return _signed(100 * share, plus=True)


def p_value(p: float) -> str:
    """Such as `0.012`; a dash where nothing was tested."""
    if not math.isfinite(p):
        return "–"
    return "below 0.001" if p < 0.001 else f"{p:.2g}"


def _signed(value: float, *, plus: bool) -> str:
    text = f"{value:+.1f}" if plus else f"{value:.1f}"
    return text.replace("-", MINUS)
