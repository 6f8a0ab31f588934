"""Drawn people as layouts need them: frames of a sequence, and pictures of a camera's size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facsinterp.faces.drawn import Frame, landmarks, render, take
from facsinterp.faces.layouts.contract import Cast

Picture = NDArray[np.uint8]

_WITHOUT_EMOTION = 0.35


def frames(cast: Cast, person: int, sequence: int, numbers: Iterable[int]) -> list[Frame]:
    """Some frames (1 neutral to 8 apex) of a sequence (1, 2, ...) of a person (1, 2, ...)."""
    shown = take(person, sequence, cast.seed, _WITHOUT_EMOTION)
    return [shown.frame(number) for number in numbers]


def drawn(some: Sequence[Frame], pixels: int) -> Picture:
    """Their pictures, (frame, pixels, pixels), grey."""
    return render([frame.face for frame in some], pixels)


def points(some: Sequence[Frame], pixels: int, width: int, height: int) -> NDArray[np.float32]:
    """Their 68 landmarks (frame, 68, 2) in the pictures that `on_canvas` makes of them."""
    side = min(width, height)
    places = np.asarray(landmarks([frame.face for frame in some], pixels), dtype=np.float32)
    scaled = (places + 0.5) * (side / pixels) - 0.5
    return scaled + np.array([(width - side) // 2, (height - side) // 2], dtype=np.float32)


def on_canvas(picture: Picture, width: int, height: int) -> Picture:
    """A square picture as large as fits, in the middle of one of another shape, (row, col)."""
    side = min(width, height)
    face = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))
    left, top = (width - side) // 2, (height - side) // 2
    edges = [(top, height - side - top), (left, width - side - left)]
    return np.pad(face, edges, mode="edge")


def save(picture: Picture, path: Path, *, rgb: bool = False) -> None:
    """Write a picture in the format that its name asks for, making folders as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(picture)
    image = image.convert("RGB") if rgb else image
    if path.suffix.casefold() in (".jpg", ".jpeg"):
        image.save(path, quality=90)
    else:
        image.save(path)
