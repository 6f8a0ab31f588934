"""The study's answer in up to three sentences, from its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from . import published
from .sections import Shown
from .systems import SYSTEMS
from .words import percent, points, within

ALPHA = 0.05


def answer(shown: Shown) -> tuple[str, ...]:
    """How good the main system is, against the reference, and what mistakes are worth."""
    return (_main(shown), *_against(shown), *_worth(shown))


def _main(shown: Shown) -> str:
    main: Mapping[str, Any] = shown.main
    lot = f"people and {main['seeds']} seeds" if main["seeds"] > 1 else shown.unit
    said = (
        f"{main['words']} names {percent(main['accuracy'])} of {main['faces']} held-out faces "
        f"(95 % interval over {lot} {within(main['low'], main['high'])}), where "
        f"always naming the commonest class scores {percent(main['majority'])}"
    )
    printed = shown.tables["published"]
    beside = printed[(printed["beside"] == main["system"]) & ~printed["from_memory"]]
    if beside.empty:
        return f"{said}."
    row = beside.iloc[0]
    where = published.TITLES[shown.printed]
    return (
        f"{said}; its paper prints {row['percent']:g} % for {where} (that number was not run here)."
    )


def _against(shown: Shown) -> Iterator[str]:
    table = shown.tables["differences"]
    rows = table[table["family"] == "reference"]
    if rows.empty:
        return
    known = [row for row in rows.to_dict("records") if SYSTEMS[row["system"]].features is None]
    better = [_told(row) for row in known if row["p_holm"] <= ALPHA and row["difference"] > 0]
    worse = [_told(row) for row in known if row["p_holm"] <= ALPHA and row["difference"] < 0]
    open_ = [_told(row) for row in known if not row["p_holm"] <= ALPHA]
    parts = []
    for some, words in (
        (better, "better than it"),
        (worse, "worse than it"),
        (open_, "not told apart from it"),
    ):
        if some:
            parts.append(f"{words}: {_few(some)}")
    reference = SYSTEMS[shown.reference].words
    if parts:
        yield f"Against {reference}, in points of accuracy on the same faces, {'; '.join(parts)}."


def _told(row: Mapping[Any, Any]) -> str:
    name = SYSTEMS[row["system"]].name
    return f"{name} {points(row['difference'])} ({within(row['low'], row['high'])})"


def _few(some: list[str], most: int = 3) -> str:
    more = len(some) - most
    return ", ".join(some[:most]) + (f" and {more} more" if more > 0 else "")


def _worth(shown: Shown) -> Iterator[str]:
    table = shown.tables["mistakes"]
    if table.empty:
        return
    main = shown.main["system"]
    # One system: the main one where its mistakes were made, else the first of those that were.
    told = main if (table["system"] == main).any() else table.iloc[0]["system"]
    own = table[table["system"] == told].to_dict("records")
    parts = [f"{_fault(row)} {_worth_of(row)}" for row in own]
    yield f"For {SYSTEMS[str(told)].words}, {' and '.join(parts)}."


def _fault(row: Mapping[Any, Any]) -> str:
    chosen = "epoch" if SYSTEMS[str(row["system"])].features is None else "penalty"
    return {
        "checkpoint-on-test": f"choosing the {chosen} on the test fold adds",
        "folds-by-image": "dealing images instead of people to the folds adds",
    }[str(row["mistake"])]


def _worth_of(row: Mapping[Any, Any]) -> str:
    shown = pd.notna(row["p_holm"]) and row["p_holm"] <= ALPHA
    interval = f"({within(row['low'], row['high'])}{'' if shown else ', not shown'})"
    return f"{points(row['difference'])} points {interval}"
