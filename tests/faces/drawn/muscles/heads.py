"""Heads whose units have moved, for the tests of this folder."""

from typing import Any

import numpy as np

from facsinterp.faces.drawn.head import Shape, shape
from facsinterp.faces.drawn.muscles.deform import moved
from facsinterp.faces.drawn.people import draw_identity
from facsinterp.faces.drawn.spec import Face, Identity, shares
from facsinterp.faces.drawn.units import UNITS, agree

AVERAGE = Identity()
MM = 70.0


def person(seed: int) -> Shape:
    return shape(draw_identity(np.random.default_rng(seed)))


def shown(head: Shape, units: dict[int, Any], gaze=(0.0, 0.0)) -> np.ndarray:
    """The points of a head with units -> intensity, or (right, left)."""
    sides = {u: v if isinstance(v, tuple) else (v, v) for u, v in units.items()}
    return moved(head, shares(Face(units=sides)), gaze)


def by(units: dict[int, Any], gaze=(0.0, 0.0)) -> np.ndarray:
    """(V, 3): movement of the average head in mm."""
    head = shape(AVERAGE)
    return (shown(head, units, gaze) - head.points) * MM


def any_units(rng: np.random.Generator) -> dict[int, tuple[float, float]]:
    """One to five units that agree, at any intensities."""
    while True:
        chosen = rng.choice(UNITS, rng.integers(1, 6), replace=False).tolist()
        if agree(chosen):
            return {u: tuple(rng.uniform(0, 5, 2)) for u in chosen}
