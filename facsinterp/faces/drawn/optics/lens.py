"""The lens and the sensor: wall behind the head, blur, tone curve and noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.compiled import kernel
from facsinterp.faces.drawn.spec import Face, Setting
from facsinterp.faces.drawn.surface.mesh import Floats


def wall(face: Face, size: int) -> Floats:
    """(size, size): brightness of a plain wall in soft, uneven light."""
    setting = face.setting
    return _wall(face.noise[:2], size, setting.backdrop, setting.backdrop_slope)


@lru_cache(maxsize=16)
def _wall(seed: tuple[int, ...], size: int, tone: float, slope: float) -> Floats:
    rng = np.random.Generator(np.random.PCG64((*seed, 1)))
    x, y, wide, high = rng.uniform((-1, -1, 0.8, -0.5), (1, 1, 2.0, 0.5))
    t = np.linspace(-1, 1, size, dtype=np.float32)
    across, down = (np.clip(1 - ((t - at) / wide) ** 2, 0, 1) ** 2 for at in (x, y))
    light = 1 + slope * t[:, None] + 0.5 * slope * t + high * np.outer(down, across)
    return np.asarray(tone * np.maximum(light, 0.1), np.float32)


def reach(setting: Setting, size: int) -> int:
    """How many pixels, along each axis, the lens spreads the light of one."""
    return int(np.ceil(_spread(setting, size) / 0.45))


def _spread(setting: Setting, size: int) -> float:
    """Variance of the lens's blur in square pixels."""
    return (setting.blur * (size / 48)) ** 2


def develop(light: Floats, face: Face) -> NDArray[np.uint8]:
    """The grey picture (size, size) of light: lens blur, exposure, tone curve, sensor noise."""
    size = len(light)
    setting = face.setting
    passes = reach(setting, size)
    for _ in range(passes):
        light = _blurred(light, _spread(setting, size) / (2 * passes))
    rng = np.random.Generator(np.random.PCG64(face.noise))
    grain = rng.standard_normal((size, size), dtype=np.float32)
    return _exposed(light, setting.exposure, np.rint(grain * np.float32(setting.noise)))


@kernel
def _blurred(light: Floats, share: float) -> Floats:
    """Each pixel's light spread a little over its four neighbours, rows after columns."""
    size = len(light)
    across, made = np.empty_like(light), np.empty_like(light)
    for y in range(size):
        for x in range(size):
            near = light[y, max(x - 1, 0)] + light[y, min(x + 1, size - 1)]
            across[y, x] = light[y, x] + share * (near - 2 * light[y, x])
    for y in range(size):
        for x in range(size):
            near = across[max(y - 1, 0), x] + across[min(y + 1, size - 1), x]
            made[y, x] = across[y, x] + share * (near - 2 * across[y, x])
    return made


@kernel
def _exposed(light: Floats, exposure: float, grain: Floats) -> NDArray[np.uint8]:
    grey = np.empty(light.shape, np.uint8)
    for y in range(light.shape[0]):
        for x in range(light.shape[1]):
            bright = np.rint(min(np.sqrt(max(light[y, x] * exposure, 0.0)) * 255, 255.0))
            grey[y, x] = np.uint8(min(max(bright + grain[y, x], 0.0), 255.0))
    return grey
