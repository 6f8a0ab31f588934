"""Ablation: does anything become of an action unit when its filters are silenced?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pydantic import Field

from facsinterp import Finding, Inputs, Need, Probes, Study, StudyResult, facs

from .answer import answer
from .doses import dose_table
from .measure import Activity, Asked, Measured, Mode, held_out, measured, probes_of
from .pairs import Emotional, Question, each_column, pair_table, questions, studied
from .sections import (
    dose_section,
    emotion_section,
    largest_section,
    pair_section,
    question_section,
)


class Ablation(Study):
    """What do expressions and action units lose when single filters are silenced?"""

    needs = frozenset({Need.NETWORK, Need.ACTIVATIONS, Need.ASSOCIATIONS})

    mode: Mode = "zero"
    """What a silenced filter gives: nothing, or its mean over the faces."""
    filters: int = Field(default=5, ge=1)
    """Studied filters of each action unit: of those that pass, the most strongly associated."""
    matched: int = Field(default=20, ge=5)
    """Filters of the same layer and of like activity that each is compared with, at most."""
    sets: int = Field(default=19, ge=19)
    """Random sets that the top filters together are compared with."""

    def run(self, inputs: Inputs) -> StudyResult:
        """Every live filter silenced alone, then the top filters of each unit together."""
        asked = held_out(inputs)
        activity = Activity.of(inputs, asked)
        probes, refused = probes_of(inputs, asked)
        usable = np.zeros(asked.present.shape[1], bool) if probes is None else probes.usable
        chosen = studied(inputs.associations, activity, usable, self.filters, self.matched)
        found = measured(inputs, asked, activity, probes, self.mode)
        emotional = Emotional.of(asked, found.emotions, usable)
        tests = tuple(questions(found, chosen, emotional, inputs.seed))
        pairs = pair_table(found, chosen, activity, inputs.associations, inputs.seed)
        doses = dose_table(inputs, asked, activity, chosen, probes, mode=self.mode, sets=self.sets)
        emotions = _emotions(found, activity, inputs.seed)
        by_unit, by_emotion = each_column(found, chosen, emotional, inputs.seed)
        units = _probe_table(chosen.units.tolist(), probes, refused)
        return StudyResult(
            findings=(
                *_of_pairs(tests, pairs, units),
                *_of_doses(doses),
                *_of_filters(found, emotions, asked),
            ),
            tables={
                "pairs": pairs,
                "emotions": emotions,
                "filters": _filters(found, activity),
                "doses": doses,
                "probes": units,
                "tests": _tests(tests),
                "by-unit": by_unit,
                "by-emotion": by_emotion,
            },
            sections=(
                question_section(_tests(tests), by_unit),
                dose_section(doses, str(inputs.network.layers[-1]), self.sets),
                emotion_section(found, by_emotion, self.mode, len(asked)),
                pair_section(pairs, units),
                largest_section(emotions),
            ),
            answer=answer(_tests(tests), found),
        )


def _emotions(found: Measured, activity: Activity, seed: int) -> pd.DataFrame:
    """One row a live filter and emotion: falls of its probability and logit, with intervals."""
    low, high = found.own.interval(seed)
    filters, columns = found.own.mean.shape
    return pd.DataFrame(
        {
            "filter": np.repeat(activity.filters[found.filters], columns),
            "emotion": np.tile(np.array(found.emotions, dtype=str), filters),
            "own_lost": found.own.mean.ravel(),
            "own_lost_low": low.ravel(),
            "own_lost_high": high.ravel(),
            "others_lost": found.other.mean.ravel(),
            "logit_lost": found.logit.mean.ravel(),
        }
    )


def _filters(found: Measured, activity: Activity) -> pd.DataFrame:
    """One row a live filter: its activity and the faces that are recognised no more."""
    return pd.DataFrame(
        {
            "filter": activity.filters[found.filters],
            "layer": activity.layers[found.filters],
            "mean": activity.mean[found.filters],
            "area": activity.area[found.filters],
            "faces_lost": found.accuracy,
        }
    )


def _probe_table(units: list[int], probes: Probes | None, refused: str) -> pd.DataFrame:
    """One row an action unit: how good its probe is, or why there is none."""
    names = [facs.label(unit) for unit in units]
    if probes is None:
        nothing = np.full(len(names), np.nan)
        numbers = dict.fromkeys(("auroc", "low", "high", "penalty"), nothing)
        return pd.DataFrame({"unit": names, **numbers, "refused": refused})
    return pd.DataFrame(
        {
            "unit": names,
            "auroc": probes.auroc,
            "low": probes.low,
            "high": probes.high,
            "penalty": probes.penalties,
            "refused": list(probes.refused),
        }
    )


def _tests(tests: tuple[Question, ...]) -> pd.DataFrame:
    columns = ["question", "difference", "low", "high", "p", "pairs"]
    rows = [
        [one.name, one.test.estimate, one.test.low, one.test.high, one.test.p, one.test.pairs]
        for one in tests
    ]
    return pd.DataFrame(rows, columns=columns)


def _of_filters(found: Measured, emotions: pd.DataFrame, asked: Asked) -> Iterator[Finding]:
    """What single filters cost the network itself."""
    if not found.labelled or not len(found.filters):
        return
    largest = int(found.accuracy.max())
    yield Finding(
        f"Largest fall of accuracy by silencing one filter: {largest} of {found.labelled} labelled "
        f"held-out faces fewer, of {found.recognised} recognised",
        estimate=largest / found.labelled,
        n=len(found.filters),
    )
    yield Finding(
        "Share of live filters without which not one labelled held-out face more or fewer is "
        "recognised",
        estimate=float((found.accuracy == 0).mean()),
        n=len(found.filters),
    )
    known = emotions.dropna(subset=["own_lost"])
    if len(known):
        worst = known.iloc[int(known["own_lost"].to_numpy(float).argmax())]
        yield Finding(
            f"Largest fall of an emotion's probability on its own faces, of all live filters "
            f"({worst['filter']}, {worst['emotion']}; the largest of many, and its interval knows "
            "nothing of that)",
            estimate=float(worst["own_lost"]),
            low=_number(worst["own_lost_low"]),
            high=_number(worst["own_lost_high"]),
            n=len(np.unique(asked.subjects)),
        )


def _of_pairs(
    tests: tuple[Question, ...], pairs: pd.DataFrame, probes: pd.DataFrame
) -> Iterator[Finding]:
    """What studied filters cost more than matched ones."""
    usable = int((probes["refused"] == "").sum())
    yield Finding(
        f"Share of the {len(probes)} action units whose probe on the last hidden features tells "
        "them on held-out people better than chance; only these are asked about",
        estimate=usable / len(probes) if len(probes) else None,
        n=len(probes),
    )
    if not len(pairs):
        yield Finding("No pair of a filter and an action unit could be studied", n=0)
    for one in tests:
        yield Finding(
            f"{one.name[0].upper()}{one.name[1:]}: {one.asks}, mean over pairs (interval over "
            "people; p one-sided, filters of like activity change places)",
            estimate=one.test.estimate,
            low=_number(one.test.low),
            high=_number(one.test.high),
            n=one.test.pairs,
            p=one.test.p,
        )


def _of_doses(doses: pd.DataFrame) -> Iterator[Finding]:
    """What the top filters cost together."""
    together = doses[doses["unit"] == "all"]
    for row in together.to_dict("records"):
        few = "filter" if row["filters"] == 1 else "filters together"
        yield Finding(
            f"Share of a unit's separation that its top {row['filters']} {few} in the last layer "
            f"take, less that of random sets of like activity, mean over {row['units']} units",
            estimate=float(row["lost"]) - float(row["random"]),
            n=int(row["units"]),
            p=float(row["p"]),
        )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
