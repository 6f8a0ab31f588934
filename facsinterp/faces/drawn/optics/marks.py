"""Where the 68 landmarks lie on the skin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.head import shape
from facsinterp.faces.drawn.muscles.deform import moved
from facsinterp.faces.drawn.muscles.places import Places, seen
from facsinterp.faces.drawn.optics.camera import project
from facsinterp.faces.drawn.spec import Face, shares
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import Floats, Mesh, Whole

# Where the average face has the points that no group names: x, y of the right half, as seen
# from the front. Brows from the outer end inwards; the nose's ridge, then its base.
_BROW: Final = ((-0.74, -0.28), (-0.62, -0.345), (-0.47, -0.355), (-0.32, -0.335), (-0.19, -0.30))
_RIDGE: Final = ((0.0, -0.02), (0.0, 0.17), (0.0, 0.36), (0.0, 0.54))
_BASE: Final = ((-0.19, 0.645), (-0.095, 0.665), (0.0, 0.68))
# Where the jaw's points lie on the head's outline: angles down from the right ear, as seen from
# `_MIDDLE`; the chin comes last.
_JAW: Final = (-0.35, -0.13, 0.11, 0.34, 0.57, 0.80, 1.03, 1.29)
_EDGE: Final = (1.11, 0.403)
"""y of the jaw's lower edge at z = 0, and its slope: below it is the neck."""
_MIDDLE: Final = (0.0, 0.35)
# Columns of lids and lips, as shares of the way from one corner to the other.
_LID: Final = (0.30, 0.70)
_LIP_OUT: Final = (0.20, 0.38, 0.50, 0.62, 0.80)
_LIP_IN: Final = (0.30, 0.50, 0.70)


def marked(face: Face, size: int) -> Floats:
    """(68, 2): where the places are seen in the picture of a face."""
    setting = face.setting
    points = moved(shape(face.identity), shares(face), (setting.gaze_x, setting.gaze_y))
    return project(places().on(points), setting, size)[:, :2]


@lru_cache(maxsize=1)
def places() -> Places:
    """The 68 places on `mean_face`, and so on every head."""
    mesh = mean_face()
    jaw = _outline(mesh)
    ridge = seen(mesh, _RIDGE)
    sides = [_both(mesh, right) for right in (_BROW, _BASE)]
    parts = [jaw, sides[0], ridge, _middle_once(sides[1]), *_eyes(mesh), *_lips(mesh)]
    return Places(
        np.concatenate([part.points for part in parts]).astype(np.int32),
        np.concatenate([part.weights for part in parts]).astype(np.float32),
    )


def _both(mesh: Mesh, right: Sequence[tuple[float, float]]) -> Places:
    """The places of the right half and their mirror images, in order of x."""
    return seen(mesh, [*right, *((-x, y) for x, y in reversed(right))])


def _middle_once(base: Places) -> Places:
    keep = [0, 1, 2, 4, 5]
    return Places(base.points[keep], base.weights[keep])


def _outline(mesh: Mesh) -> Places:
    """The jaw's 17 points: those of the face's front half that stand out most."""
    x, y, z = mesh.points.T
    turn = np.arctan2(y - _MIDDLE[1], np.abs(x - _MIDDLE[0]))
    away = np.hypot(x - _MIDDLE[0], y - _MIDDLE[1])
    face = (z > 0) & (x <= 1e-6) & (y < _EDGE[0] + _EDGE[1] * z)
    chosen = [
        int(np.where(face & (np.abs(turn - angle) < 0.08), away, -1.0).argmax()) for angle in _JAW
    ]
    chin = (np.abs(x) < 1e-4) & (y > 1) & (z > 1)
    chosen.append(int(np.where(chin, y + z, -1.0).argmax()))
    mirror = mesh.points[chosen[-2::-1]] * np.array([-1, 1, 1], np.float32)
    left = [int(np.linalg.norm(mesh.points - point, axis=1).argmin()) for point in mirror]
    return _exactly(np.array([*chosen, *left]))


def _exactly(numbers: NDArray[np.integer]) -> Places:
    """Places that are points of the mesh."""
    weights = np.zeros((len(numbers), 3), np.float32)
    weights[:, 0] = 1
    return Places(np.repeat(numbers[:, None], 3, axis=1).astype(np.int32), weights)


def _along(mesh: Mesh, line: Whole, shares: Sequence[float]) -> Places:
    """Places on a line of points, by the share of its width."""
    x = mesh.points[line, 0].astype(np.float64)
    across = (x - x[0]) / (x[-1] - x[0])
    column = np.interp(shares, across, np.arange(len(line)))
    low = np.minimum(column.astype(int), len(line) - 2)
    part = column - low
    points = np.stack([line[low], line[low + 1], line[low]], axis=1)
    return Places(points, np.stack([1 - part, part, 0 * part], axis=1).astype(np.float32))


def _eyes(mesh: Mesh) -> list[Places]:
    """Six places each: outer corner, upper lid, inner corner, lower lid (mirrored on the left)."""
    found = []
    for side in ("right", "left"):
        upper, lower = (mesh.groups[f"lid_{lid}_{side}"][0] for lid in ("upper", "lower"))
        if side == "right":  # columns run from the inner corner, the points from the right one
            upper, lower = upper[::-1], lower[::-1]
        found.append(_along(mesh, upper, (0.0, *_LID, 1.0)))
        found.append(_along(mesh, lower, _LID[::-1]))
    return found


def _lips(mesh: Mesh) -> list[Places]:
    """Outer border of both lips, then the line where they meet on either lip."""
    upper, lower = mesh.groups["lip_upper"], mesh.groups["lip_lower"]
    corners = _exactly(upper[0, [0, -1]])
    right, left = (Places(corners.points[k : k + 1], corners.weights[k : k + 1]) for k in (0, 1))
    return [
        *(right, _along(mesh, upper[-1], _LIP_OUT), left),
        _along(mesh, lower[-1], _LIP_OUT[::-1]),
        *(right, _along(mesh, upper[0], _LIP_IN), left),
        _along(mesh, lower[0], _LIP_IN[::-1]),
    ]
