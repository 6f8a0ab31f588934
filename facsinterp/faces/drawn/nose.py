"""The nose: ridge, tip, wings and nostrils."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from facsinterp.faces.drawn.plate import Field, Plate, View, bump, ramp
from facsinterp.faces.drawn.spec import Columns, Moves

# Height of the ridge along the nose, from the root (0) to the base (1).
_ALONG: Final = (-0.65, -0.3, 0.0, 0.2, 0.45, 0.7, 0.83, 0.92, 1.0, 1.08)
_RIDGE: Final = (0.0, 0.03, 0.07, 0.12, 0.19, 0.27, 0.29, 0.22, 0.07, 0.0)
_BREADTH: Final = (0.30, 0.26, 0.20, 0.20, 0.22, 0.27, 0.30, 0.29, 0.26, 0.25)


@dataclass(frozen=True)
class Nose:
    """Where the noses of a batch are; (face, 1), the wings (face, 2)."""

    base: Field
    width: Field
    height: Field
    wing_x: Field
    wing_y: Field


def nose(person: Columns, moves: Moves) -> Nose:
    """The noses of a batch: unit 9 draws the wings up and widens them."""
    sneer, lift = moves.sides(9), moves.sides(10)
    base = 0.68 * person["nose_length"] - 0.05 * moves.mean(9)
    width = person["nose_width"]
    return Nose(
        base.astype(np.float32),
        width,
        person["nose_height"],
        width * (0.185 + 0.025 * sneer),
        person["nose_length"] * 0.585 - 0.085 * sneer - 0.02 * lift,
    )


def draw_nose(plate: Plate, shape: Nose) -> None:
    """Adds the nose's slopes and its shade."""
    view = plate.view((-0.52, 0.52), (-0.45, 0.95))
    along = view.y[None, :] / shape.base
    ridge = np.interp(along, _ALONG, _RIDGE).astype(np.float32) * shape.height
    breadth = np.interp(along, _ALONG, _BREADTH).astype(np.float32) * shape.width
    surface = ridge[:, :, None] * bump(view.x[None, None, :] / breadth[:, :, None])
    for side, sign in ((0, -1.0), (1, 1.0)):
        surface += _wing(view, shape, side, sign)
    slope_y, slope_x = np.gradient(surface, view.pixel, axis=(1, 2))
    view.lean(slope_x.astype(np.float32), slope_y.astype(np.float32))
    _shade(view, shape)


def _wing(view: View, shape: Nose, side: int, sign: float) -> Field:
    x = sign * shape.wing_x[:, side, None, None]
    y = shape.wing_y[:, side, None, None]
    tx = (view.x[None, None, :] - x) / (0.135 * shape.width[:, :, None])
    ty = (view.column - y) / 0.125
    return np.asarray(0.115 * bump(np.minimum(np.hypot(tx, ty), 1)), np.float32)


def _shade(view: View, shape: Nose) -> None:
    base = shape.base[:, :, None]
    x = view.x[None, None, :]
    wide = 0.27 * shape.width[:, :, None]
    under = bump(x / wide) * bump((view.column - base - 0.035) / 0.13)
    view.darken(0.34 * under)
    soft = max(0.02, view.pixel)
    for side, sign in ((0, -1.0), (1, 1.0)):
        wing_x = sign * shape.wing_x[:, side, None, None]
        wing_y = shape.wing_y[:, side, None, None]
        hole_x = (x - 0.52 * wing_x) / (0.075 * shape.width[:, :, None])
        hole_y = (view.column - 0.45 * wing_y - 0.55 * base + 0.01) / 0.036
        far = (1 - np.hypot(hole_x, hole_y)) * 0.036 / soft
        view.darken(0.75 * ramp(far))
        # The groove round the wing, towards the cheek only.
        tx = (x - wing_x) / (0.15 * shape.width[:, :, None])
        ty = (view.column - wing_y) / 0.14
        ring = bump((np.hypot(tx, ty) - 1) / (0.25 + view.pixel))
        view.darken(0.30 * ring * ramp((sign * tx - 0.25) / 0.4))
