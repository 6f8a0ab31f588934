"""Short movements of drawn people, as the layouts of micro-expression sets need them.

A clip is filmed at 200 frames a second, and no two of its frames are the same picture. Every
`STEP`-th frame is drawn, and so are onset, apex and offset; those between two drawn ones are
mixed from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from typing import Final

import numpy as np
from PIL import Image

from facsinterp.faces.drawn import Frame
from facsinterp.faces.drawn.micro import MicroClip, clips
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.drawing import Picture, drawn

STEP: Final = 12
"""How far drawn frames are apart."""


@dataclass(frozen=True)
class Movement:
    """One drawn clip, and where its frames lie in the numbers of a camera."""

    clip: MicroClip
    before: int
    """How many frames the camera took before the clip's first."""

    @property
    def person(self) -> int:
        return self.clip.subject

    @property
    def number(self) -> int:
        """1, 2, ... within the person."""
        return self.clip.number

    @property
    def onset(self) -> int:
        return self.before + self.clip.onset

    @property
    def apex(self) -> int:
        return self.before + self.clip.apex

    @property
    def offset(self) -> int:
        return self.before + self.clip.offset

    @property
    def whole(self) -> range:
        """Numbers of all its frames, also those before the onset and after the offset."""
        return range(self.before + 1, self.before + self.clip.length + 1)

    @property
    def peak(self) -> Frame:
        """The drawn frame at the apex, with its exact units."""
        return self.clip.frame(self.clip.apex)

    def pictures(
        self, numbers: Sequence[int], pixels: int, shape: Callable[[Picture], Picture]
    ) -> list[Image.Image]:
        """What frames of the camera show, in ascending order, brought to the size of the set."""
        some = np.asarray(numbers) - self.before
        first, last = int(some[0]), int(some[-1])
        known = {self.clip.onset, self.clip.apex, self.clip.offset, *range(first, last, STEP)}
        places = sorted({first, last, *(number for number in known if first < number < last)})
        exact = drawn([self.clip.frame(number) for number in places], pixels)
        shown = [Image.fromarray(shape(picture)) for picture in exact]
        at = np.interp(some, places, range(len(places))).tolist()
        return [Image.blend(shown[int(one)], shown[ceil(one)], one % 1) for one in at]

    def files(
        self, numbers: Sequence[int], pixels: int, shape: Callable[[Picture], Picture]
    ) -> list[bytes]:
        """The same pictures as JPEG files."""
        return [_jpeg(picture) for picture in self.pictures(numbers, pixels, shape)]


def movements(cast: Cast, apart: int = 0) -> Iterator[Movement]:
    """Every clip of every person; those of one person begin `apart` frames after each other.

    With 0 each has a video of its own, which begins with frame 1.
    """
    for clip in clips(cast.people, cast.sequences, cast.seed):
        yield Movement(clip, apart * clip.number)


def _jpeg(picture: Image.Image) -> bytes:
    saved = BytesIO()
    picture.save(saved, "jpeg", quality=90)
    return saved.getvalue()
