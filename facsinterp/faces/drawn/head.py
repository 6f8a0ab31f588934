"""The head: its outline, its depth, and the hills and hollows of the face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from facsinterp.faces.drawn.plate import Field, Plate, bump, bump_slope, ramp
from facsinterp.faces.drawn.spec import Columns, Moves

JAW_HINGE: Final = 0.72
"""Below this height (of an average face) the skin follows the jaw."""
CHIN: Final = 1.64
VERTEX: Final = -1.66
_SMALL_PRODUCT: Final = 400_000
"""Multiplications of one matrix product (OpenBLAS starts threads at about a million)."""

_TABLE: Final = np.linspace(-1.8, 1.8, 721)
_WIDTHS: Final = (
    (VERTEX, 0.0), (-1.62, 0.30), (-1.52, 0.52), (-1.3, 0.80), (-1.0, 0.97), (-0.6, 1.03),
    (-0.2, 1.02), (0.2, 0.99), (0.5, 0.955), (0.8, 0.89), (1.05, 0.80), (1.25, 0.69),
    (1.42, 0.54), (1.54, 0.39), (1.61, 0.235), (CHIN, 0.0),
)  # fmt: skip
_DEPTHS: Final = (
    (VERTEX, 0.3), (-1.4, 0.72), (-1.1, 0.92), (-0.7, 1.04), (-0.3, 1.07), (0.0, 1.03), (0.4, 1.04),
    (0.8, 1.07), (1.2, 1.03), (1.45, 0.97), (1.56, 0.86), (CHIN, 0.62),
)  # fmt: skip


def _curve(points: tuple[tuple[float, float], ...], power: int) -> NDArray[np.float64]:
    y, value = np.array(points).T
    table = PchipInterpolator(y, value**power)(np.clip(_TABLE, VERTEX, CHIN))
    return np.where((_TABLE < VERTEX) | (_TABLE > CHIN), 0.0, table)


_WIDTH_SQUARED: Final = _curve(_WIDTHS, 2)
_DEPTH: Final = _curve(_DEPTHS, 1)


@dataclass(frozen=True)
class Head:
    """Where a batch of heads ends and how the jaw hangs; every entry of shape (face, 1)."""

    person: Columns
    jaw: Field
    """How far the chin has dropped."""

    def canonical(self, y: Field) -> Field:
        """The height on an average closed face that lies at height y here."""
        below = y / self.person["length"]
        stretch = 1 + self.jaw / (CHIN - JAW_HINGE)
        below = np.where(below > JAW_HINGE, JAW_HINGE + (below - JAW_HINGE) / stretch, below)
        return np.where(y > 0, below, y).astype(np.float32)

    def actual(self, y: Field | float) -> Field:
        """The height here of a height on an average closed face."""
        stretch = 1 + self.jaw / (CHIN - JAW_HINGE)
        below = np.where(y > JAW_HINGE, JAW_HINGE + (y - JAW_HINGE) * stretch, y)
        return np.where(np.asarray(y) > 0, below * self.person["length"], y).astype(np.float32)

    def half_width(self, y: Field) -> Field:
        """Half the head's width at heights y (face, n); 0 above the vertex and below the chin."""
        at = self.canonical(y)
        person = self.person
        squared = np.interp(at, _TABLE, _WIDTH_SQUARED).astype(np.float32)
        shape = (
            1
            + person["jaw"] * bump((at - 1.1) / 0.6)
            + person["cheek"] * bump((at - 0.35) / 0.55)
            + person["chin"] * bump((at - 1.5) / 0.3)
        )
        return np.sqrt(squared) * shape * person["width"]

    def mid_depth(self, y: Field) -> Field:
        """Depth of the head's middle line at heights y (face, n), without the nose."""
        return np.interp(self.canonical(y), _TABLE, _DEPTH).astype(np.float32)


def head(person: Columns, moves: Moves) -> Head:
    """The heads of a batch."""
    jaw = 0.17 * moves.mean(26) + 0.34 * moves.mean(27)
    return Head(person, jaw.astype(np.float32))


def draw_head(plate: Plate, shape: Head) -> Field:
    """Sets cover and slopes of the bare head; gives half widths (face, row)."""
    y = np.broadcast_to(plate.y[None, :], (shape.jaw.shape[0], plate.side))
    width = shape.half_width(y)
    depth = shape.mid_depth(y)
    safe = np.maximum(width, 1e-3)
    q = (plate.x[None, None, :] / safe[:, :, None]) ** 2
    np.minimum(q, 1, out=q)
    # Flatter in front and steeper at the sides than an ellipse.
    round_off = np.sqrt(np.maximum(1 - 0.5 * q - 0.5 * q * q, 0.03))
    steep = (0.5 + q) / round_off
    growth = np.gradient(width, plate.pixel, axis=1)
    plate.fields["slope_x"] += -(depth / safe**2)[:, :, None] * plate.x[None, None, :] * steep
    plate.fields["slope_y"] += (
        np.gradient(depth, plate.pixel, axis=1)[:, :, None] * round_off
        + (depth * growth / safe)[:, :, None] * q * steep
    )
    edge = (width[:, :, None] - np.abs(plate.x)[None, None, :]) / (0.8 * plate.pixel)
    plate.fields["cover"][:] = ramp(edge) * (width > 0)[:, :, None]
    return width


