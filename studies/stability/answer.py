"""The study's answer and claims, from its tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from facsinterp import Finding

from .measure import CLAIMS, EMOTION, OTHER_PEOPLE, OTHER_SEED, UNTRAINED


def answer(
    networks: int, likeness: pd.DataFrame, recurring: pd.DataFrame, units: pd.DataFrame
) -> tuple[str, ...]:
    """Up to three sentences: what recurs, which units are found always, how alike filters are."""
    if networks < 2:
        return (
            "Nothing can recur: that takes two networks, trained from two seeds or in two folds.",
        )
    told = (_recurring(recurring), _units(units), _alike(likeness))
    return tuple(sentence for sentence in told if sentence)


def _recurring(table: pd.DataFrame) -> str:
    """What recurs, of the first claim, under each kind of change."""
    claim = CLAIMS["auroc"]
    rows = [row for row in table.to_dict("records") if row["a filter"] == claim]
    if not rows:
        return "No unit could be tested in two networks at once."
    told = [_share(row) for row in rows if row["findings"]]
    if not told:
        return "No matched filter answers to an action unit that both of its networks could test."
    return f"Of the findings that a filter {claim}, {'; '.join(told)}."


def _share(row: dict[Any, Any]) -> str:
    interval = (
        f"95 % interval {_percent(row['low'])} to {_percent(row['high'])} {row['interval']}"
        if np.isfinite(row["low"])
        else row["interval"]
    )
    how = {OTHER_SEED: "from another seed", OTHER_PEOPLE: "with other training people"}
    return (
        f"{_percent(row['recurring'])} ({interval}) hold for the matched filter of a network "
        f"trained {how[row['networks']]}, {_percent(row['by chance'])} if filters were matched at "
        "random"
    )


def _units(units: pd.DataFrame) -> str:
    leads = {
        "auroc": "some filter of every network answers to",
        "beyond": "some filter of every network knows more than the emotion of",
    }
    parts = []
    for claim, words in CLAIMS.items():
        rows = units[units["a filter"] == words] if len(units) else units
        if len(rows):
            parts.append(f"{leads[claim]} {_named(rows)}")
    told = "; ".join(parts)
    return f"{told[:1].upper()}{told[1:]}." if told else ""


def _named(rows: pd.DataFrame) -> str:
    """The units that all networks found, and how many of the others could be found, and were."""
    asked = rows["could test"] == rows["networks"]
    always = asked & (rows["found in"] == rows["networks"])
    never = asked & (rows["found in"] == 0)
    others = {
        "found only in some networks": asked & ~always & ~never,
        "in none": never,
        "not testable in every network": ~asked,
    }
    named = ", ".join(f"AU{one}" for one in rows["au"][always]) or "no unit"
    counted = [f"{what}: {which.sum()}" for what, which in others.items() if which.any()]
    return f"{named} (other units {', '.join(counted)})" if counted else named


def _alike(likeness: pd.DataFrame) -> str:
    median = dict(zip(likeness["networks"], likeness["median"], strict=True))
    known = {kind: f"{value:.2f} ({kind})" for kind, value in median.items() if np.isfinite(value)}
    trained = [known[kind] for kind in (OTHER_SEED, OTHER_PEOPLE) if kind in known]
    beside = [known[kind] for kind in (UNTRAINED, EMOTION) if kind in known]
    if not trained:
        return "No filter of one network could be matched to a filter of another."
    end = f", where nothing learnt is shared {' and '.join(beside)}" if beside else ""
    return f"Matched filters correlate by {' and '.join(trained)} in the median{end}."


def findings(likeness: pd.DataFrame, recurring: pd.DataFrame) -> Iterator[Finding]:
    """The shares that recur, and how alike matched filters are."""
    for row in recurring.to_dict("records"):
        if row["findings"]:
            known = np.isfinite(row["low"])
            interval = f"95 % interval {row['interval']}" if known else row["interval"]
            yield Finding(
                f"Share of findings that a filter {row['a filter']} which hold for its match in a "
                f"network of {row['networks']} ({row['by chance']:.3f} if filters were matched at "
                f"random; {interval})",
                estimate=float(row["recurring"]),
                low=_finite(row["low"]),
                high=_finite(row["high"]),
                n=int(row["findings"]),
            )
    for row in likeness.to_dict("records"):
        yield Finding(
            f"Median correlation of matched filters: {row['networks']}",
            estimate=_finite(row["median"]),
            n=int(row["matched filters"]),
        )


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"
