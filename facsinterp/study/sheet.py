"""A sheet of faces, drawn: each as it is with what is taken of it, prepared, and normalised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from facsinterp.faces.preparing.windows import Window

_PAPER: Final = (255, 255, 255)
_INK: Final = (28, 30, 34)
_SOFT: Final = (104, 110, 120)
_MAT: Final = (238, 239, 242)
_FRAME: Final = (214, 84, 0)
_TARGET: Final = 150
"""About how many pixels wide each picture is shown."""
_WIDEST: Final = 1900
_MARGIN: Final = 28
_GAP: Final = 6
_BETWEEN: Final = 26
_CAPTION: Final = 52
_LINE: Final = 28
_COMMON: Final = 99.0
"""Per cent of all normalised values that are shown without being cut."""


@dataclass(frozen=True, eq=False)
class Tile:
    """One face: two lines of label, and its pictures."""

    label: tuple[str, str]
    original: NDArray[np.uint8]
    window: Window
    prepared: NDArray[np.uint8]
    normalised: NDArray[np.float32] | None
    """(channel, row, col), around 0."""


@dataclass(frozen=True)
class Sheet:
    """What is drawn: a title, the faces, and sentences below them."""

    title: str
    subtitle: str
    tiles: tuple[Tile, ...]
    notes: tuple[str, ...]


def drawn(sheet: Sheet) -> Image.Image:
    """The sheet as a picture, at most about 1,900 pixels wide."""
    pixels = sheet.tiles[0].prepared.shape[0]
    side = pixels * max(1, round(_TARGET / pixels)) if pixels < 2 * _TARGET else 2 * _TARGET
    parts = 2 if sheet.tiles[0].normalised is None else 3
    width = parts * side + (parts - 1) * _GAP
    columns = min(max(1, (_WIDEST - 2 * _MARGIN) // (width + _BETWEEN)), len(sheet.tiles))
    rows = -(-len(sheet.tiles) // columns)
    across = max(2 * _MARGIN + columns * (width + _BETWEEN) - _BETWEEN, 900)
    limit = _largest(sheet.tiles)
    notes = list(_lines(sheet, limit, across - 2 * _MARGIN))
    top = 122
    height = top + rows * (side + _CAPTION + 20) + 16 + _LINE * len(notes) + _MARGIN
    image = Image.new("RGB", (across, height), _PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((_MARGIN, 22), sheet.title, fill=_INK, font=_font(34))
    pen.text((_MARGIN, 68), sheet.subtitle, fill=_SOFT, font=_font(21))
    for number, tile in enumerate(sheet.tiles):
        left = _MARGIN + number % columns * (width + _BETWEEN)
        _put(image, tile, (left, top + number // columns * (side + _CAPTION + 20)), side, limit)
    for number, line in enumerate(notes):
        place = (_MARGIN, height - _MARGIN - _LINE * (len(notes) - number))
        pen.text(place, line, fill=_INK, font=_font(20))
    return image


def _put(image: Image.Image, tile: Tile, corner: tuple[int, int], side: int, limit: float) -> None:
    """One face with its label above."""
    left, top = corner
    pen = ImageDraw.Draw(image)
    room = (3 if tile.normalised is not None else 2) * (side + _GAP) - _GAP
    pen.text((left, top), _fitting(tile.label[0], room, 20), fill=_INK, font=_font(20))
    pen.text((left, top + 26), _fitting(tile.label[1], room, 16), fill=_SOFT, font=_font(16))
    shown = [_framed(tile, side), _enlarged(tile.prepared, side)]
    if tile.normalised is not None:
        shown.append(_enlarged(around_grey(tile.normalised, limit), side))
    for number, picture in enumerate(shown):
        image.paste(picture, (left + number * (side + _GAP), top + _CAPTION))


def around_grey(values: NDArray[np.float32], limit: float) -> NDArray[np.uint8]:
    """(channel, row, col) around 0 as a picture: 0 is grey, `limit` white, the negative black."""
    levels = np.clip(np.rint(127.5 + 127.5 * values / limit), 0, 255).astype(np.uint8)
    return levels[0] if len(levels) == 1 else np.ascontiguousarray(levels.transpose(1, 2, 0))


def _largest(tiles: Sequence[Tile]) -> float:
    """The value that is shown as white, the same for all faces."""
    values = [np.abs(tile.normalised) for tile in tiles if tile.normalised is not None]
    if not values:
        return 1.0
    return float(np.percentile(np.stack(values), _COMMON)) or 1.0


def _enlarged(picture: NDArray[np.uint8], side: int) -> Image.Image:
    """Each pixel as a square of its own where it fits, so that it can be counted."""
    image = Image.fromarray(picture).convert("RGB")
    whole = side % image.width == 0
    return image.resize(
        (side, side), Image.Resampling.NEAREST if whole else Image.Resampling.LANCZOS
    )


def _framed(tile: Tile, side: int) -> Image.Image:
    """The whole original in a square, with the outline of what is taken of it."""
    image = Image.fromarray(tile.original).convert("RGB")
    scale = side / max(image.size)
    size = tuple(max(1, round(scale * length)) for length in image.size)
    image = image.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    mat = Image.new("RGB", (side, side), _MAT)
    shift = np.array([(side - image.width) // 2, (side - image.height) // 2])
    mat.paste(image, (int(shift[0]), int(shift[1])))
    window = tile.window
    corner, across, down = window.corner + 0.5, window.across, window.down
    square = np.stack([corner, corner + across, corner + across + down, corner + down])
    places = np.clip(square * scale + shift, 1, side - 2)
    outline = [(float(x), float(y)) for x, y in (*places, places[0])]
    ImageDraw.Draw(mat).line(outline, fill=_FRAME, width=2, joint="curve")
    return mat


def _lines(sheet: Sheet, limit: float, room: int) -> Iterator[str]:
    """The notes, wrapped to the width of the sheet."""
    heads = "Each face from left to right: as it is, with the outline of what is taken; prepared"
    if sheet.tiles[0].normalised is not None:
        heads += f"; as the network normalises it (grey is 0, black and white ±{limit:.2g})"
    for note in (f"{heads}.", *sheet.notes):
        line = ""
        for word in note.split():
            longer = f"{line} {word}".strip()
            if line and _font(20).getlength(longer) > room:
                yield line
                longer = f"    {word}"
            line = longer
        yield line


def _fitting(text: str, room: int, size: int) -> str:
    while text and _font(size).getlength(text) > room:
        text = text[:-2].rstrip() + "…"
    return text


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
