"""Hair that lies on the head: cropped, short, or tied back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from facsinterp.faces.drawn.parts import scalp
from facsinterp.faces.drawn.parts.growth import Growth
from facsinterp.faces.drawn.parts.hairline import hairline
from facsinterp.faces.drawn.parts.smooth import Field
from facsinterp.faces.drawn.surface.unroll import RADIUS

COLUMNS: Final = 100
ROWS: Final = 13
_LOTS: Final = 4
_VEIL: Final = 0.05
"""How far (in v) beyond the hairline the first, single hairs stand."""
_RISES: Final = np.linspace(1.35, -1.30, 120)


@dataclass(frozen=True)
class Cut:
    """How thick the hair is, in head units."""

    sides: float
    top: float
    """Added at the crown."""
    front: float
    """Added above the forehead."""
    steep: float
    """Angle (radians) behind the hairline over which it reaches its thickness."""
    ragged: float
    """How far the tufts at the hairline differ in length."""
    locks: float
    """How far locks stand out."""
    edge: float
    """v to the radian behind the hairline: the less, the longer the single hairs at the edge."""
    fine: float
    """u to the radian across: the more, the finer the strands."""
    combed: float
    """How far strands turn sideways, radians to the radian."""
    tied: bool = False
    """Whether it is drawn together in a bun."""


CUTS: Final = {
    "cropped": Cut(0.022, 0.012, 0.0, 0.25, 0.012, 0.003, 1.9, 2.4, 0.3),
    "short": Cut(0.045, 0.10, 0.07, 0.24, 0.05, 0.018, 1.1, 1.4, 0.45),
    "tied": Cut(0.045, 0.02, 0.015, 0.30, 0.015, 0.002, 1.0, 1.4, 0.0, tied=True),
}


@lru_cache(maxsize=1)
def turns() -> Field:
    """(COLUMNS,): angles from the front at which hair is laid, closer together in front."""
    even = (np.arange(COLUMNS) + 0.5) / COLUMNS * 2 - 1
    return np.asarray(np.pi * (0.62 * even + 0.38 * even**3))


@lru_cache(maxsize=1)
def _table() -> tuple[Field, Field]:
    """(COLUMNS, rises) each: how far the skin is, and its y."""
    way = scalp.way(turns()[:, None], _RISES[None])
    far = scalp.reach(way)
    return far, scalp.MIDDLE[1] + far * way[..., 1]


def _starts(cut: Cut, growth: Growth) -> Field:
    """(COLUMNS,): angle above level of the hairline."""
    turn = turns()
    line = hairline(turn * RADIUS, growth.lift, growth.peak)
    single = growth.lots(_LOTS + COLUMNS)[_LOTS:]
    tufts = single + (np.roll(single, 1) + single + np.roll(single, -1)) / 1.7
    line = line + cut.ragged * np.where(np.abs(turn) < 2, 0.8, 0.25) * tufts
    _, heights = _table()
    found = np.array([np.interp(y, h, _RISES) for y, h in zip(line, heights, strict=True)])
    return found - _VEIL / cut.edge


def _thickness(cut: Cut, growth: Growth, way: Field, above: Field) -> Field:
    """How far full-grown hair stands off the skin in these directions."""
    full, swept, *phase = growth.lots(_LOTS)
    up, ahead = np.clip(-way[..., 1], 0, 1), np.clip(way[..., 2], 0, 1)
    front = cut.front * (1 + 0.5 * full + 0.7 * swept * way[..., 0])  # more on one side
    turn = turns()
    lock = np.cos(17 * turn + 3 * above + 3 * phase[0])
    lock = lock + 0.7 * np.cos(29 * turn - 2 * above + 3 * phase[1])
    top = cut.top * (1 + 0.35 * full) * up**1.5
    return np.asarray(cut.sides + top + front * ahead * up**0.5 + cut.locks * lock)


def cap(style: str, growth: Growth) -> tuple[Field, Field]:
    """(ROWS, COLUMNS, 3) points from the crown down to the hairline, and (ROWS, COLUMNS, 2) uv:
    across the strands, and along them from the hairline."""
    cut, turn = CUTS[style], turns()
    start = _starts(cut, growth)
    share = np.linspace(1, 0, ROWS)[:, None] ** 1.35
    calm = sum(np.roll(start, step) for step in range(-3, 4)) / 7
    above = (np.pi / 2 - 0.01 - calm) * share
    rise = calm + above + (start - calm) * (1 - share) ** 4  # tufts at the edge alone
    way = scalp.way(turn[None], rise)
    risen = 1 - (1 - np.clip(above / cut.steep, 0, 1)) ** 2
    far, _ = _table()
    skin = np.stack(
        [np.interp(-rises, -_RISES, one) for rises, one in zip(rise.T, far, strict=True)],
        1,
    )
    thick = _thickness(cut, growth, way, above) * risen - 0.004 * (1 - risen)
    points = scalp.MIDDLE + way * (skin + thick)[..., None]
    combed = (turn[None] + cut.combed * (calm + above), above)
    across, along = _to_bun(way, above) if cut.tied else combed
    return points, np.stack(np.broadcast_arrays(cut.fine * across, cut.edge * along), -1)


def _to_bun(way: Field, above: Field) -> tuple[Field, Field]:
    """Across and along strands that are drawn together in the bun behind: the angle about the
    way to it, and the angle towards it, which at the hairline is 0 all the same."""
    across = np.arctan2(way[..., 0], 0.19 * way[..., 2] - 0.98 * way[..., 1])
    back = np.arccos(np.clip(0.98 * way[..., 2] + 0.19 * way[..., 1], -1, 1))
    return np.asarray(across), np.asarray(above + back * np.clip(above / 0.5, 0, 1) ** 2)
