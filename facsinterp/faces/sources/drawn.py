"""The built-in faces as a source: no data needed, every unit coded exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from facsinterp.errors import DataError, Fault
from facsinterp.faces.drawn import UNITS, Frame, cast, landmarks, render, take
from facsinterp.faces.drawn.cast import FRAMES
from facsinterp.faces.drawn.pairs import pictured, switched
from facsinterp.faces.drawn.render import drawing_code
from facsinterp.faces.masks import Pair
from facsinterp.faces.pictures import Skip
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.table import FaceTable, Found, Terms
from facsinterp.provenance import fingerprint

_TERMS: Final = Terms("faces drawn by facsinterp", "own drawings, free to show", None)
_TOGETHER: Final = 64
"""Pictures drawn before the first of them is handed on."""
_READ: Final = 1024
"""Frames whose rows are made together."""


class DrawnOptions(SourceOptions):
    """How many people are drawn, and what they show."""

    subjects: int = Field(80, ge=1, le=999)
    sequences: int = Field(10, ge=1, le=999)
    """Sequences of each subject."""
    last: int = Field(2, ge=1, le=FRAMES - 1)
    """Frames kept at the end of each sequence, beside the neutral first one."""
    without_emotion: float = Field(0.35, ge=0, le=1)
    """Share of sequences that show units but no emotion."""
    pixels: int = Field(48, ge=24, le=256)
    """Side of the pictures, and the scale of the landmarks."""
    seed: int = Field(0, ge=0)


def read(_root: Path | None, options: DrawnOptions) -> FaceTable:
    """Every kept frame with exact codes; no unit is left uncoded."""
    frames = cast(
        options.subjects,
        options.sequences,
        options.seed,
        last=options.last,
        without_emotion=options.without_emotion,
    )
    images = options.subjects * options.sequences * (options.last + 1)
    table = _Rows(images, options.pixels)
    # What a frame is drawn from is a hundred times its row, so only a few live at a time.
    for some in iter(lambda: list(islice(frames, _READ)), []):
        table.add(some)
    return FaceTable.from_arrays(
        table.image,
        UNITS,
        table.letters > 0,
        intensity=table.letters,
        side=table.side,
        subject=table.subject,
        sequence=table.sequence,
        frame=table.frame,
        phase=table.phase,
        expression=table.expression,
        path=table.path,
        landmarks=table.landmarks,
        terms=_TERMS,
        found=Found(
            layout="drawn",
            counts={
                "subjects": options.subjects,
                "sequences": options.subjects * options.sequences,
                "images": images,
            },
        ),
    )


class _Rows:
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

    def add(self, frames: Sequence[Frame]) -> None:
        """Some more frames, in order."""
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
        self.path += [frame.path for frame in frames]


class DrawnPictures:
    """Draws the pictures that a table's paths name, and tells what each unit changes in them."""

    def __init__(self, options: DrawnOptions) -> None:
        self._options = options

    def fingerprint(self, paths: Sequence[str]) -> str:
        """Changes with the options that decide a picture, the paths, or the drawing code."""
        o = self._options
        return fingerprint(drawing_code(), o.seed, o.without_emotion, o.pixels, list(paths))

    def open(self, paths: Sequence[str]) -> Iterator[NDArray[np.uint8] | Skip]:
        """Grey pictures (row, col) in the order of the paths; Skip for a path of another kind."""
        for start in range(0, len(paths), _TOGETHER):
            frames = [self._frame(path) for path in paths[start : start + _TOGETHER]]
            drawn = iter(
                render([f.face for f in frames if isinstance(f, Frame)], self._options.pixels)
            )
            for frame in frames:
                yield next(drawn) if isinstance(frame, Frame) else frame

    def pairs(self, paths: Sequence[str], unit: int) -> Iterator[Pair | None]:
        """Each picture without a unit and as it is, noiseless; see `facsinterp.faces.masks`.

        Raises DataError for a path of another kind.
        """
        for path in paths:
            frame = self._frame(path)
            if isinstance(frame, Skip):
                raise DataError(Fault(frame.reason, got=path))
            if frame.strength(unit) > 0:
                without, shown = pictured([switched(frame.face, unit)], self._options.pixels)
                yield without[0], shown[0]
            else:
                yield None

    def _frame(self, path: str) -> Frame | Skip:
        kind, *rest = path.split("/")
        try:
            subject, sequence, number = rest
            take_of = int(subject.removeprefix("S")), int(sequence)
            frame = int(number)
        except ValueError:
            return Skip(path, "not a drawn face; expected drawn/SUBJECT/SEQUENCE/FRAME")
        if kind != "drawn" or not 1 <= frame <= FRAMES or min(take_of) < 1:
            return Skip(path, f"not a drawn face; frames run from 1 to {FRAMES}")
        return take(*take_of, self._options.seed, self._options.without_emotion).frame(frame)


def pictures(_root: Path | None, options: DrawnOptions) -> DrawnPictures:
    """The pictures of the built-in faces, drawn when opened."""
    return DrawnPictures(options)


SOURCE: Final = Source(
    name="drawn",
    title="Drawn faces (built in, exact action units)",
    folders=(),
    Options=DrawnOptions,
    read=read,
    pictures=pictures,
    masks=pictures,
)
