"""The camera: light on the plate, the head's turn, the picture and its noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.plate import CENTRE, Field, Plate, bump
from facsinterp.faces.drawn.spec import Columns

FRAME: Final = 1.62
"""Half the picture's width in head units at zoom 1."""
_PIVOT: Final = 0.35
"""Depth that stays in place when the head turns."""


def shade(plate: Plate, setting: Columns) -> Field:
    """Brightness (linear) of the plate under one lamp, sky light and a little gloss."""
    f = plate.fields
    lx, ly = setting["light_x"] - 0.8 * setting["yaw"], setting["light_y"]
    lz = np.sqrt(np.maximum(1 - lx * lx - ly * ly, 0.1))
    norm = np.sqrt(lx * lx + ly * ly + lz * lz)
    lx, ly, lz = (part[:, :, None] / norm[:, :, None] for part in (lx, ly, lz))
    sx = np.clip(f["slope_x"], -2.4, 2.4)
    sy = np.clip(f["slope_y"], -2.4, 2.4)
    steep = 1 / np.sqrt(1 + sx * sx + sy * sy)
    lit = (lz - sx * lx - sy * ly) * steep
    key = np.maximum((lit + 0.22) / 1.22, 0)
    sky = 0.72 + 0.28 * (sy + 1.2) * steep * 0.7
    bright = (
        f["albedo"]
        * f["light"]
        * (setting["light"][:, :, None] * key * key + setting["fill"][:, :, None] * sky)
    )
    hz = lz + 1
    half = np.sqrt(lx * lx + ly * ly + hz * hz)
    shine = np.maximum((hz - sx * lx - sy * ly) * steep / half, 0)
    for _ in range(4):
        shine = shine * shine
    return np.asarray(
        bright + (0.06 * setting["light"][:, :, None]) * f["gloss"] * f["light"] * shine,
        np.float32,
    )


def relief(person: Columns, x: Field, y: Field) -> Field:
    """Depth (face, ...) by which points shift when the head turns; x, y of that shape."""
    extra = (1,) * (x.ndim - 2)
    wide = person["width"].reshape(-1, 1, *extra)
    high = person["nose_height"].reshape(-1, 1, *extra)
    across = np.minimum((x / (1.25 * wide)) ** 2, 1)
    along = np.minimum(((y - 0.15) / 2.2) ** 2, 1)
    ridge = 0.26 * high * bump(x / (0.34 * wide)) * bump((y - 0.48) / 0.55)
    return np.asarray((1 - 0.85 * across) * (1 - 0.5 * along) + ridge, np.float32)


def project(person: Columns, setting: Columns, points: Field, size: int) -> Field:
    """Plate points (face, point, 2) as pixels (x, y) of a picture of `size`."""
    x, y = points[..., 0], points[..., 1]
    depth = relief(person, x, y) - _PIVOT
    x = x * np.cos(setting["yaw"]) + depth * np.sin(setting["yaw"])
    y = (y - CENTRE) * np.cos(setting["pitch"]) + depth * np.sin(setting["pitch"])
    cos, sin = np.cos(setting["roll"]), np.sin(setting["roll"])
    scale = size / (2 * FRAME) * setting["zoom"]
    px = (x * cos - y * sin) * scale + setting["shift_x"] * size / (2 * FRAME)
    py = (x * sin + y * cos) * scale + setting["shift_y"] * size / (2 * FRAME)
    return np.stack([px, py], axis=-1) + np.float32((size - 1) / 2)


def plate_points(person: Columns, setting: Columns, size: int) -> tuple[Field, Field]:
    """Plate x and y (face, size, size) seen in each pixel: `project` turned round."""
    scale = size / (2 * FRAME)
    step = (np.arange(size, dtype=np.float32) - (size - 1) / 2) / np.float32(scale)
    s = {name: column[:, :, None] for name, column in setting.items()}
    px = (step[None, None, :] - s["shift_x"]) / s["zoom"]
    py = (step[None, :, None] - s["shift_y"]) / s["zoom"]
    cos, sin = np.cos(s["roll"]), np.sin(s["roll"])
    x, y = px * cos + py * sin, py * cos - px * sin
    turn_x, turn_y = np.sin(s["yaw"]), np.sin(s["pitch"])
    near_x, near_y = x / np.cos(s["yaw"]), y / np.cos(s["pitch"])
    at_x, at_y = near_x, near_y + CENTRE
    for _ in range(3):
        depth = relief(person, at_x, at_y) - _PIVOT
        at_x, at_y = near_x - depth * turn_x, near_y + CENTRE - depth * turn_y
    return at_x, at_y


