"""The nose: ridge, tip, wings and nostrils."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from facsinterp.faces.drawn.plate import Field, Plate, View, bump, ramp
from facsinterp.faces.drawn.spec import Columns, Moves

# Height and half breadth of the ridge along the nose, from the root (0) to the base (1).
_ALONG: Final = (-0.65, -0.3, 0.0, 0.2, 0.45, 0.65, 0.78, 0.88, 0.96, 1.04, 1.12)
_RIDGE: Final = (0.0, 0.02, 0.05, 0.085, 0.135, 0.18, 0.205, 0.195, 0.13, 0.05, 0.0)
_BREADTH: Final = (0.36, 0.32, 0.27, 0.27, 0.29, 0.31, 0.33, 0.34, 0.34, 0.33, 0.33)


@dataclass(frozen=True)
class Nose:
    """Where the noses of a batch are; (face, 1), the wings (face, 2)."""

    base: Field
    lift: Field
    """How far the base is drawn up from where it rests."""
    width: Field
    height: Field
    wing_x: Field
    wing_y: Field


def nose(person: Columns, moves: Moves) -> Nose:
    """The noses of a batch: unit 9 draws the wings up and widens them."""
    sneer, lift = moves.sides(9), moves.sides(10)
    width = person["nose_width"]
    drawn_up = 0.055 * moves.mean(9) + 0.012 * moves.mean(10)
    return Nose(
        0.68 * person["nose_length"] - drawn_up,
        drawn_up,
        width,
        person["nose_height"],
        width * (0.185 + 0.03 * sneer),
        person["nose_length"] * 0.575 - 0.085 * sneer - 0.02 * lift,
    )


def draw_nose(plate: Plate, shape: Nose) -> None:
    """Adds the nose's slopes and its shade."""
    view = plate.view((-0.52, 0.52), (-0.45, 0.95))
    # The root stays; the lower half is drawn up with the base.
    pulled = view.y[None, :] + shape.lift * ramp((view.y[None, :] - 0.36) / 0.20)
    along = pulled / (shape.base + shape.lift)
    ridge = np.interp(along, _ALONG, _RIDGE).astype(np.float32) * shape.height
    breadth = np.interp(along, _ALONG, _BREADTH).astype(np.float32) * shape.width
    x = view.x[None, None, :]
    surface = ridge[:, :, None] * bump(x / breadth[:, :, None])
    tip = (view.column - 0.80 * shape.base[:, :, None]) / 0.17
    surface += 0.055 * shape.height[:, :, None] * _round(x / (0.19 * shape.width[:, :, None]), tip)
    for side, sign in ((0, -1.0), (1, 1.0)):
        surface += _wing(view, shape, side, sign)
    slope_x: Field = np.gradient(surface, view.pixel, axis=2)
    slope_y: Field = np.gradient(surface, view.pixel, axis=1)
    view.lean(slope_x, slope_y)
    _shade(view, shape)


def _round(tx: Field, ty: Field) -> Field:
    return bump(np.minimum(np.hypot(tx, ty), 1))


def _wing(view: View, shape: Nose, side: int, sign: float) -> Field:
    x = sign * shape.wing_x[:, side, None, None]
    y = shape.wing_y[:, side, None, None]
    tx = (view.x[None, None, :] - 0.92 * x) / (0.15 * shape.width[:, :, None])
    ty = (view.column - y) / 0.145
    return 0.075 * _round(tx, ty)


def _shade(view: View, shape: Nose) -> None:
    base = shape.base[:, :, None]
    x = view.x[None, None, :]
    wide = 0.30 * shape.width[:, :, None]
    view.darken(0.30 * bump(x / wide) * bump((view.column - base - 0.02) / 0.11))
    view.darken(0.22 * bump(x / (0.8 * wide)) * bump((view.column - base - 0.07) / 0.12))
    soft = max(0.022, view.pixel)
    for side, sign in ((0, -1.0), (1, 1.0)):
        wing_x = sign * shape.wing_x[:, side, None, None]
        wing_y = shape.wing_y[:, side, None, None]
        off = x - 0.55 * wing_x
        lean = view.column - 0.40 * wing_y - 0.60 * base + 0.015 - 0.35 * np.abs(off)
        far = np.hypot(off / (0.065 * shape.width[:, :, None]), lean / 0.030)
        view.darken(0.72 * ramp((1 - far) * 0.030 / soft))
        # The groove behind the wing, towards the cheek only.
        tx = (x - 0.92 * wing_x) / (0.155 * shape.width[:, :, None])
        ty = (view.column - wing_y - 0.01) / 0.135
        ring = bump((np.hypot(tx, ty) - 0.95) / (0.30 + view.pixel))
        view.darken(0.30 * ring * ramp((sign * tx - 0.55) / 0.35))
