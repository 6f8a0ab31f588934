"""The built-in faces as a source: no data needed, every unit coded exactly."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Final

from pydantic import Field

from facsinterp.faces.drawn import Frame, cast, take
from facsinterp.faces.drawn.cast import FRAMES, SHOWN
from facsinterp.faces.drawn.drawings import Drawings, Rows
from facsinterp.faces.pictures import Skip
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found

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
    table = Rows(images, options.pixels, SHOWN)
    # What a frame is drawn from is a hundred times its row, so only a few live at a time.
    for some in iter(lambda: list(islice(frames, _READ)), []):
        table.add(some)
    return FaceTable.from_arrays(
        table.image,
        SHOWN,
        table.letters > 0,
        intensity=table.letters,
        side=table.side,
        **table.columns(),
        found=Found(
            layout="drawn",
            counts={
                "subjects": options.subjects,
                "sequences": options.subjects * options.sequences,
                "images": images,
            },
        ),
    )


def pictures(_root: Path | None, options: DrawnOptions) -> Drawings:
    """The pictures of the built-in faces, drawn when opened."""

    def frame(path: str) -> Frame | Skip:
        kind, *rest = path.split("/")
        try:
            subject, sequence, number = rest
            take_of = int(subject.removeprefix("S")), int(sequence)
            at = int(number)
        except ValueError:
            return Skip(path, "not a drawn face; expected drawn/SUBJECT/SEQUENCE/FRAME")
        if kind != "drawn" or not 1 <= at <= FRAMES or min(take_of) < 1:
            return Skip(path, f"not a drawn face; frames run from 1 to {FRAMES}")
        return take(*take_of, options.seed, options.without_emotion).frame(at)

    return Drawings(frame, options.pixels, options.model_dump(include={"seed", "without_emotion"}))


SOURCE: Final = Source(
    name="drawn",
    title="Drawn faces (built in, exact action units)",
    folders=(),
    Options=DrawnOptions,
    read=read,
    pictures=pictures,
    masks=pictures,
)
