"""What a reader sees of the controls: dots and tables, with words for the arms that are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from facsinterp import Section

TRAINED: Final = "trained"
# Each starts from the weights that its seed also draws for the trained network, or is made of that
# one: differences are paired. To tell people apart takes other outputs, for which the
# architectures of facsinterp draw other weights in every layer.
PAIRED: Final[Mapping[str, str]] = {
    "untrained": "is the start itself",
    "shuffled-labels": "has the same start",
    "rotated": "is the trained network in another basis",
}
EMOTION_ONLY: Final = "emotion-only"
FEWEST_SEEDS: Final = 5
# How a filter can pass, and what that is called in a claim, an axis and a paragraph.
MEASURES: Final[Mapping[str, str]] = {
    "rule": "accepted by P = 1",
    "answering": "answering to an action unit",
    "beyond": "beyond emotion",
}


def networks_section(networks: pd.DataFrame) -> Section:
    """A dot and a row for each network. `networks`: the table of the study of that name."""
    return Section(
        title="Networks and their controls",
        paragraphs=tuple(_networks_words(networks)),
        table=networks,
        figure=_figure(networks),
    )


def comparison_section(networks: pd.DataFrame, comparisons: pd.DataFrame) -> Section:
    """Differences to the trained networks over seeds, of the arms that have any."""
    return Section(
        title="Trained against its controls, over training seeds",
        paragraphs=tuple(_comparison_words(networks, comparisons)),
        table=comparisons,
    )


def _networks_words(networks: pd.DataFrame) -> Iterator[str]:
    missing = "" if _measured(networks, "beyond") else " No network was tested beyond emotion."
    yield (
        "Each dot is one network, or one set of fixed filters, asked about the same held-out "
        "people. The share is of its live filters: accepted by the rule of Breuer and Kimmel "
        "(P = 1, without asking for chance), answering to an action unit after correction, and "
        "carrying more of a unit than the emotion does. The table has the numbers of filters "
        "first, then their shares." + missing
    )
    seedless = [str(arm) for arm in networks["arm"][networks["seed"].isna()]]
    if EMOTION_ONLY in seedless:
        yield (
            "Filters that know the emotion alone (emotion-only) show what the first two counts "
            "give to a network that sees no action unit at all."
        )
    if seedless:
        yield f"Without a seed, so that they describe and are not tested: {', '.join(seedless)}."
    covered = (
        f"Units covered: how many action units {int(networks['live'].min())} live filters drawn "
        "at random from the network would answer to, so that networks with more filters are "
        "not favoured."
    )
    if networks["accuracy"].notna().any():
        covered += (
            " Accuracy: expressions of the held-out people named rightly. Majority: what always "
            "naming their most frequent expression would score; an accuracy says something only "
            "above that."
        )
    yield covered


def _comparison_words(networks: pd.DataFrame, comparisons: pd.DataFrame) -> Iterator[str]:
    if comparisons.empty:
        yield "Nothing is compared: that takes trained networks and another arm with seeds."
        return
    yield (
        "One network counts once, however many filters it has: filters of one network share its "
        "luck. " + " ".join(_ways(comparisons)) + " All arrangements are gone through, or 99,999 "
        "random ones where there are too many. p is one-sided (trained higher) and not corrected "
        "for the number of comparisons; it cannot be below the least possible p of its row."
    )
    yield (
        "The difference is that of Hodges and Lehmann with a two-sided 95 % interval, where there "
        "are enough seeds for one. It holds for these test people; other people are another "
        "source of chance."
    )
    counts = networks[networks["seed"].notna()].groupby("arm")["seed"].count()
    few = [str(arm) for arm, count in counts.items() if count < FEWEST_SEEDS]
    if few:
        yield f"Fewer than five seeds ({', '.join(few)}): p cannot become small, read the dots."


def _ways(comparisons: pd.DataFrame) -> Iterator[str]:
    """How each arm is compared, in sentences."""
    arms = [str(arm) for arm in comparisons["trained less"].unique()]
    paired = [f"{arm} {PAIRED[arm]}" for arm in arms if arm in PAIRED]
    if paired:
        yield (
            "Networks of one seed belong together ("
            + ", ".join(paired)
            + "): they are pairs, and the signs of their differences are flipped."
        )
    others = [arm for arm in arms if arm not in PAIRED]
    if others:
        yield (
            f"Of {', '.join(others)} the arms are exchanged over all networks, as if each had a "
            "start of its own; where an architecture of your own shares it, p errs to the large "
            "side."
        )


def _measured(networks: pd.DataFrame, measure: str) -> bool:
    return bool(networks[f"{measure} share"].notna().any())


def _figure(networks: pd.DataFrame) -> dict[str, Any]:
    """Dots by arm, one panel a measure; hollow where there is no seed."""
    shown = [measure for measure in MEASURES if _measured(networks, measure)]
    width = 1 / max(len(shown), 1)
    layout: dict[str, Any] = {"showlegend": False, "height": 420}
    data = []
    for place, measure in enumerate(shown):
        end = "" if place == 0 else str(place + 1)
        layout[f"xaxis{end}"] = {
            "domain": [place * width, (place + 0.88) * width],
            "title": {"text": MEASURES[measure]},
            "tickangle": -60,
        }
        layout[f"yaxis{end}"] = {"anchor": f"x{end}", "rangemode": "tozero", "tickformat": ".0%"}
        data.append(_dots(networks, measure, end))
    layout.setdefault("yaxis", {})["title"] = {"text": "share of live filters"}
    return {"data": data, "layout": layout}


def _dots(networks: pd.DataFrame, measure: str, axis: str) -> dict[str, Any]:
    known = networks[networks[f"{measure} share"].notna()]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": known["arm"].tolist(),
        "y": known[f"{measure} share"].tolist(),
        "text": [f"{a}" if pd.isna(s) else f"{a}, seed {s}" for a, s in _names(known)],
        "hovertemplate": "%{text}: %{y:.1%}<extra></extra>",
        "marker": {
            "size": 9,
            "symbol": ["circle-open" if pd.isna(s) else "circle" for _, s in _names(known)],
        },
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
    }


def _names(networks: pd.DataFrame) -> list[tuple[str, Any]]:
    return list(zip(networks["arm"], networks["seed"], strict=True))
