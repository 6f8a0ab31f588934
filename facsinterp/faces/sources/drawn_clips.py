"""Drawn micro-expressions as a source: clips at 200 frames a second, every movement known."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal

import numpy as np
from pydantic import Field

from facsinterp.faces.drawn import Frame
from facsinterp.faces.drawn.cast import SHOWN
from facsinterp.faces.drawn.drawings import Drawings, Rows
from facsinterp.faces.drawn.micro import VISIBLE, MicroClip, clip, clips
from facsinterp.faces.pictures import Skip
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found

_PATH: Final = re.compile(r"clip/S(\d{3})/(\d{3})/(\d{8})", re.ASCII)


class DrawnClipsOptions(SourceOptions):
    """How many people are drawn, and which frames of their clips are taken."""

    subjects: int = Field(26, ge=1, le=999)
    clips: int = Field(6, ge=1, le=999)
    """Clips of each subject."""
    frames: Literal["all", "onset+apex+offset"] = "all"
    pixels: int = Field(48, ge=24, le=256)
    """Side of the pictures, and the scale of the landmarks."""
    seed: int = Field(0, ge=0)


def read(_root: Path | None, options: DrawnClipsOptions) -> FaceTable:
    """The frames of every clip with exact codes.

    A unit counts as absent where it does not move at all, as present from half an A; between
    the two it is not coded.
    """
    shown = list(clips(options.subjects, options.clips, options.seed))
    numbers = [_taken(one, options) for one in shown]
    images = sum(map(len, numbers))
    table = Rows(images, options.pixels, SHOWN)
    for one, taken in zip(shown, numbers, strict=True):
        table.add([one.frame(number) for number in taken])
    present = table.strength >= VISIBLE
    coded = present | (table.strength == 0)
    return FaceTable.from_arrays(
        table.image,
        SHOWN,
        present,
        coded=coded,
        intensity=np.where(coded, np.where(present, table.letters, 0), np.nan),
        side=np.where(present, table.side, ""),
        **table.columns(),
        clip=[
            (one.onset, one.apex, one.offset)
            for one, taken in zip(shown, numbers, strict=True)
            for _ in taken
        ],
        found=Found(
            layout="drawn clips, 200 frames a second",
            counts={"subjects": options.subjects, "clips": len(shown), "images": images},
        ),
    )


def _taken(one: MicroClip, options: DrawnClipsOptions) -> tuple[int, ...]:
    if options.frames == "all":
        return tuple(range(1, one.length + 1))
    return one.onset, one.apex, one.offset


def pictures(_root: Path | None, options: DrawnClipsOptions) -> Drawings:
    """The pictures of the clips, drawn when opened."""

    def frame(path: str) -> Frame | Skip:
        named = _PATH.fullmatch(path)
        if named is None or "000" in (named[1], named[2]):
            return Skip(path, "not a drawn clip; expected clip/SUBJECT/CLIP/FRAME")
        shown = clip(int(named[1]), int(named[2]), options.seed)
        if not 1 <= int(named[3]) <= shown.length:
            return Skip(path, f"the clip has frames 1 to {shown.length}")
        return shown.frame(int(named[3]))

    return Drawings(frame, options.pixels, {"seed": options.seed})


SOURCE: Final = Source(
    name="drawn-clips",
    title="Drawn micro-expressions (built in, exact action units)",
    folders=(),
    Options=DrawnClipsOptions,
    read=read,
    pictures=pictures,
    masks=pictures,
)
