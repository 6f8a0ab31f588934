"""Where on a face each action unit shows, from its 68 landmarks.

Each unit has polygons (`facsinterp.faces.places` lists them with their sources), drawn on the
landmarks of the face at hand and grown by a share of the distance between its eyes: they
turn, scale and move with the face. A region says where to look for a unit, not that what
is found there is this unit: several units share the mouth (`AREAS`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.faces.places import MIRRORED, PLACES, Anchor, Polygon
from facsinterp.facs import label

LOCATED: Final[tuple[int, ...]] = tuple(PLACES)
"""Units that have a region."""

AREAS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "brows": (1, 2, 4),
        "eyes": (5, 6, 7, 41, 42, 43, 44, 45, 46),
        "nose": (9, 38, 39),
        "mouth": (8, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28),
        "chin": (17,),
    }
)
"""Located units by the place they share: each unit once."""

_RIGHT_EYE: Final = slice(36, 42)
_LEFT_EYE: Final = slice(42, 48)
# A disc of this radius holds the centre of a pixel wherever it lies in the picture.
_HALF_DIAGONAL: Final = 0.7072
_TOGETHER: Final = 64
"""Faces whose pixels are looked at together, so that they stay in the processor's cache."""

_Outline = NDArray[np.float32]
"""(corner, image, 2): corners of one polygon on each face."""


def area_of(unit: int) -> str:
    """The area of `AREAS` that a unit shows in. Raises InputError as `regions_of`."""
    for name, units in AREAS.items():
        if unit in units:
            return name
    raise InputError(_unlocated(unit))


def regions_of(landmarks: NDArray[np.floating], unit: int, size: int) -> NDArray[np.bool_]:
    """Where a unit shows on each face: (image, size, size) as (row, col), both sides.

    `landmarks`: (image, 68, 2), x and y in pixels of the pictures of `size` pixels a side, the
    centre of the top left one being (0, 0). A face with any landmark that is not finite, or
    with both eyes in one place, has an empty region; so has one beyond the picture.
    Raises InputError for a unit that is not in `LOCATED`.
    """
    if unit not in PLACES:
        raise InputError(_unlocated(unit))
    points = np.asarray(landmarks, dtype=np.float64)
    found = np.zeros((len(points), size, size), bool)
    with np.errstate(invalid="ignore"):
        level = points[:, _LEFT_EYE].mean(axis=1) - points[:, _RIGHT_EYE].mean(axis=1)
        known = np.isfinite(points).all(axis=(1, 2)) & (np.hypot(*level.T) > 1e-6)
    rows = np.flatnonzero(known)
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        part = np.zeros((len(some), size, size), bool)
        for polygon in PLACES[unit]:
            margin = np.maximum(polygon.margin * np.hypot(*level[some].T), _HALF_DIAGONAL)
            for outline in _outlines(points[some], level[some], polygon):
                _paint(part, outline, margin.astype(np.float32))
        found[some] = part
    return found


def _outlines(
    points: NDArray[np.float64], level: NDArray[np.float64], polygon: Polygon
) -> list[_Outline]:
    """The polygon on each face: one on each side, or one across the middle."""
    right = [_corner(points, level, anchor, mirrored=False) for anchor in polygon.anchors]
    left = [_corner(points, level, anchor, mirrored=True) for anchor in polygon.anchors]
    if polygon.across:
        return [np.stack([*right, *left[::-1]]).astype(np.float32)]
    return [np.stack(right).astype(np.float32), np.stack(left).astype(np.float32)]


def _corner(
    points: NDArray[np.float64], level: NDArray[np.float64], anchor: Anchor, *, mirrored: bool
) -> NDArray[np.float64]:
    """(image, 2): a landmark moved outwards and down by shares of the distance of the eyes."""
    down = np.stack([-level[:, 1], level[:, 0]], axis=1)
    point = MIRRORED[anchor.point] if mirrored else anchor.point
    out = anchor.out if mirrored else -anchor.out  # the right eye is on the picture's left
    return np.asarray(points[:, point] + out * level + anchor.down * down)


def _paint(regions: NDArray[np.bool_], outline: _Outline, margin: NDArray[np.float32]) -> None:
    """Add to each face's region the pixels in its polygon or no further than `margin` from it.

    In the polygon is what its edges wind round. Only the window that holds the polygons of
    all faces is looked at.
    """
    size = regions.shape[1]
    reach = float(margin.max())
    low = np.clip(np.floor(outline.min(axis=(0, 1)) - reach), 0, size).astype(int)
    high = np.clip(np.ceil(outline.max(axis=(0, 1)) + reach) + 1, 0, size).astype(int)
    x = np.arange(low[0], high[0], dtype=np.float32)[None, None, :]
    y = np.arange(low[1], high[1], dtype=np.float32)[None, :, None]
    shape = (len(regions), y.size, x.size)
    winding = np.zeros(shape, np.int8)
    nearest = np.full(shape, np.inf, np.float32)
    for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        ax, ay = (part[:, None, None] for part in start.T)
        dx, dy = (part[:, None, None] for part in (end - start).T)
        along = ((x - ax) * dx + (y - ay) * dy) / np.maximum(dx * dx + dy * dy, np.float32(1e-12))
        np.clip(along, 0, 1, out=along)
        np.minimum(nearest, (x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2, out=nearest)
        side = dx * (y - ay) - dy * (x - ax)
        winding += ((ay <= y) & (ay + dy > y) & (side > 0)).astype(np.int8)
        winding -= ((ay > y) & (ay + dy <= y) & (side < 0)).astype(np.int8)
    inside = (winding != 0) | (nearest <= (margin * margin)[:, None, None])
    regions[:, low[1] : high[1], low[0] : high[0]] |= inside


def _unlocated(unit: int) -> Fault:
    return Fault(
        f"{label(unit)} does not show at one place of the face",
        expected=", ".join(str(one) for one in LOCATED),
        got=str(unit),
    )
