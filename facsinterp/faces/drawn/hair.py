"""Hair: over the head, and long hair behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facsinterp.faces.drawn.head import VERTEX, Head
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


def _hairline(head: Head, cut: Style, x: Field) -> Field:
    """Height of the hairline (face, n) at columns x: high in front, down to the ears."""
    person = head.person
    r = x[None, :] / (0.98 * person["width"])
    line = -1.08 + person["hairline"] + 0.16 * r * r + 0.62 * np.abs(r) ** 9
    line = line + person["hair_peak"] * bump(r / 0.3)
    return np.asarray(np.minimum(line, 0.22 - 0.12 * cut.cropped))


def draw_hair(plate: Plate, head: Head, strands: Field) -> None:
    """Paints the hair that lies over the head; widens the cover where it stands off."""
    cut = style(head.person)
    y = plate.y[None, :, None]
    cap = _cap_width(head, cut, np.broadcast_to(plate.y, (len(head.jaw), plate.side)))
    inside = ramp((cap[:, :, None] - np.abs(plate.x)) / (0.05 + plate.pixel) - 0.3)
    cropped = cut.cropped[:, :, None]
    # Strands make the hairline ragged; cropped hair thins out over a wider band.
    rag = y - _hairline(head, cut, plate.x)[:, None, :] - 0.018 * strands
    grown = ramp(-rag / (0.035 + 0.06 * cropped + plate.pixel))
    alpha = grown * inside * (1 - 0.12 * cropped)
    # It throws a little shade on the skin below it.
    shade = 0.30 * (1 - alpha) * ramp(-(rag - 0.05) / 0.09) * plate.fields["cover"]
    plate.fields["light"] *= 1 - shade
    _lay_hair(plate, head.person, cap, alpha, strands * (1 - 0.4 * cropped))
    np.maximum(plate.fields["cover"], alpha * ramp((0.2 - y) / 0.15), out=plate.fields["cover"])


def _lay_hair(plate: Plate, person: Columns, cap: Field, alpha: Field, strands: Field) -> None:
    """Gives the covered part the surface of hair: its tone, lie and gloss."""
    fields = plate.fields
    tone = np.maximum(person["hair_tone"][:, :, None] * (1 + 0.20 * strands), 0.004)
    lie = plate.x / np.maximum(cap, 0.2)[:, :, None]
    fall = np.clip((plate.y[None, :, None] + 0.55) / -0.9, -0.3, 1.6)
    fields["albedo"] += alpha * (tone - fields["albedo"])
    fields["slope_x"] += alpha * (-1.3 * lie + 0.10 * strands - fields["slope_x"])
    fields["slope_y"] += alpha * (1.1 * fall - fields["slope_y"])
    fields["gloss"] *= 1 - 0.5 * alpha
    fields["light"] += alpha * (1 - fields["light"])


def draw_long_hair(plate: Plate, head: Head, tone: Field, cover: Field, strands: Field) -> None:
    """Paints hair that falls beside the neck into a tone and its cover."""
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
    alpha = alpha * ramp((y + 0.75) / 0.3)[:, :, None] * ramp((1.72 - y) / 0.12)[:, :, None]
    alpha = alpha * cut.long[:, :, None]
    lie = np.clip(1.1 - 0.5 * ax, 0.3, 1)
    hair = person["hair_tone"][:, :, None] * np.maximum(0.80 * lie * (1 + 0.2 * strands), 0.1)
    tone += alpha * (hair - tone)
    np.maximum(cover, alpha, out=cover)
