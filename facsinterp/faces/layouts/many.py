"""Many pictures from few drawn faces, for data sets of tens of thousands.

One for each sequence of the cast is drawn, up to `DRAWN`; beyond them each is taken again,
mirrored, moved, brightened and with other noise, so that no two pictures are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image

from facsinterp.faces.drawn import Frame, render, take
from facsinterp.faces.drawn.cast import FRAMES
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.drawing import Picture

DRAWN: Final = 512
"""How many faces are drawn at most."""
_NEUTRAL: Final = 5  # every fifth picture is the neutral beginning of its sequence


def shown(cast: Cast, index: int) -> Frame:
    """What picture `index` shows: person by person, sequence by sequence, then all again.

    Every sequence shows an emotion; a picture is its apex, and every fifth its beginning.
    """
    return _at(cast, index % _drawn(cast))


@lru_cache(maxsize=2 * DRAWN)
def _at(cast: Cast, place: int) -> Frame:
    person, sequence = divmod(place, cast.sequences)
    one = take(person + 1, sequence + 1, cast.seed, 0.0)
    return one.frame(1 if place % _NEUTRAL == _NEUTRAL - 1 else FRAMES)


def pictures(cast: Cast, count: int) -> Iterator[Picture]:
    """`count` pictures in parts, (picture, pixels, pixels), grey; each part shows all anew."""
    first = min(count, _drawn(cast))
    drawn = render([shown(cast, index).face for index in range(first)], cast.pixels)
    for variant, start in enumerate(range(0, count, first)):
        part = drawn[: min(first, count - start)]
        yield part if variant == 0 else _varied(part, np.random.default_rng((cast.seed, variant)))


def scaled(picture: Picture, side: int) -> Picture:
    """A square picture at another size."""
    if picture.shape == (side, side):
        return picture
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


def _drawn(cast: Cast) -> int:
    return min(cast.people * cast.sequences, DRAWN)


def _varied(part: Picture, rng: np.random.Generator) -> Picture:
    """The same faces, all a little different in the same way, each with its own noise."""
    changed = part[:, :, ::-1] if rng.random() < 0.5 else part
    down, right = rng.integers(-2, 3, size=2)
    moved = np.roll(changed, (down, right), axis=(1, 2)).astype(np.float32)
    light = moved * rng.uniform(0.8, 1.2) + rng.uniform(-12, 12)
    noisy = light + rng.integers(-3, 4, size=moved.shape, dtype=np.int8)
    return np.asarray(np.clip(noisy, 0, 255), dtype=np.uint8)
