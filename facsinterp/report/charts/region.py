"""Where an action unit shows: a drawn face at rest and the same person with the unit.

All pictures here are drawn by `facsinterp.faces.drawn`, so that no terms of use bind them.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation

from facsinterp.faces.drawn import UNITS, Face, Identity, Setting, landmarks, pair, render
from facsinterp.faces.regions import LOCATED, regions_of

SIDE: Final = 128
"""Pixels of each of the two faces, which stand side by side."""
_QUALITY: Final = 76
_STRONGEST: Final = 5.0
# A plain person in even light, so that the unit is all there is to see.
_REST: Final = Face(
    Identity(), Setting(noise=0.0, light_x=0.2, fill=0.55, zoom=1.12, shift_y=-0.02)
)


def located(unit: int) -> bool:
    """Whether a unit shows at one place, so that there is a region to draw."""
    return unit in LOCATED


def drawable(unit: int) -> bool:
    """Whether the drawn faces can show the unit."""
    return unit in UNITS


@lru_cache(maxsize=128)  # it is the same on every site
def region_picture(unit: int) -> bytes | None:
    """WebP of the face at rest and with the unit at E, the region of the unit outlined.

    Of a unit that cannot be drawn, the face at rest alone with the region; None where it
    has no region.
    """
    if not located(unit):
        return None
    faces = [_REST]
    if drawable(unit):
        faces.append(pair(_REST, unit, _STRONGEST).shown)
    regions = regions_of(landmarks(faces, SIDE), unit, SIDE)
    pixels = [_outlined(*one) for one in zip(render(faces, SIDE), regions, strict=True)]
    out = io.BytesIO()
    Image.fromarray(np.hstack(pixels)).save(out, "WEBP", quality=_QUALITY, method=4)
    return out.getvalue()


def _outlined(face: NDArray[np.uint8], region: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The face with a light line on a dark one round the region: seen on any grey."""
    dark = binary_dilation(region, iterations=2) & ~region
    light = binary_dilation(region) & ~region
    return np.where(light, 255, np.where(dark, face // 4, face)).astype(np.uint8)
