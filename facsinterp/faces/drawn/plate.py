"""The plate: a batch of heads seen straight on, as fields on one grid, before the camera.

Slopes of the surface, albedo, light let through and cover are kept apart and shaded
together at the end, so every feature only adds what it changes. All shapes end at a
finite distance (no Gaussian tails): what a unit does not reach keeps its bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]
"""Numbers of one kind over a batch; float32 wherever a whole plate is held."""

EXTENT: Final = 1.9
"""Half width of the plate in head units; its middle lies at (0, CENTRE)."""
CENTRE: Final = 0.36
FIELDS: Final = ("slope_x", "slope_y", "albedo", "light", "gloss", "cover")


@dataclass(frozen=True)
class View:
    """A window on a plate. A mirrored one looks at the subject's right as if it were the left."""

    x: Field
    y: Field
    sign: float
    fields: dict[str, Field]
    pixel: float

    @property
    def column(self) -> Field:
        """y as (1, row, 1)."""
        return self.y[None, :, None]

    def lean(self, slope_x: Field | float, slope_y: Field | float) -> None:
        """Tilt the surface: slopes in the window's own (mirrored) directions."""
        if not isinstance(slope_x, float):
            self.fields["slope_x"] += self.sign * slope_x
        if not isinstance(slope_y, float):
            self.fields["slope_y"] += slope_y

    def flatten(self, alpha: Field) -> None:
        """Take away the slope below something that has a surface of its own."""
        keep = 1 - alpha
        self.fields["slope_x"] *= keep
        self.fields["slope_y"] *= keep

    def paint(self, name: str, value: Field | float, alpha: Field) -> None:
        """Blend a field towards a value where alpha is above zero."""
        target = self.fields[name]
        target += alpha * (value - target)

    def darken(self, amount: Field) -> None:
        """Let less light through: 0 changes nothing, 1 is black."""
        self.fields["light"] *= 1 - amount


class Plate:
    """`count` heads on a grid of `side` x `side` points."""

    def __init__(self, count: int, side: int) -> None:
        self.side = side
        self.pixel = 2 * EXTENT / side
        steps = (np.arange(side, dtype=np.float32) - (side - 1) / 2) * np.float32(self.pixel)
        self.x: Field = steps
        self.y: Field = steps + np.float32(CENTRE)
        self.fields = {name: np.zeros((count, side, side), np.float32) for name in FIELDS}
        self.fields["light"][:] = 1

    def view(self, x: tuple[float, float], y: tuple[float, float], side: int = 1) -> View:
        """The window over these ranges; `side` 0 is the subject's right, mirrored."""
        rows = slice(*np.searchsorted(self.y, y).tolist())
        first, last = np.searchsorted(self.x, x).tolist()
        if side == 1:
            cols, sign = slice(first, last), 1.0
        else:
            end = self.side - 1 - last
            cols, sign = slice(self.side - 1 - first, None if end < 0 else end, -1), -1.0
        return View(
            np.float32(sign) * self.x[cols],
            self.y[rows],
            sign,
            {name: values[:, rows, cols] for name, values in self.fields.items()},
            self.pixel,
        )


def bump(t: Field) -> Field:
    """A smooth hill: 1 at 0, 0 from distance 1 on."""
    hill = t * t
    np.subtract(1, hill, out=hill)
    np.maximum(hill, 0, out=hill)
    cube = hill * hill
    cube *= hill
    return cube


def bump_slope(t: Field) -> Field:
    """The derivative of `bump`."""
    hill = t * t
    np.subtract(1, hill, out=hill)
    np.maximum(hill, 0, out=hill)
    hill *= hill
    hill *= t
    hill *= -6
    return hill


def ramp(t: Field) -> Field:
    """A smooth step: 0 up to -1, 1 from 1 on."""
    s = t * 0.5
    s += 0.5
    np.maximum(s, 0, out=s)
    np.minimum(s, 1, out=s)
    step = s * -2
    step += 3
    step *= s
    step *= s
    return step


@lru_cache(maxsize=16)
def texture(name: str, side: int) -> Field:
    """A tile of noise (mean 0, deviation 1) of twice `side` points square, always the same.

    `mottle`: blotches of about 8 mm; `grain`: pores; `strand`: hairs that run down.
    """
    across, down = {"mottle": (0.12, 0.12), "grain": (0.035, 0.035), "strand": (0.03, 0.4)}[name]
    size = 256
    step = 4 * EXTENT / size
    rng = np.random.Generator(np.random.PCG64(sum(map(ord, name))))
    spectrum = np.fft.rfft2(rng.standard_normal((size, size)))
    fy = np.fft.fftfreq(size, step)[:, None]
    fx = np.fft.rfftfreq(size, step)[None, :]
    spectrum *= np.exp(-2 * (np.pi * np.hypot(fx * across, fy * down)) ** 2)
    tile = np.fft.irfft2(spectrum, s=(size, size))
    tile /= tile.std()
    pick = np.arange(2 * side) * size // (2 * side)
    return np.ascontiguousarray(tile[np.ix_(pick, pick)], np.float32)


def textured(name: str, side: int, starts: NDArray[np.int64]) -> Field:
    """(face, side, side): each face's own cut-out of a texture."""
    tile = texture(name, side)
    offsets = (starts * 7919 + len(name) * 104729) % (side * side)
    return np.stack(
        [tile[o // side : o // side + side, o % side : o % side + side] for o in offsets]
    )
