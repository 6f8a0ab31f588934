"""The study's answer in up to three sentences, from the verdict on each kind of picture."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from facsinterp import SAME

_LISTED: Final = 4
Row = Mapping[Hashable, Any]


def answer(said: pd.DataFrame) -> tuple[str, ...]:
    """Which pictures an untrained network would draw as well, and which depend on the weights."""
    return tuple(_sentences(said))


def nothing() -> tuple[str, ...]:
    """Where no picture could be compared."""
    return (
        "Nothing can be said: no live filter has a picture that could be compared with that of "
        "an untrained network.",
    )


def _sentences(said: pd.DataFrame) -> Iterator[str]:
    told = said.dropna(subset=["all random"])
    if told.empty:
        yield from nothing()
        return
    signed = told["all random"] >= SAME
    unsigned = ~signed & (told["without signs"] >= SAME)
    kept = told[signed | unsigned]
    kinds = f"{len(told)} kinds of pictures (a method and a layer)"
    if kept.empty:
        yield (
            f"None of {kinds} stays the same when all weights are random: at most a rank "
            f"correlation of {_number(_most(told))} with what random "
            "filters draw, where a copy has 1."
        )
    else:
        yield (
            f"{len(kept)} of {kinds} {'stays' if len(kept) == 1 else 'stay'} the same when all "
            "weights are random, and so show the face rather than what was learnt: "
            f"{_listed(kept, unsigned[kept.index])}."
        )
    lost = told[~signed & ~unsigned]
    if len(lost) and len(kept):
        yield (
            f"{len(lost)} {'does' if len(lost) == 1 else 'do'} not: {_listed(lost)}; they depend "
            "on the weights, which does not say that they show well what a filter sees."
        )
    same = told[told["untrained control"] >= SAME]
    if len(same):
        yield (
            f"In {len(same)} of the {len(told)} the same filters of the untrained control draw the "
            f"same (rank correlation up to {same['untrained control'].max():.2f}): where that is "
            "this network's own start, training changed the pictures little."
        )


def _most(rows: pd.DataFrame) -> Row:
    return max(rows.to_dict("records"), key=lambda row: float(row["all random"]))


def _listed(rows: pd.DataFrame, unsigned: pd.Series | None = None) -> str:
    """The first few in words, such as `deconvnet of conv2 (0.56 [0.54, 0.58])`."""
    alone = [False] * len(rows) if unsigned is None else unsigned.tolist()
    order = rows.assign(alone=alone).sort_values("all random", ascending=False, kind="stable")
    parts = []
    for row in order.head(_LISTED).to_dict("records"):
        signs = f", without signs {row['without signs']:.2f}" if row["alone"] else ""
        method = str(row["method"]).replace("-", " ")
        parts.append(f"{method} of {row['layer']} ({_number(row)}{signs})")
    more = len(order) - _LISTED
    return ", ".join(parts) + (f" and {more} more" if more > 0 else "")


def _number(row: Row) -> str:
    """The rank correlation with its interval over filters."""
    value = f"{row['all random']:.2f}".replace("-", "−")
    if not (math.isfinite(row["low"]) and math.isfinite(row["high"])):
        return f"{value}, too few filters for an interval"
    return f"{value} [{row['low']:.2f}, {row['high']:.2f}]".replace("-", "−")
