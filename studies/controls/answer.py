"""The study's answer in up to three sentences, from its comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from .sections import FEWEST_SEEDS, MEASURES

ALPHA: Final = 0.05
_ASKED: Final[Mapping[str, str]] = {
    "beyond": "know more of an action unit than the emotion tells",
    "answering": "answer to an action unit at all",
}


def answer(comparisons: pd.DataFrame) -> tuple[str, ...]:
    """A sentence for each claim that was tested, and one where seeds are few."""
    if comparisons.empty:
        return (
            "Nothing can be compared: that takes trained networks and another arm, both with "
            "seeds.",
        )
    return (*_claims(comparisons), *_few(comparisons))


def _claims(comparisons: pd.DataFrame) -> Iterator[str]:
    for measure, words in _ASKED.items():
        rows = comparisons[comparisons["share of live filters"] == MEASURES[measure]]
        if rows.empty:
            continue
        known = rows.to_dict("records")
        more = [_told(row) for row in known if _shown(row)]
        others = [_told(row) for row in known if not _shown(row)]
        if more:
            said = (
                f"Trained networks have a larger share of filters that {words} than "
                f"{'; '.join(more)}"
            )
            yield f"{said}. Not shown against {'; '.join(others)}." if others else f"{said}."
        else:
            yield (
                "It is not shown that trained networks have a larger share of filters that "
                f"{words}, against {'; '.join(others)}."
            )


def _shown(row: Mapping[Any, Any]) -> bool:
    return bool(row["p"] <= ALPHA and row["difference"] > 0)


def _told(row: Mapping[Any, Any]) -> str:
    """Such as `untrained (by 12 points, 95 % interval 8 to 16, p = 0.031, 5 seeds)`."""
    interval = (
        f", 95 % interval {_points(row['low'])} to {_points(row['high'])}"
        if pd.notna(row["low"]) and pd.notna(row["high"])
        else ", too few seeds for an interval"
    )
    return (
        f"{row['trained less']} (difference {_points(row['difference'])} points{interval}, "
        f"p = {row['p']:.2g}, {int(row['seeds'])} seeds)"
    )


def _points(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "−")


def _few(comparisons: pd.DataFrame) -> Iterator[str]:
    if (comparisons["seeds"] < FEWEST_SEEDS).any():
        least = float(comparisons["least possible p"].max())
        yield (
            f"With fewer than five seeds p cannot become small (here not below {least:.2g}), so "
            "that nothing could be shown in some of these comparisons."
        )
