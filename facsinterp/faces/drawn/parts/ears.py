"""The ears."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline

from facsinterp.faces.drawn.parts.grid import grid, mirrored
from facsinterp.faces.drawn.parts.smooth import Field, Scattered, bump
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import Mesh, Part, joined

_COLUMNS: Final = 30
_PLACE: Final = (0.17, 0.03)
"""y and z of the middle of the line where an ear joins the head."""
_STANDS_OUT: Final = 0.55
"""Slope between the ear and the side of the head."""
_LEANS: Final = 0.16
"""How far the top lies further back, to its height."""
_HOLLOW: Final = (0.16, 0.05)
"""Middle of the concha: backwards, downwards."""

# The outline from the helix' root forwards over the top and round: backwards, downwards.
_OUTLINE: Final = np.array(
    [
        (-0.02, -0.15), (0.03, -0.31), (0.14, -0.41), (0.27, -0.415), (0.38, -0.35),
        (0.45, -0.23), (0.48, -0.07), (0.44, 0.09), (0.38, 0.22), (0.31, 0.34),
        (0.21, 0.42), (0.10, 0.42), (0.02, 0.33), (-0.03, 0.20), (-0.05, 0.05),
    ]
)  # fmt: skip

# Rows from the hollow outwards: share of the way to the outline, and how far the rows that
# run round the edge and back to the head lie below the edge.
_SHARES: Final = (0.02, 0.32, 0.50, 0.62, 0.74, 0.85, 0.94, 1.0, 1.0, 0.84)
_BELOW: Final = (0, 0, 0, 0, 0, 0, 0, 0, 0.05, 0.20)


def _outline() -> Field:
    """(columns, 2): the ear's outline, backwards and downwards, evenly by arc length."""
    closed = np.concatenate([_OUTLINE, _OUTLINE[:1]])
    walked = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    curve = CubicSpline(walked, closed, bc_type="periodic")
    return np.asarray(curve(np.arange(_COLUMNS) * walked[-1] / _COLUMNS))


def _height(share: Field, back: Field, down: Field) -> Field:
    """How far the ear's outer face stands out from its plane."""
    rim = np.clip((back - 0.02) / 0.12, 0, 1) * np.clip((0.26 - down) / 0.2, 0, 1)
    rim = np.maximum(rim, np.clip((-0.08 - down) / 0.1, 0, 1))
    anti = np.clip((back - 0.12) / 0.1, 0, 1) * np.clip((0.34 - down) / 0.1, 0, 1)
    lobe = np.clip((down - 0.22) / 0.12, 0, 1)
    hollow = -0.09 * bump(share, 0.48) * (1 - lobe)
    ridge = 0.06 * bump(share - 0.62, 0.11) * anti
    edge = (
        (0.085 * bump(share - 0.97, 0.10) - 0.02 * bump(share - 0.80, 0.09))
        * rim
        * (1 - 0.55 * np.clip((-0.15 - down) / 0.25, 0, 1))
    )
    tragus = 0.075 * bump(back - 0.0, 0.05) * bump(down - 0.07, 0.075)
    crus = 0.05 * bump(down + 0.10 - 0.5 * back, 0.05) * bump(back - 0.05, 0.08)
    return np.asarray(hollow + ridge + edge + tragus + crus + 0.02 * lobe * bump(share - 0.7, 0.3))


def _skin(y: Field, z: Field) -> Field:
    """x of the left side of the head at these heights and depths."""
    points = mean_face().points.astype(np.float64)
    side = points[(points[:, 0] > 0.5) & (points[:, 2] < 0.6)]
    return Scattered(side[:, 1:], side[:, 0]).at(np.stack([y, z], -1))


def ears() -> Mesh:
    """Both ears (groups `ear_right`, `ear_left`), their front edges sunk into the head.

    uv lies on the plain skin of the cheek before the ear, so small a piece of it that pores and
    furrows do not show.
    """
    share = np.array(_SHARES)[:, None]
    place = np.array(_HOLLOW) + share[..., None] * (_outline() - _HOLLOW)[None]
    back, down = place[..., 0], place[..., 1]
    height = _height(share, back, down) - np.array(_BELOW)[:, None]
    root = np.clip((0.10 - back) / 0.10, 0, 1.5) * bump(share - 1, 0.4)
    lift = _STANDS_OUT * back * (1 - 0.7 * back) * (1 - 0.7 * np.clip(-down / 0.42, 0, 1))
    out = lift + 0.045 + height - 0.10 * root
    fall = 0.4 * out * np.clip(-down / 0.42, 0, 1) ** 2
    y, z = _PLACE[0] + down + fall, _PLACE[1] - back - _LEANS * -down + 0.35 * height
    points = np.stack([_skin(y, z) + out, y, z], -1)
    uv = np.stack([1.25 - 0.02 * back, 0.55 + 0.02 * down], -1)
    shade = np.clip(1 + 7 * np.minimum(height, 0), 0.3, 1)
    groups = {"ear_left": np.arange(height.size, dtype=np.int32)}
    flipped = [field[:, ::-1] for field in (points, uv, shade)]
    left = grid(flipped[0], Part.SKIN, flipped[1], open_=flipped[2], ring=True, groups=groups)
    return joined([mirrored(left), left])
