"""One picture's samples: what each shows, and how bright it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from facsinterp.faces.drawn.optics import shadow
from facsinterp.faces.drawn.optics.camera import FRAME
from facsinterp.faces.drawn.optics.lamps import lamps
from facsinterp.faces.drawn.optics.raster import raster
from facsinterp.faces.drawn.optics.scene import Fixed, Scene, fixed, scene
from facsinterp.faces.drawn.optics.shading import shade
from facsinterp.faces.drawn.spec import Face
from facsinterp.faces.drawn.surface.mesh import Floats, Whole
from facsinterp.faces.drawn.surface.sheet import LEVELS, pitch


class Taken(NamedTuple):
    """What the samples of a picture show."""

    rest: Fixed
    scene: Scene
    solid: Whole
    """(side, side): the triangle in front, -1 for the wall; hair and lashes left out."""
    veil: Whole
    """(side, side): the nearest triangle of hair and lashes before that, counted from the
    first of them."""


def taken(face: Face, size: int, each: int) -> Taken:
    """What `each` x `each` points of every pixel show."""
    rest = fixed(face.identity)
    seen = scene(face, size, each, level(size))
    near = np.zeros((size * each, size * each), np.float32)
    solid = raster(seen.places, rest.triangles[: rest.solid], False, near)
    veil = raster(seen.places, rest.triangles[rest.solid :], True, near)
    return Taken(rest, seen, solid, veil)


def exposure(face: Face, size: int) -> tuple[Floats, Floats]:
    """(size, size) each: brightness of the head times its cover, and its cover of each pixel."""
    rest, seen, solid, veil = taken(face, size, samples(size))
    room = lamps(face.setting)
    near = shadow.cast(seen.points, rest.casting, room.aim, shadow_side(size))
    return shade(rest, seen, room._replace(near=near), (solid, veil), size)


def samples(size: int) -> int:
    """A pixel has this many samples each way: more in small pictures, where they are cheap."""
    return 3 if size < 40 else 2


def shadow_side(size: int) -> int:
    """The width of the key light's map for a picture of this size."""
    return int(np.clip(2 * size, 128, 192))


def level(size: int) -> int:
    """The coarsest level of the skin's textures that still is finer than a pixel."""
    pixel = 2 * FRAME / size
    fine = [level for level in range(LEVELS) if pitch(level) <= 0.75 * pixel]
    return max(fine, default=0)
