"""The sheet that the skin is painted on: the unrolled average face at rest.

A point's place is (s, t) in head units: s runs round the head from the subject's right to the
left and is 0 in the middle, t runs down with y. It is the mesh's `uv`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LEFT: Final = -2.0
TOP: Final = -1.4
WIDTH: Final = 4.0
HEIGHT: Final = 3.2

LEVELS: Final = 4
"""Level 0 is the finest; a texel of each next level is the mean of two by two."""

Sheet = NDArray[np.float32]


def texels(level: int) -> tuple[int, int]:
    """Rows and columns of a level."""
    return 640 >> level, 800 >> level


def pitch(level: int) -> float:
    """Width of a texel in head units."""
    return WIDTH / texels(level)[1]


def places(level: int) -> tuple[Sheet, Sheet]:
    """s (1, W) and t (H, 1) of the texels' middles."""
    rows, columns = texels(level)
    step = pitch(level)
    s = LEFT + step * (np.arange(columns, dtype=np.float32) + 0.5)
    t = TOP + step * (np.arange(rows, dtype=np.float32) + 0.5)
    return s.astype(np.float32)[None, :], t.astype(np.float32)[:, None]


def texel(uv: NDArray[Any], level: int) -> NDArray[np.float32]:
    """(..., 2): column and row of places (s, t), not rounded; 0 is the middle of the first.

    Places beyond the sheet have texels below 0 or beyond the last: the reader must turn back.
    """
    corner = np.array([LEFT, TOP], np.float32)
    return ((np.asarray(uv, np.float32) - corner) / pitch(level) - 0.5).astype(np.float32)


@lru_cache(maxsize=LEVELS)
def facing(level: int) -> Sheet:
    """(H, 1): 1, falling under the chin, where the sheet is seen edge-on and marks on it would
    be drawn out."""
    _, t = places(level)
    return np.asarray(np.clip((1.7 - t) / 0.2, 0.15, 1), np.float32)


def coarser(sheet: Sheet) -> Sheet:
    """The next level: means of two by two texels."""
    quarters = sheet[0::2, 0::2] + sheet[1::2, 0::2] + sheet[0::2, 1::2] + sheet[1::2, 1::2]
    return np.asarray(quarters * np.float32(0.25), np.float32)
