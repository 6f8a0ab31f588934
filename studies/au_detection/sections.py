"""What a reader sees: units with their intervals, controls, the paper's figures, intensities."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from facsinterp import Section, facs

from . import published
from .figures import forest
from .found import Found, between, bracketed, listed, percent, signed
from .units import PARTS

ARM_WORDS = {
    "trained": "features of the emotion network",
    "untrained": "features of the network before training",
    "pixels": "small grey pictures",
    "emotion": "the network's emotions alone",
}


def sections(found: Found) -> tuple[Section, ...]:
    """All sections that there is something to show for."""
    return tuple(_sections(found))


def _sections(found: Found) -> Iterator[Section]:
    if not found.judged.empty:
        yield unit_section(found)
        yield control_section(found)
    if not found.pooled.empty:
        yield pooled_section(found)
    if not found.intensities.empty:
        yield intensity_section(found)
    if (found.units["untestable"] != "").any():
        yield untestable_section(found)


def unit_section(found: Found) -> Section:
    """A dot and a row for each unit."""
    seen = found.units.set_index("unit")
    rows = found.judged.sort_values("balanced", ascending=False, kind="stable")
    counts = seen.loc[rows["unit"]]
    table = pd.DataFrame(
        {
            "Unit": [facs.describe(unit) for unit in rows["au"]],
            "Sequences": counts["told"].to_numpy(),
            "People": counts["subjects"].to_numpy(),
            "Balanced accuracy": rows["balanced"].to_numpy(),
            "95 % interval": _intervals(rows, "low", "high"),
            "AUROC": rows["auroc"].to_numpy(),
            "Its interval": _intervals(rows, "auroc_low", "auroc_high"),
            "F1": rows["f1"].to_numpy(),
            "Accuracy": rows["accuracy"].to_numpy(),
            "All absent": rows["all_absent"].to_numpy(),
        }
    )
    return Section(
        title="Which action units are told on held-out people",
        paragraphs=tuple(_unit_words(found)),
        table=table,
        figure=forest(found),
    )


def _unit_words(found: Found) -> Iterator[str]:
    above, judged = len(found.above), len(found.judged)
    yield (
        f"A detector for each unit alone, a logistic regression on the last hidden features of the "
        f"network, which learnt emotions and stays as it is. {found.peaks:,} sequences of "
        f"{found.people} people of {found.title}, one peak each; nobody is tested by a network or "
        "a detector that saw them. Faces with and without a unit weigh the same, so that saying "
        "absent to all scores 0.5 in balanced accuracy however rare the unit is. The columns "
        "Accuracy and All absent show what plain accuracy hides."
    )
    hard = found.hard
    yield (
        f"{above} of {judged} units are above 0.5 by their lower bound; of units that cannot be "
        f"told at all, about {0.025 * judged:.1f} of {judged} would be by chance. "
        + (f"Not shown: {listed(hard)}." if hard else "There is no unit of which it is not shown.")
        + f" {_hard_words(found)}"
    )
    yield (
        "Intervals: people are drawn again with all their sequences. They hold for these networks; "
        + (_seed_words(found) or "one seed was trained, so the luck of training is unseen.")
    )


def _hard_words(found: Found) -> str:
    name = facs.label(published.HARD)
    says = f"{name}, which Breuer and Kimmel call hard"
    row = found.units[found.units["au"] == published.HARD].to_dict("records")
    if not row:
        return f"{says}, is not coded in these faces."
    if row[0]["untestable"]:
        return f"{says}, cannot be judged here ({row[0]['untestable']})."
    told = found.judged[found.judged["au"] == published.HARD].to_dict("records")[0]
    return f"{says}, has {told['balanced']:.2f} {bracketed(told['low'], told['high'])}."


def _seed_words(found: Found) -> str:
    own = found.seeds[(found.seeds["arm"] == "trained") & (found.seeds["detector"] == "alone")]
    if len(own) < 2:
        return ""
    low, high = own["balanced"].min(), own["balanced"].max()
    return (
        f"of {len(own)} seeds, taken together here, the means over units are {low:.3f} to "
        f"{high:.3f}."
    )


def control_section(found: Found) -> Section:
    """The same detectors on what a sceptic would put in the network's place."""
    rows = found.judged.sort_values("balanced", ascending=False, kind="stable")
    names = rows["unit"].tolist()
    columns = {
        f"{words[0].upper()}{words[1:]}": found.of(arm, "alone").set_index("unit")["balanced"]
        for arm, words in ARM_WORDS.items()
    }
    together = found.of("trained", "together").set_index("unit")["balanced"]
    less = found.differences
    own = less[(less["less"] == "emotion") & (less["measure"] == "balanced")]
    own = own[(own["peaks"] == PARTS[0]) & (own["unit"] != "")].set_index("unit").loc[names]
    table = pd.DataFrame(
        {
            "Unit": names,
            **{words: one.loc[names].to_numpy() for words, one in columns.items()},
            "All units at once": together.loc[names].to_numpy(),
            "More than the emotion": own["difference"].to_numpy(),
            "95 % interval": _intervals(own, "low", "high"),
        }
    )
    return Section(
        title="What the features add to an untrained network, to pixels and to the emotion",
        paragraphs=tuple(_control_words(found)),
        table=table,
    )


