"""The head under the hair, as seen from its middle."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from facsinterp.faces.drawn.parts.smooth import Field, Scattered
from facsinterp.faces.drawn.surface.mean import mean_face

MIDDLE: Final = np.array([0.0, -0.25, 0.0])
"""Rays from here meet the skin under the hair once."""


@lru_cache(maxsize=1)
def _skin() -> Scattered:
    points = mean_face().points.astype(np.float64) - MIDDLE
    far = np.linalg.norm(points, axis=1)
    return Scattered(points / far[:, None], far)


def reach(way: Field) -> Field:
    """How far the average head's skin is from `MIDDLE` in these unit directions (..., 3)."""
    return _skin().at(way)


def way(turn: Field, rise: Field) -> Field:
    """(..., 3): unit directions at these angles from the front (to the right of the picture)
    and above level."""
    turn, rise = np.broadcast_arrays(turn, rise)
    return np.stack([np.sin(turn) * np.cos(rise), -np.sin(rise), np.cos(turn) * np.cos(rise)], -1)


def outside(points: Field, gap: Field | float) -> Field:
    """The same points (..., 3), moved away from `MIDDLE` where they lie less than `gap` above
    the skin."""
    from_middle = points - MIDDLE
    far = np.linalg.norm(from_middle, axis=-1)
    need = reach(from_middle / far[..., None]) + gap
    return np.asarray(MIDDLE + from_middle * (np.maximum(far, need) / far)[..., None])
