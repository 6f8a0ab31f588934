"""Pictures cropped to the face, turned upright, made grey and brought to one size.

Array functions: each takes and gives (row, col) grey or (row, col, 3) RGB as uint8.
Places are (x, y) in pixels, the centre of the top left pixel being (0, 0).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]

# The 68 points of iBUG / Multi-PIE. The corners of an eye stay where they are when it
# closes; the point under the nose stays where it is when the jaw drops.
_RIGHT_EYE: Final = (36, 39)
_LEFT_EYE: Final = (42, 45)
_NOSE_BASE: Final = 33

# Proportions of an upright face in distances between the eyes: the nose base lies 0.75
# below the eyes, the forehead 0.9 above and the chin of an open mouth 2.1 below them.
_EYES_TO_NOSE: Final = 0.75
_SIDE: Final = 3.0
_EYE_ROW: Final = 0.3


@dataclass(frozen=True)
class Preparation:
    """How pictures become input: `size` pixels a side, grey or RGB, and which part of them.

    `crop` "none" takes the whole picture, squeezed when it is not square; "centre" the
    middle square, its side divided by `zoom`; "landmarks" a square around the face with
    the eyes level and always in the same place, `zoom` times closer than forehead to chin.
    Raises ValueError for settings without a meaning.
    """

    size: int = 48
    colour: Literal["grey", "rgb"] = "grey"
    crop: Literal["none", "centre", "landmarks"] = "none"
    zoom: float = 1.0

    def __post_init__(self) -> None:
        if self.size < 1:
            message = f"size {self.size} is no number of pixels"
            raise ValueError(message)
        if not (math.isfinite(self.zoom) and self.zoom > 0):
            message = f"zoom {self.zoom} is not above 0"
            raise ValueError(message)
        if self.crop == "none" and self.zoom != 1:
            message = f"zoom {self.zoom} needs a crop, and crop is none"
            raise ValueError(message)
        if self.crop == "centre" and self.zoom < 1:
            message = f"zoom {self.zoom} of the central crop would reach beyond the picture"
            raise ValueError(message)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one prepared picture: (size, size), with 3 behind for RGB."""
        return (self.size, self.size) if self.colour == "grey" else (self.size, self.size, 3)


def prepare(
    picture: Picture, preparation: Preparation, landmarks: NDArray[np.floating] | None = None
) -> Picture:
    """The picture as `preparation` asks for it, of shape `preparation.shape`.

    `landmarks`: (68, 2), needed for the crop "landmarks". Raises ValueError without them,
    or when they are not finite or show no face.
    """
    coloured = grey(picture) if preparation.colour == "grey" else rgb(picture)
    size = preparation.size
    if preparation.crop == "landmarks":
        if landmarks is None:
            message = "the crop by landmarks needs landmarks"
            raise ValueError(message)
        return aligned_crop(coloured, landmarks, size=size, zoom=preparation.zoom)
    if preparation.crop == "centre":
        return central_crop(coloured, size=size, zoom=preparation.zoom)
    height, width = picture.shape[:2]
    return _resized(coloured, size, (0, 0, width, height))


def placed(
    landmarks: NDArray[np.floating], preparation: Preparation, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Where points of a picture lie once `prepare` is done with it: (68, 2), x, y in its pixels.

    `landmarks`: (68, 2) in the picture as it was; `shape`: its shape, (row, col) first. Points
    that the crop leaves out lie outside; points that are not finite stay so. Raises ValueError
    as `prepare` where the crop needs landmarks that show a face.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    height, width = shape[:2]
    if preparation.crop == "landmarks":
        corner, across = alignment(points, zoom=preparation.zoom)
        down = np.array([-across[1], across[0]])
        shares = (points - corner) @ np.stack([across, down], axis=1) / (across @ across)
    else:
        box = (0.0, 0.0, float(width), float(height))
        if preparation.crop == "centre":
            box = _central_box(width, height, preparation.zoom)
        left, top, right, bottom = box  # from the edge of the first pixel, not its centre
        shares = (points + 0.5 - (left, top)) / (right - left, bottom - top)
    return np.asarray(shares * preparation.size - 0.5)


def grey(picture: Picture) -> Picture:
    """The brightness of a picture (ITU-R 601 luma), (row, col)."""
    return picture if picture.ndim == 2 else np.asarray(Image.fromarray(picture).convert("L"))


def rgb(picture: Picture) -> Picture:
    """The picture with three channels, (row, col, 3)."""
    return picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)


def central_crop(picture: Picture, *, size: int, zoom: float = 1.0) -> Picture:
    """The middle square of a picture, its side divided by `zoom`, at `size` pixels."""
    height, width = picture.shape[:2]
    return _resized(picture, size, _central_box(width, height, zoom))


