"""Places on the skin of a mesh that are no points of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facsinterp.faces.drawn.surface.mesh import Floats, Mesh, Whole


@dataclass(frozen=True, eq=False)
class Places:
    """Places on a mesh: each the weighted mean of three points."""

    points: Whole
    """(n, 3)"""
    weights: Floats
    """(n, 3)"""

    def on(self, points: Floats) -> Floats:
        """(n, 3): where the places are, the mesh having its points there."""
        return np.asarray((points[self.points] * self.weights[..., None]).sum(axis=1))


def seen(mesh: Mesh, targets: Sequence[tuple[float, float]]) -> Places:
    """The places of the foremost triangle that covers each x, y."""
    corners = mesh.points[mesh.triangles].astype(np.float64)
    a = corners[:, 0, :2]
    u, v = corners[:, 1, :2] - a, corners[:, 2, :2] - a
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)
    points, weights = [], []
    for target in targets:
        off = np.array(target) - a
        second = (off[:, 0] * v[:, 1] - off[:, 1] * v[:, 0]) / area
        third = (u[:, 0] * off[:, 1] - u[:, 1] * off[:, 0]) / area
        share = np.stack([1 - second - third, second, third], axis=1)
        depth = (share * corners[..., 2]).sum(axis=1)
        best = np.where((share > -1e-3).all(axis=1), depth, -np.inf).argmax()
        points.append(mesh.triangles[best])
        weights.append(share[best])
    return Places(np.stack(points), np.stack(weights).astype(np.float32))
