"""Points of the skin between the rings: dense where the face moves, coarse behind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.path import Path
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, cKDTree

from facsinterp.faces.drawn.surface.skull import CENTRE, Points, outwards

_TRIED = 20000
_ROUNDS = 5


def spacing(points: Points) -> Points:
    """(n,): distance wished for between neighbours at these points (n, 3)."""
    side = np.abs(points[:, 0])
    y, z = points[:, 1], points[:, 2]
    eye = np.hypot((side - 0.44) / 1.2, y) - 0.26
    mouth = np.hypot(points[:, 0] / 1.3, y - 0.97) - 0.34
    nose = np.hypot(points[:, 0], (y - 0.5) / 1.2) - 0.28
    near = np.minimum(np.minimum(eye, mouth), nose)
    fine = 0.030 + 0.055 * np.clip(near, 0, 0.6) - 0.010 * (nose < 0.0)
    return np.asarray(fine + 0.15 * np.clip(0.6 - z, 0, 1))


def filled(edges: Sequence[Points], rings: Points) -> Points:
    """(n, 3): symmetric points on the skin that keep their distance from each other and from
    the `rings` (m, 3), none inside the closed `edges` of eyes and mouth."""
    half = _picked(_free(outwards(_ways(_TRIED)), edges, rings, 0.75))
    fixed = np.concatenate(edges)
    for _ in range(_ROUNDS):
        half = _free(_relaxed(half, fixed), edges, rings, 0.6)
    return _both(half)


def _free(skin: Points, edges: Sequence[Points], rings: Points, share: float) -> Points:
    """Those of the points outside all edges that keep this share of their distance."""
    kept = cKDTree(rings).query(skin)[0] > share * spacing(skin)
    for edge in edges:
        kept &= ~within(edge, skin)
    return np.asarray(skin[kept])


def within(edge: Points, points: Points) -> NDArray[np.bool_]:
    """(n,): whether points (n, 3) lie inside a closed line (m, 3) as seen from `CENTRE`."""
    axis = (edge - CENTRE).mean(axis=0)
    first = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[1]) > 1 else [0.0, 1.0, 0.0])
    axes = np.stack([first, np.cross(axis, first), axis], 1)
    (line, there) = ((places - CENTRE) @ axes for places in (edge, points))
    front = there[:, 2] > 0
    flat = there[:, :2] / np.where(front, there[:, 2], 1.0)[:, None]
    return np.asarray(front & Path(line[:, :2] / line[:, 2:]).contains_points(flat))


def _ways(count: int) -> Points:
    """(n, 3): unit directions all round on the left, and along the midline."""
    order = np.arange(count) + 0.5
    lift, turn = 1 - 2 * order / count, np.pi * (1 + 5**0.5) * order
    wide = np.sqrt(1 - lift**2)
    way = np.stack([wide * np.sin(turn), lift, wide * np.cos(turn)], 1)
    turn = np.linspace(0, 2 * np.pi, count // 15)
    midline = np.stack([0 * turn, np.sin(turn), np.cos(turn)], 1)
    return np.concatenate([midline, way[way[:, 0] > 0]])


def _picked(skin: Points) -> Points:
    """Those that keep their distance, midline first, then from the front to the back."""
    skin = skin[np.lexsort((-skin[:, 2], skin[:, 0] > 0))]
    apart = spacing(skin)
    gone = (skin[:, 0] > 0) & (skin[:, 0] < 0.5 * apart)
    tree = cKDTree(skin)
    kept = []
    for index in range(len(skin)):
        if not gone[index]:
            kept.append(index)
            gone[tree.query_ball_point(skin[index], 0.9 * apart[index])] = True
    return np.asarray(skin[kept])


def _both(half: Points) -> Points:
    return np.concatenate([half, half[half[:, 0] > 0] * [-1, 1, 1]])


def _relaxed(half: Points, fixed: Points) -> Points:
    """The same points, each drawn to the middle of its neighbours and put back on the skin."""
    every = np.concatenate([_both(half), fixed])
    triangles = hull(every)
    pairs = np.concatenate([triangles[:, [i, j]] for i in range(3) for j in range(3) if i != j])
    total = np.zeros((len(every), 3))
    count = np.zeros(len(every))
    np.add.at(total, pairs[:, 0], every[pairs[:, 1]])
    np.add.at(count, pairs[:, 0], 1)
    middle = (total / count[:, None])[: len(half)]
    moved = half + 0.6 * (middle - half)
    moved[half[:, 0] == 0, 0] = 0
    way = moved - CENTRE
    return outwards(way / np.linalg.norm(way, axis=1, keepdims=True))


def hull(points: Points) -> NDArray[np.int32]:
    """(T, 3): Delaunay triangles of points as seen from `CENTRE`."""
    way = points - CENTRE
    return ConvexHull(way / np.linalg.norm(way, axis=1, keepdims=True)).simplices.astype(np.int32)
