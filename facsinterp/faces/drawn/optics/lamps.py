"""The lamps of a room, and how matt and glossy surfaces answer to them."""

from __future__ import annotations

from math import hypot, sqrt
from typing import NamedTuple

import numpy as np

from facsinterp.faces.drawn.compiled import piece
from facsinterp.faces.drawn.spec import Setting
from facsinterp.faces.drawn.surface.mesh import Floats

Point = tuple[float, float, float]


class Lamps(NamedTuple):
    """Unit vectors in camera coordinates, and strengths."""

    key: Floats
    """(3,): to the key light, which casts the shadow."""
    side: Floats
    """(3,): to the second lamp, level with the face."""
    glint: Floats
    """(2, 3): half way between the lens and each of them."""
    power: Floats
    """(3,): key, second lamp, sky."""
    aim: Floats
    """(3, 3): the key light's right, its down, and the way to it."""
    near: Floats
    """The key light's map (`shadow.cast`); before it is cast, an empty one."""


def lamps(setting: Setting) -> Lamps:
    """The lamps of a setting."""
    key, side = lamp(setting.light_x, setting.light_y), lamp(setting.side_x, 0.0)
    half = np.stack([key, side]) + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    power = np.array([setting.light, setting.side, setting.fill], np.float32)
    return Lamps(
        key, side, half.astype(np.float32), power, aimed(key), np.zeros((0, 0), np.float32)
    )


def lamp(x: float, y: float) -> Floats:
    """(3,): the unit vector to a lamp in front of the face, given its x and y."""
    z = sqrt(max(1 - x * x - y * y, 0.05))
    length = hypot(x, y, z)
    return np.array([x / length, y / length, z / length], np.float32)


def aimed(key: Floats) -> Floats:
    """(3, 3): rows are the lamp's right, its down, and the way to it."""
    x, y, z = key.tolist()
    flat = hypot(x, z)
    return np.array(
        [[z / flat, 0, -x / flat], [-x * y / flat, flat, -y * z / flat], [x, y, z]], np.float32
    )


@piece
def along(a: Floats, n: Point) -> float:
    """How far n runs along the vector a."""
    return float(a[0] * n[0] + a[1] * n[1] + a[2] * n[2])


@piece
def unit(x: float, y: float, z: float) -> Point:
    """The unit vector along (x, y, z)."""
    length = 1 / np.sqrt(x * x + y * y + z * z + 1e-12)
    return x * length, y * length, z * length


@piece
def matt(lamps: Lamps, n: Point, shadow: float, sky: float, soft: float) -> float:
    """Light that leaves a white matt surface; soft: how far it wraps round, as in skin.

    The lamp's own terminator hides the shadow map's, whose edge is rough there.
    """
    facing = along(lamps.key, n)
    bare = min(max(facing / 0.25, 0.0), 1.0)
    key = max(facing + soft, 0.0) / (1 + soft)
    side = max(along(lamps.side, n) + soft, 0.0) / (1 + soft)
    key *= 1 - bare * (1 - shadow)
    above = 0.74 - 0.26 * n[1]
    lit = lamps.power[0] * key + lamps.power[1] * side * (0.4 + 0.6 * sky)
    return float(lit + lamps.power[2] * sky * above)


@piece
def gloss(lamps: Lamps, n: Point, shadow: float, doublings: int) -> float:
    """Blinn's highlight of both lamps (Blinn 1977), exponent 2 ** doublings."""
    key = max(along(lamps.glint[0], n), 0.0)
    side = max(along(lamps.glint[1], n), 0.0)
    for _ in range(doublings):
        key *= key
        side *= side
    return float(lamps.power[0] * shadow * key + lamps.power[1] * side)
