"""The eye: white, iris, pupil, the cornea's highlight and the lids' shadow."""

from __future__ import annotations

from math import atan2, exp, sqrt
from typing import Final

import numpy as np

from facsinterp.faces.drawn.compiled import piece
from facsinterp.faces.drawn.optics.lamps import Lamps, Point, along, matt, unit
from facsinterp.faces.drawn.optics.noise import lattice
from facsinterp.faces.drawn.optics.scene import Scene
from facsinterp.faces.drawn.surface.mesh import Floats

IRIS: Final = 0.086
"""Radius of the iris in head units (6 mm)."""
_PUPIL: Final = 0.034
_SOFT: Final = 0.006
"""Width over which iris and pupil fade at their edges."""
_WHITE: Final = 0.48
_STEEP: Final = 1.55
"""How much faster the cornea's normal turns than the eyeball's: ratio of their radii."""


@piece
def globe(lamps: Lamps, scene: Scene, p: Point, n: Point, shadow: float) -> float:
    """Brightness of an eyeball's point p (head coordinates) with normal n (the camera's)."""
    right = 0 if p[0] < 0 else 1
    eye, edges, gaze = scene.eyes[right], scene.lids[right], scene.gaze
    way = unit(p[0] - eye[0], p[1] - eye[1], p[2] - eye[2])
    ahead = along(gaze, way)
    q = (way[0] - ahead * gaze[0], way[1] - ahead * gaze[1], way[2] - ahead * gaze[2])
    far = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2]) * eye[3] if ahead > 0 else eye[3]
    sky = _shaded(p[1] - _height(edges[0], p[0]), _height(edges[1], p[0]) - p[1])
    rim = min(max((IRIS - far) / _SOFT + 0.5, 0.0), 1.0)
    # The white grows darker and redder towards the corners.
    tone = _WHITE * (1 - 0.4 * min(way[0] * way[0] / 0.35, 1.0))
    if rim > 0:
        tone += rim * (_iris(lamps, q, far, scene.tones[2]) - tone)
    bright = tone * matt(lamps, n, shadow * sky, sky, 0.2)
    more = _STEEP - 1
    bulge = (way[0] + more * q[0], way[1] + more * q[1], way[2] + more * q[2])
    turn = scene.turn
    mirror = unit(along(turn[0], bulge), along(turn[1], bulge), along(turn[2], bulge))
    return bright + _glint(lamps, mirror, rim) * sky


@piece
def _height(edge: Floats, x: float) -> float:
    """y of a lid's edge at x; its x are evenly spaced."""
    last = len(edge) - 1
    at = (x - edge[0, 0]) / (edge[last, 0] - edge[0, 0]) * last
    at = min(max(at, 0.0), last - 1e-4)
    i = int(at)
    return float(edge[i, 1] + (at - i) * (edge[i + 1, 1] - edge[i, 1]))


@piece
def _shaded(upper: float, lower: float) -> float:
    """Share of the sky that the lids leave: the upper lid and its lashes hide most."""
    above = 1 - 0.8 * exp(-max(upper, 0.0) / 0.04)
    return above * (1 - 0.3 * exp(-max(lower, 0.0) / 0.025))


@piece
def _iris(lamps: Lamps, q: Point, far: float, iris: float) -> float:
    """Reflectance of the iris at q from its middle: fibres, a dark ring round it, the pupil.

    It is a hollow cone behind the cornea and thus brighter away from the lamp.
    """
    turn = atan2(q[1], q[0]) * (32 / np.pi)
    fibre = 0.65 + 0.5 * lattice(turn, far * 40)
    ring = min(max((IRIS - far) / 0.022, 0.0), 1.0)
    tone = iris * fibre * (0.2 + 0.5 * ring)
    across = (q[0] * lamps.key[0] + q[1] * lamps.key[1]) / 0.4
    tone *= 1 - 0.4 * min(max(across, -1.0), 1.0)
    black = min(max((_PUPIL - far) / _SOFT + 0.5, 0.0), 1.0)
    return float(tone + black * (0.006 - tone))


@piece
def _glint(lamps: Lamps, mirror: Point, rim: float) -> float:
    """What the wet eye mirrors: the lamps as small bright discs, sharp on the cornea."""
    key, side = along(lamps.glint[0], mirror), along(lamps.glint[1], mirror)
    disc = min(max((key - 0.993) / 0.003, 0.0), 1.0) * lamps.power[0]
    other = min(max((side - 0.995) / 0.003, 0.0), 1.0) * lamps.power[1]
    return float((0.25 + 0.75 * rim) * (0.7 * disc + 0.4 * other))
