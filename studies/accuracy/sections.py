"""What a reader sees: systems beside printed numbers, differences, mistakes, confusions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from facsinterp import Section

from . import figures, published
from .systems import SYSTEMS, Recipes
from .words import p_value, percent, points, within


@dataclass(frozen=True)
class Shown:
    """The study's tables, and what must be said beside them."""

    tables: Mapping[str, pd.DataFrame]
    printed: published.Table
    recipe: Recipes
    reference: str
    people_known: bool
    noticed: tuple[str, ...] = ()
    """What crosses the folds, or was left out so that it does not; a sentence a kind."""

    @property
    def main(self) -> dict[str, object]:
        """The row of the first system."""
        return {str(k): v for k, v in self.tables["systems"].iloc[0].items()}

    @property
    def unit(self) -> str:
        """What an interval generalises to."""
        return "people" if self.people_known else "images"


def sections(shown: Shown) -> tuple[Section, ...]:
    """Those that have anything to show."""
    found = [_systems(shown)]
    if len(shown.tables["differences"]):
        found.append(_differences(shown))
    if len(shown.tables["mistakes"]):
        found.append(_mistakes(shown))
    found.append(_confusion(shown))
    if shown.printed != "none":
        found.append(_printed(shown))
    return tuple(found)


def _systems(shown: Shown) -> Section:
    table = shown.tables["systems"]
    printed = shown.tables["published"]
    where = published.TITLES.get(shown.printed, "")
    return Section(
        title="Who names how many expressions rightly",
        paragraphs=tuple(_systems_words(shown)),
        table=_readable(table),
        figure=figures.systems(table, printed, where),
    )


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    rows = table.to_dict("records")
    return pd.DataFrame(
        {
            "system": table["words"],
            "accuracy": [percent(row["accuracy"]) for row in rows],
            "95 % interval": [within(row["low"], row["high"]) for row in rows],
            "majority": [percent(row["majority"]) for row in rows],
            "balanced": [percent(row["balanced"]) for row in rows],
            "its interval": [within(row["balanced_low"], row["balanced_high"]) for row in rows],
            "sd of folds": [_sd(row["fold_sd"]) for row in rows],
            "sd of seeds": [_sd(row["seed_sd"]) for row in rows],
            "seeds": [row["seeds"] or "none" for row in rows],
        }
    )


def _sd(value: float) -> str:
    return "–" if pd.isna(value) else f"{100 * value:.1f}"


def _systems_words(shown: Shown) -> Iterator[str]:
    main = shown.main
    unit = shown.unit
    yield (
        f"{main['faces']} faces, each tested once by a network that was not trained on "
        + (f"its person ({main['people']} people). " if shown.people_known else "it. ")
        + f"Intervals are over {unit} and seeds together: other {unit} and other luck of training "
        "are both in them. Folds share most of their training faces, so their deviation is no "
        "standard error: it is shown because papers print it, and so is that of seeds. Other "
        "training people are a source of chance that no interval of cross-validation holds. "
        "Majority: always naming the commonest class. Balanced: the mean recall of the classes."
    )
    if shown.noticed:
        yield f"Of these folds: {'. '.join(shown.noticed)}."
    yield from _failed(shown)
    if not shown.people_known:
        yield "Nobody knows whose faces these are: images count as independent, which they are not."
    yield (
        "All networks train by the one recipe of the definition, so that they differ in nothing "
        "else (arms without augmentation have none)."
        if shown.recipe == "shared"
        else "Each network trains by the recipe of its own paper, or that of the definition where "
        "the paper gave none: systems differ in training as well as in layers."
    )
    seeds = set(shown.tables["systems"]["seeds"]) - {0}
    if 1 in seeds:
        yield "With one seed the luck of training is in no interval of a network."
    elif 2 in seeds:
        yield (
            "With two seeds intervals are wide, and should be: how far seeds scatter is then "
            "known from one difference, so t has two degrees of freedom at most."
        )
    if shown.printed != "none":
        yield (
            f"Hollow marks and crosses are numbers printed for {published.TITLES[shown.printed]}; "
            "they were not run here, and their folds and classes may be others. They can be "
            "compared with ours only on that data set and by that protocol."
        )


