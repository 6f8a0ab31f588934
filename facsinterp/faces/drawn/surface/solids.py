"""Plain solids, each as a row of numbers: what a head is sculpted of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.surface.distance import ELLIPSOID, ROD

Numbers = NDArray[np.float64]

WIDTH: Final = 18
"""Numbers that describe a solid: kind, joint, cut, then its measures."""


def ellipsoid(
    middle: Sequence[float],
    radii: Sequence[float],
    joint: float,
    *,
    pitch: float = 0.0,
    yaw: float = 0.0,
    cut: bool = False,
) -> Numbers:
    """(WIDTH,): an ellipsoid tilted by `pitch` round x and then by `yaw` round y (radians),
    put on, or cut out, with a joint rounded over this width."""
    turn = _turn(pitch, yaw)
    return np.array([ELLIPSOID, joint, cut, *middle, *radii, *turn.ravel()], np.float64)


def rod(
    start: Sequence[float],
    end: Sequence[float],
    radii: tuple[float, float],
    joint: float,
    *,
    cut: bool = False,
) -> Numbers:
    """(WIDTH,): a rod with round ends of these radii, put on, or cut out, likewise."""
    numbers = np.zeros(WIDTH)
    numbers[:11] = [ROD, joint, cut, *start, *end, *radii]
    return numbers


def _turn(pitch: float, yaw: float) -> Numbers:
    c, s = np.cos(pitch), np.sin(pitch)
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    c, s = np.cos(yaw), np.sin(yaw)
    return np.asarray(np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ about_x)
