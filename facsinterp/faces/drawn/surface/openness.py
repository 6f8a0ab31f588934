"""How much of the sky each point of a surface sees."""

from __future__ import annotations

from typing import Final

import numpy as np

from facsinterp.faces.drawn.compiled import kernel
from facsinterp.faces.drawn.surface.mesh import Floats, Whole, normals
from facsinterp.faces.drawn.surface.skull import Points

_WAYS: Final = 96
_SIZE: Final = 160
_REACH: Final = 2.6  # half width of the picture in head units
_SLACK: Final = 0.03  # how far behind the foremost surface still counts as seen


def openness(points: Points, triangles: Whole) -> Floats:
    """(V,): share of the sky over each point, weighted by the cosine, that no part of the
    surface hides: depth pictures are taken from directions all round (ambient occlusion)."""
    normal = normals(points.astype(np.float32), triangles).astype(np.float64)
    seen, whole = np.zeros(len(points)), np.zeros(len(points))
    for way in _ways():
        lit = np.maximum(normal @ way, 0)
        first = np.cross(way, [0.3, 1.0, 0.2])
        first /= np.linalg.norm(first)
        axes = np.stack([first, np.cross(way, first), way])
        view = points @ axes.T
        view[:, :2] = (view[:, :2] / _REACH + 1) * _SIZE / 2
        depth = _depth(view, triangles)
        row, column = view[:, 1].round().astype(int), view[:, 0].round().astype(int)
        seen += lit * (view[:, 2] > depth[row, column] - _SLACK)
        whole += lit
    return (seen / np.maximum(whole, 1e-9)).astype(np.float32)


def _ways() -> Points:
    order = np.arange(_WAYS) + 0.5
    lift, turn = 1 - 2 * order / _WAYS, np.pi * (1 + 5**0.5) * order
    wide = np.sqrt(1 - lift**2)
    return np.stack([wide * np.sin(turn), lift, wide * np.cos(turn)], 1)


@kernel
def _depth(view: Points, triangles: Whole) -> Points:
    """(_SIZE, _SIZE): depth of the foremost triangle, by its middle plane."""
    depth = np.full((_SIZE, _SIZE), -1e9)
    for t in triangles:
        a, b, c = view[t[0]], view[t[1]], view[t[2]]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if abs(area) < 1e-9:
            continue
        for row in range(int(min(a[1], b[1], c[1])), int(max(a[1], b[1], c[1])) + 2):
            for column in range(int(min(a[0], b[0], c[0])), int(max(a[0], b[0], c[0])) + 2):
                u = ((column - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (row - a[1])) / area
                v = ((b[0] - a[0]) * (row - a[1]) - (column - a[0]) * (b[1] - a[1])) / area
                if u >= 0 and v >= 0 and u + v <= 1:
                    far = a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2])
                    depth[row, column] = max(depth[row, column], far)
    return depth
