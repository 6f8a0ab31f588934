"""Hair in four styles, with the hairline that a person has."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from facsinterp.faces.drawn.parts.cap import cap
from facsinterp.faces.drawn.parts.curtains import curtain
from facsinterp.faces.drawn.parts.grid import grid, mirrored
from facsinterp.faces.drawn.parts.growth import Growth
from facsinterp.faces.drawn.spec import HAIR_STYLES
from facsinterp.faces.drawn.surface.mesh import Floats, Mesh, Part, joined

_BUN: Final = np.array([0.0, -0.55, -1.52])
_BUN_SIZE: Final = np.array([0.36, 0.34, 0.30])


@lru_cache(maxsize=len(HAIR_STYLES))
def hair(style: str) -> Mesh:
    """The average person's hair in this style, one of `HAIR_STYLES`.

    uv in head units: u runs across the strands; v along them, 0 at the hairline (at the
    parting of long hair), growing the way the hair is combed.
    """
    return _made(style, Growth())


def grown(style: str, growth: Growth) -> Floats:
    """(n, 3): the points of `hair` as they are with this growth."""
    return _made(style, growth).points


def _made(style: str, growth: Growth) -> Mesh:
    if style == "long":
        right, left = (
            grid(points, Part.HAIR, uv, open_=0.9)
            for points, uv in (curtain(growth, side) for side in (-1, 1))
        )
        return joined([mirrored(right), left])
    points, uv = cap(style, growth)
    worn = [grid(points, Part.HAIR, uv, open_=0.95, ring=True)]
    if style == "tied":
        worn.append(_bun())
    return joined(worn)


def _bun() -> Mesh:
    turn = np.arange(16)[None] * (2 * np.pi / 16)
    rise = np.linspace(np.pi / 2, -np.pi / 2, 9)[:, None]
    x, y, z = np.broadcast_arrays(
        np.sin(turn) * np.cos(rise), -np.sin(rise) + 0 * turn, np.cos(turn) * np.cos(rise)
    )
    points = _BUN + _BUN_SIZE * np.stack([x, y, z], -1)
    uv = np.stack(np.broadcast_arrays(turn, 1.0 + 0.3 * rise), -1)
    return grid(points, Part.HAIR, uv, open_=0.9, ring=True)
