"""Do the pictures of filters show what the network has learnt, or only the faces?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import Field

# What needs torch is loaded when a study is run, so that a definition is read quickly.
import facsinterp
from facsinterp import ActivationStore, FacsinterpError, Finding, Inputs, Need, Study, StudyResult

from .answer import answer, nothing
from .sections import (
    cascade_section,
    levels_section,
    refused_section,
    verdict_section,
    verdicts,
)
from .summary import by_filter, by_layer

if TYPE_CHECKING:
    from facsinterp import Network, Units

Method = Literal["guided-backprop", "deconvnet", "gradient", "integrated-gradients"]
STAGE = ("method", "layer", "randomised", "step", "block")
LEVEL = ("method", "layer", "level")


class Sanity(Study):
    """Do the pictures of filters show what the network has learnt, or only the faces?"""

    needs = frozenset({Need.NETWORK, Need.ACTIVATIONS, Need.CONTROLS})

    methods: tuple[Method, ...] = Field(
        default=("guided-backprop", "deconvnet", "gradient", "integrated-gradients"), min_length=1
    )
    """How pictures are made."""
    filters: int = Field(default=16, ge=1)
    """Of each layer, evenly through its live filters in the order of their strongest answer."""
    faces: int = Field(default=5, ge=1)
    """Of each filter: those that it answers to most, one a person."""
    draws: int = Field(default=3, ge=1)
    """How often the weights are drawn anew."""
    candidates: int = Field(default=16, ge=1)
    """Among how many filters the most alike is sought."""

    def run(self, inputs: Inputs) -> StudyResult:
        """Likeness of pictures with those under random weights, and what it means beside."""
        seeds = tuple(int(seed) for seed in inputs.rng().integers(1, 2**31, self.draws))
        cascades, levels, refused = [], [], []
        for layer in dict.fromkeys(one.layer for one in inputs.store.filters):
            units = _units(inputs, layer, self.filters, self.faces)
            others = _others(inputs, layer)
            for method in self.methods if len(units.rows) else ():
                try:
                    sights = facsinterp.Sights.of(
                        inputs.network, layer, inputs.pixels, units, method=method
                    )
                except FacsinterpError as error:
                    refused.append({"method": method, "layer": layer, "why": str(error)})
                    continue
                stages = facsinterp.weight_cascade(sights, seeds, inputs.progress)
                beside = facsinterp.likeness_levels(
                    sights, others, count=self.candidates, seed=seeds[0], progress=inputs.progress
                )
                cascades.append(stages.assign(method=method, layer=layer))
                levels.append(beside.assign(method=method, layer=layer))
        return _result(cascades, levels, pd.DataFrame(refused), seeds[0])


def _units(inputs: Inputs, layer: str, count: int, faces: int) -> Units:
    """Places of the strongest answers of `count` filters on the faces that they answer to most."""
    store = inputs.store
    rows_of = {name: row for row, name in enumerate(inputs.pixels.images.tolist())}
    rows, channels, places = [], [], []
    for name, channel in _spread(store, layer, count):
        top = store.top(name, faces, one_per="subject")
        rows += [rows_of[image] for image in top["image"].values.tolist()]
        places += list(zip(top["row"].values.tolist(), top["col"].values.tolist(), strict=True))
        channels += [channel] * top.sizes["rank"]
    return facsinterp.Units(
        rows=np.array(rows, np.int64),
        channels=np.array(channels, np.int64),
        places=np.array(places, np.int64).reshape(-1, 2),
    )


def _spread(store: ActivationStore, layer: str, count: int) -> list[tuple[str, int]]:
    """Live filters from the loudest to the quietest of a layer, by name and channel."""
    loudest = store.peaks(layer).max("image").values
    named = [(str(one), one.channel) for one in store.filters if one.layer == layer]
    live = [place for place in np.argsort(-loudest, kind="stable") if loudest[place] > 0]
    if not live:
        return []
    chosen = np.linspace(0, len(live) - 1, min(count, len(live))).round().astype(int)
    return [named[live[place]] for place in chosen]


def _others(inputs: Inputs, layer: str) -> dict[str, Network]:
    """One network of each arm that has such a layer, of the studied network's seed if it may be.

    A bank of fixed filters, which has no seed, has no weights that training might have made.
    """
    network, shape = inputs.network, _shape(inputs.network, layer)
    seeded = [
        (one, one.network)
        for one in inputs.controls.values()
        if one.network is not None and one.seed is not None
    ]
    own = {one.seed for one, other in seeded if other.fingerprint == network.fingerprint}
    found: dict[str, Network] = {}
    for one, other in sorted(seeded, key=lambda pair: pair[0].seed not in own):
        fits = _shape(other, layer) == shape
        if fits and other.fingerprint != network.fingerprint:
            found.setdefault(one.arm, other)
    return found


def _shape(network: Network, layer: str) -> tuple[object, ...]:
    return network.channels.get(layer), network.sizes.get(layer), network.input_shape


def _result(
    cascades: list[pd.DataFrame],
    levels: list[pd.DataFrame],
    refused: pd.DataFrame,
    seed: int,
) -> StudyResult:
    if not cascades:
        return StudyResult(
            tables={"refused": refused}, sections=(refused_section(refused),), answer=nothing()
        )
    staged = by_filter(pd.concat(cascades), STAGE)
    beside = by_filter(pd.concat(levels), LEVEL)
    stages, known = by_layer(staged, STAGE, seed), by_layer(beside, LEVEL, seed)
    said = verdicts(stages, known)
    return StudyResult(
        findings=tuple(_findings(said)),
        tables={
            "verdicts": said,
            "cascade": stages,
            "levels": known,
            "cascade-filters": staged,
            "level-filters": beside,
            "refused": refused,
        },
        sections=(verdict_section(said, refused), cascade_section(stages), levels_section(known)),
        answer=answer(said),
    )


def _findings(said: pd.DataFrame) -> Iterator[Finding]:
    for row in said.to_dict("records"):
        estimate, low, high = (
            None if np.isnan(row[name]) else float(row[name])
            for name in ("all random", "low", "high")
        )
        yield Finding(
            f"Rank correlation of {row['method']} pictures of {row['layer']} with what random "
            "filters of random networks draw of the same faces there (a copy has 1, unrelated "
            "pictures 0; interval over filters)",
            estimate=estimate,
            low=low,
            high=high,
            n=int(row["filters"]),
        )
