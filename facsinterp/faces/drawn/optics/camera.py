"""The camera: the head's turn, the distance, and where points fall in the picture."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.compiled import kernel
from facsinterp.faces.drawn.spec import Setting
from facsinterp.faces.drawn.surface.mesh import Floats

Doubles = NDArray[np.float64]

FRAME: Final = 1.62
"""Half the picture's width in head units at zoom 1, measured at the eyes."""
CENTRE: Final = 0.36
"""y of the point of the head that lies in the middle of the picture."""
_PIVOT: Final = np.array([0.0, CENTRE, 0.5])
_EYES: Final = 1.1
"""z of the eyes, from where `Setting.distance` is measured."""
_NECK: Final = np.array([0.0, 1.5, -0.15])
"""Where the neck turns."""
_SHARE: Final = 0.3
"""How much of the head's turn the shoulders make."""
CAMERA: Final = _EYES - float(_PIVOT[2])
"""z of the eyes in camera coordinates: add `Setting.distance` for the lens itself."""


def turn(setting: Setting, share: float = 1.0) -> Doubles:
    """(3, 3): the rotation from head to camera coordinates, or from a share of its angles.

    Yaw > 0 turns the face to the right of the picture, pitch > 0 down, roll > 0 clockwise.
    """
    cy, sy = np.cos(share * setting.yaw), np.sin(share * setting.yaw)
    cp, sp = np.cos(share * setting.pitch), np.sin(share * setting.pitch)
    cr, sr = np.cos(share * setting.roll), np.sin(share * setting.roll)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(roll @ pitch @ yaw)


def posed(points: Floats, setting: Setting) -> Floats:
    """(V, 3): points of the head in camera coordinates.

    Axes as the head's; the origin is the point of the head that stays in the middle of the
    picture when the head turns. The lens is at (0, 0, `CAMERA` + distance).
    """
    return bust(points, np.zeros(len(points), np.float32), setting)


def bust(points: Floats, still: Floats, setting: Setting) -> Floats:
    """(V, 3): `posed`, but for neck and shoulders, which turn by less than the head.

    still (V,): 0 for what is fixed to the skull, 1 where the body turns only by its share.
    """
    head, body = turn(setting), turn(setting, _SHARE)
    base = head @ (_NECK - _PIVOT) - body @ _NECK
    return _turned(points, still, head, -head @ _PIVOT, body, base)


@kernel
def _turned(
    points: Floats, still: Floats, head: Doubles, at: Doubles, body: Doubles, base: Doubles
) -> Floats:  # fmt: skip
    made = np.empty_like(points)
    for v in range(len(points)):
        x, y, z = points[v, 0], points[v, 1], points[v, 2]
        for i in range(3):
            first = head[i, 0] * x + head[i, 1] * y + head[i, 2] * z + at[i]
            if still[v] > 0:
                second = body[i, 0] * x + body[i, 1] * y + body[i, 2] * z + base[i]
                first += still[v] * (second - first)
            made[v, i] = first
    return made


def framed(points: Floats, setting: Setting, size: int) -> Floats:
    """(V, 3): pixel x, pixel y and distance from the lens (in z) of points as `posed`."""
    unit = size / (2 * FRAME)
    right = setting.shift_x * unit + (size - 1) / 2
    down = setting.shift_y * unit + (size - 1) / 2
    wide = unit * setting.zoom * setting.distance
    return _framed(points, wide, right, down, CAMERA + setting.distance)


@kernel
def _framed(points: Floats, wide: float, right: float, down: float, lens: float) -> Floats:
    made = np.empty_like(points)
    for v in range(len(points)):
        away = max(lens - points[v, 2], 0.1)
        made[v, 0] = points[v, 0] * wide / away + right
        made[v, 1] = points[v, 1] * wide / away + down
        made[v, 2] = away
    return made


def project(points: Floats, setting: Setting, size: int) -> Floats:
    """(V, 3): pixel x, pixel y (centre of the top left pixel 0, 0) and distance of head points.

    The distance is that from the lens along its axis, in head units.
    """
    points = np.ascontiguousarray(points, np.float32)
    return framed(posed(points, setting), setting, size)
