"""Dead filters: how many of a network's filters answer to nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from facsinterp import (
    Finding,
    Inputs,
    Job,
    Need,
    Section,
    Seeds,
    Study,
    StudyResult,
    dead_by_layer,
    dead_filters,
)

if TYPE_CHECKING:
    from .networks import Made

Threshold = Annotated[float, Field(ge=0)]


class Variant(BaseModel):
    """One change to the definition's `[network]`, in its words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arch: str | None = None
    options: Mapping[str, Any] | None = None
    """All options: those that are not named have their defaults."""
    train: Mapping[str, Any] = {}
    """Keys of `[network.train]` that differ."""


class DeadFilters(Study):
    """How many filters answer to no face, and to how many faces does each other one answer?"""

    needs = frozenset({Need.ACTIVATIONS})

    threshold: float = Field(default=0.0, ge=0)
    """A filter answers to a face when its peak is above this."""
    relative: bool = False
    """Whether the threshold is a share of what a usual filter of the layer reaches."""
    seeds: Seeds = ()
    """Of the networks that are compared; none are made where there are none."""
    variants: Mapping[str, Variant] = {}
    """Networks to compare with the definition's own, by what they are called."""
    absolute: tuple[Threshold, ...] = (0.0, 0.01, 0.1, 1.0)
    """Thresholds in the filters' own units that networks are counted at."""
    shares: tuple[Threshold, ...] = (0.01, 0.1, 0.5, 1.0)
    """Thresholds as shares of what a usual filter of the layer reaches."""

    def jobs(self, inputs: Inputs) -> Sequence[Job]:
        """The training of every network, whose predictions are read, and its peaks."""
        if not self.seeds:
            return []
        return [job for one in self._networks(inputs) for job in (one.training, one.job)]

    def run(self, inputs: Inputs) -> StudyResult:
        """The share of dead filters of each layer, and what that depends on."""
        filters = dead_filters(inputs.store, self.threshold, relative=self.relative)
        layers, images = dead_by_layer(filters), int(filters.attrs["images"])
        alone = StudyResult(
            findings=tuple(_findings(layers)),
            tables={
                "dead-by-layer": layers,
                "filters": filters.to_dataframe().reset_index(),
            },
            sections=(self._section(layers, images),),
            answer=_answer(layers, images),
        )
        return self._compared(inputs, alone) if self.seeds else alone

    def _networks(self, inputs: Inputs) -> tuple[Made, ...]:
        from .networks import made

        return made(inputs, self.variants, self.seeds, self.absolute, self.shares)

    def _compared(self, inputs: Inputs, alone: StudyResult) -> StudyResult:
        """The network of the run alone, and before it all that were made to compare."""
        from . import measure, sections
        from .answer import answer

        networks = self._networks(inputs)
        filters, thresholds = measure.gathered(inputs, networks)
        each = measure.by_network(inputs, networks, filters, self.threshold, self.relative)
        variants, found = sections.variants_of(each), measure.comparisons(each)
        layer = str(each["layer"].iloc[0])
        shown = [
            sections.needed_section(filters, variants, layer, self.threshold, self.relative),
            sections.networks_section(each),
            sections.layers_section(thresholds),
            *([sections.comparison_section(found)] if len(found) else []),
        ]
        return StudyResult(
            findings=(*sections.findings(variants, found, layer), *alone.findings),
            tables={
                **alone.tables,
                "networks": each,
                "thresholds": thresholds,
                "peaks": filters,
                "variants": variants,
                "comparisons": found,
            },
            sections=(*shown, *alone.sections),
            answer=answer(variants, found, layer, len(inputs.faces)),
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
