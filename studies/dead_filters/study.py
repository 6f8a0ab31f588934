"""Dead filters: how many of a network's filters answer to nothing at all."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from pydantic import Field

from facsinterp import (
    Finding,
    Inputs,
    Need,
    Section,
    Study,
    StudyResult,
    dead_by_layer,
    dead_filters,
)


class DeadFilters(Study):
    """How many filters answer to no face, and to how many faces does each other one answer?"""

    needs = frozenset({Need.ACTIVATIONS})

    threshold: float = Field(default=0.0, ge=0)
    """A filter answers to a face when its peak is above this."""
    relative: bool = False
    """Whether the threshold is a share of what a usual filter of the layer reaches."""

    def run(self, inputs: Inputs) -> StudyResult:
        """The share of dead filters of each layer, and the share of faces of each filter."""
        filters = dead_filters(inputs.store, self.threshold, relative=self.relative)
        layers = dead_by_layer(filters)
        return StudyResult(
            findings=tuple(_findings(layers)),
            tables={
                "dead-by-layer": layers,
                "filters": filters.to_dataframe().reset_index(),
            },
            sections=(self._section(layers, int(filters.attrs["images"])),),
            answer=_answer(layers, int(filters.attrs["images"])),
        )

    def _section(self, layers: pd.DataFrame, images: int) -> Section:
        measure = (
            "the strongest answer of the layer's usual filter" if self.relative else "one unit"
        )
        return Section(
            title="Dead filters by layer",
            paragraphs=(
                f"A filter is dead when none of the {images:,} faces brings its spatial maximum "
                f"above {self.threshold:g} times {measure}. For the others, the share of faces "
                "that do is given as the median over the layer.",
                "Breuer and Kimmel (2017) report 60 of 256 filters active in one place and 50 in "
                "another, without a threshold: the number depends on it, and on initialiser, "
                "bias and optimiser.",
            ),
            table=layers.rename(
                columns={
                    "dead_share": "share dead",
                    "active_share_median": "median share of faces",
                }
            ),
        )


def _answer(layers: pd.DataFrame, images: int) -> tuple[str, ...]:
    """How many are dead, where, and what the count is worth."""
    total, dead = int(layers["filters"].sum()), int(layers["dead"].sum())
    if not dead:
        yes = f"No filter is dead: each of {total:,} answers to at least one of {images:,} faces."
        return (yes, f"The least lively layer is {_least_lively(layers)}.")
    there = layers[layers["dead"] > 0].sort_values("dead", ascending=False, kind="stable")
    where = ", ".join(
        f"{row['dead']} of {row['filters']} in {row['layer']}" for row in there.to_dict("records")
    )
    return (
        f"{dead:,} of {total:,} filters ({100 * dead / total:.1f}\N{NO-BREAK SPACE}%) answer to "
        f"none of {images:,} faces: {where}.",
        "That is a count of this network on these faces, not an estimate: a filter that none of "
        "them wakes may answer to others.",
    )


def _least_lively(layers: pd.DataFrame) -> str:
    row = min(layers.to_dict("records"), key=lambda one: float(one["active_share_median"]))
    share = 100 * float(row["active_share_median"])
    return f"{row['layer']}, whose median filter answers to {share:.0f}\N{NO-BREAK SPACE}% of them"


def _findings(layers: pd.DataFrame) -> Iterator[Finding]:
    total = int(layers["filters"].sum())
    yield Finding(
        "Share of all filters that answer to no face",
        estimate=float(layers["dead"].sum()) / total,
        n=total,
    )
    for row in layers.to_dict("records"):
        yield Finding(
            f"Share of {row['layer']}'s filters that answer to no face",
            estimate=float(row["dead_share"]),
            n=int(row["filters"]),
        )