def _failed(shown: Shown) -> Iterator[str]:
    """Networks whose training ended at the commonest class or another one."""
    table = shown.tables["systems"]
    parts = [
        f"{row['constant']} of {row['trained']} of {row['words']}"
        for row in table[table["constant"] > 0].to_dict("records")
    ]
    if parts:
        yield (
            f"Some name one class only, whatever the face: {'; '.join(parts)} (one a seed and "
            "fold). Their training failed, and the accuracy holds them."
        )


def _differences(shown: Shown) -> Section:
    table = shown.tables["differences"]
    words = _names()
    lines = [
        f"{words[row['system']]} less {words[row['against']]}" for row in table.to_dict("records")
    ]
    return Section(
        title="Differences between systems, on the same faces",
        paragraphs=(
            "Both systems of a row answered the same faces in the same folds, so what is hard "
            f"about a face falls out of the difference. Points of accuracy; intervals over "
            f"{shown.unit} and over the seeds of both. p is two-sided and corrected by Holm, "
            "apart for comparisons with the reference and for those of two systems that differ "
            "in one thing.",
        ),
        table=_readable_gains(table, lines),
        figure=figures.gains(table, lines, "points of accuracy"),
    )


def _readable_gains(table: pd.DataFrame, lines: list[str]) -> pd.DataFrame:
    rows = table.to_dict("records")
    return pd.DataFrame(
        {
            "comparison": lines,
            "points": [points(row["difference"]) for row in rows],
            "95 % interval": [within(row["low"], row["high"]) for row in rows],
            "p (Holm)": [p_value(row["p_holm"]) for row in rows],
        }
    )


def _mistakes(shown: Shown) -> Section:
    table = shown.tables["mistakes"]
    words = _names()
    rows = table.to_dict("records")
    readable = pd.DataFrame(
        {
            "system": [words[row["system"]] for row in rows],
            "mistake": [figures.MISTAKES[row["mistake"]][2] for row in rows],
            "honest": [percent(row["honest"]) for row in rows],
            "with it": [percent(row["mistaken"]) for row in rows],
            "points": [points(row["difference"]) for row in rows],
            "95 % interval": [within(row["low"], row["high"]) for row in rows],
            "p (Holm)": [p_value(row["p_holm"]) for row in rows],
        }
    )
    return Section(
        title="What faults of protocol are worth",
        paragraphs=(
            "The same systems, once more with a fault that the papers made or may have made. "
            "Chosen on the test fold: the epoch (of machines, the penalty) that does best on the "
            "test faces is kept, and the people who would have validated train as well; both add "
            "to it. Folds of images: as many images on each side, of whomever, so that people who "
            "test have trained. Networks of one seed are pairs, which began with the same "
            "weights.",
        ),
        table=readable,
        figure=figures.costs(table, words),
    )


def _confusion(shown: Shown) -> Section:
    main = shown.main
    recalls = shown.tables["recalls"]
    own = recalls[recalls["system"] == main["system"]]
    table = shown.tables["confusion"]
    rows = own.to_dict("records")
    return Section(
        title=f"Who is taken for whom: {main['words']}",
        paragraphs=(
            "Each row sums to 100 %, over all folds and seeds. A class with few people has a wide "
            "interval whatever its number of images.",
        ),
        table=pd.DataFrame(
            {
                "class": own["class"],
                "faces": own["faces"],
                shown.unit: own["people"],
                "recall": [percent(row["recall"]) for row in rows],
                "95 % interval": [within(row["low"], row["high"]) for row in rows],
            }
        ),
        figure=figures.confusion(table[table["system"] == main["system"]]),
    )


def _printed(shown: Shown) -> Section:
    rows = shown.tables["published"].to_dict("records")
    return Section(
        title=f"What is printed for {published.TITLES[shown.printed]}, and what it rests on",
        paragraphs=published.reading(shown.printed),
        table=pd.DataFrame(
            {
                "system": [row["system"] for row in rows],
                "printed, %": [_as_printed(row["percent"], row["spread"]) for row in rows],
                "run here": [_beside(shown, row["beside"]) for row in rows],
                "source": [row["source"] for row in rows],
                "to be read with": [row["caveat"] for row in rows],
            }
        ),
    )


def _as_printed(value: float, spread: float) -> str:
    return f"{value:g}" if pd.isna(spread) else f"{value:g} ± {spread:g}"


def _beside(shown: Shown, name: str) -> str:
    known = shown.tables["systems"].set_index("system")["accuracy"]
    return f"{percent(known[name])} of these faces" if name in known else "no"


def _names() -> dict[str, str]:
    return {name: one.words for name, one in SYSTEMS.items()}
