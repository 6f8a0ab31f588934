"""What a reader sees of the ablations: first what was found, then how sure it is."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from facsinterp import Section

from . import figures
from .measure import Measured, Mode

SHOWN: Final = 15
ALPHA: Final = 0.05
_ASKED: Final[Mapping[str, str]] = {
    "own unit": "their own unit",
    "beyond the emotion's other units": "their own unit, after taking off what the other units of "
    "its emotion lose,",
    "emotion of the unit": "the emotion that goes with their unit",
}


def question_section(tests: pd.DataFrame, units: pd.DataFrame) -> Section:
    """The study's question over all pairs, then unit by unit."""
    title = "Do the filters of a unit matter to it?"
    if tests.empty:
        return Section(
            title,
            paragraphs=(
                "Nothing is shown: no pair of a filter and a unit could be studied. That takes a "
                "unit with a probe that is better than chance, and a filter that passes for it.",
            ),
        )
    shown = units[(units["q"] <= ALPHA) & (units["difference"] > 0)]["name"].tolist()
    return Section(
        title,
        paragraphs=(
            *_verdicts(tests),
            f"Unit by unit: {_some(shown)}, of {len(units)} asked about (corrected p at most "
            f"{ALPHA:g}). The figure and the table have the share of a unit's separation that "
            "silencing one of its filters takes, less that of matched filters: those of the same "
            "layer without an association with the unit whose map has the nearest mean and "
            "active share.",
            "p counts filters, not pairs: filters of like activity change places with all their "
            "losses. Intervals are over people: one that leaves out zero says that these filters "
            "differ from those matched ones, not that filters of a unit do. The studied "
            "filters were chosen on the same people whose faces are asked here. Not shown does "
            "not mean that there is nothing: one filter among hundreds is easily replaced.",
        ),
        table=_compared(units, "Unit", "Separation lost"),
        figure=figures.differences(units, "separation lost, less matched filters", ALPHA),
    )


def _verdicts(tests: pd.DataFrame) -> Iterator[str]:
    """What the set-level tests allow one to say, one paragraph each."""
    for row in tests.to_dict("records"):
        name = str(row["question"])
        shown = row["p"] <= ALPHA and row["difference"] > 0
        of = "probability" if name == "emotion of the unit" else "the unit's separation"
        yield (
            f"{'Shown' if shown else 'Not shown'} (p = {row['p']:.2g}): silencing filters costs "
            f"{_ASKED[name]} more than silencing matched filters does, by "
            f"{percent(row['difference'])} of {of} a filter{between(row)}, "
            f"over {int(row['pairs'])} pairs."
        )


def emotion_section(found: Measured, by_emotion: pd.DataFrame, mode: Mode, faces: int) -> Section:
    """The network's own answers, against matched filters."""
    set_to = "zero" if mode == "zero" else "its mean over the faces"
    shown = by_emotion[(by_emotion["q"] <= ALPHA) & (by_emotion["difference"] > 0)]
    against = (
        (
            "The filters of the units that go with an expression, against matched filters: "
            "that silencing one takes more of the expression's probability is "
            f"{_some(shown['name'].tolist())}, of {len(by_emotion)} asked about (corrected p at "
            f"most {ALPHA:g}).",
        )
        if len(by_emotion)
        else ()
    )
    none = int((found.accuracy == 0).sum())
    return Section(
        title="One filter silenced: expressions",
        paragraphs=(
            *against,
            f"The network as it is recognises {found.recognised} of {found.labelled} labelled "
            f"faces; {none} of {len(found.filters)} live filters can each be silenced without one "
            "labelled face more or fewer being recognised, and no single one changes any "
            f"probability of any face by more than {found.largest_change:.2f}.",
            f"Each live filter is silenced alone: its map, after the nonlinearity, is set to "
            f"{set_to}. Asked are {faces} held-out faces, one a sequence. Lost is the fall of an "
            "expression's probability on its own faces less that on others, averaged within "
            "each person and then over people.",
        ),
        table=_compared(by_emotion, "Expression", "Probability lost") if len(by_emotion) else None,
        figure=figures.differences(by_emotion, "probability lost, less matched filters", ALPHA)
        if len(by_emotion)
        else None,
    )


def largest_section(emotions: pd.DataFrame) -> Section:
    """The filters whose silencing hurts an expression most."""
    hurt = emotions.sort_values("own_lost", ascending=False, kind="stable").head(SHOWN)
    return Section(
        title="Filters that an expression leans on most",
        paragraphs=(
            f"The {len(hurt)} largest of {len(emotions):,} falls of an expression's probability "
            "when one filter is silenced. They are the largest of many, and their intervals know "
            "nothing of that: read them as where to look. That a filter is associated with "
            "something does not say that anything depends on it, and the other way round (Morcos "
            "et al. 2018; Leavitt and Morcos 2021).",
        ),
        table=pd.DataFrame(
            {
                "Filter": hurt["filter"],
                "Expression": hurt["emotion"],
                "Fall on its faces": hurt["own_lost"],
                "95 % interval": _intervals(hurt, "own_lost_low", "own_lost_high"),
                "Fall on other faces": hurt["others_lost"],
                "Fall of its logit": hurt["logit_lost"],
            }
        ),
    )


