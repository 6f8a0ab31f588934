"""The mouth of a mesh: its two lips, and which skin goes along with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.muscles.waters import Array, falloff, step
from facsinterp.faces.drawn.surface.mesh import Mesh, Whole

LIPS: Final = ("upper", "lower")

REACH: Final = {"upper": 0.22, "lower": 0.30}
"""How far beyond a lip's border skin goes along: not up to the nose."""


@dataclass(frozen=True, eq=False)
class Along:
    """Points that go along with a lip: between which columns, and how much."""

    points: Whole
    """(n,)"""
    column: NDArray[np.float64]
    """(n,): place along the lip, in columns."""
    distance: NDArray[np.float64]
    """(n,): beyond the border, as a share of the lip's `REACH`; 0 on the lip and behind it."""


@dataclass(frozen=True, eq=False)
class Mouth:
    """The lips of the average head."""

    points: Array
    """(V, 3): of the mesh."""
    rows: dict[str, Whole]
    """Lip -> (rows, columns), row 0 where the lips meet, the last row the border."""
    inner: dict[str, Whole]

    def spread(self, lip: str) -> Array:
        """(columns,): place along the lip, -1 and 1 at the corners, by the way along it."""
        edge = self.points[self.rows[lip][0]]
        way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(edge, axis=0), axis=1))])
        return np.asarray(2 * way / way[-1] - 1)

    def profile(self, lip: str, wide: float) -> Array:
        """(columns,): how much each column takes part: 1 in the middle, 0 at the corners."""
        return falloff(np.minimum(np.abs(self.spread(lip)) / wide, 1.0) ** 1.5)

    def along(self, lip: str) -> Along:
        """The skin that goes along with a lip."""
        grid = np.concatenate([self.rows[lip], self.inner[lip]])
        columns = np.broadcast_to(np.arange(grid.shape[1]), grid.shape)
        numbers, first = np.unique(grid, return_index=True)
        beyond = self._beyond(lip)
        return Along(
            np.concatenate([numbers, beyond.points]).astype(np.int32),
            np.concatenate([columns.ravel()[first].astype(np.float64), beyond.column]),
            np.concatenate([np.zeros(len(numbers)), beyond.distance]),
        )

    def _beyond(self, lip: str) -> Along:
        reach, border = REACH[lip], self.points[self.rows[lip][-1]]
        other = LIPS[1 - LIPS.index(lip)]
        lips = np.concatenate([g.ravel() for g in (*self.rows.values(), *self.inner.values())])
        free = np.setdiff1d(np.arange(len(self.points)), lips)
        near = free[np.linalg.norm(self.points[free] - border.mean(axis=0), axis=1) < reach + 0.6]
        column, distance = _nearest(self.points[near], border)
        rival = _nearest(self.points[near], self.points[self.rows[other][-1]])[1]
        keep = (distance < reach) & (distance <= rival)
        return Along(near[keep].astype(np.int32), column[keep], distance[keep] / reach)

    def above(self, fade: float) -> Array:
        """(V,): 1 above the mouth's line and on the upper lip, 0 below, between at the sides.

        `fade`: the share of a lip's half width over which it comes to 0.5 at the corner.
        """
        edge = self.points[self.rows["upper"][0]]
        half = float(np.abs(edge[:, 0]).max())
        x, y = self.points[:, 0], self.points[:, 1]
        off = y - np.interp(x, edge[:, 0], edge[:, 1])
        soft = 0.012 + 0.7 * np.maximum(0.0, np.abs(x) - 0.8 * half)
        share = step(1.0, -1.0, off / soft)
        for lip, sign in zip(LIPS, (0.5, -0.5), strict=True):
            for group in (self.rows[lip], self.inner[lip]):
                side = np.abs(self.points[group, 0]) / half
                share[group] = 0.5 + sign * step(1.0, 1 - fade, side)
        return np.asarray(share)


def mouth(mesh: Mesh) -> Mouth:
    """The mouth of a mesh with the groups of `mean_face`."""
    return Mouth(
        mesh.points.astype(np.float64),
        {lip: mesh.groups[f"lip_{lip}"] for lip in LIPS},
        {lip: mesh.groups[f"lip_{lip}_inner"] for lip in LIPS},
    )


def _nearest(points: Array, line: Array) -> tuple[Array, Array]:
    """(n,), (n,): the nearest place on a line of points, in points, and its distance."""
    start, along = line[:-1], np.diff(line, axis=0)
    away = points[:, None] - start
    t = np.clip((away * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-12), 0.0, 1.0)
    distance = np.linalg.norm(away - t[..., None] * along, axis=-1)
    best = distance.argmin(axis=1)
    rows = np.arange(len(points))
    return best + t[rows, best], distance[rows, best]
