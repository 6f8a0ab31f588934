"""What stands behind the counts: duplicates, one filter a unit, and the names a filter may bear."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from facsinterp import (
    ActivationStore,
    Associations,
    Finding,
    Section,
    duplicate_filters,
    duplicates_by_layer,
)

COVERED = 0.75


def clusters_that_answer(associations: Associations, clusters: pd.DataFrame) -> int:
    """How many different filters answer: duplicates are counted once."""
    answering = associations.significant().any("au").values
    return int(clusters["cluster"][answering & (clusters["cluster"] >= 0).values].nunique())


def duplicates_of(store: ActivationStore, associations: Associations) -> tuple[pd.DataFrame, ...]:
    """Clusters of filters, and one row a layer, over the faces of the associations."""
    told = associations.data.attrs
    # Frames of one take are one observation here, whatever they are in the tests.
    found = duplicate_filters(
        store,
        faces=told["rows"],
        unit="sequence-mean" if told["unit"] == "sequence-mean" else "sequence",
    )
    return found.to_dataframe().reset_index(), duplicates_by_layer(found)


def findings(
    associations: Associations, clusters: pd.DataFrame, matched: pd.DataFrame
) -> Iterator[Finding]:
    """How many different filters answer, and how much of FACS is covered."""
    different = int(clusters["cluster"][clusters["cluster"] >= 0].nunique())
    if different:
        yield Finding(
            f"Share of the {different} different live filters (duplicates counted once) that pass "
            "the test of answering to some action unit",
            estimate=clusters_that_answer(associations, clusters) / different,
            n=different,
        )
    told = associations.data.attrs
    if len(matched) and told["n_subjects"] >= told["fewest_subjects_of_intervals"]:
        yield Finding(
            f"FACS coverage: share of the {len(matched)} testable units whose matched filter comes "
            f"back in most resamples of people, with an AUROC of {COVERED:g} or more on people "
            "other than those it was matched on",
            estimate=float(matched["covered"].mean()),
            n=len(matched),
        )


def section(matched: pd.DataFrame, layers: pd.DataFrame) -> Section:
    """Which filter stands for which unit, one to one."""
    beyond = set(matched["claim"]) == {"beyond"}
    over = "beyond the emotion" if beyond else "for the unit"
    different = "; ".join(
        f"{row.layer}: {row.live} of {row.filters} filters live, {row.clusters} different, "
        f"{row.duplicated} with a duplicate"
        for row in layers.itertuples()
    )
    shown = matched.assign(
        filter=matched["filter"].replace("", None),
        covered=np.where(matched["covered"], "yes", "no"),
    ).drop(columns="claim")
    return Section(
        title="One filter for each unit",
        paragraphs=(
            f"Filters and testable units are matched one to one, over pairs that pass {over}, so "
            "that their standardised rank sums add up to the most. Held out is what such a match "
            "is worth on other people: matched on one half of the people, its AUROC taken from "
            f"the other. A unit is covered when that is {COVERED:g} or more and its match comes "
            "back in at least half of the resamples of people.",
            "Filters whose answers go together inside people are duplicates; live is a filter "
            f"whose answers differ inside people ({different}).",
        ),
        table=shown.rename(
            columns={
                "au": "unit",
                "returns": "returns in resamples",
                "auroc_held_out": "held out",
            }
        ),
    )
