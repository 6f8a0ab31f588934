"""Which pixels an action unit changes, where a source of faces knows it exactly.

Only made-up faces can be shown again without a unit, all else equal. Their masks are
prepared as the pictures were, so that they lie on `Pixels` pixel for pixel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.preparing.prepare import Preparation, prepare
from facsinterp.faces.table import FaceTable

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]


class Masks(Protocol):
    """What a source knows of its pictures beyond the codes."""

    def pairs(self, paths: Sequence[str], unit: int) -> Iterator[Pair | None]:
        """Each picture without the unit, and as it is, both without the camera's noise.

        None for a picture that does not show the unit.
        """
        ...


@dataclass(frozen=True, eq=False)
class Changed:
    """What one unit, at the strength it has there, changes in each prepared picture.

    `levels`: (image, size, size), by how many grey levels; 0 all over for a face that does
    not show the unit.
    """

    levels: NDArray[np.uint8]

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(image, size, size): the pixels that change at all."""
        return self.levels > 0


def changed(faces: FaceTable, masks: Masks, unit: int, preparation: Preparation) -> Changed:
    """What a unit changes in each of these faces, prepared as their pictures are.

    Both pictures of a pair are cropped alike, by the landmarks of the face that shows the
    unit. Raises ValueError where the preparation needs landmarks and a face has none, and where
    it needs a detector, which would crop the two differently.
    """
    plain = replace(preparation, colour="grey")
    points = faces.data["landmarks"].values if preparation.crop == "landmarks" else None
    levels = np.zeros((len(faces), preparation.size, preparation.size), np.uint8)
    for row, pair in enumerate(masks.pairs(faces.column("path").tolist(), unit)):
        if pair is not None:
            landmarks = None if points is None else points[row]
            without, shown = (prepare(picture, plain, landmarks) for picture in pair)
            levels[row] = np.maximum(without, shown) - np.minimum(without, shown)
    return Changed(levels)
