"""Pairs: the same face with one unit switched, and where that changes the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.emotions import Units, settled
from facsinterp.faces.drawn.render import render
from facsinterp.faces.drawn.spec import Face
from facsinterp.faces.drawn.units import EXCLUSIVE, sides

PARTED: Final = 25
PARTING: Final = frozenset({10, 16, 22, 26, 27})
"""Units that come with 25, always or when they are strong."""


@dataclass(frozen=True)
class Pair:
    """Two faces equal to the last random number but for one unit."""

    unit: int
    without: Face
    shown: Face


def pair(face: Face, unit: int, intensity: float = 5.0) -> Pair:
    """The face without a unit and with it at this FACS intensity (`units.sides`).

    Units that cannot be shown with it are taken away in both; where it parts the lips,
    unit 25 stands in both, so that the unit itself is all that differs. Units that part the
    lips are in neither where 25 itself is switched or cannot be shown with the unit.
    """
    shown = settled(compatible(face, unit) | {unit: sides(unit, intensity)})
    without = {u: both for u, both in shown.items() if u != unit}
    return Pair(unit, replace(face, units=without), replace(face, units=shown))


def compatible(face: Face, *units: int) -> Units:
    """What a face shows that can stay when these units are switched.

    Where one of them is 25, or cannot be shown with it, nothing that parts the lips does.
    """
    leave = {rival for unit in units for rival in rivals(unit)}
    if PARTED in units or PARTED in leave:
        leave |= PARTING
    return {u: both for u, both in face.units.items() if u not in leave}


def rivals(unit: int) -> frozenset[int]:
    """The units that one face cannot show together with this one."""
    return frozenset(b if a == unit else a for a, b in EXCLUSIVE if unit in (a, b))


def switched(face: Face, unit: int) -> Pair:
    """The face as it is, and the same face with one unit taken away; the others stay."""
    return Pair(unit, face.with_unit(unit, 0), face)


def regions(pairs: Sequence[Pair], size: int) -> NDArray[np.bool_]:
    """(pair, size, size): where switching the unit changes the picture.

    Outside it the pictures of a pair are equal to the byte: it holds every pixel whose
    grey level differs before the sensor noise, with gaps of one pixel closed.
    """
    # Here: it takes longer to load than all else that tells what a design is.
    from scipy.ndimage import binary_closing

    changed = changes(pairs, size) > 0
    return np.stack([one | binary_closing(one, np.ones((3, 3), bool)) for one in changed])


def changes(pairs: Sequence[Pair], size: int) -> NDArray[np.uint8]:
    """(pair, size, size): by how many grey levels switching the unit changes each pixel.

    Before the sensor noise, which is the same in both pictures.
    """
    without, shown = pictured(pairs, size)
    return np.maximum(without, shown) - np.minimum(without, shown)


def pictured(pairs: Sequence[Pair], size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The pictures without the unit and with it, (pair, size, size) each, without sensor noise."""
    without = render([_clean(one.without) for one in pairs], size)
    return without, render([_clean(one.shown) for one in pairs], size)


def _clean(face: Face) -> Face:
    return replace(face, setting=replace(face.setting, noise=0.0))
