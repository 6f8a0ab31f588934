"""Ears, neck and clothes: what is seen behind the face."""

from __future__ import annotations

import numpy as np

from facsinterp.faces.drawn.hair import draw_long_hair, style
from facsinterp.faces.drawn.head import CHIN, Head
from facsinterp.faces.drawn.plate import Field, Plate, bump, ramp
from facsinterp.faces.drawn.spec import Columns


def behind(plate: Plate, head: Head, setting: Columns, strands: Field) -> tuple[Field, Field]:
    """Brightness (linear) and cover of all that lies behind the face, shaded without slopes."""
    bright = 0.7 * (setting["light"] + setting["fill"])
    sideways = 0.30 * np.sign(setting["light_x"])[:, :, None] * np.clip(plate.x, -1, 1)
    light = bright[:, :, None] * (1 + sideways)
    tone, cover = _neck(plate, head, light)
    _clothe(plate, setting["clothes"][:, :, None] * 0.6 * light, tone, cover)
    _ears(plate, head, light, tone, cover)
    draw_long_hair(plate, head, tone, cover, strands)
    return tone, cover


def _neck(plate: Plate, head: Head, light: Field) -> tuple[Field, Field]:
    """A column that widens into the shoulders, dark below the chin."""
    person = head.person
    ax, y = np.abs(plate.x), plate.y[None, :, None]
    half = (0.60 + 0.25 * person["jaw"][:, :, None]) * person["width"][:, :, None]
    half = half + 0.9 * np.maximum(y - 1.75, 0) ** 1.5
    cover = ramp((half - ax) / (0.02 + plate.pixel)) * ramp((y - 0.75) / 0.1)
    roundness = np.sqrt(np.maximum(1 - 0.75 * (ax / half) ** 2, 0.2))
    shade = 0.36 + 0.34 * ramp((y - head.actual(CHIN)[:, :, None] - 0.20) / 0.32)
    return person["skin"][:, :, None] * shade * roundness * light, cover


def _clothe(plate: Plate, cloth: Field, tone: Field, cover: Field) -> None:
    ax, y = np.abs(plate.x), plate.y[:, None]
    soft = 0.02 + plate.pixel
    collar = ramp((y - 1.84 - 0.16 * bump(ax / 0.8)) / soft)
    worn = collar * ramp((0.66 + 4.5 * np.maximum(y - 1.80, 0) - ax) / soft)
    tone += worn * (cloth - tone)
    np.maximum(cover, worn, out=cover)


def _ears(plate: Plate, head: Head, light: Field, tone: Field, cover: Field) -> None:
    """A rim round a hollow; long hair hides them."""
    person = head.person
    rows = slice(*np.searchsorted(plate.y, (-0.35, 0.75)).tolist())
    y = plate.y[None, rows, None]
    edge = head.half_width(np.full_like(head.jaw, 0.12))[:, :, None]
    dx = (np.abs(plate.x) - edge - 0.035 + 0.10 * (y - 0.15)) / 0.125
    far = np.hypot(dx, (y - 0.15) / 0.31)
    alpha = ramp((1 - far) * 0.125 / (0.02 + plate.pixel))
    alpha = alpha * (1 - style(person).long[:, :, None])
    rim = 0.58 + 0.22 * ramp((far - 0.70) / 0.2) - 0.28 * bump((far - 0.52) / 0.36)
    tone[:, rows] += alpha * (person["skin"][:, :, None] * rim * light - tone[:, rows])
    np.maximum(cover[:, rows], alpha, out=cover[:, rows])
