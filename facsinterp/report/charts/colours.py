"""Attributions as colours: one scale a filter, told apart by colour-blind readers.

Where a brighter pixel would raise the filter's answer the colour is orange, where a darker
one would, blue; both are those of Okabe and Ito (2008), and zero is the ground itself. The
scale is the caller's: pictures of one filter share it, so that they can be compared.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]

RAISING: Final = (213, 94, 0)
LOWERING: Final = (0, 114, 178)
GROUND: Final = (247, 246, 243)
# Weak attributions stay visible beside strong ones: their colour grows faster than they do.
_GAMMA: Final = 0.65
_DENSEST: Final = 0.88  # of a colour over a face, so that the face is seen through it


def alone(attribution: NDArray[Any], scale: float) -> Rgb:
    """The attribution (row, col) by itself on a plain ground, (row, col, 3).

    `scale` is the size at which colours are full; 0 gives the ground.
    """
    return _mixed(np.array(GROUND, np.float32), attribution, _strength(attribution, scale))


def over(face: NDArray[np.uint8], attribution: NDArray[Any], scale: float) -> Rgb:
    """The attribution laid over the face, (row, col, 3); the face shows where it is weak.

    `face`: (row, col) grey or (row, col, 3), of the attribution's rows and columns.
    """
    return _mixed(_rgb(face), attribution, _DENSEST * _strength(attribution, scale))


def warmed(face: NDArray[np.uint8], shares: NDArray[Any]) -> Rgb:
    """What is never below zero laid over a face in orange, as dense as its largest allows."""
    return over(face, shares, float(np.max(shares, initial=0.0)))


def resized(values: NDArray[Any], rows: int, cols: int) -> NDArray[np.float32]:
    """Numbers (row, col) at another size, bilinear: none leaves the range of its neighbours."""
    picture = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    return np.asarray(picture.resize((cols, rows), Image.Resampling.BILINEAR))


def enlarged(face: NDArray[np.uint8], rows: int, cols: int) -> NDArray[np.uint8]:
    """A picture at another size, bicubic."""
    picture = Image.fromarray(np.ascontiguousarray(face))
    return np.asarray(picture.resize((cols, rows), Image.Resampling.BICUBIC))


def _strength(attribution: NDArray[Any], scale: float) -> NDArray[np.float32]:
    if not scale > 0:
        return np.zeros(attribution.shape, np.float32)
    share = np.minimum(np.abs(attribution), scale, dtype=np.float64) / scale
    return np.asarray(share**_GAMMA, dtype=np.float32)


def _mixed(
    ground: NDArray[np.float32], attribution: NDArray[Any], strength: NDArray[np.float32]
) -> Rgb:
    colours = np.array([LOWERING, RAISING], np.float32)
    mixed = colours[(attribution > 0).astype(np.intp)]
    mixed -= ground
    mixed *= strength[..., None]
    mixed += ground
    return np.asarray(np.rint(mixed, out=mixed), dtype=np.uint8)


def _rgb(face: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(face[..., None] if face.ndim == 2 else face, dtype=np.float32)
