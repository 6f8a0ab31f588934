"""The average face as a mesh, with eyes and mouth as openings."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from facsinterp.faces.drawn.surface import eyelids, lips
from facsinterp.faces.drawn.surface.filling import filled, hull, within
from facsinterp.faces.drawn.surface.mesh import Mesh, Part, Whole
from facsinterp.faces.drawn.surface.openness import openness
from facsinterp.faces.drawn.surface.skull import CENTRE, Points, neck_edge
from facsinterp.faces.drawn.surface.unroll import unrolled

_NECK_POINTS: Final = 48


@lru_cache(maxsize=1)
def mean_face() -> Mesh:
    """All skin of the average face and the bald head, about 5,500 points.

    Groups (rows, columns), rows outwards from the lids' edges and from the line between the
    lips: `lid_upper_right` and so on, columns from the inner to the outer canthus;
    `lip_upper` and `lip_lower`, columns from the subject's right to the left; the same with
    `_inner` at the end, rows inwards. `neck` (n,): the open edge below, in order.
    """
    cloth = _Cloth()
    for side, sign in (("_right", -1.0), ("_left", 1.0)):
        upper, lower = (half * [sign, 1, 1] for half in eyelids.left())
        cloth.ring(("lid_upper" + side, "lid_lower" + side), upper, lower)
        cloth.name(("lid_upper" + side, "lid_lower" + side), eyelids.INNER_ROWS, eyelids.LID_ROWS)
    cloth.ring(("lip_upper", "lip_lower"), *lips.halves())
    cloth.name(("lip_upper", "lip_lower"), lips.INNER_ROWS, lips.LIP_ROWS)
    cloth.fill()
    points, triangles = np.concatenate(cloth.points), np.concatenate(cloth.triangles)
    return Mesh(
        points.astype(np.float32),
        triangles,
        unrolled(points),
        np.full(len(points), Part.SKIN, np.uint8),
        openness(points, triangles),
        cloth.groups,
    )


class _Cloth:
    """Points, triangles and groups as they are gathered."""

    def __init__(self) -> None:
        self.points: list[Points] = []
        self.groups: dict[str, Whole] = {}
        self.triangles: list[Whole] = []
        self._edges: list[Whole] = []
        self._count = 0

    def _add(self, points: Points) -> Whole:
        """Numbers of newly added points (..., 3)."""
        flat = points.reshape(-1, 3)
        first, self._count = self._count, self._count + len(flat)
        self.points.append(flat)
        return np.arange(first, self._count, dtype=np.int32).reshape(points.shape[:-1])

    def ring(self, names: tuple[str, str], upper: Points, lower: Points) -> None:
        """Adds a ring of two halves (rows, columns, 3) that share their end columns."""
        first = self._add(upper)
        second = np.empty_like(first)
        second[:, 1:-1] = self._add(lower[:, 1:-1])
        second[:, [0, -1]] = first[:, [0, -1]]
        for name, rows in zip(names, (first, second), strict=True):
            a, b, c, d = rows[:-1, :-1], rows[1:, :-1], rows[:-1, 1:], rows[1:, 1:]
            self.triangles.append(self._faced(self._quads(a, b, c, d), alike=True))
            self.groups[name] = rows
        self._edges.append(np.concatenate([first[-1], second[-1, -2:0:-1]]))

    def _quads(self, a: Whole, b: Whole, c: Whole, d: Whole) -> Whole:
        """Two triangles for each a, b, d, c, cut along the shorter diagonal."""
        places = np.concatenate(self.points)
        there, across = (
            np.linalg.norm(places[p] - places[q], axis=-1)[..., None] for p, q in ((a, d), (b, c))
        )
        straight = there < across - 1e-9
        one = np.where(straight, np.stack([a, b, d], -1), np.stack([a, b, c], -1))
        two = np.where(straight, np.stack([a, d, c], -1), np.stack([c, b, d], -1))
        return np.concatenate([one.reshape(-1, 3), two.reshape(-1, 3)])

    def name(self, names: tuple[str, str], inner: int, rows: int) -> None:
        """Parts rings into the named outer rows and those that run inwards."""
        for name in names:
            ring = self.groups[name]
            self.groups[name] = ring[inner : inner + rows]
            self.groups[name + "_inner"] = ring[inner::-1]

    def fill(self) -> None:
        """Adds the skin between the rings down to the neck."""
        rings = np.concatenate(self.points)
        edges = [rings[edge] for edge in self._edges]
        self.groups["neck"] = self._add(neck_edge(_NECK_POINTS))
        self._edges.append(self.groups["neck"])
        rest = self._add(filled([*edges, self.points[-1]], np.concatenate(self.points)))
        numbers = np.concatenate([*self._edges, rest])
        places = np.concatenate(self.points)
        triangles = numbers[hull(places[numbers])]
        middle = places[triangles].mean(axis=1)
        inside = [within(places[edge], middle) for edge in self._edges]
        self.triangles.append(self._faced(triangles[~np.any(inside, axis=0)], alike=False))

    def _faced(self, triangles: Whole, *, alike: bool) -> Whole:
        """Triangles turned to face away from the head's middle, each, or all `alike`."""
        a, b, c = np.moveaxis(np.concatenate(self.points)[triangles], 1, 0)
        outwards = (np.cross(c - a, b - a) * ((a + b + c) / 3 - CENTRE)).sum(1)
        keep = np.full(len(triangles), outwards.sum() > 0) if alike else outwards > 0
        return np.where(keep[:, None], triangles, triangles[:, [0, 2, 1]])
