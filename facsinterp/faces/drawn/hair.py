"""Hair, ears, neck and shoulders: what surrounds the face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facsinterp.faces.drawn.head import CHIN, VERTEX, Head
from facsinterp.faces.drawn.plate import Field, Plate, bump, ramp
from facsinterp.faces.drawn.spec import HAIR_STYLES, Columns

# Hair over the skull, and how far it stands off at the sides, by style.
_VOLUME = {"cropped": 0.02, "short": 0.09, "tied": 0.045, "long": 0.11}


@dataclass(frozen=True)
class Style:
    """The hair of a batch; every entry (face, 1)."""

    volume: Field
    long: Field
    cropped: Field


def style(person: Columns) -> Style:
    """How each person wears the hair."""
    index = person["hair_style"].astype(int)
    volume = np.array([_VOLUME[name] for name in HAIR_STYLES], np.float32)[index]
    return Style(
        volume,
        (index == HAIR_STYLES.index("long")).astype(np.float32),
        (index == HAIR_STYLES.index("cropped")).astype(np.float32),
    )


def _cap_width(head: Head, cut: Style, y: Field) -> Field:
    """Half width of the hair's outline at heights y (face, n)."""
    grown = VERTEX / (VERTEX - cut.volume)
    width = head.half_width(np.minimum(y * grown, 0.2)) + 0.75 * cut.volume
    return np.asarray(np.where(y * grown < VERTEX, 0, width), np.float32)


def draw_hair(plate: Plate, head: Head, strands: Field) -> None:
    """Paints the hair that lies over the head; widens the cover where it stands off."""
    person, cut = head.person, style(head.person)
    y = plate.y[None, :]
    x = np.abs(plate.x)[None, None, :]
    cap = _cap_width(head, cut, np.broadcast_to(y, (head.jaw.shape[0], plate.side)))
    inside = ramp((cap[:, :, None] - x) / (0.05 + plate.pixel) - 0.3)
    r = plate.x[None, :] / (0.98 * person["width"])
    line = -1.08 + person["hairline"] + 0.16 * r * r + 0.62 * np.abs(r) ** 9
    line = line + person["hair_peak"] * bump(r / 0.3)
    line = np.minimum(line, 0.22 - 0.12 * cut.cropped)
    # Strands make the hairline ragged; cropped hair thins out over a wider band.
    rag = plate.y[None, :, None] - line[:, None, :] - 0.028 * strands
    grown = ramp(-rag / (0.035 + 0.06 * cut.cropped[:, :, None] + plate.pixel))
    alpha = grown * inside * (1 - 0.12 * cut.cropped[:, :, None])
    fields = plate.fields
    tone = person["hair_tone"][:, :, None] * (
        1 + 0.28 * strands * (1 - 0.4 * cut.cropped[:, :, None])
    )
    fields["albedo"] += alpha * (np.maximum(tone, 0.004) - fields["albedo"])
    safe = np.maximum(cap, 0.2)[:, :, None]
    lie = plate.x[None, None, :] / safe
    fields["slope_x"] += alpha * (-1.3 * lie + 0.16 * strands - fields["slope_x"])
    fall = np.clip((plate.y[None, :, None] + 0.55) / -0.9, -0.3, 1.6)
    fields["slope_y"] += alpha * (1.1 * fall - fields["slope_y"])
    fields["gloss"] *= 1 - 0.5 * alpha
    # Hair throws a little shade on the skin below it.
    fields["light"] *= 1 - 0.30 * (1 - alpha) * ramp(-(rag - 0.05) / 0.09) * fields["cover"]
    fields["light"] += alpha * (1 - fields["light"])
    side_burn = (plate.y[None, :, None] < 0.3).astype(np.float32)
    np.maximum(fields["cover"], alpha * side_burn, out=fields["cover"])


