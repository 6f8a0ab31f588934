"""What sources of drawn faces share: rows of a face table from frames, and pictures by path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.drawn import UNITS, Frame, landmarks, render
from facsinterp.faces.drawn.pairs import pictured, switched
from facsinterp.faces.drawn.render import drawing_code
from facsinterp.faces.masks import Pair
from facsinterp.faces.pictures import Skip
from facsinterp.faces.terms import Terms
from facsinterp.provenance import fingerprint

TERMS: Final = Terms("faces drawn by facsinterp", "own drawings, free to show", None)
_TOGETHER: Final = 64
"""Pictures drawn before the first of them is handed on."""


class Rows:
    """Rows of the face table, filled from frames as they come."""

    def __init__(self, images: int, pixels: int) -> None:
        self.letters = np.zeros((images, len(UNITS)), np.int8)
        self.side = np.full((images, len(UNITS)), "", "U1")
        self.landmarks = np.zeros((images, 68, 2), np.float32)
        self.frame: list[int] = []
        self.image: list[str] = []
        self.subject: list[str] = []
        self.sequence: list[str] = []
        self.phase: list[str] = []
        self.expression: list[str] = []
        self.path: list[str] = []
        self._pixels = pixels

    def add(self, frames: Sequence[Frame], paths: Sequence[str] | None = None) -> None:
        """Some more frames, in order; `paths` where they are not the frames' own."""
        rows = slice(len(self.image), len(self.image) + len(frames))
        self.letters[rows] = [[frame.letter(unit) for unit in UNITS] for frame in frames]
        self.side[rows] = [[frame.side(unit) for unit in UNITS] for frame in frames]
        self.landmarks[rows] = landmarks([frame.face for frame in frames], self._pixels)
        self.frame += [frame.number for frame in frames]
        self.image += [f"{frame.sequence}_{frame.number:08d}" for frame in frames]
        self.subject += [frame.subject for frame in frames]
        self.sequence += [frame.sequence for frame in frames]
        self.phase += [frame.phase for frame in frames]
        self.expression += [frame.expression for frame in frames]
        self.path += [frame.path for frame in frames] if paths is None else paths

    def columns(self) -> dict[str, Any]:
        """The columns of a face table that these rows fill, but for the codes."""
        return {
            "subject": self.subject,
            "sequence": self.sequence,
            "frame": self.frame,
            "phase": self.phase,
            "expression": self.expression,
            "path": self.path,
            "landmarks": self.landmarks,
            "terms": TERMS,
        }


@dataclass(frozen=True)
class Drawings:
    """Draws the pictures that a table's paths name, and tells what each unit changes in them."""

    frame: Callable[[str], Frame | Skip]
    """The frame that a path names; a Skip for a path of another kind."""
    pixels: int
    settings: tuple[float, ...]
    """The options that decide a picture, beside its path and size."""

    def fingerprint(self, paths: Sequence[str]) -> str:
        """Changes with the options that decide a picture, the paths, or the drawing code."""
        return fingerprint(drawing_code(), *self.settings, self.pixels, list(paths))

    def open(self, paths: Sequence[str]) -> Iterator[NDArray[np.uint8] | Skip]:
        """Grey pictures (row, col) in the order of the paths; Skip for a path of another kind."""
        for start in range(0, len(paths), _TOGETHER):
            frames = [self.frame(path) for path in paths[start : start + _TOGETHER]]
            drawn = iter(render([f.face for f in frames if isinstance(f, Frame)], self.pixels))
            for frame in frames:
                yield next(drawn) if isinstance(frame, Frame) else frame

    def pairs(self, paths: Sequence[str], unit: int) -> Iterator[Pair | None]:
        """Each picture without a unit and as it is, noiseless; see `facsinterp.faces.masks`.

        Raises DataError for a path of another kind.
        """
        for path in paths:
            frame = self.frame(path)
            if isinstance(frame, Skip):
                raise DataError(Fault(frame.reason, got=path))
            if frame.strength(unit) > 0:
                without, shown = pictured([switched(frame.face, unit)], self.pixels)
                yield without[0], shown[0]
            else:
                yield None
