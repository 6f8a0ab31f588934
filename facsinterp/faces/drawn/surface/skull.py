"""The form of the average head as a field: below zero inside, about the distance outside."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from facsinterp.faces.drawn.surface import distance
from facsinterp.faces.drawn.surface.distance import NECK, STEP
from facsinterp.faces.drawn.surface.features import FEATURES

Points = NDArray[np.float64]

CENTRE: Final = np.array([0.0, 0.2, 0.0])
"""Every point of the skin can be seen from here."""

NECK_Y: Final = 1.45
NECK_SLOPE: Final = 0.38
"""The skin of the head ends on the plane y = NECK_Y + NECK_SLOPE z."""


# Horizontal sections: y, front z, half width, z of the widest place, back z, squareness.
_SECTIONS = np.array(
    [
        (-1.58, 0.02, 0.05, -0.1, -0.20, 2.0),
        (-1.55, 0.22, 0.32, -0.1, -0.46, 2.0),
        (-1.48, 0.46, 0.52, -0.1, -0.70, 2.0),
        (-1.35, 0.75, 0.74, -0.1, -0.93, 2.0),
        (-1.15, 1.02, 0.91, -0.1, -1.10, 2.05),
        (-0.97, 1.19, 1.00, -0.1, -1.20, 2.1),
        (-0.70, 1.36, 1.07, -0.1, -1.29, 2.2),
        (-0.40, 1.43, 1.07, -0.1, -1.30, 2.25),
        (-0.20, 1.425, 1.05, -0.08, -1.28, 2.25),
        (0.00, 1.38, 1.01, 0.0, -1.22, 2.15),
        (0.25, 1.36, 0.96, 0.03, -1.12, 2.05),
        (0.60, 1.40, 0.93, 0.06, -1.00, 2.05),
        (0.85, 1.42, 0.865, 0.08, -0.90, 2.15),
        (1.15, 1.40, 0.765, 0.08, -0.80, 2.3),
        (1.42, 1.34, 0.66, 0.08, -0.80, 2.3),
        (1.70, 1.28, 0.58, 0.08, -0.80, 2.2),
        (2.10, 1.24, 0.50, 0.08, -0.80, 2.1),
    ]
)


def _table() -> Points:
    """Measures of the sections at every `STEP` of y, smoothed but for the crown, and last
    how steeply they change."""
    y = np.arange(_SECTIONS[0, 0], _SECTIONS[-1, 0], STEP)
    sharp = PchipInterpolator(_SECTIONS[:, 0], _SECTIONS[:, 1:], axis=0)(y)
    smooth = gaussian_filter1d(sharp, 0.08 / STEP, axis=0, mode="nearest")
    share = np.clip((y[:, None] + 1.45) / 0.4, 0, 1)
    table = sharp + (smooth - sharp) * share
    slope = np.abs(np.gradient(table[:, [0, 1, 3]], STEP, axis=0)).max(axis=1)
    return np.column_stack([table, slope])


_TABLE: Final = _table()
_TOP: Final = float(_SECTIONS[0, 0])


def field(p: Points) -> Points:
    """(n,): below zero inside the average head without lips, about a distance outside."""
    return np.asarray(distance.field(_TABLE, _TOP, FEATURES, np.ascontiguousarray(p, np.float64)))


def struck(start: Points, way: Points, reach: float) -> Points:
    """(n, 3): where rays from `start` (n, 3) along unit vectors `way` (n, 3) strike the skin,
    or where they end after `reach`."""
    rays = [np.ascontiguousarray(array, np.float64) for array in (start, way)]
    return np.asarray(distance.march(_TABLE, _TOP, FEATURES, rays[0], rays[1], reach))


def outwards(way: Points) -> Points:
    """(n, 3): the outermost skin in these unit directions from `CENTRE`."""
    return struck(CENTRE + 2.6 * way, -way, 2.6)


def in_front(x: Points, y: Points) -> Points:
    """(n, 3): the skin seen from the front at these x and y."""
    start = np.stack([x, y, np.full_like(x, 2.2)], -1)
    return struck(start, np.broadcast_to([0.0, 0.0, -1.0], start.shape), 4.0)


def neck_edge(count: int) -> Points:
    """(count, 3): where the skin of the head ends, round the neck."""
    turn = 2 * np.pi * np.arange(count) / count
    x, z = NECK[0] * np.sin(turn), NECK[2] + NECK[1] * np.cos(turn)
    return np.stack([x, NECK_Y + NECK_SLOPE * z, z], 1)