def behind(plate: Plate, head: Head, setting: Columns, strands: Field) -> tuple[Field, Field]:
    """Ears, neck, shoulders and long hair: (tone, cover), shaded without normals."""
    person, cut = head.person, style(head.person)
    skin = person["skin"][:, :, None]
    x, y = plate.x[None, None, :], plate.y[None, :, None]
    ax = np.abs(x)
    chin = head.actual(CHIN)[:, :, None]
    side_light = 1 + 0.30 * np.sign(setting["light_x"][:, :, None]) * np.clip(x, -1, 1)
    # Neck: a column that widens into the shoulders, dark below the chin.
    half = (0.60 + 0.25 * person["jaw"][:, :, None]) * person["width"][:, :, None]
    half = half + 0.9 * np.maximum(y - 1.75, 0) ** 1.5
    soft = 0.02 + plate.pixel
    cover = ramp((half - ax) / soft) * ramp((y - 0.75) / 0.1)
    roundness = np.sqrt(np.maximum(1 - 0.75 * (ax / half) ** 2, 0.2))
    shade = 0.30 + 0.32 * ramp((y - chin - 0.22) / 0.35)
    tone = skin * shade * roundness * side_light
    clothes = ramp((y - 1.98 - 0.10 * ax + 0.22 * bump(ax / 0.75)) / soft)
    worn = clothes * ramp((0.62 + 2.6 * np.maximum(y - 1.80, 0) ** 0.7 - ax) / soft)
    tone = tone + worn * (setting["clothes"][:, :, None] * 0.6 * side_light - tone)
    cover = np.maximum(cover, worn)
    tone, cover = _ears(plate, head, (tone, cover), side_light)
    return _long_hair(plate, head, (tone, cover), strands * cut.long[:, :, None])


def _ears(
    plate: Plate, head: Head, layer: tuple[Field, Field], side_light: Field
) -> tuple[Field, Field]:
    tone, cover = layer
    person = head.person
    rows = slice(*np.searchsorted(plate.y, (-0.35, 0.75)).tolist())
    y = plate.y[None, rows, None]
    ax = np.abs(plate.x)[None, None, :]
    centre = head.half_width(np.array([[0.12]], np.float32).repeat(len(person["skin"]), 0))
    dx = (ax - centre[:, :, None] - 0.035 + 0.10 * (y - 0.15)) / 0.125
    dy = (y - 0.15) / 0.31
    far = np.hypot(dx, dy)
    soft = (0.02 + plate.pixel) / 0.125
    alpha = ramp((1 - far) / soft)
    rim = 0.62 + 0.25 * ramp((far - 0.72) / 0.2) - 0.30 * bump((far - 0.60) / 0.28)
    ear = person["skin"][:, :, None] * rim * side_light
    tone[:, rows] += alpha * (ear - tone[:, rows])
    cover[:, rows] = np.maximum(cover[:, rows], alpha)
    return tone, cover


def _long_hair(
    plate: Plate, head: Head, layer: tuple[Field, Field], strands: Field
) -> tuple[Field, Field]:
    tone, cover = layer
    cut = style(head.person)
    person = head.person
    y = plate.y[None, :]
    outer = 1.10 * person["width"] + 0.10 * bump((y - 1.0) / 1.2) - 0.25 * ramp((y - 1.7) / 0.4)
    inner = head.half_width(np.broadcast_to(np.minimum(y, 0.9), outer.shape)) - 0.10
    ax = np.abs(plate.x)[None, None, :]
    soft = 0.04 + plate.pixel
    alpha = ramp((outer[:, :, None] - ax + 0.02 * strands) / soft) * ramp(
        (ax - inner[:, :, None]) / soft
    )
    alpha = alpha * ramp((y + 0.75) / 0.3)[:, :, None] * ramp((1.75 - y) / 0.12)[:, :, None]
    alpha = alpha * cut.long[:, :, None]
    lie = np.clip(1.1 - 0.5 * ax, 0.3, 1)
    hair = person["hair_tone"][:, :, None] * np.maximum(0.62 * lie * (1 + 0.3 * strands), 0.1)
    tone += alpha * (hair - tone)
    np.maximum(cover, alpha, out=cover)
    return tone, cover
