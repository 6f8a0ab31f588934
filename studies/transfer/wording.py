"""Numbers as readers see them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

_GAP = "\N{NO-BREAK SPACE}"


def _signed(text: str) -> str:
    """With the sign of minus in the place of a hyphen."""
    return text.replace("-", "\N{MINUS SIGN}")


def percent(value: float) -> str:
    """`61.4 %`, or a dash where there is no number."""
    return f"{100 * value:.1f}{_GAP}%" if np.isfinite(value) else "–"


def points(value: float) -> str:
    """`+3.1` percentage points."""
    return _signed(f"{100 * value:+.1f}") if np.isfinite(value) else "–"


def between(low: float, high: float) -> str:
    """`58.0 to 64.7`, in percent."""
    known = np.isfinite([low, high]).all()
    return _signed(f"{100 * low:.1f} to {100 * high:.1f}") if known else "unknown"


def span(values: Iterable[float]) -> str:
    """`30.1 to 44.0 %`, or one number where all are."""
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return "–"
    low, high = (f"{100 * value:.1f}" for value in (min(known), max(known)))
    return f"{high}{_GAP}%" if low == high else f"{low} to {high}{_GAP}%"


def behind(row: Mapping[Hashable, Any]) -> str:
    """Who a row of `accuracy` is about: `12 people`, or `12 images (nobody knows whose)`."""
    return f"{row['people']:,} {'people' if row['known'] else 'images (nobody knows whose)'}"
