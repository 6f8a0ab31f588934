"""What a reader sees: every system with its interval, what the LSTM adds, and which classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from facsinterp import Section

from . import figures
from .answer import ALPHA, between, percent, points
from .published import OPEN, TABLE_4
from .tables import ASKED, CHANGES, CHANGES_APEX, FRAME, SYSTEMS

if TYPE_CHECKING:
    from .gathered import Gathered


def system_section(
    systems: pd.DataFrame,
    gathered: Gathered,
    folds: int,
    noticed: tuple[str, ...],
    *,
    casme2: bool,
) -> Section:
    """Table 4 of the paper, with what it leaves out; `noticed`: what crosses the folds."""
    people, clips = int(systems["people"].max()), int(systems["clips"].max())
    alone = folds == people
    held = (
        "one person is left out at a time"
        if alone
        else f"{people} people are dealt to {folds} folds, and those of one fold are left out"
    )
    return Section(
        "Micro-expressions of people never seen",
        paragraphs=(
            f"{clips} clips of {people} people, {len(gathered.classes)} classes: "
            f"{', '.join(gathered.classes)}. {_left_out(gathered)}{held.capitalize()}; those of "
            "the next one choose the epoch, C and the band; all others teach. Nobody is on two "
            "sides, so that no system can name a clip by its face. Each test clip is asked about "
            "once, and accuracy, UF1 and UAR are formed over all folds together, as the grand "
            "challenges do (See et al. 2019): a person who lacks a class has no F1 of it.",
            "The CNN is taught five frames of each clip: the apex with the clip's class; the first "
            "and last frames and those of onset and offset, where nothing has moved yet, or no "
            "longer, as neutral. The paper names the five frames but not their labels. When "
            "asked, it chooses among the classes of clips. The LSTM reads the first dense "
            f"layer at equal steps from onset to offset.{_guessed(gathered)}",
            f"“{SYSTEMS[FRAME]}” is a weak thing to compare with: four of the five frames that "
            "taught that CNN are neutral, its epoch was chosen on such frames too, and then "
            "neutral is taken from its answers. The LSTMs have another head, which learnt the "
            "classes of clips alone, as well as more frames; a difference to the CNN mixes the "
            f"two. “{SYSTEMS[CHANGES_APEX]}” is the fair single frame: the same head on one "
            "frame, less the onset.",
            "Bars are 95 % intervals over people; always naming the commonest class scores "
            f"{percent(float(systems['majority'].iloc[0]))} (its UF1 is "
            f"{float(systems['majority_uf1'].iloc[0]):.3f}, its UAR "
            f"{float(systems['chance_uar'].iloc[0]):.3f}).",
            OPEN
            + (
                ""
                if casme2
                else " Hollow dots: not run here, and of other clips; they cannot be compared with "
                "these."
            ),
            *((f"Of all frames of the clips: {' '.join(noticed)}",) if noticed else ()),
        ),
        table=_systems(systems),
        figure=figures.systems(systems),
    )


def difference_section(gaps: pd.DataFrame, seeds: int) -> Section:
    """The LSTM against each other system on the same clips."""
    return Section(
        "What the LSTM adds",
        paragraphs=(
            "Two systems on the same clips of the same people. Against the CNN: does a clip tell "
            "more than its apex? A single frame of somebody never seen mixes what the face is with "
            "what it does: a face at rest may look sad or stern. Taking the features of the onset "
            "frame off (changes) leaves what moved. Against lost order: the same frames of "
            "each clip, shuffled. Against the apex alone: its change from onset as the "
            "only frame, under the same head.",
            _time(gaps),
            f"Intervals are over people. p is one-sided, for accuracy, by flipping the signs of "
            f"people's differences. The first {len(ASKED)} differences are asked about, and count "
            f"as shown where p is at most {ALPHA:g}; the others describe, without correction. "
            + (
                "Each network was trained from one seed: another seed may give other "
                "differences, which the intervals do not show."
                if seeds == 1
                else f"Answers of {seeds} seeds count together; the intervals do not show how "
                "seeds differ."
            ),
        ),
        table=_gaps(gaps),
        figure=figures.gaps(gaps[gaps["measure"] == "accuracy"]),
    )


def _time(gaps: pd.DataFrame) -> str:
    """Whether more frames than the apex help, the head and the onset taken off being the same."""
    kept = (gaps["system"] == CHANGES) & (gaps["less"] == CHANGES_APEX)
    (row,) = gaps[kept & (gaps["measure"] == "accuracy")].to_dict("records")
    told = (
        "With the same head and the onset taken off on both sides, all frames less the apex alone "
        f"are {points(row['difference'])} points of accuracy{between(row)}"
    )
    if row["low"] > 0:
        return f"{told}: more frames than one help."
    return (
        f"{told}: it is not shown that more frames than one help. Where changes do better than "
        "the CNN, then, that may be for the head or the onset taken off, and not for time."
    )


def class_section(
    by_class: pd.DataFrame, confusion: pd.DataFrame, classes: tuple[str, ...]
) -> Section:
    """Recall by class and system, and what the LSTM answered."""
    recall = by_class.pivot(index="class", columns="system", values="recall").reindex(classes)
    clips = by_class[by_class["system"] == CHANGES].set_index("class").reindex(classes)
    table = pd.DataFrame({"Class": classes, "Clips": clips["clips"].to_numpy()})
    table["People"] = clips["people"].to_numpy()
    for name in (one for one in SYSTEMS if one in recall):
        table[SYSTEMS[name]] = [_number(value) for value in recall[name]]
    return Section(
        "Which classes",
        paragraphs=(
            "The table has the recall of each class: the share of its clips that are named so. "
            "The figure has what the LSTM on changes answered to the clips of each class: colours "
            "are shares of the class, numbers count clips. A system that always names the "
            "commonest class has a recall of 1 there and 0 elsewhere.",
        ),
        table=table,
        figure=figures.confusion(confusion[confusion["system"] == CHANGES], classes),
    )


def _left_out(gathered: Gathered) -> str:
    if not gathered.left_out:
        return ""
    named = ", ".join(
        f"{name} ({count} clip{'s' * (count != 1)})" for name, count in gathered.left_out
    )
    return f"Left out, since too few people show them: {named}. "


def _guessed(gathered: Gathered) -> str:
    if not gathered.guessed:
        return ""
    return (
        f" The apex of {gathered.guessed} clips is not known: the middle of the movement stands "
        "in for it when a single frame is asked about, and teaches nothing."
    )


def _systems(systems: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "System": SYSTEMS[str(row["system"])],
            "Accuracy": percent(row["accuracy"]),
            "95 % interval": _interval(row["accuracy_low"], row["accuracy_high"], percent),
            "Majority": percent(row["majority"]),
            "UF1": f"{row['uf1']:.3f}",
            "UF1, 95 %": _interval(row["uf1_low"], row["uf1_high"], _number),
            "UAR": f"{row['uar']:.3f}",
            "UAR, 95 %": _interval(row["uar_low"], row["uar_high"], _number),
            "Source": "run here",
        }
        for row in systems.to_dict("records")
    ]
    told = [
        {
            "System": one.system,
            "Accuracy": percent(one.accuracy),
            "Source": f"not run here; CASME II, {one.source}",
        }
        for one in TABLE_4
    ]
    return pd.DataFrame([*rows, *told]).fillna("")


def _gaps(gaps: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (first, second), mine in gaps.groupby(["system", "less"], sort=False):
        row = {"System": SYSTEMS[str(first)], "Less": SYSTEMS[str(second)]}
        for one in mine.to_dict("records"):
            told = f"{points(one['difference'])}{between(one)}"
            row[f"{one['measure']}, points"] = told.replace("95 % interval ", "")
        rows.append({**row, "p": f"{mine['p'].max():.2g}"})
    return pd.DataFrame(rows)


def _interval(low: float, high: float, told: object) -> str:
    if not np.isfinite(low) or not np.isfinite(high):
        return "too few people"
    assert callable(told)
    return f"{told(low)} to {told(high)}"


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else ""
