"""Pictures cropped to the face, turned upright, made grey and brought to one size.

Array functions: each takes and gives (row, col) grey or (row, col, 3) RGB as uint8.
Places are (x, y) in pixels, the centre of the top left pixel being (0, 0).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facsinterp.faces.preparing.cutting import cut
from facsinterp.faces.preparing.sighting import Finder, Sighting
from facsinterp.faces.preparing.windows import Window, around_face, central, whole

Picture = NDArray[np.uint8]
Crop = Literal["none", "centre", "landmarks", "haar", "yunet", "mediapipe"]

DETECTORS: Final = ("haar", "yunet", "mediapipe")
"""Crops that look for the face in the picture."""
# In longer sides of the picture: a square beyond it shows next to nothing but repeated border.
_WIDEST: Final = 4


@dataclass(frozen=True)
class Preparation:
    """How pictures become input: `size` pixels a side, grey or RGB, and which part of them.

    `crop` "none" takes the whole picture, squeezed when it is not square; "centre" the
    middle square, its side divided by `zoom`; "landmarks" a square around the face with
    the eyes level and always in the same place, `zoom` times closer than forehead to chin;
    "yunet" and "mediapipe" the same square, by points that these detectors find; "haar" the
    box of OpenCV's cascade as it is. Raises ValueError for settings without a meaning.
    """

    size: int = 48
    colour: Literal["grey", "rgb"] = "grey"
    crop: Crop = "none"
    zoom: float = 1.0

    def __post_init__(self) -> None:
        if self.size < 1:
            message = f"size {self.size} is no number of pixels"
            raise ValueError(message)
        if not (math.isfinite(self.zoom) and self.zoom > 0):
            message = f"zoom {self.zoom} is not above 0"
            raise ValueError(message)
        if self.crop == "none" and self.zoom != 1:
            message = f"zoom {self.zoom} needs a crop, and crop is none"
            raise ValueError(message)
        if self.crop == "haar" and self.zoom != 1:
            message = f"zoom {self.zoom}: the box of the cascade is taken as it is"
            raise ValueError(message)
        if self.crop == "centre" and self.zoom < 1:
            message = f"zoom {self.zoom} of the central crop would reach beyond the picture"
            raise ValueError(message)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one prepared picture: (size, size), with 3 behind for RGB."""
        return (self.size, self.size) if self.colour == "grey" else (self.size, self.size, 3)

    def held_still(self) -> Preparation:
        """The same, with a crop by landmarks that are given in the place of a detector's.

        For pictures that differ in what is asked about alone: a detector would follow it.
        """
        crop = "landmarks" if self.crop in DETECTORS else self.crop
        return replace(self, crop=crop)


def sight(
    picture: Picture,
    preparation: Preparation,
    landmarks: NDArray[np.floating] | None = None,
    finder: Finder | None = None,
) -> Sighting:
    """The window that `preparation` takes of a picture, and points where a detector gave some.

    `landmarks`: (68, 2), needed for the crop "landmarks"; `finder`: needed for a crop by a
    detector. Raises ValueError without them, or when they show no face in the picture.
    """
    if preparation.crop in DETECTORS:
        if finder is None:
            message = f"the crop by {preparation.crop} needs its detector"
            raise ValueError(message)
        found = finder.find(picture, preparation.zoom)
    elif preparation.crop == "landmarks":
        if landmarks is None:
            message = "the crop by landmarks needs landmarks"
            raise ValueError(message)
        found = Sighting(around_face(landmarks, preparation.zoom))
    elif preparation.crop == "centre":
        return Sighting(central(picture.shape, preparation.zoom))
    else:
        return Sighting(whole(picture.shape))
    _refuse_beyond(found.window, picture.shape)
    return found


def prepare(
    picture: Picture,
    preparation: Preparation,
    landmarks: NDArray[np.floating] | None = None,
    finder: Finder | None = None,
) -> Picture:
    """The picture as `preparation` asks for it, of shape `preparation.shape`.

    Raises ValueError as `sight`.
    """
    return shown(picture, sight(picture, preparation, landmarks, finder).window, preparation)


def shown(picture: Picture, window: Window, preparation: Preparation) -> Picture:
    """What a window shows, in the size and the colours that `preparation` asks for."""
    coloured = grey(picture) if preparation.colour == "grey" else rgb(picture)
    return cut(coloured, window, preparation.size)


def grey(picture: Picture) -> Picture:
    """The brightness of a picture (ITU-R 601 luma), (row, col)."""
    return picture if picture.ndim == 2 else np.asarray(Image.fromarray(picture).convert("L"))


def rgb(picture: Picture) -> Picture:
    """The picture with three channels, (row, col, 3)."""
    return picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)


def _refuse_beyond(window: Window, shape: tuple[int, ...]) -> None:
    """ValueError for a window that hardly touches the picture, or is far larger."""
    ends = np.array(shape[1::-1])
    middle = window.corner + (window.across + window.down) / 2
    side = max(np.hypot(*window.across), np.hypot(*window.down))
    if (middle < -0.5).any() or (middle > ends - 0.5).any() or side > _WIDEST * ends.max():
        message = "the face that the landmarks show lies outside the picture"
        raise ValueError(message)
