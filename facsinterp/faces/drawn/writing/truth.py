"""All that is known of each frame of a design, as arrays over frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.cast import Frame
from facsinterp.faces.drawn.designs.contract import Design
from facsinterp.faces.drawn.drawings import Rows
from facsinterp.faces.drawn.pairs import Pair, regions
from facsinterp.faces.drawn.render import render
from facsinterp.faces.drawn.spec import Setting
from facsinterp.faces.drawn.truth import displacement, truth
from facsinterp.faces.drawn.units import UNITS

POSE: Final = ("yaw", "pitch", "roll", "shift_x", "shift_y", "zoom")
GAZE: Final = ("gaze_x", "gaze_y")
LIGHT: Final = tuple(
    one.name
    for one in fields(Setting)
    if one.name.startswith(("light", "side", "fill", "exposure"))
)
"""Those fields of `facsinterp.faces.drawn.spec.Setting` that tell of the light."""
DIMS: Final = {
    "images": ("image", "row", "col"),
    "masks": ("image", "row", "col"),
    "units": ("image", "shown", "side"),
    "intensity": ("image", "au"),
    "sides": ("image", "au", "side"),
    "landmarks": ("image", "point", "xy"),
    "pose": ("image", "pose_of"),
    "gaze": ("image", "gaze_of"),
    "light": ("image", "light_of"),
    "frame": ("image",),
    "time": ("image",),
}
"""The arrays of `Truth` and their dims."""
DENSE: Final = {
    "depth": ("image", "row", "col"),
    "normals": ("image", "row", "col", "xyz"),
    "part": ("image", "row", "col"),
    "displacement": ("image", "row", "col", "xy"),
}
"""Those of `Truth.dense` and their dims: see `facsinterp.faces.drawn.truth`."""


@dataclass(frozen=True, eq=False)
class Truth:
    """Some frames of a design in order, drawn, with what they show.

    `images` (frame, size, size) uint8; `units` (frame, unit of `UNITS`, 2), FACS intensity on the
    subject's right and left of what the face *shows*; `intensity` (frame, coded unit), what the
    labels *say*, NaN where a unit is not coded; `sides` (frame, coded unit, 2) bool, whether they
    say it of the subject's right and left; `landmarks` (frame, 68, 2), x and y in pixels of
    the frame's own face; `pose`, `gaze`, `light` (frame, field), fields as in `POSE`, `GAZE`,
    `LIGHT` (`gaze` is of the eyes in the head, not as seen from the camera); `time` in seconds,
    NaN where there is none; `masks` (frame, size, size) bool, where the switched unit changes
    the picture; None of designs without one.
    """

    frames: tuple[Frame, ...]
    frame: NDArray[np.int32]
    time: NDArray[np.float32]
    images: NDArray[np.uint8]
    units: NDArray[np.float32]
    intensity: NDArray[np.float32]
    sides: NDArray[np.bool_]
    landmarks: NDArray[np.float32]
    pose: NDArray[np.float32]
    gaze: NDArray[np.float32]
    light: NDArray[np.float32]
    masks: NDArray[np.bool_] | None
    dense: Mapping[str, NDArray[Any]]
    """Depth, normals and part at every pixel, and of pairs how far the unit moves what is there."""

    @classmethod
    def of(cls, design: Design, numbers: range, *, dense: bool = False) -> Truth:
        """What these frames of a design are. `dense`: at every pixel too."""
        frames = tuple(design.frame(number) for number in numbers)
        faces = [frame.face for frame in frames]
        rows = Rows(len(frames), design.pixels, design.coded)
        rows.add(frames)
        codes = design.codes(rows)
        units = [[face.units.get(unit, (0.0, 0.0)) for unit in UNITS] for face in faces]
        return cls(
            frames,
            np.array([frame.number for frame in frames], np.int32),
            np.array([frame.time for frame in frames], np.float32),
            render(faces, design.pixels),
            np.array(units, np.float32),
            codes["intensity"].astype(np.float32),
            np.stack([codes["present"] & (codes["side"] != other) for other in "LR"], axis=-1),
            rows.landmarks,
            _settings(frames, POSE),
            _settings(frames, GAZE),
            _settings(frames, LIGHT),
            _masks(design, numbers),
            _dense(design, numbers) if dense else {},
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name, those that there are."""
        found = {name: getattr(self, name) for name in DIMS} | dict(self.dense)
        return {name: values for name, values in found.items() if values is not None}


def _settings(frames: Sequence[Frame], names: Sequence[str]) -> NDArray[np.float32]:
    rows = [[getattr(frame.face.setting, name) for name in names] for frame in frames]
    return np.array(rows, np.float32)


def _masks(design: Design, numbers: range) -> NDArray[np.bool_] | None:
    pairs = [pair for number in numbers if (pair := design.pair(number)) is not None]
    if not pairs:
        return None
    # A frame without the unit has the mask of the strongest, which is drawn once for both.
    once = {_key(pair): pair for pair in pairs}
    found = dict(zip(once, regions(list(once.values()), design.pixels), strict=True))
    return np.stack([found[_key(pair)] for pair in pairs])


def _dense(design: Design, numbers: range) -> dict[str, NDArray[Any]]:
    found = truth([design.frame(number).face for number in numbers], design.pixels)
    seen: dict[str, NDArray[Any]] = {
        "depth": found.depth.astype(np.float32),
        "normals": found.normals.astype(np.float16),
        "part": found.part,
    }
    pairs = [pair for number in numbers if (pair := design.pair(number)) is not None]
    if pairs:
        seen["displacement"] = displacement(pairs, design.pixels)
    return seen


def _key(pair: Pair) -> tuple[int, int]:
    return id(pair.without), id(pair.shown)