def pair_section(pairs: pd.DataFrame, probes: pd.DataFrame) -> Section:
    """Each studied filter, and what is asked about the units."""
    usable = probes[probes["refused"] == ""]["unit"].tolist()
    order = pairs.sort_values("excess", ascending=False, kind="stable")
    return Section(
        title="One filter silenced: action units",
        paragraphs=(
            "No output of the network names action units, so a probe stands for each: a logistic "
            "regression on the last hidden features, fitted to people who are not held out. Only "
            f"units whose probe is better than chance on held-out people are asked about: "
            f"{', '.join(usable) or 'none'}. Lost is the share of the probe's separation (mean "
            "logit with the unit less that without, inside people) that silencing takes. A probe "
            "reads what can be read; that the network reads it too is another matter.",
            "“More than” is by how much the loss is above the mean of the matched filters. “p by "
            "rank”, of the filter among its matched ones, describes: a pair alone shows little.",
        ),
        table=pd.DataFrame(
            {
                "Filter": order["filter"],
                "Unit": order["unit"],
                "AUROC": order["auroc"],
                "Separation lost": order["separation_lost"],
                "95 % interval": _intervals(order, "separation_lost_low", "separation_lost_high"),
                "More than matched": order["excess"],
                "Matched": order["matched"],
                "p by rank": order["p_rank"],
            }
        )
        if len(pairs)
        else None,
    )


def dose_section(doses: pd.DataFrame, layer: str, sets: int) -> Section:
    """Several filters together."""
    together = doses[doses["unit"] == "all"]
    title = "Several filters silenced together"
    if together.empty:
        words = (
            f"Nothing is shown: no action unit has both a usable probe and a passing filter in "
            f"{layer}, so no filters were silenced together."
        )
        return Section(title, paragraphs=(words,))
    most, units = together.iloc[-1], int(together["units"].iloc[0])
    above = together[together["p"] <= ALPHA]["filters"].tolist()
    return Section(
        title,
        paragraphs=(
            f"Silencing the {int(most['filters'])} filters of {layer} that are associated most "
            f"with a unit takes {percent(most['lost'])} of its separation, as many random ones of "
            f"like activity {percent(most['random'])}: means over {units} units. "
            + (
                f"More than by chance with {_listed(above)} filters."
                if above
                else "At no number of filters is that shown to be more than by chance."
            ),
            f"The {sets} random sets let every filter give its place to one of like activity; p is "
            f"one-sided, and with {sets} sets cannot be below {1 / (sets + 1):.2g}. A network "
            "without many filters is in a state that no face brings it to.",
        ),
        table=pd.DataFrame(
            {
                "Filters silenced": together["filters"],
                "Lost, top filters": together["lost"],
                "Lost, random sets": together["random"],
                "5 % to 95 % of sets": _intervals(together, "random_low", "random_high"),
                "p": together["p"],
            }
        ),
        figure=figures.dose_curve(together),
    )


def _compared(table: pd.DataFrame, name: str, lost: str) -> pd.DataFrame:
    own = {} if (table["units"] == table["name"]).all() else {"Its units": table["units"]}
    return pd.DataFrame(
        {
            name: table["name"],
            **own,
            "Filters": table["pairs"],
            lost: table["lost"],
            "Matched filters": table["matched"],
            "Difference": table["difference"],
            "95 % interval": _intervals(table, "low", "high"),
            "p": table["p"],
            "Corrected p": table["q"],
        }
    )


def percent(value: float) -> str:
    """Such as `3.1 %`, two significant digits for what is small."""
    digits = 0 if abs(value) >= 0.1 else 1 if abs(value) >= 0.01 else 2
    return f"{100 * value:.{digits}f}\N{NO-BREAK SPACE}%".replace("-", "−")


def between(row: Mapping[Hashable, Any]) -> str:
    """The interval of a test's difference in brackets, or that there is none."""
    if not np.isfinite(row["low"]):
        return " (too few people for an interval)"
    return f" (95 % interval {percent(row['low'])} to {percent(row['high'])})"


def _intervals(table: pd.DataFrame, low: str, high: str) -> list[str]:
    return [
        f"{a:.3f} to {b:.3f}".replace("-", "−").replace(" ", "\N{NO-BREAK SPACE}")
        if np.isfinite(a) and np.isfinite(b)
        else ""
        for a, b in zip(table[low], table[high], strict=True)
    ]


def _some(names: list[str]) -> str:
    return f"shown for {_listed(names)}" if names else "shown for none"


def _listed(things: Sequence[object]) -> str:
    words = [str(thing) for thing in things]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
