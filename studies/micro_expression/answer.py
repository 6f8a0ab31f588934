"""The study's answer in up to three sentences, from its tables."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from .tables import CHANGES, CHANGES_APEX, FRAME, LSTM, SYSTEMS

ALPHA: Final = 0.025
"""Two differences are asked about."""


def answer(systems: pd.DataFrame, gaps: pd.DataFrame) -> tuple[str, ...]:
    """Whether the clip tells more than its apex, and what chance gives."""
    rows = gaps[gaps["asked"] & (gaps["measure"] == "accuracy")].to_dict("records")
    accuracy = dict(zip(systems["system"], systems["accuracy"], strict=True))
    scores = ", ".join(
        f"{SYSTEMS[name]} {percent(accuracy[name])}"
        for name in (LSTM, CHANGES, CHANGES_APEX, FRAME)
    )
    return (
        *(_against(row) for row in rows),
        f"Accuracy on people left out: {scores}; always naming the commonest class scores "
        f"{percent(systems['majority'].iloc[0])}.",
    )


def _against(row: dict[Any, Any]) -> str:
    first, second = SYSTEMS[row["system"]], SYSTEMS[row["less"]]
    if row["p"] <= ALPHA and row["difference"] > 0:
        start = f"Shown: {first} names more clips rightly than {second}"
    elif row["high"] < 0:
        start = f"{first} names fewer clips rightly than {second}"
    else:
        start = f"Not shown: that {first} names more clips rightly than {second}"
    return (
        f"{start} ({points(row['difference'])} points of accuracy"
        f"{between(row).replace(' (', ', ').rstrip(')')}, p = {row['p']:.2g}, "
        f"{int(row['people'])} people)."
    )


def between(row: dict[Any, Any]) -> str:
    """The interval of a difference in brackets, or that there is none."""
    if not np.isfinite(row["low"]):
        return " (too few people for an interval)"
    return f" (95 % interval {points(row['low'])} to {points(row['high'])})"


def percent(share: float) -> str:
    """Such as `59.5 %`."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def points(share: float) -> str:
    """Such as `+12.3`, in percentage points."""
    return f"{100 * share:+.1f}".replace("-", "−")
