"""Where filters look: how much of each look lies in the place of a unit, face by face.

A look is a peak, which is at one place, or an attribution, which is spread out. Each is held
against two places. The face's *own* region follows its landmarks, so a filter that keeps to a
part of the face has one share whatever the face does; but the region grows with the unit
(lips that part), and then a look that is wider has more of itself inside. The *still* region
is the mean over faces: it neither moves nor grows, but a part of the face may move through it.
Tests take the weaker answer of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import Fault, InputError
from facsinterp.evidence.places.reach import Field, middles, sampled
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.labels import FILTER, IMAGE

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]
Names = NDArray[np.str_]
RegionsOf = Callable[[int, Positions], Mask]


@dataclass(frozen=True)
class Regions:
    """Where units show on faces: `of(unit, faces)`, (face, row, col), for positions in the store.

    All False where it is not known, as for a face without landmarks.
    """

    of: RegionsOf
    units: tuple[int, ...]
    """Units that have a region."""
    faces: Positions
    """The faces that are looked at; their mean region is the one that stands still."""

    def still(self, unit: int) -> Floats:
        """Mean region (row, col), 0 to 1, over those of `faces` that have one."""
        total, count = np.zeros(()), 0
        for start in range(0, len(self.faces), 256):
            masks = self.of(unit, self.faces[start : start + 256])
            total = total + masks.sum(axis=0)
            count += int(masks.any(axis=(1, 2)).sum())
        return np.asarray(total / max(count, 1), dtype=np.float64)


@dataclass(frozen=True)
class Looks:
    """Shares of the looks of J filters at K faces each that lie in the place of one unit.

    Arrays are (J, K); a share is NaN where `image` is -1.
    """

    filters: Names
    """(J,)"""
    layers: Names
    """(J,)"""
    image: Positions
    """Position of each face in the store, -1 where the filter does not look at one."""
    own: Floats
    """Share in the face's own region."""
    still: Floats
    """Share in the region that stands still."""
    chance: Floats
    """What `own` would be if the look were anywhere that the layer can see."""

    @classmethod
    def of(cls, filters: Names, layers: Names, image: Positions, shares: Sequence[Floats]) -> Looks:
        """Looks where there is a share of the own region, from (own, still, chance)."""
        known = (image >= 0) & np.isfinite(shares[0])
        own, still, chance = (np.where(known, part, np.nan) for part in shares)
        return cls(filters, layers, np.where(known, image, -1), own, still, chance)

    def at(self, faces: Mask) -> Looks:
        """Only the looks at some of the store's faces, (image,)."""
        image = np.where(np.append(faces, [False])[self.image], self.image, -1)
        return Looks.of(self.filters, self.layers, image, (self.own, self.still, self.chance))


def peak_looks(
    store: ActivationStore,
    unit: int,
    regions: Regions,
    fields: Mapping[str, Field],
    sizes: Mapping[str, tuple[int, int]],
) -> Looks:
    """Whether the peak of each filter lies in the place of a unit, on each of `regions.faces`.

    A peak is at the middle of the receptive field of the unit that gave it; a middle between
    pixels is read linearly, hence in part. Filters that are silent on a face (peak not above
    0) do not look at it, nor does any at a face without a region. `chance`: all places of the
    map alike. Filters of layers without a field in `fields` are left out; `sizes`: rows and
    columns of each layer's map.

    Raises InputError where the store does not know peak places.
    """
    every = store.data["layer"].values.astype(str)
    taken = np.flatnonzero(np.isin(every, list(fields)))
    layers = every[taken]
    faces = regions.faces
    peak, row, col = (_read(store, name, taken, faces) for name in ("peak", "peak_row", "peak_col"))
    region, still = regions.of(unit, faces), regions.still(unit)
    own, quiet, chance = (np.full(peak.shape, np.nan) for _ in range(3))
    for layer in np.unique(layers):
        of = np.flatnonzero(layers == layer)
        middle = middles(fields[layer], sizes[layer])
        rows, cols = (sampled(*axis) for axis in zip(middle, still.shape, strict=True))
        inside = rows @ region.astype(np.float64) @ cols.T
        own[of] = inside[np.arange(len(faces)), row[of], col[of]]
        quiet[of] = (rows @ still @ cols.T)[row[of], col[of]]
        chance[of] = inside.mean(axis=(1, 2))
    image = np.where((peak > 0) & region.any(axis=(1, 2)), faces, -1)
    names = store.data[FILTER].values.astype(str)[taken]
    return Looks.of(names, layers, image, (own, quiet, chance))


def refuse_other_pixels(pixels: Pixels, store: ActivationStore) -> None:
    """Raises InputError unless the pixels are those of the store's images, in that order."""
    if pixels.images.tolist() != store.data[IMAGE].values.astype(str).tolist():
        raise InputError(
            Fault(
                "these pixels are not those of the store",
                where=str(store.path),
                expected=f"its {store.data.sizes[IMAGE]} images in their order",
                got=f"{len(pixels)} images",
            )
        )


def positions(every: NDArray[np.str_], names: Sequence[str]) -> NDArray[np.int64]:
    """Where the named filters are. Raises InputError for those that are not there."""
    place = {name: row for row, name in enumerate(every.tolist())}
    InputError.raise_any(
        Fault(
            f"nothing is known of where {name} looks",
            expected="filters of layers whose receptive field is exact",
            got=f"{len(every)} others",
        )
        for name in names
        if name not in place
    )
    return np.array([place[name] for name in names], dtype=np.int64)


def _read(store: ActivationStore, name: str, taken: Positions, faces: Positions) -> NDArray[Any]:
    """One variable of the store (J, K) for some filters and faces."""
    if name not in store.data:
        raise InputError(
            Fault(
                "the store does not say where filters peak",
                where=str(store.path),
                expected="peak_row and peak_col",
                do="sweep the network again",
            )
        )
    part = store.data[name].isel({IMAGE: faces}).transpose(FILTER, IMAGE).values[taken]
    return part.astype(np.int64) if name != "peak" else part