def look(plate: Plate, values: Sequence[Field], at_x: Field, at_y: Field) -> list[Field]:
    """Fields of the plate, softened over 2 x 2 points, at plate points (face, row, col)."""
    side = plate.side
    col = np.clip(at_x / plate.pixel + ((side - 1) / 2 - 0.5), 0, side - 2.001)
    row = np.clip((at_y - CENTRE) / plate.pixel + ((side - 1) / 2 - 0.5), 0, side - 2.001)
    c, r = col.astype(np.int32), row.astype(np.int32)
    fc, fr = (col - c).astype(np.float32), (row - r).astype(np.float32)
    start = np.arange(len(at_x), dtype=np.int32)[:, None, None] * (side * side) + r * side + c
    seen = []
    for value in values:
        soft = np.zeros_like(value)
        soft[:, :-1, :-1] = (
            value[:, :-1, :-1] + value[:, 1:, :-1] + value[:, :-1, 1:] + value[:, 1:, 1:]
        ) * np.float32(0.25)
        flat = soft.reshape(-1)
        top = flat[start] * (1 - fc) + flat[start + 1] * fc
        low = flat[start + side] * (1 - fc) + flat[start + side + 1] * fc
        seen.append(top * (1 - fr) + low * fr)
    return seen


def backdrop(setting: Columns, size: int, seeds: Sequence[tuple[int, ...]]) -> Field:
    """A plain wall in soft, uneven light (face, size, size)."""
    t = np.linspace(-1, 1, size, dtype=np.float32)
    walls = []
    for seed in seeds:
        rng = np.random.Generator(np.random.PCG64(seed))
        x, y, wide, high = rng.uniform((-1, -1, 0.8, -0.5), (1, 1, 2.0, 0.5))
        walls.append(
            high
            * np.outer(
                bump(((t - y) / wide).astype(np.float32)), bump(((t - x) / wide).astype(np.float32))
            )
        )
    slope = setting["backdrop_slope"][:, :, None]
    wall = 1 + slope * t[None, :, None] + 0.5 * slope * t[None, None, :] + np.stack(walls)
    return np.asarray(setting["backdrop"][:, :, None] * np.maximum(wall, 0.1), np.float32)


def develop(light: Field, setting: Columns, seeds: Sequence[tuple[int, ...]]) -> NDArray[np.uint8]:
    """Grey pictures: exposure, tone curve, lens blur, sensor noise in whole grey levels."""
    size = light.shape[1]
    grey = np.sqrt(np.maximum(light * setting["exposure"][:, :, None], 0)) * 255
    spread = (setting["blur"] * (size / 48)) ** 2
    passes = max(1, int(np.ceil(float(spread.max()) / 0.45)))
    share = (spread / (2 * passes))[:, :, None]
    for _ in range(passes):
        for axis in (1, 2):
            padded = np.concatenate([grey.take([0], axis), grey, grey.take([-1], axis)], axis=axis)
            before = padded[:, :-2] if axis == 1 else padded[:, :, :-2]
            after = padded[:, 2:] if axis == 1 else padded[:, :, 2:]
            grey = grey + share * (before + after - 2 * grey)
    whole = np.rint(np.minimum(grey, 255))
    for i, seed in enumerate(seeds):
        rng = np.random.Generator(np.random.PCG64(seed))
        grain = rng.standard_normal((size, size), dtype=np.float32)
        whole[i] += np.rint(grain * setting["noise"][i])
    pictures: NDArray[np.uint8] = np.clip(whole, 0, 255).astype(np.uint8)
    return pictures
