"""One picture file a filter: what it sees in each of its strongest faces, and on average.

A sheet has one column a face and one row a view, so that a page asks for one file and shows
its parts. Faces that may not be shown leave their column empty: an attribution shows the face
that it was made from.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facsinterp.report.charts.colours import GROUND, Rgb, alone, enlarged, over, resized, warmed

VIEWS: Final = ("overlay", "attribution", "crop")
GAP: Final = 4
"""Pixels between tiles, so that a page that shows one never shows the edge of another."""
_QUALITY: Final = 52
_EFFORT: Final = 6  # of the encoder: 5 % fewer bytes than at 4, for some seconds a site
# A tile is shown about 100 px wide. Browsers enlarge smoothly, so that pictures of the network's
# own size look as those of twice the size at a third of the bytes.
_SMALLEST: Final = 48
_LARGEST: Final = 128
_WIDEST: Final = 16_383  # pixels of a WebP


@dataclass(frozen=True)
class Window:
    """What a unit sees, in pixels of the picture; parts may lie outside it."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Look:
    """One face of a filter: its picture, None where it may not be shown, and what moved it."""

    face: NDArray[np.uint8] | None
    attribution: NDArray[np.float32]
    window: Window | None


@dataclass(frozen=True)
class Tile:
    """Rows and columns of each tile of a sheet, in pixels."""

    rows: int
    cols: int

    @classmethod
    def of(cls, rows: int, cols: int) -> Self:
        """For pictures of this size: the least whole multiple that is not too small to see.

        What is larger than a page shows is made smaller.
        """
        longest = max(rows, cols)
        if longest > _LARGEST:
            return cls(*(max(1, round(side * _LARGEST / longest)) for side in (rows, cols)))
        times = math.ceil(_SMALLEST / longest)
        return cls(rows * times, cols * times)

    @property
    def empty(self) -> Rgb:
        """One that shows nothing."""
        return np.full((self.rows, self.cols, 3), GROUND, dtype=np.uint8)


def most_columns(tile: Tile) -> int:
    """How many faces fit into one file."""
    return (_WIDEST + GAP) // (tile.cols + GAP)


def sheet(looks: Sequence[Look], scale: float) -> Rgb:
    """The views of a filter's faces, `VIEWS` down and faces across, (row, col, 3).

    `scale`: the attribution at which colours are full, the same for all faces.
    """
    tile = Tile.of(*looks[0].attribution.shape)
    down, across = tile.rows + GAP, tile.cols + GAP
    shape = (len(VIEWS) * down - GAP, len(looks) * across - GAP, 3)
    found = np.full(shape, GROUND, dtype=np.uint8)
    for column, look in enumerate(looks):
        if look.face is None:
            continue
        for row, view in enumerate(_views(look.face, look, scale, tile)):
            top, left = row * down, column * across
            found[top : top + tile.rows, left : left + tile.cols] = view
    return found


def mean_face(ground: NDArray[np.uint8], attribution: NDArray[Any], place: NDArray[Any]) -> Rgb:
    """A filter's mean face: where its attribution lies, and beside it where its peaks lie.

    `ground`: the average face, or what stands for it where none may be shown, (row, col) of
    each half; `attribution` and `place`: never below zero, of any one size.
    """
    views = [warmed(ground, resized(shares, *ground.shape)) for shares in (attribution, place)]
    return np.concatenate(views, axis=1)


def encoded(picture: Rgb) -> bytes:
    """The picture as WebP."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "WEBP", quality=_QUALITY, method=_EFFORT)
    return out.getvalue()


def _views(face: NDArray[np.uint8], look: Look, scale: float, tile: Tile) -> list[Rgb]:
    """A face as `VIEWS` show it."""
    rows, cols = look.attribution.shape
    if face.shape[:2] != (rows, cols):
        face = enlarged(face, rows, cols)
    ground = enlarged(face, tile.rows, tile.cols)
    fine = resized(look.attribution, tile.rows, tile.cols)
    return [
        over(ground, fine, scale),
        alone(fine, scale),
        over(ground, fine, 0) if look.window is None else _crop(face, look.window, tile),
    ]


def _crop(face: NDArray[np.uint8], window: Window, tile: Tile) -> Rgb:
    """What the unit sees, as large as fits; outside the picture there is only ground."""
    found = tile.empty
    rows, cols = window.bottom - window.top, window.right - window.left
    times = min(tile.rows / rows, tile.cols / cols)
    down = _part(window.top, window.bottom, face.shape[0], times)
    across = _part(window.left, window.right, face.shape[1], times)
    seen = face[down[0], across[0]]
    if seen.size:
        to = down[1], across[1]
        rows, cols = (part.stop - part.start for part in to)
        found[to] = over(enlarged(seen, rows, cols), np.zeros((rows, cols)), 0)
    return found


def _part(start: int, stop: int, size: int, times: float) -> tuple[slice, slice]:
    """Where a window lies on one axis of a picture of `size`, and where that lies on the tile."""
    first, last = (min(max(edge, 0), size) for edge in (start, stop))
    begin = round((first - start) * times)
    # Less than a pixel is shown as one.
    end = max(round((last - start) * times), begin + 1)
    return slice(first, last), slice(begin, end)
