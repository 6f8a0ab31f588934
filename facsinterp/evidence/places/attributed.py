"""Where filters look by their attributions: kept ones, or made for the faces asked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.evidence.places.looks import Looks, Regions, positions, refuse_other_pixels
from facsinterp.evidence.places.reach import Field, seen
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.labels import COL, FILTER, IMAGE, RANK, ROW
from facsinterp.nets.network import Network
from facsinterp.nets.receptive import receptive_fields
from facsinterp.progress import SILENT, Progress
from facsinterp.saliency.attribute import Method, Units, attribute
from facsinterp.saliency.store import Attributions
from facsinterp.stats.placing import share_inside

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

# Numbers in a block of attributions.
BLOCK: Final = 1 << 22


class Part(NamedTuple):
    """Some attributions (n, row, col), and which filter and rank each is of, (n,)."""

    filters: Positions
    ranks: Positions
    maps: NDArray[np.float32]


class Shown(NamedTuple):
    """Filters (J,), their layers (J,) and the faces (J, K) they are shown with, -1 for none."""

    names: NDArray[np.str_]
    layers: NDArray[np.str_]
    image: Positions


def stored_looks(
    attributions: Attributions,
    units: Sequence[int],
    regions: Regions,
    fields: Mapping[str, Field],
    sizes: Mapping[str, tuple[int, int]],
) -> dict[int, Looks]:
    """Looks of all filters of `attributions` at their strongest faces, by unit.

    The share of a look is that of the attribution's absolute values. `chance`: all places of
    the layer's map (`sizes`: rows, columns) alike, each alike at all pixels of its field; NaN
    for layers without one in `fields`. Attributions of zeros, and faces without a region, are
    no looks.
    """
    data = attributions.data
    image = data["image"].transpose(FILTER, RANK).values.astype(np.int64)
    shown = Shown(data[FILTER].values.astype(str), data["layer"].values.astype(str), image)
    return _looks(_kept(attributions, image), shown, units, regions, fields, sizes)


def made_looks(  # noqa: PLR0913 - what is looked at by place, how by name
    network: Network,
    pixels: Pixels,
    store: ActivationStore,
    filters: Sequence[str],
    regions: Regions,
    *,
    units: Sequence[int],
    method: Method = "guided-backprop",
    device: str = "cpu",
    progress: Progress = SILENT,
) -> dict[int, Looks]:
    """Looks of some filters at all of `regions.faces`, by unit; as `stored_looks`.

    The attributions are made here, at the peak of each filter on each face it is not silent
    on, and not kept. Raises InputError where `saliency.attribute` does, and for pixels that
    are not those of the store.
    """
    refuse_other_pixels(pixels, store)
    faces = regions.faces
    rows = positions(store.data[FILTER].values.astype(str), filters)
    peak, row, col = (
        store.data[name].isel({IMAGE: faces}).transpose(FILTER, IMAGE).values[rows]
        for name in ("peak", "peak_row", "peak_col")
    )
    layers = store.data["layer"].values.astype(str)[rows]
    shown = Shown(np.array(filters, dtype=str), layers, np.where(peak > 0, faces, -1))
    places = np.stack([row, col], axis=-1).astype(np.int64)
    channels = store.data["channel"].values[rows].astype(np.int64)

    def made() -> Iterator[Part]:
        step = max(1, BLOCK // int(np.prod(pixels.array.shape[1:3])))
        for layer in dict.fromkeys(layers.tolist()):
            mine = (layers == layer)[:, None] & (shown.image >= 0)
            for part in np.split(np.argwhere(mine), range(step, int(mine.sum()), step)):
                j, k = part.T
                asked = Units(faces[k], channels[j], places[j, k])
                maps = attribute(
                    network, layer, pixels, asked, method=method, device=device, progress=progress
                )
                yield Part(j, k, maps)

    fields = receptive_fields(network)
    return _looks(made(), shown, units, regions, fields, network.sizes)


def _kept(attributions: Attributions, image: Positions) -> Iterator[Part]:
    """The attributions of a store, in blocks of filters."""
    every = attributions.data["attribution"].transpose(FILTER, RANK, ROW, COL)
    step = max(1, BLOCK // int(np.prod(every.shape[1:])))
    for start in range(0, len(image), step):
        filters, ranks = np.argwhere(image[start : start + step] >= 0).T
        maps = every.isel({FILTER: slice(start, start + step)}).values[filters, ranks]
        yield Part(filters + start, ranks, maps)


def _looks(
    parts: Iterable[Part],
    shown: Shown,
    units: Sequence[int],
    regions: Regions,
    fields: Mapping[str, Field],
    sizes: Mapping[str, tuple[int, int]],
) -> dict[int, Looks]:
    found = {unit: np.full((3, *shown.image.shape), np.nan) for unit in units}
    still = {unit: regions.still(unit) for unit in units}
    for part in parts:
        at = part.filters, part.ranks
        faces, which = np.unique(shown.image[at], return_inverse=True)
        layers = shown.layers[part.filters]
        for unit in units:
            masks = regions.of(unit, faces)
            known = np.asarray(masks.any(axis=(1, 2)))[which]
            own, quiet, chance = found[unit]
            own[at] = np.where(known, share_inside(part.maps, masks[which]), np.nan)
            quiet[at] = share_inside(part.maps, still[unit])
            chance[at] = _chance(masks, which, layers, fields, sizes)
    return {
        unit: Looks.of(shown.names, shown.layers, shown.image, tuple(found[unit])) for unit in units
    }


def _chance(
    masks: NDArray[np.bool_],
    which: Positions,
    layers: NDArray[np.str_],
    fields: Mapping[str, Field],
    sizes: Mapping[str, tuple[int, int]],
) -> Floats:
    """(n,) what a look of each layer (n,) at the face (n,) of `masks` has inside by chance."""
    found = np.full(len(layers), np.nan)
    for layer in set(layers.tolist()) & set(fields):
        rows, cols = seen(fields[layer], sizes[layer], masks.shape[1:])
        mine = layers == layer
        found[mine] = (rows @ masks.astype(np.float64) @ cols)[which[mine]]
    return found
