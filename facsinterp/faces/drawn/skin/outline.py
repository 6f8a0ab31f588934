"""Where features lie in the sheet, as the average mesh has them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import cKDTree

from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import Floats, normals

Line = NDArray[np.float64]
"""(n, 2): places (s, t) along a line."""


@dataclass(frozen=True, eq=False)
class Outline:
    """Edges of the mouth, corner to corner, and of the left eye, inner to outer canthus."""

    lip_top: Line
    """Upper border of the red of the lips."""
    lip_meet: Line
    lip_bottom: Line
    lid_upper: Line
    """The upper lid's edge."""
    lid_lower: Line


@lru_cache(maxsize=1)
def outline() -> Outline:
    """The edges of the average face."""
    mesh = mean_face()

    def line(group: str, row: int) -> Line:
        return np.asarray(mesh.uv[mesh.groups[group][row]], np.float64)

    return Outline(
        line("lip_upper", -1),
        line("lip_upper", 0),
        line("lip_lower", -1),
        line("lid_upper_left", 0),
        line("lid_lower_left", 0),
    )


@lru_cache(maxsize=1)
def _across() -> LinearNDInterpolator:
    """s over (x, y) of the average face, where it is seen from the front."""
    mesh = mean_face()
    kept = _seen(mesh.points, normals(mesh.points, mesh.triangles))
    for name, group in mesh.groups.items():
        if name.endswith("_inner"):
            kept[group[1:]] = False
    points = mesh.points[kept]
    both = np.concatenate([points[:, :2], points[:, :2] * [-1, 1]])
    s = mesh.uv[kept, 0]
    return LinearNDInterpolator(both, np.concatenate([s, -s]))


def _seen(points: Floats, normal: Floats) -> NDArray[np.bool_]:
    """(V,): which points of the face are seen from the front: under the jaw, skin that looks
    down, and the neck behind it, share their x and y with the face before them."""
    near = cKDTree(points[:, :2]).query_ball_point(points[:, :2], 0.07)
    before = np.array([points[others, 2].max() for others in near]) - points[:, 2]
    return (normal[:, 2] > 0.1) & (before < 0.35) & (np.abs(points[:, 1]) < 1.7)


def sheet_places(front: ArrayLike) -> Line:
    """(n, 2): places (s, t) in the sheet of places (x, y) seen from the front, |x| under 0.95."""
    places = np.asarray(front, np.float64)
    s = _across()(places)
    assert np.isfinite(s).all()
    return np.stack([s, places[:, 1]], 1)
