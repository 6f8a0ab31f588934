"""What a drawn face is: a person, a setting and the strength of each action unit.

Everything that a picture shows follows from a `Face`; nothing is left to chance when it
is drawn. Lengths are in half face widths (about 70 mm) from the point between the eyes,
x to the right of the picture, y down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.units import UNITS, movement

Columns = Mapping[str, NDArray[np.floating[Any]]]
"""One number a face under each field's name, as columns of shape (face, 1)."""

HAIR_STYLES: Final = ("cropped", "short", "tied", "long")


@dataclass(frozen=True)
class Identity:
    """A person's looks. Plain numbers are factors of the average face or offsets from it."""

    length: float = 1.0
    width: float = 1.0
    jaw: float = 0.0
    chin: float = 0.0
    cheek: float = 0.0
    skin: float = 0.45
    mottle: float = 0.5
    age: float = 0.3
    stubble: float = 0.0
    brow_height: float = 0.0
    brow_thick: float = 1.0
    brow_arch: float = 1.0
    brow_tone: float = 0.7
    brow_gap: float = 0.0
    eye_gap: float = 1.0
    eye_width: float = 1.0
    eye_open: float = 1.0
    eye_tilt: float = 0.0
    eye_lid: float = 1.0
    iris: float = 0.15
    nose_width: float = 1.0
    nose_length: float = 1.0
    nose_height: float = 1.0
    mouth_width: float = 1.0
    mouth_drop: float = 0.0
    lip_upper: float = 1.0
    lip_lower: float = 1.0
    lip_tone: float = 0.65
    lip_bow: float = 0.5
    hair_style: int = 1
    hair_tone: float = 0.06
    hairline: float = 0.0
    hair_peak: float = 0.0
    texture: int = 0
    """Which part of the skin, brow and hair textures this person wears."""


@dataclass(frozen=True)
class Setting:
    """How a person is seen in one frame: head pose (radians), framing, light, camera."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    zoom: float = 1.0
    light_x: float = 0.3
    light_y: float = -0.5
    light: float = 1.0
    fill: float = 0.45
    exposure: float = 1.0
    backdrop: float = 0.35
    backdrop_slope: float = 0.1
    clothes: float = 0.2
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    blur: float = 0.0
    """Width of the camera's blur in pixels of a 48 pixel picture."""
    noise: float = 1.5
    """Standard deviation of the sensor noise in grey levels."""


@dataclass(frozen=True)
class Face:
    """One frame of one person."""

    identity: Identity = field(default_factory=Identity)
    setting: Setting = field(default_factory=Setting)
    units: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    """Action unit -> FACS intensity (0 to 5) on the subject's right and left."""
    noise: tuple[int, ...] = (0,)
    """Seed of the sensor noise and the backdrop, equal for both faces of a pair."""

    def with_unit(self, unit: int, right: float, left: float | None = None) -> Self:
        """The same frame with one unit set to another strength (0 takes it away)."""
        others = {number: sides for number, sides in self.units.items() if number != unit}
        sides = (right, right if left is None else left)
        return replace(self, units=others | ({unit: sides} if max(sides) > 0 else {}))


def columns(items: list[Any]) -> Columns:
    """The numbers of dataclasses of one kind, one column of shape (face, 1) a field."""
    return {
        name.name: np.array([[getattr(item, name.name)] for item in items], dtype=np.float32)
        for name in fields(items[0])
    }


class Moves:
    """How far each unit has moved in each face of a batch, as shares of its full movement."""

    def __init__(self, faces: list[Face]) -> None:
        strengths = np.zeros((len(UNITS), len(faces), 2))
        place = {unit: i for i, unit in enumerate(UNITS)}
        for j, face in enumerate(faces):
            for unit, sides in face.units.items():
                strengths[place[unit], j] = sides
        self._share: NDArray[np.float32] = movement(strengths)
        self._place = place

    def sides(self, unit: int) -> NDArray[np.floating[Any]]:
        """(face, 2): the subject's right, then left."""
        return np.asarray(self._share[self._place[unit]])

    def mean(self, unit: int) -> NDArray[np.floating[Any]]:
        """(face, 1): both sides taken together."""
        both = self.sides(unit)
        return 0.5 * (both[:, :1] + both[:, 1:])
