"""For every filter, how alike an untrained network would draw its pictures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp.evidence.weights.randomised import untrained
from facsinterp.evidence.weights.sameness import Sameness, sameness
from facsinterp.evidence.weights.sights import Sights
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.network import Network
from facsinterp.progress import SILENT, Progress
from facsinterp.saliency.attribute import Method, Units

SEEDS: Final = (1001, 1002, 1003)


def untrained_likeness(  # noqa: PLR0913 - what a picture depends on
    network: Network,
    layer: str,
    pixels: Pixels,
    units: Units,
    pictures: NDArray[np.float32],
    *,
    method: Method = "guided-backprop",
    seeds: Collection[int] = SEEDS,
    device: str = "cpu",
    batch_size: int = 64,
    progress: Progress = SILENT,
) -> pd.DataFrame:
    """One row a filter of `units`: likeness of its pictures with those of random filters.

    `pictures`: (sample, row, col), those of the network itself, by `method`. For each seed the
    weights up to the layer are drawn anew, and a random filter is asked for its picture at
    the place of each sample (`stand_ins`). Index: channel. Columns: faces (samples), compared
    and silent (pairs of a sample and a seed), absolute, signed, structure (means over the
    pairs that are compared, NaN without any), others (as `signed`, with another filter of the
    network that answers there), same, shared and words (`sameness`). A filter's row depends
    on the other filters of `units` through `others` only.
    """
    sights = Sights.of(
        network,
        layer,
        pixels,
        units,
        method=method,
        pictures=pictures,
        device=device,
        batch_size=batch_size,
    )
    found = []
    with progress.step(f"Pictures of untrained networks, {layer}", len(seeds) + 1) as advance:
        for seed in seeds:
            found.append(sights.by_random(untrained(network, layer, seed)))
            advance(1)
        others = sights.nearest(network, 1, min(seeds), other=True)
        advance(1)
    pairs = pd.DataFrame(
        {
            "channel": np.tile(units.channels, len(seeds)),
            "absolute": np.concatenate([one.absolute for one in found]),
            "signed": np.concatenate([one.signed for one in found]),
            "structure": np.concatenate([one.structure for one in found]),
        }
    )
    grouped = pairs.groupby("channel")
    table = grouped[["absolute", "signed", "structure"]].mean()
    table.insert(0, "faces", grouped.size() // len(seeds))
    table.insert(1, "compared", grouped["absolute"].count())
    table.insert(2, "silent", grouped.size() - grouped["absolute"].count())
    table["others"] = pd.Series(others.signed).groupby(units.channels).mean()
    said = [_said(row) for row in table.to_dict("records")]
    table["same"] = pd.array([one.same for one in said], dtype="boolean")
    table["shared"] = pd.array([one.shared for one in said], dtype="boolean")
    table["words"] = [one.words for one in said]
    return table


def _said(row: Mapping[Any, Any]) -> Sameness:
    return sameness(
        row["signed"], absolute=row["absolute"], structure=row["structure"], others=row["others"]
    )
