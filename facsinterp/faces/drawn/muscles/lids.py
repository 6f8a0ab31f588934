"""The lids: they slide on the eyeball, meet exactly when closed, and follow the gaze.

A lid's edge moves in angles about the eyeball's centre, in a space made narrower so that the
eyeball is a sphere there; so its points keep their distance from the eyeball. The skin of the
lid is spread between its edge and its crease; the edge's thickness and the lashes go along.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

from facsinterp.faces.drawn.compiled import kernel
from facsinterp.faces.drawn.muscles.rules import PLACE
from facsinterp.faces.drawn.muscles.waters import Array, step
from facsinterp.faces.drawn.surface.mesh import Floats, Mesh, Whole

# Unit -> turn of the upper and the lower lid's edge at E in radians, down > 0, where the eye is
# widest open (0.2 is about 2.7 mm).
_TURNS: Final = (
    (4, 0.10, 0.0),
    (5, -0.25, 0.04),
    (6, 0.08, -0.20),
    (7, 0.17, -0.26),
    (9, 0.08, -0.10),
    (12, 0.0, -0.03),
)
_UNITS: Final = np.array([PLACE[unit] for unit, _, _ in _TURNS])
_EDGES: Final = np.array([row[1:] for row in _TURNS])
_GAZE: Final = np.array([0.75, 0.35])
"""Share of the eye's turn up and down that the upper and the lower lid follow."""
_MEET: Final = 0.88
"""Where closed lids meet: the upper lid's share of the way."""


Lids: TypeAlias = tuple[Whole, Whole, Whole, Floats]
"""Points that go along with a lid's edge, (n,) each: number, 1 for the lower and 0 for the upper
lid, column, share of the edge's movement."""


def eye(mesh: Mesh, side: str) -> tuple[Whole, Lids]:
    """(2, columns): the upper and lower edge's points of one side, "right" or "left"; and what
    goes along with them. `mesh` has all groups of the head."""
    edges = np.stack([mesh.groups[f"lid_{lid}_{side}"][0] for lid in ("upper", "lower")])
    found: list[tuple[Whole, int, np.float32]] = []
    for number, lid in enumerate(("upper", "lower")):
        rows = mesh.groups[f"lid_{lid}_{side}"]
        share = step(1.0, 0.0, np.linspace(0, 1, len(rows))).astype(np.float32)
        found += [(row, number, w) for row, w in zip(rows[1:-1], share[1:-1], strict=True)]
        whole = (*mesh.groups[f"lid_{lid}_{side}_inner"][1:], *mesh.groups[f"lash_{lid}_{side}"])
        found += [(row, number, np.float32(1)) for row in whole]
    columns = np.arange(edges.shape[1])[1:-1]  # the corners stay
    return edges, (
        np.concatenate([row[1:-1] for row, _, _ in found]).astype(np.int32),
        np.repeat([number for _, number, _ in found], len(columns)).astype(np.int32),
        np.tile(columns, len(found)).astype(np.int32),
        np.repeat([w for _, _, w in found], len(columns)).astype(np.float32),
    )


def turns(gains: Array, gaze: tuple[float, float]) -> Array:
    """(2, 3): turn of the upper and lower edge (radians) and how far closed, right and left."""
    total = np.empty((2, 3))
    total[:, :2] = gains[_UNITS].T @ _EDGES + gaze[1] * _GAZE
    total[:, 2] = 1 - (1 - gains[PLACE[43]]) * (1 - gains[PLACE[45]])
    return total


@kernel
def _angles(points: Array, i: int, centre: Array) -> tuple[float, float, float]:
    """Azimuth, elevation (down > 0) and distance of a point, the eyeball being a sphere."""
    x = points[i, 0] - centre[0]
    y, z = points[i, 1] - centre[1], points[i, 2] - centre[2]
    flat = np.hypot(x, z)
    return np.arctan2(x, z), np.arctan2(y, flat), np.hypot(flat, y)


@kernel
def _place(
    points: Array, i: int, centre: Array, azimuth: float, elevation: float, away: float
) -> None:
    flat = away * np.cos(elevation)
    points[i, 0] = centre[0] + flat * np.sin(azimuth)
    points[i, 1] = centre[1] + away * np.sin(elevation)
    points[i, 2] = centre[2] + flat * np.cos(azimuth)


@kernel
def slide(
    points: Array, rest: Array, edges: Whole, centre: Array, turn: Array
) -> tuple[Array, Array]:
    """Move one eye's lid edges, in place; what the skin of the lids has to follow.

    `turn`: of the upper and the lower edge in radians, and the share closed. Returned: the
    angles (2, columns, 3) before and after.
    """
    columns = edges.shape[1]
    old = np.empty((2, columns, 3))
    new = np.empty((2, columns, 3))
    widest = 0.0
    for j in range(columns):
        for k in range(2):
            old[k, j] = _angles(rest, edges[k, j], centre)
        widest = max(widest, old[1, j, 1] - old[0, j, 1])
    for j in range(1, columns - 1):
        part = (old[1, j, 1] - old[0, j, 1]) / widest
        high = old[0, j, 1] + part * turn[0]
        low = old[1, j, 1] + part * turn[1]
        meet = old[0, j, 1] * (1 - _MEET) + old[1, j, 1] * _MEET + min(0.5 * part * turn[1], 0.0)
        high = (1 - turn[2]) * high + turn[2] * meet
        low = (1 - turn[2]) * low + turn[2] * meet
        if high >= low:
            high = low = 0.5 * (high + low)
        touch = max(0.0, 1 - (low - high) / (old[1, j, 1] - old[0, j, 1]))
        azimuth = 0.5 * (old[0, j, 0] + old[1, j, 0])
        away = max(old[0, j, 2], old[1, j, 2])
        for k in range(2):
            new[k, j, 0] = (1 - touch) * old[k, j, 0] + touch * azimuth
            new[k, j, 1] = high if k == 0 else low
            new[k, j, 2] = (1 - touch) * old[k, j, 2] + touch * away
            _place(points, edges[k, j], centre, new[k, j, 0], new[k, j, 1], new[k, j, 2])
    return old, new


@kernel
def follow(points: Array, lids: Lids, centre: Array, old: Array, new: Array) -> None:
    """Take the skin, the edges' thickness and the lashes along, in place."""
    skin, lower, column, weight = lids
    for n in range(len(skin)):
        j, k, w = column[n], lower[n], weight[n]
        a, e, r = _angles(points, skin[n], centre)
        a += w * (new[k, j, 0] - old[k, j, 0])
        e += w * (new[k, j, 1] - old[k, j, 1])
        r += w * (new[k, j, 2] - old[k, j, 2])
        _place(points, skin[n], centre, a, e, r)
