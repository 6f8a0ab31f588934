"""Attributions and peaks of many faces on one mean face, where they can be averaged.

Every face is warped so that its landmarks come to lie on those of the mean face.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.canonical import Canonical, Warp, canonical, warp
from facsinterp.faces.preparing.pixels import Pixels

Mean = tuple[NDArray[np.float32], NDArray[np.uint16]]
"""(filter, crow, ccol) and (filter) how many faces it is the mean of; 0 where none."""

# Standard deviation of the spot that a peak becomes, as a share of the face's height: as
# wide as an iris, so that nine faces make a spot and not nine dots.
SPOT: Final = 0.04
_RIM: Final = 0.5
# Faces in the picture of the mean face; more of them change nothing that can be seen.
_IN_PICTURE: Final = 256
_LUMA: Final = (0.299, 0.587, 0.114)


@final
@dataclass(frozen=True, eq=False)
class MeanFace:
    """Where all faces of some pixels are brought to."""

    target: Canonical
    landmarks: NDArray[np.float32]
    """(image, point, xy) of every face; NaN where it has none."""
    shape: tuple[int, int]
    """(rows, cols) of a face."""

    @classmethod
    def of(cls, pixels: Pixels) -> Self | None:
        """The mean of all faces that have landmarks, shown or not; None when none has.

        So the filters of all networks that look at the same faces share one mean face.
        """
        points = pixels.landmarks
        if points is None or not np.isfinite(points).all(axis=(1, 2)).any():
            return None
        rows, cols = pixels.array.shape[1:3]
        return cls(canonical(points, max(rows, cols)), points, (rows, cols))

    def warps(self, image: NDArray[np.int64]) -> dict[int, Warp]:
        """The way to the mean face from each of these faces; none where landmarks show no face."""
        ways = {
            int(face): warp(self.landmarks[face], self.target, self.shape)
            for face in np.unique(image[image >= 0])
        }
        return {face: way for face, way in ways.items() if way.seen.any()}

    def picture(self, pixels: Pixels, showable: NDArray[np.bool_] | None) -> NDArray[np.uint8]:
        """(crow, ccol) mean of faces that may be shown, grey; black where none may.

        Of many faces 256 are taken, evenly over the image axis.
        """
        located = np.isfinite(self.landmarks).all(axis=(1, 2))
        rows = np.flatnonzero(located & (True if showable is None else showable))
        if rows.size > _IN_PICTURE:
            rows = rows[np.linspace(0, rows.size - 1, _IN_PICTURE).astype(np.int64)]
        warps = self.warps(rows)
        rows = rows[np.isin(rows, list(warps))]
        faces = pixels.take(rows).astype(np.float32)
        grey = faces if faces.ndim == 3 else faces @ np.array(_LUMA, np.float32)
        mean, _ = _means(self._bent(grey, rows, warps), np.zeros(rows.size, np.int64), 1)
        return np.asarray(np.rint(mean[0]).clip(0, 255), dtype=np.uint8)

    def attributions(
        self, maps: NDArray[np.float32], image: NDArray[np.int64], warps: Mapping[int, Warp]
    ) -> Mean:
        """The mean of |attribution|, each face's divided by its own sum: each counts the same.

        `maps`: (filter, rank, row, col); `image`: (filter, rank), -1 none; `warps`: of these
        faces. Faces without landmarks, or without attribution, do not count; a pixel that
        lies beyond the picture of a face is a mean of the others.
        """
        strength = np.abs(maps)
        total = strength.sum(axis=(2, 3), dtype=np.float64)
        which, rank = np.nonzero(np.isin(image, list(warps)) & (total > 0))
        shares = (strength[which, rank] / total[which, rank, None, None]).astype(np.float32)
        return _means(self._bent(shares, image[which, rank], warps), which, len(image))

    def places(
        self, centres: NDArray[np.float64], image: NDArray[np.int64], warps: Mapping[int, Warp]
    ) -> Mean:
        """Where the peaks lie: the mean over faces of a Gaussian spot at each, of sum one.

        `centres`: (filter, rank, 2) row and column in the pixels of a face, NaN where not
        known. The spot is drawn on the face, with 4 % of its height as standard deviation,
        and warped with it. Peaks that come to lie outside the mean face's picture, and those
        of faces without landmarks, do not count.
        """
        known = np.isfinite(centres).all(axis=2)
        which, rank = np.nonzero(np.isin(image, list(warps)) & known)
        spots = _spots(centres[which, rank], self.shape)
        bent = np.nan_to_num(self._bent(spots, image[which, rank], warps))
        # Of a spot outside only the rim comes into the picture, which is no peak there.
        inside = bent.max(axis=(1, 2), initial=0) > _RIM
        total = bent[inside].sum(axis=(1, 2), dtype=np.float64)
        shares = (bent[inside] / total[:, None, None]).astype(np.float32)
        return _means(shares, which[inside], len(image))

    def _bent(
        self, maps: NDArray[np.float32], faces: NDArray[np.int64], warps: Mapping[int, Warp]
    ) -> NDArray[np.floating]:
        """(map, crow, ccol) of maps (map, row, col) of some faces; NaN where nothing is seen."""
        bent = np.empty((len(maps), self.target.size, self.target.size), np.float32)
        for number, (one, face) in enumerate(zip(maps, faces, strict=True)):
            bent[number] = warps[int(face)].apply(one[None])[0]
        return bent


def _spots(centres: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float32]:
    """(spot, row, col) Gaussians of height one at (row, col) of a picture of this shape."""
    spread = SPOT * shape[0]
    along = [
        np.exp(-0.5 * ((np.arange(size) - centres[:, axis, None]) / spread) ** 2)
        for axis, size in enumerate(shape)
    ]
    return (along[0][:, :, None] * along[1][:, None, :]).astype(np.float32)


def _means(maps: NDArray[Any], which: NDArray[np.int64], filters: int) -> Mean:
    """The mean of the maps (map, row, col) of each filter, of those that are seen at a pixel."""
    sums, seen = np.zeros((2, filters, *maps.shape[1:]), np.float64)
    for place, one in zip(which, maps, strict=True):
        sums[place] += np.nan_to_num(one)
        seen[place] += np.isfinite(one)
    mean = sums / np.maximum(seen, 1)
    return mean.astype(np.float32), np.bincount(which, minlength=filters).astype(np.uint16)
