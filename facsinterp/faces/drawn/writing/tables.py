"""The tables beside the pictures of a written design, as lines of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.cast import Frame
from facsinterp.faces.drawn.designs.contract import Design
from facsinterp.faces.drawn.units import UNITS
from facsinterp.faces.drawn.writing.truth import GAZE, LIGHT, POSE, Truth
from facsinterp.facs import label

FACES: Final = "faces.csv"
"""The table that the source `manifest` reads."""
_TEXTS: Final = ("image", "subject", "sequence", "frame", "phase", "expression", "split")
_MARKS: Final = ("onset", "apex", "offset")
_SIDES: Final = ("right", "left")


def heads(design: Design) -> dict[str, list[str]]:
    """The columns of each table by its name."""
    codes = [name for unit in design.coded for name in (label(unit), f"{label(unit)}_intensity")]
    marks = () if design.clips() is None else _MARKS
    shown = [f"{label(unit)}_{side}" for unit in UNITS for side in _SIDES]
    return {
        FACES: ["path", *_TEXTS, *marks, *codes],
        "truth.csv": ["image", "time", *shown, *POSE, *GAZE, *LIGHT],
        "landmarks.csv": ["image", *(f"{axis}{i}" for i in range(1, 69) for axis in "xy")],
    }


def lines(truth: Truth, marks: NDArray[np.int32] | None) -> dict[str, bytes]:
    """The lines of some frames in each table by its name. `marks` (frame, 3) as of `clips`."""
    each = list(truth.frames)
    grids = (truth.units, truth.pose, truth.gaze, truth.light)
    known = np.concatenate([grid.reshape(len(each), -1) for grid in grids], axis=1)
    points = truth.landmarks.reshape(len(each), -1)
    return {
        FACES: _csv(_faces(each, truth.intensity, marks)),
        "truth.csv": _csv(
            [frame.image, _number(time), *map(_number, row)]
            for frame, time, row in zip(each, truth.time, known, strict=True)
        ),
        "landmarks.csv": _csv(
            [frame.image, *map(_number, row)] for frame, row in zip(each, points, strict=True)
        ),
    }


def picture(frame: Frame, kind: str = "images") -> str:
    """Where the picture of a frame lies: `images/P001/P001_0_AU12_00000001.png`."""
    return f"{kind}/{frame.subject}/{frame.image}.png"


def _faces(
    frames: Sequence[Frame], intensity: NDArray[np.float32], marks: NDArray[np.int32] | None
) -> Iterator[list[str]]:
    for row, frame in enumerate(frames):
        told = [str(getattr(frame, name)) for name in ("subject", "sequence", "number")]
        told += [frame.phase, frame.expression, frame.split]
        told += [] if marks is None else list(map(str, marks[row]))
        codes = [cell for value in intensity[row] for cell in _coded(float(value))]
        yield [picture(frame), frame.image, *told, *codes]


def _coded(intensity: float) -> tuple[str, str]:
    """Presence and intensity; nothing where a unit is not coded."""
    if np.isnan(intensity):
        return "", ""
    return str(int(intensity > 0)), _number(intensity)


def _number(value: float) -> str:
    return "" if np.isnan(value) else str(np.float32(value))


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def head(names: Sequence[str]) -> bytes:
    """The first line of a table."""
    return _csv([names])
