"""The eyeballs."""

from __future__ import annotations

from typing import Final

import numpy as np

from facsinterp.faces.drawn.parts.grid import grid, mirrored
from facsinterp.faces.drawn.surface.eyelids import EYE, RADIUS
from facsinterp.faces.drawn.surface.mesh import Mesh, Part, joined

_RINGS: Final = 8
_SPOKES: Final = 22
_BACK: Final = 1.9  # radians from the front pole to where the eyeball's mesh ends


def eyeballs() -> Mesh:
    """The front of both eyeballs (groups `eye_right`, `eye_left`).

    uv is (x, y) of the unit vector from the eye's centre, so that the pole in front is (0, 0).
    """
    polar = np.linspace(1e-3, _BACK, _RINGS)[:, None]
    round_ = np.arange(_SPOKES)[None] * (2 * np.pi / _SPOKES)
    way = np.stack(
        np.broadcast_arrays(
            np.sin(polar) * np.cos(round_), -np.sin(polar) * np.sin(round_), np.cos(polar)
        ),
        -1,
    )
    points = EYE + RADIUS * way
    groups = {"eye_left": np.arange(_RINGS * _SPOKES, dtype=np.int32)}
    left = grid(points, Part.EYE, way[..., :2], open_=0.9, ring=True, groups=groups)
    return joined([mirrored(left), left])
