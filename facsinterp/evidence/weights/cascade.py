"""Pictures under weights that are drawn anew, and what likeness means beside it.

`weight_cascade` is the test of Adebayo et al. (2018), sections 3.1 and 3.2;
`likeness_levels` gives the likeness of pictures of which it is known how alike they should be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd

from facsinterp.errors import Fault, InputError
from facsinterp.evidence.weights.likeness import Likeness
from facsinterp.evidence.weights.randomised import blocks, jittered, redrawn, untrained
from facsinterp.evidence.weights.sights import Sights, Whole
from facsinterp.nets.network import Network
from facsinterp.progress import SILENT, Advance, Progress

CASCADE: Final = "from the top down"
ALONE: Final = "one alone"
JITTER: Final = 0.01

# Names of what pictures are compared with; `likeness_levels` adds those of `others`.
ITSELF: Final = "itself, 1 % noise on the weights"
OTHER_FILTER: Final = "another filter"
OTHER_FACE: Final = "random weights, another face"
BEST_OTHER: Final = "the most alike of {count} other filters"
BEST_RANDOM: Final = "the most alike of {count} random filters"
BEST_OF: Final = "the most alike of {count} of {name}"


def weight_cascade(
    sights: Sights, seeds: Collection[int], progress: Progress = SILENT
) -> pd.DataFrame:
    """One row a sample, stage and seed: likeness with the picture under random weights.

    Columns: randomised (`from the top down`: the layer's own weights and those of all blocks
    up to `block`; `one alone`: those of `block` only), block (its first module), step (1 for the
    layer's own block), seed, sample, channel, absolute, signed, structure (NaN: silent).
    Where the layer's own weights are drawn anew, a silent filter is stood in for by the next
    one (`stand_ins`); where they are kept, the filter stays and may be silent.
    """
    stages = list(_stages(sights))
    rows = []
    with progress.step(f"Random weights up to {sights.layer}", len(stages) * len(seeds)) as done:
        for seed in seeds:
            for randomised, step, block, modules in stages:
                network = redrawn(sights.network, modules, seed)
                anew = step == 1 or randomised == CASCADE
                found = (
                    sights.by_random(network)
                    if anew
                    else sights.drawn_by(network, sights.units.channels)
                )
                told = {"randomised": randomised, "block": block, "step": step, "seed": seed}
                rows.append(_table(sights, found, told))
                done(1)
    return pd.concat(rows, ignore_index=True)


def likeness_levels(
    sights: Sights,
    others: Mapping[str, Network],
    *,
    count: int = 16,
    seed: int = 0,
    progress: Progress = SILENT,
) -> pd.DataFrame:
    """One row a sample and level: likeness with pictures that are known to be alike or not.

    Columns: level, sample, channel, absolute, signed, structure. Levels: the filter itself
    with a hundredth of noise on its weights (as alike as can be asked for); another filter of
    the layer on the same face and place; a random filter on another face at the same place
    (the shape of the field alone); the same filter of each network of `others`; and the most
    alike of `count` filters that answer there, of this network, of a random one and of each
    of `others`. Raises InputError where a network of `others` has another such layer.
    """
    InputError.raise_any(_misfits(sights, others))
    found = list(_levels(sights, others, count, seed, progress))
    return pd.concat(
        [_table(sights, each, {"level": level}) for level, each in found], ignore_index=True
    )


def _stages(sights: Sights) -> Iterator[tuple[str, int, str, tuple[str, ...]]]:
    """How, step, block and modules of every set of weights that is drawn anew."""
    above = blocks(sights.network, sights.layer)
    for step, block in enumerate(above, start=1):
        names = tuple(name for each in above[:step] for name in each)
        yield CASCADE, step, block[0], names
    for step, block in enumerate(above, start=1):
        yield ALONE, step, block[0], block


def _levels(
    sights: Sights, others: Mapping[str, Network], count: int, seed: int, progress: Progress
) -> Iterator[tuple[str, Likeness]]:
    network, own = sights.network, sights.units.channels
    random = untrained(network, sights.layer, seed)
    with progress.step(f"Levels of likeness in {sights.layer}", 5 + 2 * len(others)) as done:
        yield ITSELF, _counted(sights.drawn_by(jittered(network, JITTER, seed), own), done)
        yield OTHER_FILTER, _counted(sights.nearest(network, 1, seed, other=True), done)
        elsewhere = sights.by_random(random, other_faces(sights.units.rows))
        yield OTHER_FACE, _counted(elsewhere, done)
        best = sights.nearest(network, count, seed, other=True)
        yield BEST_OTHER.format(count=count), _counted(best, done)
        best = sights.nearest(random, count, seed, other=False)
        yield BEST_RANDOM.format(count=count), _counted(best, done)
        for name, other in others.items():
            yield name, _counted(sights.drawn_by(other, own), done)
            best = sights.nearest(other, count, seed, other=False)
            yield BEST_OF.format(count=count, name=name), _counted(best, done)


def other_faces(rows: Whole) -> Whole:
    """For each sample the face of another one, all used about equally often.

    Its own where all samples have one face.
    """
    faces, which = np.unique(rows, return_inverse=True)
    found: Whole = faces[(which + max(len(faces) // 2, 1)) % len(faces)]
    return found


def _counted(found: Likeness, done: Advance) -> Likeness:
    done(1)
    return found


def _table(sights: Sights, found: Likeness, told: Mapping[str, object]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            **told,
            "sample": np.arange(len(found.absolute)),
            "channel": sights.units.channels,
            "absolute": found.absolute,
            "signed": found.signed,
            "structure": found.structure,
        }
    )


def _misfits(sights: Sights, others: Mapping[str, Network]) -> Iterator[Fault]:
    network, layer = sights.network, sights.layer
    for name, other in others.items():
        same = (
            other.channels.get(layer) == network.channels[layer]
            and other.sizes.get(layer) == network.sizes[layer]
            and other.input_shape == network.input_shape
        )
        if not same:
            yield Fault(
                f"{name} has no layer {layer!r} like the network's",
                expected=f"{network.channels[layer]} filters with maps of {network.sizes[layer]}",
                got=f"{other.channels.get(layer)} with {other.sizes.get(layer)}",
            )
