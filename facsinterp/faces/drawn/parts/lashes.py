"""The eyelashes."""

from __future__ import annotations

from typing import Final

import numpy as np

from facsinterp.faces.drawn.parts.grid import grid
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import Mesh, Part, joined

_REACH: Final = {"upper": (0.035, -0.016, 0.055), "lower": (0.012, 0.011, 0.020)}
"""How far the tips stand out: sideways at the corners, down, towards the camera."""


def lashes() -> Mesh:
    """Four strips on the lids' edges, groups `lash_upper_right` ...: (2, columns) root, tip.

    u runs along the lid from 0 at the inner to 1 at the outer corner, v from root to tip.
    """
    face = mean_face()
    strips = []
    for lid in _REACH:
        for side, sign in (("right", -1.0), ("left", 1.0)):
            root = face.points[face.groups[f"lid_{lid}_{side}"][0]]
            strips.append(_strip(root, lid, side, sign))
    return joined(strips)


def _strip(root: np.ndarray, lid: str, side: str, sign: float) -> Mesh:
    out, down, ahead = _REACH[lid]
    u = np.linspace(0, 1, len(root))
    grown = np.sin(np.pi * np.clip(0.06 + 0.78 * u, 0, 1)) ** 0.7
    grown *= np.clip(u * 8, 0, 1)
    step = np.stack([sign * out * (2 * u - 1), np.full_like(u, down), np.full_like(u, ahead)], -1)
    lines = np.stack([root, root + step * grown[:, None]])
    uv = np.stack(np.broadcast_arrays(u[None], np.array([[0.0], [1.0]])), -1)
    if sign * (1 if lid == "upper" else -1) > 0:
        lines, uv = lines[:, ::-1], uv[:, ::-1]
    number = np.arange(2 * len(root), dtype=np.int32).reshape(2, -1)
    if sign * (1 if lid == "upper" else -1) > 0:
        number = number[:, ::-1]
    return grid(lines, Part.LASH, uv, open_=0.8, groups={f"lash_{lid}_{side}": number})
