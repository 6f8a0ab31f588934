"""Distances to the skin of a head that is sculpted of solids, and rays that strike it.

After I. Quilez's notes on distance fields (iquilezles.org): the ellipsoid's is a first-order
approximation, and joints are polynomial. All that is compiled to answer is in this file, so that
what is kept on disk goes when any of it changes.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.compiled import kernel

Numbers = NDArray[np.float64]

ROD: Final = 0.0
ELLIPSOID: Final = 1.0
"""Kinds of solids: the first of their numbers."""
STEP: Final = 0.01
_JAW: Final = (1.10, 0.42, 0.16)  # y of its lower plane at z = 0, its slope, roundness
NECK: Final = (0.70, 0.70, -0.27)  # half width, half depth, z of its middle
_STEPS: Final = 80  # at most, along a ray
_STRAY: Final = 2e-4  # how near to the skin a ray must end


@kernel
def united(a: float, b: float, width: float) -> float:
    """The distance of both together, rounded over `width` where they meet."""
    share = min(max(0.5 + 0.5 * (b - a) / width, 0.0), 1.0)
    return b + (a - b) * share - width * share * (1.0 - share)


@kernel
def _from_rod(s: Numbers, x: float, y: float, z: float) -> float:
    ax, ay, az = s[6] - s[3], s[7] - s[4], s[8] - s[5]
    x, y, z = x - s[3], y - s[4], z - s[5]
    share = min(max((x * ax + y * ay + z * az) / (ax * ax + ay * ay + az * az), 0.0), 1.0)
    x, y, z = x - share * ax, y - share * ay, z - share * az
    return float(math.sqrt(x * x + y * y + z * z) - s[9] - (s[10] - s[9]) * share)


@kernel
def _from_ellipsoid(s: Numbers, x: float, y: float, z: float) -> float:
    x, y, z = x - s[3], y - s[4], z - s[5]
    far = steep = 0.0
    for axis in range(3):
        along = (x * s[9 + axis] + y * s[12 + axis] + z * s[15 + axis]) / s[6 + axis]
        far += along * along
        steep += (along / s[6 + axis]) ** 2
    far = max(math.sqrt(far), 1e-9)
    return far * (far - 1.0) / max(math.sqrt(steep), 1e-8)


@kernel
def grown(solids: Numbers, distance: float, x: float, y: float, z: float) -> float:
    """`distance` of a body at x, y, z after all `solids` (n, WIDTH) were put on or cut out."""
    for s in solids:
        other = _from_rod(s, x, y, z) if s[0] == ROD else _from_ellipsoid(s, x, y, z)
        sign = -1.0 if s[2] > 0 else 1.0  # what is cut out is put on to the outside
        distance = sign * united(sign * distance, other, s[1])
    return distance


@kernel
def _loft(table: Numbers, top: float, x: float, y: float, z: float) -> float:
    place = min(max((y - top) / STEP, 0.0), len(table) - 1.001)
    row, share = int(place), place - int(place)
    front, half, middle, back, power, slope = table[row] + (table[row + 1] - table[row]) * share
    depth = front - middle
    if z < middle:
        depth, power = middle - back, 2.1
    size = ((x / half) ** power + (abs(z - middle) / depth) ** power) ** (1.0 / power)
    side = (size - 1.0) * min(half, depth)
    return float(max(side / math.sqrt(1.0 + slope * slope), top - y))


@kernel
def _distance(table: Numbers, top: float, solids: Numbers, x: float, y: float, z: float) -> float:
    side = abs(x)
    jaw = (y - _JAW[0] - _JAW[1] * z) / math.sqrt(1.0 + _JAW[1] ** 2)
    head = -united(-_loft(table, top, side, y, z), -jaw, _JAW[2])
    head = grown(solids, head, math.sqrt(x * x + 1e-4), y, z)
    across = math.sqrt((side / NECK[0]) ** 2 + ((z - NECK[2]) / NECK[1]) ** 2)
    return float(united(head, max((across - 1.0) * NECK[1], 0.6 - y), 0.1))


@kernel
def field(table: Numbers, top: float, solids: Numbers, p: Numbers) -> Numbers:
    out = np.empty(len(p))
    for i in range(len(p)):
        out[i] = _distance(table, top, solids, p[i, 0], p[i, 1], p[i, 2])
    return out


@kernel
def march(
    table: Numbers, top: float, solids: Numbers, start: Numbers, way: Numbers, reach: float
) -> Numbers:
    out = start.copy()
    for i in range(len(start)):
        far = 0.0
        for _ in range(_STEPS):
            p = out[i]
            step = 0.7 * _distance(table, top, solids, p[0], p[1], p[2])
            far = min(far + step, reach)
            out[i] = start[i] + far * way[i]
            if abs(step) < _STRAY or far == reach:
                break
    return out
