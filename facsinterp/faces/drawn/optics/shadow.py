"""The key light's cast shadow."""

from __future__ import annotations

from typing import Final

import numpy as np

from facsinterp.faces.drawn.compiled import piece
from facsinterp.faces.drawn.optics.lamps import Lamps, Point
from facsinterp.faces.drawn.optics.raster import raster
from facsinterp.faces.drawn.surface.mesh import Floats, Whole

_REACH: Final = 2.1
"""Half the width of what the lamp's map holds, in head units round the camera's origin."""
_AWAY: Final = 50.0
"""Distance of the lamp: so far that its rays are as good as parallel."""
_LIFT: Final = 0.03
"""How far off the skin a point is tested, lest its own facet shades it."""


def cast(points: Floats, triangles: Whole, aim: Floats, side: int) -> Floats:
    """(side, side): 1 / distance from the lamp to what it meets first; 0 where nothing is.

    points (V, 3) in camera coordinates, aim the lamp's axes as in `Lamps`.
    """
    seen = points @ aim.T
    places = np.empty_like(seen)
    places[:, :2] = (seen[:, :2] / np.float32(2 * _REACH) + np.float32(0.5)) * side
    places[:, :2] -= np.float32(0.5)
    places[:, 2] = np.float32(_AWAY) - seen[:, 2]
    near = np.zeros((side, side), np.float32)
    raster(places, triangles, False, near)
    return near


@piece
def lit(lamps: Lamps, p: Point, n: Point) -> float:
    """The share of the lamp that point p with normal n sees: 4 x 4 tests, smoothly weighted."""
    near, aim = lamps.near, lamps.aim
    side = len(near)
    x, y, z = p[0] + _LIFT * n[0], p[1] + _LIFT * n[1], p[2] + _LIFT * n[2]
    scale = side / (2 * _REACH)
    u = (aim[0, 0] * x + aim[0, 1] * y + aim[0, 2] * z) * scale + side * 0.5 - 0.5
    v = (aim[1, 0] * x + aim[1, 1] * y + aim[1, 2] * z) * scale + side * 0.5 - 0.5
    if not (1 <= u < side - 3 and 1 <= v < side - 3):
        return 1.0
    limit = 1 / (_AWAY - (aim[2, 0] * x + aim[2, 1] * y + aim[2, 2] * z) - 0.006)
    c, r = int(u), int(v)
    fu, fv = u - c, v - r
    total = 0.0
    for i in range(4):
        down = 1 - fv if i == 0 else fv if i == 3 else 1.0
        for j in range(4):
            across = 1 - fu if j == 0 else fu if j == 3 else 1.0
            if near[r - 1 + i, c - 1 + j] <= limit:
                total += down * across
    return total / 9
