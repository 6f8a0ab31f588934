"""Shapes of the skin's fine relief: furrows along a line, and swellings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from facsinterp.faces.drawn.skin.grain import grain
from facsinterp.faces.drawn.skin.outline import sheet_places
from facsinterp.faces.drawn.surface.sheet import Sheet, places

REACH = 5.0
"""Half width of all that a furrow changes, in its own widths."""

Box = tuple[slice, slice]


@dataclass(frozen=True)
class Furrow:
    """A groove with soft bulging shoulders along a smooth line.

    `line`: places (x, y) on the average face seen from the front.
    """

    line: tuple[tuple[float, float], ...]
    depth: float
    """Millimetres."""
    width: float = 0.016
    """Half width of the groove in head units."""
    shoulder: float = 0.34
    """Height of the skin bulged beside it, as a share of the depth."""
    lean: float = 0.0
    """Where the skin bulges: 1 all on the side away from the face's middle, for a line drawn
    downwards (above a line drawn away from the middle); -1 all on the other side."""
    ends: tuple[float, float] = (0.35, 0.35)
    """Share of the line over which it deepens from its start and grows shallow to its end."""
    uneven: float = 0.22
    """How much its depth differs from place to place, as a share."""

    def height(self, s: Sheet, t: Sheet) -> Sheet:
        """Relief in head units at places; exactly 0 further than `REACH` widths away."""
        aside, along = _nearest(self._path(), s, t)
        d = aside / self.width
        groove = np.exp(0.5 - np.sqrt(0.25 + 2 * d**2))  # a notch, not a gutter
        bulge = d**2 * np.exp(-(d**2) / 4) * 0.68  # highest two widths beside the groove
        bulge *= self.shoulder * (1 + self.lean * np.sign(d))
        window = np.clip(1 - (d / REACH) ** 2, 0, 1) ** 2
        taper = np.clip(np.minimum(along / self.ends[0], (1 - along) / self.ends[1]), 0, 1)
        taper = taper * taper * (3 - 2 * taper)
        return np.asarray(self.depth / 70 * (bulge - groove) * window * taper, np.float32)

    def _path(self) -> NDArray[np.float32]:
        knots = sheet_places(self.line)
        at = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(knots, axis=0).T))])
        degree = min(2, len(knots) - 1)
        fine = np.linspace(0, at[-1], 4 * len(knots))
        return np.asarray(make_interp_spline(at, knots, k=degree)(fine), np.float32)


@dataclass(frozen=True)
class Swelling:
    """A soft lump (or, with a height below 0, a hollow) about a place."""

    place: tuple[float, float]
    across: float
    """Half length in head units, along `turn`."""
    down: float
    height_mm: float
    turn: float = 0.0
    """Radians, clockwise in the picture."""

    def height(self, s: Sheet, t: Sheet) -> Sheet:
        """Relief in head units at places; exactly 0 outside the ellipse."""
        middle = sheet_places([self.place])[0]
        ds, dt = s - middle[0], t - middle[1]
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        u = (ds * cos + dt * sin) / self.across
        v = (dt * cos - ds * sin) / self.down
        bump = np.clip(1 - u * u - v * v, 0, 1)
        return np.asarray(self.height_mm / 70 * bump * bump, np.float32)


def _nearest(path: NDArray[np.float32], s: Sheet, t: Sheet) -> tuple[Sheet, Sheet]:
    """Distance to a line, below 0 on its right hand as the picture is seen, and the share of
    the line passed at its nearest point."""
    lengths = np.hypot(*np.diff(path, axis=0).T)
    starts = np.concatenate([lengths[:1] * 0, np.cumsum(lengths)])
    best = np.full(np.broadcast_shapes(s.shape, t.shape), np.inf, np.float32)
    along, hand = np.zeros_like(best), np.zeros_like(best)
    for i, length in enumerate(lengths):
        (ds, dt), ahead, down = path[i + 1] - path[i], s - path[i, 0], t - path[i, 1]
        share = np.clip((ahead * ds + down * dt) / length**2, 0, 1)
        away = np.hypot(ahead - share * ds, down - share * dt)
        nearer = away < best
        best = np.where(nearer, away, best)
        along = np.where(nearer, (starts[i] + share * length) / starts[-1], along)
        hand = np.where(nearer, np.sign(ahead * dt - down * ds), hand)
    return np.asarray(best * hand, np.float32), along.astype(np.float32)


@lru_cache(maxsize=1)
def _half() -> Sheet:
    """(1, W): share of the sheet that is the subject's left's; smooth over the middle."""
    s, _ = places(0)
    share = np.clip(s / 0.12 + 0.5, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def raised(shapes: tuple[Furrow | Swelling, ...]) -> Sheet:
    """(H, W) of level 0: the relief of the subject's left half, shapes given on that side.

    Lines waver a little and are deeper here than there, as skin folds where it is weak.
    """
    s, t = places(0)
    total = np.zeros(np.broadcast_shapes(s.shape, t.shape), np.float32)
    noise = grain(0.22)
    for number, shape in enumerate(shapes):
        box = _around(shape, s, t)
        own = np.roll(noise, (97 * number, 41 * number), (0, 1))  # no two lines waver alike
        height = shape.height(s[:, box[1]], t[box[0]] + np.float32(0.007) * own[box])
        uneven = shape.uneven if isinstance(shape, Furrow) else 0.22
        total[box] += height * np.maximum(1 + np.float32(uneven) * own[::-1][box], 0)
    return np.asarray(total * _half(), np.float32)


def _around(shape: Furrow | Swelling, s: Sheet, t: Sheet) -> Box:
    if isinstance(shape, Furrow):
        knots, margin = sheet_places(shape.line), REACH * shape.width
    else:
        knots, margin = sheet_places([shape.place]), max(shape.across, shape.down)
    margin += 0.05  # for bends between knots, and wavering
    low, high = knots.min(0) - margin, knots.max(0) + margin
    columns = np.searchsorted(s[0], [low[0], high[0]])
    rows = np.searchsorted(t[:, 0], [low[1], high[1]])
    return slice(int(rows[0]), int(rows[1])), slice(int(columns[0]), int(columns[1]))
