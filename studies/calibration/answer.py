"""The study's answer in up to three sentences, from its error rates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import pandas as pd

from .bench import ALPHA
from .methods import METHODS
from .scenarios import SCENARIOS
from .uncertainty import of_mean, of_share

RULE: Final = "unanimous-10"


def answer(table: pd.DataFrame) -> tuple[str, ...]:
    """What the offered tests get wrong, what the rule of the papers does, and where nothing is."""
    signal = table[[SCENARIOS[name].signal for name in table["scenario"]]]
    offered = [name for name in dict.fromkeys(table["method"]) if METHODS[name].default]
    return tuple(_sentences(table, signal, offered))


def _sentences(table: pd.DataFrame, signal: pd.DataFrame, offered: list[str]) -> Iterator[str]:
    mine = signal[signal["method"].isin(offered)].dropna(subset=["fdr"])
    if len(mine):
        worst = max(mine.to_dict("records"), key=lambda row: float(row["fdr"]))
        low, high = of_mean(float(worst["fdr"]), float(worst["fdr_se"]), int(worst["stores"]))
        kept = (mine["fdr"] <= ALPHA).sum()
        yield (
            f"The offered tests keep the share of false claims at or below {100 * ALPHA:g} % in "
            f"{kept} of {len(mine)} cases (a test and a simulated corpus); it is largest for "
            f"{METHODS[str(worst['method'])].title} on {worst['scenario']}, "
            f"{_percent(worst['fdr'])}{_between(low, high)} over {int(worst['stores'])} stores."
        )
    else:
        yield "Of the offered tests nothing is known: none was asked on a corpus with a signal."
    rule = signal[signal["method"] == RULE].dropna(subset=["fdr"])
    if len(rule):
        low, high = rule["fdr"].min(), rule["fdr"].max()
        span = _percent(low) if low == high else f"{_percent(low)} to {_percent(high)}"
        yield (
            f"Of what the rule of Breuer and Kimmel (P = 1 over the top 10) accepts there, {span} "
            f"is false, by corpus."
        )
    yield from _nothing(table, offered)


def _nothing(table: pd.DataFrame, offered: list[str]) -> Iterator[str]:
    """How often something is found where there is nothing."""
    empty = table[[not SCENARIOS[name].signal for name in table["scenario"]]]
    mine = empty[empty["method"].isin(offered)].dropna(subset=["any"])
    if len(mine):
        worst = max(mine.to_dict("records"), key=lambda row: float(row["any"]))
        stores = int(worst["stores"])
        low, high = of_share(round(float(worst["any"]) * stores), stores)
        yield (
            f"Where there is nothing to find they claim something in at most "
            f"{_percent(worst['any'])} of {stores} stores{_between(low, high)}."
        )


def _between(low: float, high: float) -> str:
    if not (math.isfinite(low) and math.isfinite(high)):
        return " (no interval)"
    return f" (95 % interval {_percent(low)} to {_percent(high)})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"
