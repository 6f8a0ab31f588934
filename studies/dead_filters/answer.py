"""The study's answer in up to three sentences, where it made networks of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from .networks import OWN
from .published import ACTIVE, OF

_SPACE: Final = "\N{NO-BREAK SPACE}"


def answer(
    variants: pd.DataFrame, comparisons: pd.DataFrame, layer: str, images: int
) -> tuple[str, ...]:
    """How many live, what the published counts would take, and what kills filters."""
    rows = {(row["variant"], row["training"]): row for row in variants.to_dict("records")}
    own, start = rows[OWN, "trained"], rows.get((OWN, "none"))
    before = f"; {_live(start)} did before training" if start is not None else ""
    first = (
        f"{_live(own)} of {own['filters']} filters of {layer} answer to at least one of {images:,} "
        f"faces, over {own['networks']} trained networks{_learning(own)}{before}."
    )
    return (first, _needed(own, variants), *_killers(variants, comparisons))


def _learning(row: dict[Any, Any]) -> str:
    """What is to be said of networks that learnt nothing, or of which nobody knows."""
    gain = row["accuracy"] - row["majority"]
    if not np.isfinite(gain):
        return " (whether they name any expression was not measured)"
    return "" if gain > 0 else " (which name no more expressions than always saying the commonest)"


def _live(row: dict[Any, Any]) -> str:
    if row["least"] == row["most"]:
        return f"{row['least']}"
    return f"{row['live']:.0f} ({row['least']} to {row['most']})"


def _needed(own: dict[Any, Any], variants: pd.DataFrame) -> str:
    low, high = own["threshold_from"], own["threshold_below"]
    counts = f"{ACTIVE[0]} to {ACTIVE[1]} of {OF}"
    if not np.isfinite(low):
        return f"The published {counts} cannot be had: fewer answer at all."
    trained = variants[variants["training"] == "trained"]
    scale = trained["filters"] / OF
    inside = trained[
        (trained["live"] >= ACTIVE[0] * scale) & (trained["live"] <= ACTIVE[1] * scale)
    ]["variant"].tolist()
    said = (
        f"The published {counts} would take a threshold of {low:.2g} to {high:.2g} times the usual "
        "filter's strongest answer"
    )
    if not inside:
        return f"{said}; at the one used here none of {len(trained)} variants has so many live."
    return f"{said}; at the one used here only this has so many live: {'; '.join(inside)}."


def _killers(variants: pd.DataFrame, comparisons: pd.DataFrame) -> Iterator[str]:
    """Which variants have more dead filters in every network than the own one in any, and fewer."""
    trained = variants[variants["training"] == "trained"].set_index("variant")
    if len(trained) < 2:
        return
    dead = {
        name: (row["filters"] - row["most"], row["filters"] - row["least"])
        for name, row in trained.iterrows()
    }
    least, most = dead.pop(OWN)
    more = [name for name, (low, _) in dead.items() if low > most]
    fewer = [name for name, (_, high) in dead.items() if high < least]
    parts = []
    if more:
        parts.append(f"more are dead in every network of {'; '.join(map(str, more))}")
    if fewer:
        parts.append(f"fewer in every network of {'; '.join(map(str, fewer))}")
    few = f" ({int(comparisons['seeds'].min())} seeds each)" if len(comparisons) else ""
    if parts:
        said = ", and ".join(parts)
        yield f"Beside the network as defined, {said}{few}."
    else:
        yield (
            f"None of {len(dead)} variants of training, start and biases has more, or fewer, dead "
            f"filters in every network than the one defined{few}."
        )
