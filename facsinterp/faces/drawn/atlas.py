"""The atlas: every unit at E beside neutral, for several people, in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from facsinterp.faces.drawn.cast import person
from facsinterp.faces.drawn.emotions import settled
from facsinterp.faces.drawn.render import render
from facsinterp.faces.drawn.spec import Face
from facsinterp.faces.drawn.units import UNITS
from facsinterp.facs import describe

_CAPTION: Final = 14
"""Pixels above each face for its name."""


def atlas(people: Sequence[int], size: int = 128, columns: int = 8, seed: int = 0) -> Image.Image:
    """Neutral and each unit at E for these subjects (1, 2, ...), captioned, as one picture.

    Units that part the lips come with 25, as they are coded; the caption says so.
    """
    rows: list[NDArray[np.uint8]] = []
    for subject in people:
        identity, room = person(subject, seed)
        setting = replace(room, exposure=(0.42 / identity.skin) ** 0.45)
        shown = [settled({unit: (5.0, 5.0)}) for unit in UNITS]
        faces = [Face(identity, setting, units, (subject,)) for units in ({}, *shown)]
        titles = [f"S{subject:03d} neutral", *map(_title, UNITS, shown)]
        rows += _rows(render(faces, size), titles, columns)
    return Image.fromarray(np.concatenate(rows))


def _title(unit: int, shown: Mapping[int, tuple[float, float]]) -> str:
    company = "".join(f"+{other}" for other in shown if other != unit)
    return describe(unit).replace(" ", f"{company} ", 1)


def _rows(
    pictures: NDArray[np.uint8], titles: Sequence[str], columns: int
) -> list[NDArray[np.uint8]]:
    size = pictures.shape[1]
    tiles = [_tile(picture, title) for picture, title in zip(pictures, titles, strict=True)]
    blank = np.full((size + _CAPTION, size), 255, np.uint8)
    tiles += [blank] * (-len(tiles) % columns)
    return [
        np.concatenate(tiles[start : start + columns], axis=1)
        for start in range(0, len(tiles), columns)
    ]


def _tile(picture: NDArray[np.uint8], title: str) -> NDArray[np.uint8]:
    size = picture.shape[0]
    tile = Image.new("L", (size, size + _CAPTION), 255)
    tile.paste(Image.fromarray(picture), (0, _CAPTION))
    ImageDraw.Draw(tile).text((2, 1), title, fill=0)
    return np.asarray(tile)
