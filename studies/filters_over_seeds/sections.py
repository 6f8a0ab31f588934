"""What a reader sees: the rule against N, what is left after each control, and the divergence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from facsinterp import Section

from . import figures
from .arms import TRAINED, UNTRAINED
from .jobs import STAGES
from .published import ACTIVE, REJECTED, SHARE, SOURCE

FEWEST_SEEDS: Final = 5
NOTHING: Final = "nothing to test"


def all_of(
    rule: pd.DataFrame,
    funnel: pd.DataFrame,
    divergence: pd.DataFrame,
    tests: pd.DataFrame,
    accuracy: pd.DataFrame,
    *,
    told: Mapping[str, Any],
    layer: str,
) -> Iterator[Section]:
    """Every section, in the order in which it is read."""
    yield rule_section(rule, accuracy, layer)
    yield funnel_section(funnel, told, layer)
    if len(tests):
        yield tests_section(tests, layer)
    yield divergence_section(divergence, told, layer)


def rule_section(rule: pd.DataFrame, accuracy: pd.DataFrame, layer: str) -> Section:
    """Who passes P = 1, at each N."""
    return Section(
        title="Who passes the rule P = 1",
        paragraphs=(
            f"{SOURCE} accept a filter when one action unit is shown by all N faces that it "
            f"answers to most: {ACTIVE - REJECTED} of {ACTIVE} active filters "
            f"({100 * SHARE:.0f} %), at a small N that they do not tell, over images that they do "
            "not tell either. The hollow "
            f"marks repeat that number at every N. Lines are the share of live filters of {layer} "
            "that pass; bars reach from the least to the most network (folds and seeds; for "
            "filters without a network, folds).",
            "Filters that know only the emotion of a face see no action unit, but emotions come "
            "with theirs. Random sequences are filters that answer to one sequence more than to "
            "another by lot: frames of one sequence are near copies, so that N images are few "
            "observations. A count of filters shows something only above all of these; where each "
            "sequence counts once, near copies are gone, the emotion is not.",
            *_accuracy_words(accuracy),
        ),
        table=_wide(rule),
        figure=figures.rule(rule),
    )


def _accuracy_words(accuracy: pd.DataFrame) -> Iterator[str]:
    trained = accuracy[accuracy["arm"] == TRAINED].dropna()
    if len(trained):
        share = trained["accuracy"]
        yield (
            f"The trained networks name {100 * share.mean():.0f} % of held-out people's "
            f"expressions ({100 * share.min():.0f} to {100 * share.max():.0f} % over "
            f"{len(trained)} networks); always saying the commonest would score "
            f"{100 * trained['majority'].mean():.0f} %."
        )


def _wide(rule: pd.DataFrame) -> pd.DataFrame:
    told = rule.assign(
        text=[_with_range(row) for row in rule.to_dict("records")],
        looked=rule["looked"].map(figures.PANELS),
    )
    wide = told.pivot_table(
        index=["looked", "arm"], columns="n", values="text", aggfunc="first", sort=False
    )
    wide.columns = [f"N = {n}" for n in wide.columns]
    wide = wide.reset_index().rename(columns={"looked": "images", "arm": "filters"})
    published = dict.fromkeys(wide.columns, "not told")
    published |= {
        "filters": f"published, not run here: {ACTIVE - REJECTED} of {ACTIVE} "
        f"({100 * SHARE:.0f} %)",
        "images": "not told",
    }
    wide.loc[len(wide)] = published
    return wide


def _with_range(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["share"]):
        return NOTHING
    mean = f"{100 * row['share']:.1f} %"
    if row["networks"] < 2:
        return mean
    return f"{mean} ({100 * row['least']:.0f} to {100 * row['most']:.0f})"


def funnel_section(funnel: pd.DataFrame, told: Mapping[str, Any], layer: str) -> Section:
    """What is left after each control."""
    table = funnel.assign(
        left=[_with_range(row) for row in funnel.to_dict("records")],
        passing_alone=[_alone(one) for one in funnel["share_alone"]],
        networks=[f"{row['networks']} of {row['of']}" for row in funnel.to_dict("records")],
    )
    order = {stage: at for at, stage in enumerate(STAGES)}
    table = table.sort_values("stage", key=lambda one: one.map(order), kind="stable")
    return Section(
        title="What is left after each control",
        paragraphs=(
            f"Filters of {layer} on held-out people, control after control: live; P = 1 at N = "
            f"{told['top_n']} over every image, then over one image a sequence; an association "
            f"with a unit that survives correction for all pairs (corrected p at most "
            f"{told['alpha']:g}); one beyond what the emotion tells; and the unit named from half "
            "of the people named again from the other half, mostly, with an AUROC there of the "
            "bar or more. Left: passes this and all above. Alone: passes this, whatever the "
            "others say.",
            "Each fold's test people are few, and a test that cannot find anything finds nothing: "
            f"in the studied network {_testable(told)}. Networks in which a control, or one before "
            "it, had nothing to test are left out of its shares; the table counts the others.",
        ),
        table=table[["stage", "arm", "networks", "filters", "together", "left", "passing_alone"]]
        .rename(columns={"passing_alone": "alone", "together": "filters left"})
        .reset_index(drop=True),
        figure=figures.funnel(funnel),
    )


def _alone(share: float) -> str:
    return NOTHING if pd.isna(share) else f"{100 * share:.1f} %"


def _testable(told: Mapping[str, Any]) -> str:
    pairs, beyond = told["family_size"], told["family_size_beyond"]
    return (
        f"{told['n_subjects']} people and {told['n_units']} observations gave {pairs:,} pairs to "
        f"test, {beyond:,} of them beyond the emotion"
    )


def tests_section(tests: pd.DataFrame, layer: str) -> Section:
    """Trained against untrained, over seeds."""
    return Section(
        title="Trained against untrained, over training seeds",
        paragraphs=tuple(_tests_words(tests, layer)),
        table=tests.rename(columns={"least_p": "least possible p"}),
    )


def _tests_words(tests: pd.DataFrame, layer: str) -> Iterator[str]:
    yield (
        f"The share of live filters of {layer} that pass each control by itself, in networks "
        f"{TRAINED} and {UNTRAINED} from the same start. One seed counts once, by its mean over "
        "folds: folds share most of the people who train. p is one-sided (trained larger), from "
        "flips of the signs of the seeds' differences, not corrected for the five stages; it "
        "speaks of training luck, on these people, and not of other people."
    )
    if (tests["seeds"] < FEWEST_SEEDS).any():
        least = float(tests["least_p"].max())
        yield f"With fewer than {FEWEST_SEEDS} seeds p cannot become small: not below {least:.2g}."


def divergence_section(divergence: pd.DataFrame, told: Mapping[str, Any], layer: str) -> Section:
    """Khorrami et al.'s measure, beside what it is by chance."""
    table = divergence.assign(
        kl=divergence["kl"].round(3),
        kl_null=divergence["kl_null"].round(3),
        passing=[
            _with_range({**row, "share": row["passing"]}) for row in divergence.to_dict("records")
        ],
    )
    return Section(
        title="The divergence of Khorrami et al.",
        paragraphs=(
            "Khorrami, Le Paine and Huang (2015) rank action units by the KL divergence between a "
            "filter's answers with and without the unit, in bins that they do not tell, and give "
            "no chance. kl is each filter's largest over the testable units, the mean over live "
            f"filters of {layer}; by chance is the same with the labels shuffled "
            f"({told['null']}). More bins make both larger: a divergence alone says nothing.",
            f"Passing: live filters whose largest divergence is among the upper {told['alpha']:g} "
            "of its own shuffles. Of filters that know nothing as many are expected, since this "
            "is not corrected for the number of filters. It does not take off the emotion.",
        ),
        table=table.drop(columns=["least", "most"]).rename(
            columns={"arm": "filters", "kl_null": "by chance"}
        ),
    )