@dataclass(frozen=True)
class Hills:
    """Hills and hollows (face, k): centre, radii and height of each."""

    x: Field
    y: Field
    radius_x: Field
    radius_y: Field
    height: Field

    @classmethod
    def of(cls, count: int, rows: list[tuple[Field | float, ...]]) -> Hills:
        """From rows (x, y, radius x, radius y, height) of numbers or (face, 1) columns."""
        parts = [
            np.concatenate(
                [np.broadcast_to(np.asarray(row[i], np.float32), (count, 1)) for row in rows],
                axis=1,
            )
            for i in range(5)
        ]
        return cls(*parts)


def raise_hills(plate: Plate, hills: Hills) -> None:
    """Add the slopes of the hills, and the shade that lies in the hollows.

    Each hill is a product of a function of x and one of y, so their sum is a matrix product.
    """
    tx = (plate.x[None, None, :] - hills.x[:, :, None]) / hills.radius_x[:, :, None]
    ty = (plate.y[None, None, :] - hills.y[:, :, None]) / hills.radius_y[:, :, None]
    across, along = bump(tx), bump(ty)
    high = hills.height[:, :, None]
    plate.fields["slope_x"] += _products(along * high, bump_slope(tx) / hills.radius_x[:, :, None])
    plate.fields["slope_y"] += _products(bump_slope(ty) / hills.radius_y[:, :, None] * high, across)
    # Small hollows hold more shade than wide ones of the same depth.
    narrow = high / np.sqrt(hills.radius_x * hills.radius_y)[:, :, None]
    plate.fields["light"] *= np.clip(1 + 0.55 * _products(along * narrow, across), 0.35, 1.12)


def _products(down: Field, across: Field) -> Field:
    """Sums over k of down (face, k, row) times across (face, k, col).

    In blocks of rows small enough that the matrix library keeps to one thread: the bytes
    then do not depend on how many threads there are, and busy machines stay fast.
    """
    count, k, side = down.shape
    step = max(1, _SMALL_PRODUCT // (k * side))
    total = np.empty((count, side, side), np.float32)
    for start in range(0, side, step):
        rows = down[:, :, start : start + step].transpose(0, 2, 1)
        total[:, start : start + step] = np.matmul(rows, across)
    return total


def face_hills(shape: Head, moves: Moves) -> list[tuple[Field | float, ...]]:
    """The hills of brow, sockets, cheeks and chin, where the units have put them."""
    person = shape.person
    rows: list[tuple[Field | float, ...]] = [
        (0.0, -0.95, 0.9, 0.6, 0.03),
        (0.0, shape.actual(1.0), 0.62, 0.5, 0.07),
        (0.0, shape.actual(0.80), 0.06, 0.13, -0.016),
    ]
    frown = moves.mean(4)
    rows.append((0.0, -0.30 + 0.03 * frown, 0.20, 0.22, 0.02 + 0.03 * frown))
    for side, sign in ((0, -1.0), (1, 1.0)):
        rows += _side_hills(shape, moves, side, sign)
    chin = moves.mean(17)
    tight = moves.mean(24)
    rows += [
        (0.0, shape.actual(1.22) - 0.03 * chin, 0.36, 0.13, -0.05 - 0.05 * chin),
        (0.0, shape.actual(1.44) - 0.06 * chin, 0.32, 0.24, 0.075 + 0.035 * chin),
        (0.0, shape.actual(0.86), 0.34, 0.12, 0.035 * tight + 0.03 * moves.mean(18)),
        (0.0, shape.actual(1.13), 0.34, 0.12, 0.035 * tight),
    ]
    return [(person["width"] * x, y, rx, ry, h) for x, y, rx, ry, h in rows]


def _side_hills(
    shape: Head, moves: Moves, side: int, sign: float
) -> list[tuple[Field | float, ...]]:
    person = shape.person

    def unit(number: int) -> Field:
        return moves.sides(number)[:, side : side + 1]

    eye = sign * 0.45 * person["eye_gap"]
    smile, cheek, sneer = unit(12), unit(6), unit(9)
    brow = -0.27 - 0.08 * unit(2) - 0.05 * unit(1) + 0.07 * unit(4)
    return [
        (eye, brow, 0.42, 0.18, 0.05),
        (eye, 0.0, 0.36, 0.27, -0.085),
        (sign * 0.21, 0.02, 0.15, 0.24, -0.06),
        (
            sign * 0.40,
            0.21,
            0.26,
            0.09,
            0.008 + 0.02 * person["age"] + 0.03 * cheek + 0.02 * unit(7),
        ),
        (sign * 0.62, 0.40 - 0.05 * cheek, 0.44, 0.34, 0.05 + 0.4 * person["cheek"]),
        (
            sign * (0.50 + 0.03 * smile),
            0.56 - 0.10 * smile - 0.08 * cheek - 0.04 * unit(10),
            0.30,
            0.27,
            0.012 + 0.085 * smile + 0.055 * cheek + 0.02 * unit(10) + 0.03 * sneer,
        ),
        (sign * 0.66, shape.actual(0.95), 0.34, 0.42, -0.045 - 0.03 * unit(18)),
        (sign * 0.22, 0.33 - 0.04 * sneer, 0.14, 0.20, 0.05 * sneer),
        (sign * 0.62, shape.actual(1.02), 0.17, 0.20, 0.05 * unit(14) + 0.03 * unit(20)),
    ]
