"""A window of a picture brought to one size.

Takes and gives (row, col) grey or (row, col, 3) RGB as uint8.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facsinterp.faces.preparing.windows import Window

Picture = NDArray[np.uint8]

_MOST: Final = 4
"""Pixels of the picture a side, for one of the result, above which blocks are averaged first."""
_MANY: Final = 3
"""The same, above which samples between four pixels do, and lie this far apart:"""
_APART: Final = 1.5
"""In pixels. On photographs within 0.2 grey levels (root mean square) of an exact average."""


def cut(picture: Picture, window: Window, size: int) -> Picture:
    """What a window shows, `size` pixels a side, sampled as the window says.

    A turned square may reach beyond the picture, whose border is then repeated. The other
    windows lie inside it.
    """
    if window.sampling == "turned":
        return _turned(picture, window, size)
    if window.sampling == "bilinear":
        return _bilinear(picture, window, size)
    image = Image.fromarray(picture)
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=window.edges))


def _bilinear(picture: Picture, window: Window, size: int) -> Picture:
    """Each pixel between the four that lie around its centre."""
    step, down = window.across / size, window.down / size
    start = window.corner + 0.5  # Pillow measures from the edge of the first pixel
    matrix = (step[0], down[0], start[0], step[1], down[1], start[1])
    channels = np.atleast_3d(picture).astype(np.float32).transpose(2, 0, 1)
    seen = [_sampled(part, matrix, size, Image.Resampling.BILINEAR) for part in channels]
    return _whole_levels(np.stack(seen), picture.ndim)


def _turned(picture: Picture, window: Window, size: int) -> Picture:
    """A square that may be turned, averaged over all that each pixel covers."""
    side = float(np.hypot(*window.across))
    block = max(1, int(side / (_MOST * size)))
    bordered, shift = _bordered(picture, window, block)
    # Sampled about as finely as the picture itself and averaged, so that nothing aliases.
    wide = side / block / size
    many = wide > _MANY
    finer = max(1, math.ceil(wide / _APART if many else wide))
    step = window.across / (block * size * finer)
    down = np.array([-step[1], step[0]])
    start = (window.corner + shift + 0.5) / block  # from the edge of the first pixel
    matrix = (step[0], down[0], start[0], step[1], down[1], start[1])
    kind = Image.Resampling.BILINEAR if many else Image.Resampling.BICUBIC
    channels = np.atleast_3d(bordered).astype(np.float32).transpose(2, 0, 1)
    seen = [
        _averaged(_sampled(_averaged(part, block), matrix, size * finer, kind), finer)
        for part in channels
    ]
    return _whole_levels(np.stack(seen), picture.ndim)


def _averaged(channel: NDArray[np.float32], block: int) -> NDArray[np.float32]:
    if block == 1:
        return channel
    return np.asarray(Image.fromarray(channel).reduce(block))


def _sampled(
    channel: NDArray[np.float32],
    matrix: tuple[float, ...],
    size: int,
    resample: Image.Resampling,
) -> NDArray[np.float32]:
    """One channel sampled along an affine map; as float, for Pillow cuts bytes downwards."""
    return np.asarray(
        Image.fromarray(channel).transform(
            (size, size), Image.Transform.AFFINE, matrix, resample=resample
        )
    )


def _whole_levels(channels: NDArray[np.float32], ndim: int) -> Picture:
    levels = np.clip(np.rint(channels), 0, 255).astype(np.uint8)
    return levels[0] if ndim == 2 else np.ascontiguousarray(levels.transpose(1, 2, 0))


def _bordered(picture: Picture, window: Window, block: int) -> tuple[Picture, NDArray[np.float64]]:
    """What lies under the square, in whole blocks, and how far it moved.

    Beyond the picture its border is repeated.
    """
    corner, across, down = window.corner, window.across, window.down
    square = np.stack([corner, corner + across, corner + down, corner + across + down])
    margin = 2 * block  # bicubic looks two pixels around
    low = np.floor(square.min(axis=0)).astype(np.int64) - margin
    high = np.ceil(square.max(axis=0)).astype(np.int64) + margin + 1
    high += -(high - low) % block
    ends = picture.shape[1::-1]
    first, last = np.clip(low, 0, ends), np.clip(high, 0, ends)
    (left, top), (right, bottom) = first - low, high - last
    edges = [(top, bottom), (left, right), (0, 0)][: picture.ndim]
    kept = picture[first[1] : last[1], first[0] : last[0]]
    return np.pad(kept, edges, mode="edge"), -low.astype(np.float64)
