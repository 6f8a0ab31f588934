"""The jaw: a rotation about the axis through its joints, with a slide of the joints."""

from __future__ import annotations

from typing import Final

import numpy as np

from facsinterp.faces.drawn.compiled import kernel
from facsinterp.faces.drawn.muscles.mouth import Mouth
from facsinterp.faces.drawn.muscles.rules import PLACE
from facsinterp.faces.drawn.muscles.waters import Array, step
from facsinterp.faces.drawn.surface.mesh import MILLIMETRES

AXIS: Final = (0.0, 0.30, 0.05)
"""A point of the axis, which runs from side to side."""

# Unit -> turn (radians), slide (x, y, z in mm) at E. Openings at the incisors are about 14 mm
# for 26 and 28 mm for 27, where the joints slide forwards on the skull.
_TURNS: Final = ((26, 0.133, 0.0, 0.4, 1.0), (27, 0.275, 0.0, 1.5, 4.0), (29, 0.0, 0.0, 0.0, 11.0))
_UNITS: Final = np.array([PLACE[row[0]] for row in _TURNS])
_MOTIONS: Final = np.array([row[1:] for row in _TURNS]) / [1, *3 * [MILLIMETRES]]
_SIDEWAYS: Final = 10.0 / MILLIMETRES


def motion(gains: Array) -> Array:
    """(4,): the jaw's turn in radians (down > 0) and its slide x, y, z in head units."""
    both = gains[_UNITS].mean(axis=1)
    total = np.asarray(both @ _MOTIONS)
    right, left = gains[PLACE[30]]
    total[1] += _SIDEWAYS * (left - right)
    return total


def followed(points: Array, above: Array, half_mouth: float) -> Array:
    """(V,): how far skin follows the jaw, 0 to 1.

    `above`: see `Mouth.above`. Over the jaw all, above the upper lip nothing; between, at the
    mouth's corners and on the cheeks, by the angle about the jaw's axis.
    """
    x, y, z = points.T
    turn = np.arctan2(y - AXIS[1], z - AXIS[2])
    cheek = step(0.22, 0.80, turn)
    middle = np.maximum(0.0, 1 - (x / half_mouth) ** 2) ** 0.5  # an oval opening
    lip = 1 - above
    weight = cheek + (lip - cheek) * middle * step(1.2, 0.5, np.abs(turn - 0.45) / 0.6)
    weight = np.where(turn > 0.5, np.maximum(weight, cheek), weight)
    ramus = step(-0.15, 0.55, z)
    line = 1.15 + 0.42 * (z - 0.15)
    neck = step(0.55, 0.02, y - line)
    return np.asarray(weight * ramus * neck)


@kernel
def swing(points: Array, weights: Array, axis: Array, motion: Array) -> None:
    """Move points (V, 3), in place, by the share of the jaw's motion that each follows."""
    for i in range(len(points)):
        w = weights[i]
        if w > 0:
            c, s = np.cos(w * motion[0]), np.sin(w * motion[0])
            y, z = points[i, 1] - axis[1], points[i, 2] - axis[2]
            points[i, 0] += w * motion[1]
            points[i, 1] = axis[1] + c * y + s * z + w * motion[2]
            points[i, 2] = axis[2] + c * z - s * y + w * motion[3]


def mouth_half(mouth: Mouth) -> float:
    """Half the mouth's width."""
    return float(np.abs(mouth.points[mouth.rows["upper"][0], 0]).max())