def _control_words(found: Found) -> Iterator[str]:
    yield (
        "Balanced accuracy of the same detectors, taught and tested on the same people, when they "
        "see something else: the features of the network before its training, small grey pictures, "
        "or nothing but the probabilities that the trained network gives the emotions. Emotion "
        "labels are made from action units, so that whoever knows the emotion knows much of the "
        "units for free: only what goes beyond it shows that the network learnt the unit. All "
        "units at once: one linear head for all, with the L1 + L2 penalty, on the trained features."
    )
    said = []
    for less, words in (
        ("emotion", "the emotion alone"),
        ("untrained", "the untrained network"),
        ("pixels", "small pictures"),
        ("together", "all units at once"),
    ):
        one = found.mean(less)
        rank = found.mean(less, "auroc")
        if one is not None and rank is not None:
            said.append(
                f"{words} {_size(one['difference'], one['low'], one['high'])}, by AUROC "
                f"{_size(rank['difference'], rank['low'], rank['high'])}"
            )
    if said:
        yield (
            "Each unit alone on the trained features, less the others, mean over units (95 % "
            f"interval over people, on the same peaks): {'; '.join(said)}."
        )
    for peaks in PARTS[1:]:
        row = found.mean("emotion", peaks=peaks)
        yield (
            f"Over the emotion alone, peaks {peaks}: "
            + (
                f"{_size(row['difference'], row['low'], row['high'])}, {int(row['units'])} units."
                if row is not None
                else f"no unit has {found.least} sequences on both sides."
            )
        )


def _size(value: float, low: float, high: float) -> str:
    return f"{signed(value)} {bracketed(low, high)}"


def pooled_section(found: Found) -> Section:
    """The paper's accuracy beside what saying absent to all would score."""
    kept = found.pooled[found.pooled["detector"] == "together"]
    own = pd.DataFrame(
        {
            "Detectors, all units at once": [ARM_WORDS[str(arm)] for arm in kept["arm"]],
            "Peaks": kept["peaks"].to_numpy(),
            "Units": kept["units"].to_numpy(),
            "Accuracy": [percent(value) for value in kept["accuracy"]],
            "95 % interval": [
                f"{percent(low)} to {percent(high)}"
                for low, high in zip(kept["low"], kept["high"], strict=True)
            ],
            "All absent": [percent(value) for value in kept["all_absent"]],
            "Above it, points": (100 * (kept["accuracy"] - kept["all_absent"])).to_numpy(),
        }
    )
    few, many = published.ABSENT
    paper = {
        "Detectors, all units at once": "Breuer & Kimmel 2017, CK+ (not run here)",
        "Peaks": "not stated",
        "Units": "up to 50",
        "Accuracy": percent(published.ACCURACY),
        "95 % interval": "",
        "All absent": f"{percent(published.ABSENT[few])} of {few} units, "
        f"{percent(published.ABSENT[many])} of {many}",
        "Above it, points": np.nan,
    }
    return Section(
        title="The accuracy that the paper reports, and its base rate",
        paragraphs=tuple(_pooled_words(found)),
        table=pd.concat([pd.DataFrame([paper]), own], ignore_index=True),
    )


