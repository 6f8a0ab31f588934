"""The skin's textures as the shading reads them: tone, slope and hollows in one sheet."""

from __future__ import annotations

import numpy as np

from facsinterp.faces.drawn.compiled import kernel, piece
from facsinterp.faces.drawn.surface.mesh import Floats
from facsinterp.faces.drawn.surface.sheet import LEFT, TOP, WIDTH


def painted(albedo: Floats, relief: Floats) -> Floats:
    """(rows, columns, 4): reflectance, slope of the relief in s and in t, and its hollowness.

    The hollowness is the relief's curvature (1 / head unit), above 0 in a groove.
    """
    return _painted(albedo, relief, albedo.shape[1] / WIDTH)


@kernel
def _painted(albedo: Floats, relief: Floats, fine: float) -> Floats:
    rows, columns = albedo.shape
    sheet = np.zeros((rows, columns, 4), np.float32)
    step = np.float32(fine)
    half, square = np.float32(0.5) * step, step * step
    for r in range(rows):
        up, down = max(r - 1, 0), min(r + 1, rows - 1)
        for c in range(columns):
            left, right = max(c - 1, 0), min(c + 1, columns - 1)
            h = relief[r, c]
            sheet[r, c, 0] = albedo[r, c]
            sheet[r, c, 1] = (relief[r, right] - relief[r, left]) * half
            sheet[r, c, 2] = (relief[down, c] - relief[up, c]) * half
            around = relief[r, right] + relief[r, left] + relief[up, c] + relief[down, c]
            sheet[r, c, 3] = (around - 4 * h) * square
    return sheet


@piece
def _inside(x: float, count: int) -> float:
    """A texel's place; beyond the sheet its mirror image, so that pores go on."""
    last = count - 1.001
    if x < 0:
        x = -x
    if x > last:
        x = max(2 * last - x, 0.0)
    return x


@piece
def texel(sheet: Floats, s: float, t: float) -> tuple[float, float, float, float]:
    """The four values of a painted sheet at a place in head units, between its texels."""
    rows, columns = sheet.shape[:2]
    scale = columns / WIDTH
    x = _inside((s - LEFT) * scale - 0.5, columns)
    y = _inside((t - TOP) * scale - 0.5, rows)
    c, r = int(x), int(y)
    x -= c
    y -= r
    a, b, d, e = (1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y
    p, q, v, w = sheet[r, c], sheet[r, c + 1], sheet[r + 1, c], sheet[r + 1, c + 1]
    return (
        a * p[0] + b * q[0] + d * v[0] + e * w[0],
        a * p[1] + b * q[1] + d * v[1] + e * w[1],
        a * p[2] + b * q[2] + d * v[2] + e * w[2],
        a * p[3] + b * q[3] + d * v[3] + e * w[3],
    )
