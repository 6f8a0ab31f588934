"""Smooth noise for what is finer than any texture: strands and fibres."""

from __future__ import annotations

from typing import Final

import numpy as np

from facsinterp.faces.drawn.compiled import piece

_SIDE: Final = 64
_VALUES: Final = np.random.Generator(np.random.PCG64(9)).random((_SIDE, _SIDE), np.float32)


@piece
def lattice(x: float, y: float) -> float:
    """Value noise, 0 to 1, at (x, y): random at whole numbers, smooth between them."""
    c, r = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - c, y - r
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    last = _SIDE - 1
    up, down, left, right = r & last, (r + 1) & last, c & last, (c + 1) & last
    top = _VALUES[up, left] * (1 - fx) + _VALUES[up, right] * fx
    low = _VALUES[down, left] * (1 - fx) + _VALUES[down, right] * fx
    return float(top * (1 - fy) + low * fy)
