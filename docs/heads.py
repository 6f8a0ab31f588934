"""Pictures of the drawn faces for docs/drawn-faces.md: `python docs/heads.py`.

They are drawn by facsinterp alone and written to docs/heads/ as WebP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from facsinterp.faces.drawn import UNITS, Face, Identity, Setting, landmarks, pair, render
from facsinterp.faces.drawn.cast import person
from facsinterp.faces.drawn.emotions import settled
from facsinterp.faces.drawn.pairs import pictured
from facsinterp.faces.drawn.truth import displacement, moved, truth
from facsinterp.faces.drawn.units import sides

Picture = NDArray[np.uint8]
OUT: Final = Path(__file__).parent / "heads"
PLAIN: Final = Face(
    Identity(), Setting(noise=0.0, light_x=0.25, light_y=-0.45, fill=0.55, zoom=1.2, shift_y=-0.02)
)
"""The average person in even light."""


def captioned(pictures: Sequence[Picture], names: Sequence[str], columns: int) -> Picture:
    """(row, col, 3): pictures side by side, each with its name in its upper left corner."""
    tiles = []
    for picture, name in zip(pictures, names, strict=True):
        tile = Image.fromarray(picture).convert("RGB")
        ImageDraw.Draw(tile).text((4, 3), name, fill="white", stroke_width=1, stroke_fill="black")
        tiles.append(np.asarray(tile))
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    starts = range(0, len(tiles), columns)
    return np.vstack([np.hstack(tiles[start : start + columns]) for start in starts])


def units() -> Picture:
    """Everything that can be shown, at E, beside the face at rest."""
    faces = [PLAIN, *(_with(PLAIN, unit, 5) for unit in UNITS)]
    names = ["rest", *(_named(face) for face in faces[1:])]
    return captioned(list(render(faces, 160)), names, 8)


def _with(face: Face, unit: int, strength: float) -> Face:
    return replace(face, units=settled({unit: sides(unit, strength)}))


def _named(face: Face) -> str:
    return "+".join(str(unit) for unit in face.units)


def ladder() -> Picture:
    """12 and 4 from A to E, from the front and turned."""
    faces, names = [], []
    for unit in (12, 4):
        for yaw in (0.0, 0.6):
            seen = replace(PLAIN, setting=replace(PLAIN.setting, yaw=yaw))
            faces += [seen, *(_with(seen, unit, step) for step in range(1, 6))]
            names += ["rest", *(f"{unit}{letter}" for letter in "ABCDE")]
    return captioned(list(render(faces, 160)), names, 6)


def combinations() -> Picture:
    """What FACS says of units shown together."""
    together = ((1, 4), (1, 2, 4), (6, 12), (10, 17), (25, 26), (25, 27), (23,), (24,))
    shown = [settled({unit: sides(unit, 4.5) for unit in some}) for some in together]
    names = ["+".join(map(str, some)) for some in together]
    return captioned(list(render([replace(PLAIN, units=one) for one in shown], 160)), names, 8)


def people() -> Picture:
    """Two dozen of the cast, at rest, in their rooms."""
    faces = [Face(*person(number, 0), {}, (number,)) for number in range(1, 25)]
    return captioned(list(render(faces, 160)), [""] * len(faces), 8)


def ground_truth() -> Picture:
    """A face, and what is known of it: landmarks, depth, normals, parts, what 12 moves."""
    identity, room = person(5, 0)
    one = pair(Face(identity, replace(room, yaw=0.25), {}, (5,)), 12)
    size = 224
    known = truth([one.shown], size)
    without, shown = (picture[0] for picture in pictured([one], size))
    flow, region = displacement([one], size)[0], moved([one], size)[0]
    depth = known.depth[0]
    near, far = np.nanmin(depth), np.nanpercentile(depth, 95)
    normal = np.nan_to_num((known.normals[0] + 1) / 2, nan=0.0)
    part = known.part[0].astype(int)
    pictures = [
        _rgb(shown),
        _marked(shown, landmarks([one.shown], size)[0]),
        _rgb(np.nan_to_num(255 * (1 - (depth - near) / (far - near)), nan=0.0)),
        np.asarray(255 * normal, np.uint8),
        _rgb(np.where(part == 255, 0, 60 + 24 * part)),
        _rgb(without),
        _rgb(255 * np.hypot(*np.moveaxis(flow, -1, 0)) / np.hypot(*np.moveaxis(flow, -1, 0)).max()),
        _outside(without, shown, region),
    ]
    names = [
        *("12 at E", "68 landmarks", "depth", "normals", "parts"),
        *("without 12", "how far 12 moves the skin", "change inside, and outside (red)"),
    ]
    return captioned(pictures, names, 4)


def _rgb(grey: NDArray[np.floating] | Picture) -> Picture:
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _marked(picture: Picture, points: NDArray[np.float32]) -> Picture:
    image = Image.fromarray(picture).convert("RGB")
    for x, y in points:
        ImageDraw.Draw(image).ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=(255, 220, 60))
    return np.asarray(image)


def _outside(without: Picture, shown: Picture, region: NDArray[np.bool_]) -> Picture:
    change = np.abs(shown.astype(int) - without)
    inside = np.clip(3 * np.where(region, change, 0), 0, 255)
    outside = np.clip(6 * np.where(region, 0, change), 0, 255)
    return np.stack([inside + outside, inside, inside], axis=-1).clip(0, 255).astype(np.uint8)


def main() -> None:
    """Draw and write all of them."""
    OUT.mkdir(exist_ok=True)
    for make in (units, ladder, combinations, people, ground_truth):
        name = make.__name__.replace("_", "-")
        Image.fromarray(make()).save(OUT / f"{name}.webp", "WEBP", quality=82, method=6)


if __name__ == "__main__":
    main()