def aligned_crop(
    picture: Picture, landmarks: NDArray[np.floating], *, size: int, zoom: float = 1.0
) -> Picture:
    """The face upright at `size` pixels: eyes level, their middle always in one place.

    `landmarks`: (68, 2). Beyond the picture its border is repeated.
    Raises ValueError for landmarks that are not finite or show no face.
    """
    corner, across = alignment(landmarks, zoom=zoom)
    side = float(np.hypot(*across))
    # Sampled about as finely as the picture itself and averaged, so that nothing aliases.
    finer = max(1, math.ceil(side / size))
    step = across / (size * finer)
    down = np.array([-step[1], step[0]])
    bordered, shift = _bordered(picture, corner, across)
    start = corner + shift + 0.5  # Pillow measures from the edge of the first pixel
    matrix = (step[0], down[0], start[0], step[1], down[1], start[1])
    channels = np.atleast_3d(bordered).astype(np.float32)
    turned = np.stack([_turned(part, matrix, size * finer) for part in channels.transpose(2, 0, 1)])
    fine = turned.reshape(len(turned), size, finer, size, finer).mean(axis=(2, 4))
    crop = np.clip(np.rint(fine), 0, 255).astype(np.uint8)
    return crop[0] if picture.ndim == 2 else np.ascontiguousarray(crop.transpose(1, 2, 0))


def alignment(
    landmarks: NDArray[np.floating], *, zoom: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The square around a face: its top left corner (x, y), and its top edge as (dx, dy).

    Its side follows the distance between the eyes and that from the eyes to the nose base
    (a turned head shortens the one, a nod the other); no point of the mouth or jaw counts,
    so an open mouth does not shrink the face. Raises ValueError as `aligned_crop`.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    used = [*_RIGHT_EYE, *_LEFT_EYE, _NOSE_BASE]
    if points.shape != (68, 2) or not np.isfinite(points[used]).all():
        message = f"68 points with finite places are needed, got shape {points.shape}"
        raise ValueError(message)
    right = points[list(_RIGHT_EYE)].mean(axis=0)
    left = points[list(_LEFT_EYE)].mean(axis=0)
    middle = (right + left) / 2
    between = float(np.hypot(*(left - right)))
    if between < 1e-6:
        message = "the eyes of the landmarks lie in one place"
        raise ValueError(message)
    level = (left - right) / between
    upright = np.array([-level[1], level[0]])
    below = float((points[_NOSE_BASE] - middle) @ upright)
    if below <= 0:
        message = "the nose of the landmarks lies above the eyes"
        raise ValueError(message)
    side = _SIDE * (between + below / _EYES_TO_NOSE) / 2 / zoom
    corner = middle - side / 2 * level - _EYE_ROW * side * upright
    return corner, side * level


def _central_box(width: int, height: int, zoom: float) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the middle square, from the picture's edge."""
    half = min(height, width) / zoom / 2
    x, y = width / 2, height / 2
    return x - half, y - half, x + half, y + half


def _resized(picture: Picture, size: int, box: tuple[float, float, float, float]) -> Picture:
    """A box (left, top, right, bottom, from the picture's edge) at `size`, antialiased."""
    image = Image.fromarray(picture)
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=box))


def _turned(
    channel: NDArray[np.float32], matrix: tuple[float, ...], size: int
) -> NDArray[np.float32]:
    """One channel sampled along an affine map; as float, for Pillow cuts bytes downwards."""
    return np.asarray(
        Image.fromarray(channel).transform(
            (size, size), Image.Transform.AFFINE, matrix, resample=Image.Resampling.BICUBIC
        )
    )


def _bordered(
    picture: Picture, corner: NDArray[np.float64], across: NDArray[np.float64]
) -> tuple[Picture, NDArray[np.float64]]:
    """The picture with its border repeated as far as the square reaches, and how far it moved."""
    down = np.array([-across[1], across[0]])
    square = np.stack([corner, corner + across, corner + down, corner + across + down])
    margin = 2  # bicubic looks two pixels around
    low = np.floor(square.min(axis=0)) - margin
    high = np.ceil(square.max(axis=0)) + margin
    height, width = picture.shape[:2]
    left, top = (int(n) for n in np.maximum(0, -low))
    right, bottom = (int(n) for n in np.maximum(0, high - (width - 1, height - 1)))
    edges = [(top, bottom), (left, right), (0, 0)][: picture.ndim]
    return np.pad(picture, edges, mode="edge"), np.array([left, top], dtype=np.float64)
