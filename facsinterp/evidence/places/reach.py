"""What part of the picture the units of a layer can see, as weights on rows and columns."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Field(Protocol):
    """Where a layer's units see the picture, such as `nets.receptive.ReceptiveField`."""

    def window(self, row: int, col: int) -> tuple[float, float, float, float]:
        """First row, first column, end row and end column (not included) of one unit."""


def middles(field: Field, maps: tuple[int, int]) -> tuple[Floats, Floats]:
    """Row and column of the middle of each unit's field, in pixels from 0: (rows,), (cols,).

    A pixel's own middle is a whole number.
    """
    top, left, bottom, right = _windows(field, maps)
    return (top + bottom - 1) / 2, (left + right - 1) / 2


def sampled(middle: Floats, size: int) -> Floats:
    """Weights (unit, size) that read one axis of a picture at the units' middles, linearly.

    Each row adds up to 1; a middle outside the picture reads its edge.
    """
    place = np.clip(middle, 0, size - 1)[:, None]
    return np.asarray(np.clip(1 - np.abs(place - np.arange(size)), 0, 1), dtype=np.float64)


def seen(field: Field, maps: tuple[int, int], picture: tuple[int, int]) -> tuple[Floats, Floats]:
    """Share of looks at each row and each column of the picture, (row,) and (col,).

    Every unit of the map is taken alike, and looks alike at all pixels of its field that lie
    in the picture; the share of a pixel is the product of both. They add up to 1.
    """
    top, left, bottom, right = _windows(field, maps)
    return _along(top, bottom, picture[0]), _along(left, right, picture[1])


def interpolated(middle: Floats, size: int) -> Floats:
    """Weights (size, unit) that spread a map over one axis of the picture, linearly.

    Between the middles of two units lies a mix of both; beyond the last middle its value
    goes on (Bau et al. 2017, section 2.3: interpolants anchored at the middles of fields).
    Raises ValueError unless middles ascend.
    """
    if (np.diff(middle) <= 0).any():
        message = "middles of receptive fields do not ascend"
        raise ValueError(message)
    weights = np.eye(len(middle))
    pixels = np.arange(size)
    return np.column_stack([np.interp(pixels, middle, unit) for unit in weights])


def _windows(field: Field, maps: tuple[int, int]) -> tuple[Floats, Floats, Floats, Floats]:
    rows = np.array([field.window(row, 0) for row in range(maps[0])], dtype=np.float64)
    cols = np.array([field.window(0, col) for col in range(maps[1])], dtype=np.float64)
    return rows[:, 0], cols[:, 1], rows[:, 2], cols[:, 3]


def _along(start: Floats, end: Floats, size: int) -> Floats:
    pixel = np.arange(size)
    covered = np.clip(np.minimum(end[:, None], pixel + 1) - np.maximum(start[:, None], pixel), 0, 1)
    total = covered.sum(axis=1, keepdims=True)
    share = np.divide(covered, total, out=np.zeros_like(covered), where=total > 0)
    return np.asarray(share.sum(axis=0) / max(float((total > 0).sum()), 1), dtype=np.float64)
