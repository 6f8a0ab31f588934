"""Pictures of faces: `render(faces, size)`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn import camera
from facsinterp.faces.drawn.body import behind
from facsinterp.faces.drawn.brows import brows, draw_brows
from facsinterp.faces.drawn.eyes import draw_eyes, eyes
from facsinterp.faces.drawn.furrows import draw_furrows
from facsinterp.faces.drawn.hair import draw_hair
from facsinterp.faces.drawn.head import Hills, draw_head, face_hills, head, raise_hills
from facsinterp.faces.drawn.mouth import draw_mouth, mouth
from facsinterp.faces.drawn.nose import draw_nose, nose
from facsinterp.faces.drawn.plate import EXTENT, Field, Plate, bump, textured
from facsinterp.faces.drawn.spec import Columns, Face, Moves, columns
from facsinterp.provenance import fingerprint


def _batch(size: int) -> int:
    """Faces drawn at once: as many as keep the fields in the processor's cache."""
    return max(1, 8 * 48 * 48 // (size * size))


def render(faces: Sequence[Face], size: int) -> NDArray[np.uint8]:
    """Grey pictures (face, size, size); each depends on its own face alone."""
    pictures = np.zeros((len(faces), size, size), np.uint8)
    step = _batch(size)
    for start in range(0, len(faces), step):
        part = list(faces[start : start + step])
        pictures[start : start + len(part)] = _draw(part, size)
    return pictures


def _draw(faces: list[Face], size: int) -> NDArray[np.uint8]:
    person = columns([face.identity for face in faces])
    setting = columns([face.setting for face in faces])
    side = 2 * round(size * EXTENT / camera.FRAME)
    plate = Plate(len(faces), side)
    tone, cover = _paint(plate, faces, person, setting)
    at_x, at_y = camera.plate_points(person, setting, size)
    seen, share = camera.look(plate, (tone, cover), at_x, at_y)
    walls = camera.backdrop(setting, size, [(*face.noise[:2], 1) for face in faces])
    light = seen + walls * (1 - share)
    return camera.develop(light, setting, [face.noise for face in faces])


def _paint(
    plate: Plate, faces: list[Face], person: Columns, setting: Columns
) -> tuple[Field, Field]:
    """Brightness (times cover) and cover of everything in front of the wall."""
    moves = Moves(faces)
    starts = np.array([face.identity.texture for face in faces], np.int64)
    strands = textured("strand", plate.side, starts)
    shape = head(person, moves)
    parts = (
        brows(person, moves),
        eyes(person, setting, moves),
        nose(person, moves),
        mouth(shape, moves),
    )
    draw_head(plate, shape)
    _skin(plate, person, starts)
    raise_hills(plate, Hills.of(len(faces), face_hills(shape, moves)))
    draw_nose(plate, parts[2])
    draw_furrows(plate, shape, moves, parts)
    draw_eyes(plate, parts[1], setting)
    draw_mouth(plate, parts[3], person["skin"], person["lip_tone"])
    draw_brows(plate, parts[0], strands, np.minimum(person["hair_tone"], 0.28 * person["skin"]))
    draw_hair(plate, shape, strands)
    front = camera.shade(plate, setting)
    tone, cover = behind(plate, shape, setting, strands)
    over = plate.fields["cover"]
    tone = tone * cover * (1 - over) + front * over
    return tone, over + cover * (1 - over)


def _skin(plate: Plate, person: Columns, starts: NDArray[np.int64]) -> None:
    """Albedo and gloss of the skin: blotches, pores, stubble."""
    blotch = textured("mottle", plate.side, starts)
    grain = textured("grain", plate.side, starts)
    patchy = person["mottle"][:, :, None]
    tone = person["skin"][:, :, None] * (1 + patchy * (0.06 * blotch + 0.045 * grain))
    beard = person["stubble"][:, :, None] * (
        bump((plate.y[None, :, None] - 1.30) / 0.62)
        * (
            1
            - 0.6 * bump(plate.x / 0.5)[None, None, :] * bump((plate.y - 0.6) / 0.4)[None, :, None]
        )
    )
    tone = tone * (1 - beard * (0.55 + 0.12 * grain))
    plate.fields["albedo"][:] = tone
    plate.fields["gloss"][:] = 0.5


@lru_cache(maxsize=1)
def drawing_code() -> str:
    """A fingerprint of all code that draws: other code may draw other pictures."""
    folder = Path(__file__).parent
    return fingerprint(*(file.read_bytes() for file in sorted(folder.glob("*.py"))))
