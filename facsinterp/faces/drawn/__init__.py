"""The built-in faces: procedural heads whose action units are known exactly.

`cast` gives frames with labels, `render` their pictures, `landmarks` their 68 points,
`pair` and `regions` one unit switched and what that changes.
"""

from facsinterp.faces.drawn.cast import Frame, cast, take
from facsinterp.faces.drawn.landmarks import landmarks
from facsinterp.faces.drawn.pairs import Pair, pair, regions
from facsinterp.faces.drawn.render import render
from facsinterp.faces.drawn.spec import Face, Identity, Setting
from facsinterp.faces.drawn.units import UNITS

__all__ = [
    "UNITS", "Face", "Frame", "Identity", "Pair", "Setting",
    "cast", "landmarks", "pair", "regions", "render", "take",
]  # fmt: skip
