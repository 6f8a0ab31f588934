"""The rasteriser: which triangle each sample of a picture shows, and how near it is."""

from __future__ import annotations

import numpy as np

from facsinterp.faces.drawn.compiled import kernel, piece
from facsinterp.faces.drawn.surface.mesh import Floats, Whole


@kernel
def raster(places: Floats, triangles: Whole, backs: bool, near: Floats) -> Whole:
    """(side, side): the nearest triangle of every sample, -1 where none is in front of `near`.

    places (V, 3): x and y in samples (the first sample's centre is 0, 0) and distance.
    near (side, side): 1 / distance of what lies there already; updated. backs: whether
    triangles are seen from behind too.
    """
    side = len(near)
    shown = np.full((side, side), -1, np.int32)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, bx, by = places[a, 0], places[a, 1], places[b, 0], places[b, 1]
        cx, cy = places[c, 0], places[c, 1]
        area = (cx - ax) * (by - ay) - (cy - ay) * (bx - ax)
        if area == 0 or (area < 0 and not backs):
            continue
        left = max(int(np.ceil(min(ax, bx, cx))), 0)
        right = min(int(np.floor(max(ax, bx, cx))), side - 1)
        top = max(int(np.ceil(min(ay, by, cy))), 0)
        low = min(int(np.floor(max(ay, by, cy))), side - 1)
        if left > right or top > low:
            continue
        over = 1 / area
        na, nb, nc = 1 / places[a, 2], 1 / places[b, 2], 1 / places[c, 2]
        bstep, cstep = (ay - cy) * over, (by - ay) * over
        for y in range(top, low + 1):
            wb = ((cx - ax) * (y - ay) - (cy - ay) * (left - ax)) * over
            wc = ((by - ay) * (left - ax) - (bx - ax) * (y - ay)) * over
            for x in range(left, right + 1):
                if wb >= -1e-5 and wc >= -1e-5 and wb + wc <= 1.00001:
                    n = na + wb * (nb - na) + wc * (nc - na)
                    if n > near[y, x]:
                        near[y, x] = n
                        shown[y, x] = t
                wb += bstep
                wc += cstep
    return shown


@piece
def weights(places: Floats, triangle: Whole, x: float, y: float) -> tuple[float, float, float]:
    """Shares of a triangle's corners in the surface point that the sample (x, y) shows."""
    a, b, c = triangle[0], triangle[1], triangle[2]
    ax, ay = places[a, 0], places[a, 1]
    ux, uy, vx, vy = places[b, 0] - ax, places[b, 1] - ay, places[c, 0] - ax, places[c, 1] - ay
    over = 1 / (vx * uy - vy * ux)
    wb = (vx * (y - ay) - vy * (x - ax)) * over
    wc = (uy * (x - ax) - ux * (y - ay)) * over
    na, nb, nc = (1 - wb - wc) / places[a, 2], wb / places[b, 2], wc / places[c, 2]
    whole = 1 / (na + nb + nc)
    return na * whole, nb * whole, nc * whole
