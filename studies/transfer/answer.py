"""The study's answer in up to three sentences, from its tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .pairs import ALPHA, AS_IS, PIXELS, RETRAINED, UNTRAINED, WAYS, WITHIN
from .wording import percent, points, span

Floats = NDArray[np.float64]


def answer(accuracies: pd.DataFrame, differences: pd.DataFrame) -> tuple[str, ...]:
    """How well networks do elsewhere, what re-training does, and whose merit it is."""
    elsewhere = accuracies[accuracies["train"] != accuracies["test"]]
    if elsewhere.empty:
        return (
            "Nothing is shown of transfer: that takes other faces, [also.NAME], which share two "
            "or more classes with those of the definition.",
        )
    return tuple(_sentences(elsewhere, differences))


def _sentences(elsewhere: pd.DataFrame, differences: pd.DataFrame) -> Iterator[str]:
    of = {way: elsewhere[elsewhere["way"] == way] for way in WAYS}
    plain = of[AS_IS]
    told = {way: _mean(rows["accuracy"]) for way, rows in of.items()}
    pairs = f" (means of {len(plain)} pairs, and their span)" if len(plain) > 1 else ""
    yield (
        f"As it is, a network names {told[AS_IS]} of the held-out faces of another data "
        f"set rightly{pairs}, where always naming their commonest class scores "
        f"{span(plain['majority'])} and a network trained on that set itself {told[WITHIN]}."
    )
    yield (
        "With an output layer re-trained on training faces of the other set it is "
        f"{told[RETRAINED]}, but the same layer reaches {told[UNTRAINED]} on the "
        f"features of an untrained network and {told[PIXELS]} on small pictures."
    )
    yield _merit(
        of[RETRAINED]["accuracy"].to_numpy(float) - plain["accuracy"].to_numpy(float),
        of[UNTRAINED]["accuracy"].to_numpy(float) - plain["accuracy"].to_numpy(float),
        differences,
    )


def _mean(shares: pd.Series[float]) -> str:
    """`61.4 % (30.1 to 84.0 %)`: the mean of pairs, and their span where they differ."""
    mean, each = percent(shares.mean()), span(shares)
    return mean if mean == each else f"{mean} ({each})"


def _merit(adds: Floats, fresh: Floats, differences: pd.DataFrame) -> str:
    """Whose merit the re-trained numbers are.

    `adds` and `fresh` (pair,): what the new layer adds to the network as it is, on its own
    features and on untrained ones.
    """
    added, unlearnt = float(adds.mean()), float(fresh.mean())
    some = differences[(differences["of"] == RETRAINED) & (differences["less"] == UNTRAINED)]
    better = int(((some["q"] <= ALPHA) & (some["difference"] > 0)).sum())
    worth = (
        f"features learnt elsewhere are shown to be worth more than untrained ones in {better} of "
        f"{len(some)} {'pair' if len(some) == 1 else 'pairs'} (corrected p at most {ALPHA:g})"
    )
    if added <= 0:
        return f"Re-training adds nothing on average{_spanning(adds)}, and {worth}."
    if unlearnt <= 0:
        return f"None of what re-training adds comes without learnt features, and {worth}."
    if unlearnt >= added:
        return (
            f"All of the {100 * added:.1f} points{_spanning(adds)} that re-training adds come "
            f"without any learnt feature too, and {worth}."
        )
    return (
        f"Of the {100 * added:.1f} points{_spanning(adds)} that re-training adds, "
        f"{100 * unlearnt:.1f}{_spanning(fresh)} come without any learnt feature: "
        f"they are the other set's own training, and {worth}."
    )


def _spanning(gains: Floats) -> str:
    """` (−2.0 to +9.1 by pair)`, in points; nothing where all are one number."""
    low, high = points(gains.min()), points(gains.max())
    return "" if low == high else f" ({low} to {high} by pair)"
