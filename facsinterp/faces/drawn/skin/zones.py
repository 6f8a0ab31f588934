"""Static maps of the sheet: where lips, lashes, nostrils, beard and shaded places lie."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.skin.outline import Line, outline, sheet_places
from facsinterp.faces.drawn.surface.sheet import LEVELS, Sheet, coarser, places


@dataclass(frozen=True, eq=False)
class Zones:
    """(H, W) maps, each 0 to 1."""

    lips: Sheet
    """Share of red of the lips, soft at its border."""
    rim: Sheet
    """Pale roll round the red."""
    meet: Sheet
    """Darkness where the lips meet."""
    lash: Sheet
    """Darkness of the lash line."""
    shade: Sheet
    """Darker, redder places: eye sockets, wings of the nose, cheeks."""
    lid: Sheet
    """The upper lids, whose skin is drawn out to several times its height when they close."""
    nostrils: Sheet
    beard: Sheet


@lru_cache(maxsize=LEVELS)
def zones(level: int) -> Zones:
    """The maps of the average face at a level of the sheet."""
    if level > 0:
        finer = zones(level - 1)
        return Zones(**{part.name: coarser(getattr(finer, part.name)) for part in fields(finer)})
    s, t = places(0)
    edges = outline()
    top, bottom = _over(edges.lip_top, s), _over(edges.lip_bottom, s)
    inside = np.minimum(t - top, bottom - t)
    corner = float(np.abs(edges.lip_top[:, 0]).max())
    inside = np.where(np.abs(s) < corner, inside, -0.2 - 0 * t)
    lips = _smooth((inside + 0.012) / 0.024)
    meet = np.exp(-(((t - _over(edges.lip_meet, s)) / 0.012) ** 2)) * (np.abs(s) < corner)
    rim = np.exp(-(((inside + 0.022) / 0.014) ** 2)) * np.clip(1 - np.abs(s) / corner, 0, 1)
    return Zones(
        lips=lips,
        rim=np.asarray(rim, np.float32),
        meet=np.asarray(meet, np.float32),
        lash=_lash(s, t),
        shade=_shade(s, t),
        lid=_spot(s, t, (0.44, -0.10), (0.13, 0.045)),
        nostrils=_spot(s, t, (0.10, 0.652), (0.045, 0.014), -0.2),
        beard=_beard(s, t),
    )


def _over(line: Line, s: Sheet) -> Sheet:
    return np.asarray(np.interp(s, line[:, 0], line[:, 1]), np.float32)


def _smooth(share: NDArray[np.floating[Any]]) -> Sheet:
    held = np.clip(share, 0, 1)
    return np.asarray(held * held * (3 - 2 * held), np.float32)


def _spot(
    s: Sheet, t: Sheet, place: tuple[float, float], size: tuple[float, float], turn: float = 0.0
) -> Sheet:
    """A soft spot about (x, y) and its mirror image; `size`: half its height across and down."""
    middle = sheet_places([place])[0].astype(np.float32)
    rows = np.abs(t[:, 0] - middle[1]) < 2.5 * max(size)
    ds, dt = np.abs(s) - middle[0], t[rows] - middle[1]
    u = (ds * math.cos(turn) + dt * math.sin(turn)) / (2.5 * size[0])
    v = (dt * math.cos(turn) - ds * math.sin(turn)) / (2.5 * size[1])
    spot = np.zeros(np.broadcast_shapes(s.shape, t.shape), np.float32)
    spot[rows] = np.clip(1 - u * u - v * v, 0, 1) ** 3
    return spot


def _lash(s: Sheet, t: Sheet) -> Sheet:
    edges, side = outline(), np.abs(s)
    ends = edges.lid_upper[[0, -1], 0]
    within = _smooth((side - ends[0] + 0.01) / 0.06) * _smooth((ends[1] + 0.02 - side) / 0.03)
    upper = np.exp(-(((t - _over(edges.lid_upper, side)) / 0.016) ** 2))
    lower = np.exp(-(((t - _over(edges.lid_lower, side)) / 0.012) ** 2))
    return np.asarray(within * np.maximum(upper, 0.35 * lower), np.float32)


def _shade(s: Sheet, t: Sheet) -> Sheet:
    spots = (
        (0.55, (0.40, -0.13), (0.20, 0.07), 0.0),  # under the brow
        (1.1, (0.44, -0.10), (0.13, 0.04), 0.0),  # thin skin of the upper lid
        (0.60, (0.22, 0.02), (0.06, 0.10), 0.0),  # beside the nose's root
        (0.55, (0.36, 0.16), (0.16, 0.05), 0.15),  # under the eye
        (0.45, (0.25, 0.56), (0.05, 0.07), 0.0),  # wings of the nose
        (0.30, (0.0, 0.55), (0.14, 0.10), 0.0),
        (0.30, (0.55, 0.45), (0.20, 0.16), 0.0),  # cheeks
        (0.25, (0.36, 1.02), (0.07, 0.06), 0.0),  # corners of the mouth
    )
    total = np.zeros(np.broadcast_shapes(s.shape, t.shape), np.float32)
    for strength, place, size, turn in spots:
        total += np.float32(strength) * _spot(s, t, place, size, turn)
    return total


def _beard(s: Sheet, t: Sheet) -> Sheet:
    side = np.abs(s)
    jaw = _smooth((t - (1.05 - 0.55 * np.maximum(side - 0.45, 0))) / 0.25)
    lip = _spot(s, t, (0.19, 0.80), (0.17, 0.06))
    chin = _smooth((t - 1.08) / 0.15)
    below = _smooth((1.9 - t) / 0.3)
    return np.asarray(np.maximum(np.maximum(jaw * (side > 0.3), lip), chin) * below, np.float32)
