"""What a drawn face is: a person, a setting and the strength of each action unit.

Everything that a picture shows follows from a `Face`; nothing is left to chance when it
is drawn. Lengths are in half face widths (about 70 mm) from the point between the eyes,
x to the right of the picture, y down, z towards the camera.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.faces.drawn.units import STRONGEST, UNITS, impossible, movement, sides

HAIR_STYLES: Final = ("cropped", "short", "tied", "long")


@dataclass(frozen=True)
class Identity:
    """A person's looks. Plain numbers are factors of the average face or offsets from it."""

    length: float = 1.0
    width: float = 1.0
    jaw: float = 0.0
    chin: float = 0.0
    cheek: float = 0.0
    cheekbone: float = 0.0
    brow_ridge: float = 0.0
    forehead: float = 0.0
    chin_out: float = 0.0
    chin_wide: float = 0.0
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
    eye_depth: float = 0.0
    iris: float = 0.15
    nose_width: float = 1.0
    nose_length: float = 1.0
    nose_height: float = 1.0
    nose_tip: float = 0.0
    nose_bridge: float = 0.0
    mouth_width: float = 1.0
    mouth_drop: float = 0.0
    lip_upper: float = 1.0
    lip_lower: float = 1.0
    lip_tone: float = 0.65
    lip_bow: float = 0.5
    lip_out: float = 0.0
    ear: float = 1.0
    neck: float = 1.0
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
    """Where the key light comes from: x and y of the unit vector that points to it."""
    light_y: float = -0.5
    light: float = 1.0
    fill: float = 0.45
    """Light of the whole sky, stronger from above."""
    side_x: float = -0.8
    """x of the unit vector to the second lamp, which is level with the face; no shadow."""
    side: float = 0.15
    distance: float = 18.0
    """From the camera to the eyes in head units; the nearer, the larger the nose."""
    exposure: float = 1.0
    backdrop: float = 0.35
    backdrop_slope: float = 0.1
    clothes: float = 0.2
    gaze_x: float = 0.0
    """How far the eyes are turned in the head: radians to the right of the picture and down."""
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

    def __post_init__(self) -> None:
        """Raises InputError for what no face can show, all of it at once."""
        if self.units:
            InputError.raise_any(_faults(self.units))

    def with_unit(self, unit: int, right: float, left: float | None = None) -> Self:
        """The same frame with one unit set to another strength (0 takes it away).

        Without a strength on the left it is shown as `units.sides` says.
        """
        others = {number: both for number, both in self.units.items() if number != unit}
        both = sides(unit, right) if left is None else (right, left)
        return replace(self, units=others | ({unit: both} if max(both) > 0 else {}))


def _faults(units: Mapping[int, tuple[float, float]]) -> Iterator[Fault]:
    for unit, both in units.items():
        if unit not in UNITS:
            known = ", ".join(map(str, UNITS))
            yield Fault("a unit that cannot be drawn", f"AU{unit}", expected=known, got=str(unit))
        elif not all(0 <= strength <= STRONGEST for strength in both):
            yield Fault(
                "no strength of a unit",
                f"AU{unit}",
                expected=f"0 to {STRONGEST} (E) on the right and on the left",
                got=str(tuple(both)),
            )
    shown = [unit for unit, both in units.items() if max(both) > 0]
    for first, second, reason in impossible(shown):
        yield Fault(f"AU{first} and AU{second} in one face: {reason}", do="leave one of them out")


def shares(face: Face) -> NDArray[np.float32]:
    """(unit, 2): share of its full movement that each of `UNITS` has made, right and left."""
    strengths = np.array([face.units.get(unit, (0.0, 0.0)) for unit in UNITS])
    return movement(strengths)
