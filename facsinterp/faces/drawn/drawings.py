"""What is made of frames: rows of a face table, and pictures by path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.drawn.cast import Frame
from facsinterp.faces.drawn.landmarks import landmarks
from facsinterp.faces.drawn.pairs import pictured, switched
from facsinterp.faces.drawn.render import drawing_code, render
from facsinterp.faces.drawn.spec import Face
from facsinterp.faces.pictures import Skip
from facsinterp.faces.terms import Terms
from facsinterp.provenance import fingerprint

if TYPE_CHECKING:
    from facsinterp.faces.masks import Pair

TERMS: Final = Terms("faces drawn by facsinterp", "own drawings, free to show", None)
_TOGETHER: Final = 64
"""Pictures drawn before the first of them is handed on."""


class Rows:
    """Rows of the face table, filled from frames as they come."""

    def __init__(self, images: int, pixels: int, units: Sequence[int]) -> None:
        self.letters = np.zeros((images, len(units)), np.int8)
        self.strength = np.zeros((images, len(units)), np.float32)
        self.side = np.full((images, len(units)), "", "U1")
        self.landmarks = np.zeros((images, 68, 2), np.float32)
        self.image: list[str] = []
        self._frames: list[tuple[str, str, int, str, str, str, str]] = []
        self._pixels = pixels
        self._units = tuple(units)

    def add(self, frames: Sequence[Frame], held: Sequence[Face] | None = None) -> None:
        """Some more frames, in order. `held`: whose landmarks each has, where not its own."""
        rows = slice(len(self.image), len(self.image) + len(frames))
        units = self._units
        self.letters[rows] = [[frame.letter(unit) for unit in units] for frame in frames]
        self.strength[rows] = [[frame.strength(unit) for unit in units] for frame in frames]
        self.side[rows] = [[frame.side(unit) for unit in units] for frame in frames]
        whose = [frame.face for frame in frames] if held is None else list(held)
        each = {id(face): face for face in whose}
        place = {one: number for number, one in enumerate(each)}
        points = np.asarray(landmarks(list(each.values()), self._pixels))
        self.landmarks[rows] = points[[place[id(face)] for face in whose]]
        self.image += [frame.image for frame in frames]
        self._frames += [
            (f.subject, f.sequence, f.number, f.phase, f.expression, f.split, f.path)
            for f in frames
        ]

    def columns(self) -> dict[str, Any]:
        """The columns of a face table that these rows fill, but for the codes."""
        names = ("subject", "sequence", "frame", "phase", "expression", "split", "path")
        columns = dict(zip(names, map(list, zip(*self._frames, strict=True)), strict=True))
        return columns | {"landmarks": self.landmarks, "terms": TERMS}


@dataclass(frozen=True)
class Drawings:
    """Draws the pictures that a table's paths name, and tells what each unit changes in them."""

    frame: Callable[[str], Frame | Skip]
    """The frame that a path names; a Skip for a path of another kind."""
    pixels: int
    settings: Mapping[str, Any]
    """The options that decide a picture, beside its path and size."""

    def fingerprint(self, paths: Sequence[str]) -> str:
        """Changes with the options that decide a picture, the paths, or the drawing code."""
        return fingerprint(drawing_code(), dict(self.settings), self.pixels, list(paths))

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
            if max(frame.face.units.get(unit, (0.0,))) > 0:
                without, shown = pictured([switched(frame.face, unit)], self.pixels)
                yield without[0], shown[0]
            else:
                yield None
