"""Network Dissection: how well the mask of a filter and the region of a unit overlap.

Bau, Zhou, Khosla, Oliva & Torralba (2017), section 2. The mask of a filter is where its map,
spread over the picture, is above the value that 0.5 % of all places of all faces exceed. The
region of a unit is empty on faces that do not show it, so the measure asks where and when at
once. It has no zero: a filter that fires anywhere reaches a few hundredths by chance, so
it is held against the other filters of the layer (`placing.region_test`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Self

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import Fault, InputError
from facsinterp.evidence.places.looks import Regions, refuse_other_pixels
from facsinterp.evidence.places.placing import Coded
from facsinterp.evidence.places.reach import Field, interpolated, middles
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.labels import AU, FILTER, FilterId
from facsinterp.nets.devices import pick
from facsinterp.nets.lending import lent, repeatable
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.receptive import receptive_fields
from facsinterp.nets.taps import tapping
from facsinterp.progress import SILENT, Advance, Progress
from facsinterp.stats.placing import intersection_over_union

Floats = NDArray[np.float64]
Weights = NDArray[np.float32]
Positions = NDArray[np.int64]
Batch = tuple[Positions, Mapping[str, NDArray[np.float32]]]

TOP: Final = 0.005
# Faces in a forward.
BATCH: Final = 32
# Numbers in the masks of the filters that are made at a time.
BLOCK: Final = 1 << 23


@dataclass(frozen=True)
class Told:
    """What the store's faces show of some units, (image, unit)."""

    units: tuple[int, ...]
    coded: NDArray[np.bool_]
    present: NDArray[np.bool_]

    @classmethod
    def of(cls, store: ActivationStore, units: Sequence[int]) -> Self:
        """Of those of `units` that the store has codes of."""
        faces = Coded.of(store)
        kept = tuple(unit for unit in units if unit in faces.units)
        at = [faces.units.index(unit) for unit in kept]
        return cls(kept, faces.coded[:, at], faces.present[:, at])


def overlap(
    network: Network,
    pixels: Pixels,
    store: ActivationStore,
    regions: Regions,
    *,
    device: str = "cpu",
    progress: Progress = SILENT,
) -> xr.Dataset:
    """Overlap of each filter's mask with each located unit's region, over `regions.faces`.

    Variables: `iou` (filter, au), over the faces coded for the unit, NaN where mask and
    region are empty; `iou_attainable`, what it would be if the smaller of the two lay wholly
    in the larger; `threshold` (filter,), the least value that at most 0.5 % of the filter's
    places exceed, exactly, but not less than 0. Maps are spread over the picture linearly
    between the middles of receptive fields.

    The network is run twice over the faces. Memory beside it: 0.5 % of all places of all
    faces for each filter. Raises InputError for a layer whose field is not known exactly, and
    for pixels that are not those of the store.
    """
    refuse_other_pixels(pixels, store)
    fields = receptive_fields(network)
    InputError.raise_any(
        Fault("the receptive field of a layer is not known exactly", where=f"layer {layer!r}")
        for layer in network.layers
        if layer not in fields
    )
    with progress.step("overlap with regions", 2 * len(regions.faces)) as advance:
        run = partial(_forward, network, pixels, regions.faces, pick(device), advance)
        top = _thresholds(network, run(), len(regions.faces))
        spread = {layer: _spread(network, layer, fields[layer]) for layer in network.layers}
        told = Told.of(store, regions.units)
        sums = _counted(run(), top, spread, regions, told)
    shared, mask, region = np.concatenate([sums[layer] for layer in network.layers], axis=1)
    least, most = np.minimum(mask, region), np.maximum(mask, region)
    filters = FilterId.of_layers((layer, network.channels[layer]) for layer in network.layers)
    return xr.Dataset(
        {
            "iou": ((FILTER, AU), intersection_over_union(shared, mask, region)),
            "iou_attainable": ((FILTER, AU), intersection_over_union(least, least, most)),
            "threshold": (FILTER, np.concatenate([top[layer] for layer in network.layers])),
        },
        coords={
            FILTER: np.array([str(one) for one in filters], dtype=str),
            "layer": (FILTER, np.array([one.layer for one in filters], dtype=str)),
            AU: np.array(told.units, dtype=np.int64),
        },
        attrs={"top": TOP, "faces": len(regions.faces)},
    )


def _forward(
    network: Network, pixels: Pixels, faces: Positions, device: torch.device, advance: Advance
) -> Iterator[Batch]:
    """Faces and the maps of every layer on them, batch by batch."""
    with (
        lent(network, device),
        repeatable(),
        torch.inference_mode(),
        tapping(network, network.layers) as maps,
    ):
        for start in range(0, len(faces), BATCH):
            some = faces[start : start + BATCH]
            network.module(to_tensor(pixels.take(some)).to(device))
            yield some, {layer: maps[layer].float().cpu().numpy() for layer in network.layers}
            advance(len(some))


def _thresholds(
    network: Network, batches: Iterator[Batch], faces: int
) -> dict[str, NDArray[np.float32]]:
    """Value of each filter that at most 0.5 % of its places exceed, from the largest of them."""
    kept: dict[str, NDArray[np.float32]] = {}
    for _, maps in batches:
        for layer, values in maps.items():
            rows, cols = network.sizes[layer]
            count = int(TOP * faces * rows * cols) + 1
            flat = values.swapaxes(0, 1).reshape(values.shape[1], -1)
            both = np.concatenate([kept[layer], flat], axis=1) if layer in kept else flat
            if both.shape[1] > count:
                both = np.partition(both, both.shape[1] - count, axis=1)[:, -count:]
            kept[layer] = both
    return {layer: np.maximum(values.min(axis=1), 0) for layer, values in kept.items()}


def _spread(network: Network, layer: str, field: Field) -> tuple[Weights, Weights]:
    """Weights (pixel, unit) along rows and along columns."""
    middle = middles(field, network.sizes[layer])
    axes = zip(middle, network.input_shape[1:], strict=True)
    rows, cols = (interpolated(*axis).astype(np.float32) for axis in axes)
    return rows, cols


def _counted(
    batches: Iterator[Batch],
    top: Mapping[str, NDArray[np.float32]],
    spread: Mapping[str, tuple[Weights, Weights]],
    regions: Regions,
    told: Told,
) -> dict[str, Floats]:
    """Pixels of each layer's filters and the units, (J, U) each: in both, in mask, in region."""
    sums = {layer: np.zeros((3, len(limit), len(told.units))) for layer, limit in top.items()}
    for faces, maps in batches:
        masks = np.stack([regions.of(unit, faces) for unit in told.units], axis=-1)
        known = told.coded[faces] & masks.any(axis=(1, 2))
        shown = (masks & (known & told.present[faces])[:, None, None]).reshape(-1, len(told.units))
        shown = shown.astype(np.float32)
        for layer, values in maps.items():
            step = max(1, BLOCK // masks[..., 0].size)
            for start in range(0, values.shape[1], step):
                some = slice(start, start + step)
                rows, cols = spread[layer]
                wide = rows @ values[:, some].swapaxes(0, 1) @ cols.T
                mask = (wide > top[layer][some, None, None, None]).astype(np.float32)
                sums[layer][0, some] += mask.reshape(len(mask), -1) @ shown
                sums[layer][1, some] += mask.sum(axis=(2, 3)) @ known
            sums[layer][2] += shown.sum(axis=0)
    return sums
