"""The tongue, and the dark bag behind the lips that closes the view."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.parts.grid import grid
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import Mesh, Part

# Sections of the bag: half width, top, bottom, z in the middle, z at the sides.
_SECTIONS: Final = (
    (0.48, 0.72, 1.24, 1.37, 1.10),
    (0.55, 0.66, 1.32, 1.25, 0.95),
    (0.56, 0.66, 1.32, 0.80, 0.65),
    (0.36, 0.75, 1.25, 0.45, 0.40),
    (0.001, 1.00, 1.001, 0.30, 0.30),
)


def cavity() -> Mesh:
    """The mouth's inner wall, seen from inside, from behind the lips to the throat.

    Its first row lies on the innermost row of the lips; groups `cavity` (all),
    `cavity_upper` and `cavity_lower` ((rows, columns), columns as those of the lips).
    """
    face = mean_face()
    upper = face.points[face.groups["lip_upper_inner"][-1]]
    lower = face.points[face.groups["lip_lower_inner"][-1]]
    rim = np.concatenate([upper, lower[-2:0:-1]])
    turn = _turns(len(upper), len(lower))
    rows = [rim]
    for wide, top, bottom, z_middle, z_side in _SECTIONS:
        middle, tall = (top + bottom) / 2, (bottom - top) / 2
        x, y = wide * np.cos(turn), middle - tall * np.sin(turn)
        rows.append(np.stack([x, y, z_side + (z_middle - z_side) * (1 - (x / wide) ** 2)], -1))
    points = np.stack(rows)
    number = np.arange(points.shape[0] * points.shape[1], dtype=np.int32)
    table = number.reshape(points.shape[:2])
    groups = {
        "cavity": number,
        "cavity_upper": table[:, : len(upper)],
        "cavity_lower": np.concatenate([table[:, :1], table[:, : len(upper) - 2 : -1]], axis=1),
    }
    depth = np.linspace(0.35, 0.0, len(rows))[:, None]
    return grid(points, Part.CAVITY, points[..., :2], open_=depth, ring=True, groups=groups)


def _turns(upper: int, lower: int) -> NDArray[np.float64]:
    """Angles round the mouth from the subject's right corner over the top and back below."""
    return np.concatenate([np.linspace(np.pi, 0, upper), np.linspace(0, -np.pi, lower)[1:-1]])


def tongue() -> Mesh:
    """The tongue at rest behind the lower teeth (group `tongue`); u across, v from the tip."""
    v = np.linspace(0, 1, 10)[::-1, None]
    u = np.linspace(-1, 1, 9)[None]
    wide = 0.27 * np.sqrt(np.clip(1 - (1 - np.clip(v * 2.4 + 0.05, 0, 1)) ** 2, 0, 1))
    x = wide * np.sin(u * np.pi / 2)
    # Its back falls away into the throat, or it would fill an open mouth as a board does.
    ridge = np.interp(v, [0, 0.15, 0.4, 0.7, 1], [1.05, 0.975, 0.93, 1.00, 1.15])
    groove = 0.012 * np.exp(-((u / 0.15) ** 2)) * np.clip(v / 0.3, 0, 1)
    y = ridge + 0.15 * u**2 + groove
    z = 1.215 - 0.65 * v - 0.04 * u**2
    x, y, z = np.broadcast_arrays(x, y, z)
    points = np.stack([x, y, z], -1)
    uv = np.stack(np.broadcast_arrays(u, v), -1)
    every = np.arange(points.shape[0] * points.shape[1], dtype=np.int32)
    return grid(points, Part.TONGUE, uv, open_=0.4, groups={"tongue": every})