def _pooled_words(found: Found) -> Iterator[str]:
    few, many = published.ABSENT
    yield (
        f"{published.SOURCE} reports {percent(published.ACCURACY)}: right answers over all images "
        "and units at once. Most units are absent from most faces, so that a detector that has "
        f"learnt nothing and says absent to everything is right in "
        f"{percent(published.ABSENT[few])} of the cells of emotion-labelled CK+ peaks over {few} "
        f"units and in {percent(published.ABSENT[many])} over {many} (counted from the labels of "
        "CK+; the paper gives no such rate): every unit that nobody shows is right for free, and "
        "raises the number further."
    )
    row = found.accuracy(PARTS[0], "all")
    told = found.accuracy(PARTS[0], "with a detector")
    if row is not None and told is not None:
        mistakes = (row["accuracy"] - row["all_absent"]) / (1 - row["all_absent"])
        learnt = (
            f"the detectors avoid {percent(mistakes)} of its mistakes"
            if mistakes > 0
            else "the detectors make no fewer mistakes"
        )
        yield (
            f"Here, over all peaks and all units, accuracy is {percent(row['accuracy'])} where "
            f"absent to everything scores {percent(row['all_absent'])}: {learnt}. Over "
            f"units with a detector alone it is {percent(told['accuracy'])}, "
            f"against {percent(told['all_absent'])}. These detectors "
            "weigh every cell the same, for which one half is the best cut for accuracy; units "
            "without one are called absent. Intervals are over people."
        )


def intensity_section(found: Found) -> Section:
    """Intensities of each unit, and all together beside the paper's."""
    rows = found.intensities
    each = rows[rows["unit"] != ""].sort_values("icc", ascending=False, kind="stable")
    kept = pd.concat([rows[rows["unit"] == ""], each])
    table = pd.DataFrame(
        {
            "Unit": kept["unit"].replace("", "all cells").to_numpy(),
            "Scored above 0": kept["above_zero"].to_numpy(),
            "ICC(3,1)": kept["icc"].to_numpy(),
            "95 % interval": _intervals(kept, "icc_low", "icc_high"),
            "Squared error": kept["mse"].to_numpy(),
            "Its interval": _intervals(kept, "mse_low", "mse_high"),
            "Error of 0 to all": kept["mse_zero"].to_numpy(),
            "Right step": [percent(value) for value in kept["exact"]],
            "0 to all": [percent(value) for value in kept["exact_zero"]],
        }
    )
    return Section(
        title="Intensities from 0 to 5",
        paragraphs=tuple(_intensity_words(found)),
        table=table,
    )


def _intensity_words(found: Found) -> Iterator[str]:
    row = found.intensities[found.intensities["unit"] == ""].to_dict("records")[0]
    yield (
        f"{published.SOURCE} reports the right step in {percent(published.EXACT)} of the cells and "
        f"a mean squared error of {published.MSE} (CK+, not run here), again with no base rate. "
        f"Here, over the cells of units that can be judged, the step is right in "
        f"{percent(row['exact'])} {bracketed(row['exact_low'], row['exact_high'], percent)}, "
        f"and intensity 0 to all is right in {percent(row['exact_zero'])}; the error is "
        f"{row['mse']:.3f} {bracketed(row['mse_low'], row['mse_high'])}, and that of 0 to all "
        f"{row['mse_zero']:.3f}."
    )
    yield (
        "All units at once, every cell weighing the same. ICC(3,1) says how far told intensities "
        "follow the coder's; 0 where they do not. Units that are present but not scored do not "
        "count. The overall ICC mixes units of unlike rates and flatters."
    )


def untestable_section(found: Found) -> Section:
    """Units without a number, and why."""
    kept = found.units[found.units["untestable"] != ""]
    return Section(
        title="Action units that cannot be judged",
        paragraphs=(
            f"No number is shown for them. Asked for: {found.least} sequences with the unit and "
            "without it, of test people to whom a detector answered. A detector takes ten training "
            "peaks on either side in its fold.",
        ),
        table=pd.DataFrame(
            {
                "Unit": [facs.describe(unit) for unit in kept["au"]],
                "Sequences": kept["sequences"].to_numpy(),
                "People": kept["subjects"].to_numpy(),
                "Why": kept["untestable"].to_numpy(),
            }
        ),
    )


def _intervals(table: pd.DataFrame, low: str, high: str) -> list[str]:
    bounds = zip(table[low], table[high], strict=True)
    return [between(*both) or "too few people" for both in bounds]
