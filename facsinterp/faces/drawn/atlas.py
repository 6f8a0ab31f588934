"""The atlas: every unit from rest to E, from the front and turned, for several people or one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from facsinterp.faces.drawn.cast import person
from facsinterp.faces.drawn.emotions import settled
from facsinterp.faces.drawn.pairs import rivals
from facsinterp.faces.drawn.render import render
from facsinterp.faces.drawn.signs import SIGNS
from facsinterp.faces.drawn.spec import Face, Identity, Setting
from facsinterp.faces.drawn.units import UNITS, impossible, sides
from facsinterp.facs import UNITS as CODES
from facsinterp.facs import describe, label

VIEWS: Final[Mapping[str, Mapping[str, float]]] = {
    "front": {},
    "turned": {"yaw": 0.6, "shift_x": -0.2, "zoom": 1.2},
}
"""How the head is turned, in radians, and what keeps it in the picture then."""
STEPS: Final = ("rest", "A", "B", "C", "D", "E")
_CAPTION: Final = 14
"""Pixels above each face for its name."""
# A plain person in even light, so that the unit is all there is to see.
_REST: Final = Face(
    Identity(), Setting(noise=0.0, light_x=0.25, light_y=-0.45, fill=0.55, zoom=1.2, shift_y=-0.03)
)


@dataclass(frozen=True)
class Entry:
    """What the atlas says of a unit."""

    unit: int
    label: str
    name: str
    muscles: tuple[str, ...]
    signs: str
    company: tuple[str, ...]
    """Labels of the units that it is shown with at E, because it brings them."""
    rivals: Mapping[str, tuple[int, ...]]
    """The units that it cannot be shown with, by the reason."""


def entries() -> tuple[Entry, ...]:
    """One for each unit that can be drawn."""
    return tuple(map(_entry, UNITS))


def _entry(unit: int) -> Entry:
    return Entry(
        unit,
        label(unit),
        describe(unit).removeprefix(label(unit)).strip(),
        CODES[unit].muscles,
        SIGNS[unit],
        tuple(label(other) for other in settled({unit: sides(unit, 5.0)}) if other != unit),
        _rivals(unit),
    )


def _rivals(unit: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for other in sorted(rivals(unit)):
        ((_, _, why),) = impossible((unit, other))
        found[why] = (*found.get(why, ()), other)
    return found


def ladder(unit: int, view: str, size: int) -> NDArray[np.uint8]:
    """(6, size, size): one person at rest and with the unit at A to E, seen as in `VIEWS`.

    With the units that it brings with it, as 25 where it parts the lips.
    """
    setting = replace(_REST.setting, **VIEWS[view])
    shown = [{}, *(settled({unit: sides(unit, step)}) for step in range(1, len(STEPS)))]
    return render([replace(_REST, setting=setting, units=units) for units in shown], size)


def atlas(people: Sequence[int], size: int = 128, columns: int = 8, seed: int = 0) -> Image.Image:
    """Neutral and each unit at E for these subjects (1, 2, ...), captioned, as one picture.

    Units that part the lips come with 25, as they are coded; the caption says so.
    """
    rows: list[NDArray[np.uint8]] = []
    for subject in people:
        identity, room = person(subject, seed)
        setting = replace(room, exposure=(0.42 / identity.skin) ** 0.45)
        shown = [settled({unit: sides(unit, 5.0)}) for unit in UNITS]
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
