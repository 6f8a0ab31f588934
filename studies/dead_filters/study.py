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
            table=layers,
        )


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
