"""Furrows: the lines that units (and years) bring up in the skin."""

from __future__ import annotations

import numpy as np

from facsinterp.faces.drawn.brows import Brows
from facsinterp.faces.drawn.eyes import Eyes
from facsinterp.faces.drawn.head import Head
from facsinterp.faces.drawn.mouth import Mouth
from facsinterp.faces.drawn.nose import Nose
from facsinterp.faces.drawn.plate import Field, Plate, View, bump
from facsinterp.faces.drawn.spec import Moves

# A groove tilts the skin on both banks and lets less light into its bed.
_TILT = 1.9
_SHADE = 0.40


def _groove(view: View, line: Field, depth: Field, width: float, *, upright: bool) -> None:
    """A groove along `line`: y at each column, or (upright) x at each row; depth along it."""
    wide = max(width, 1.1 * view.pixel)
    depth = depth * (width / wide)
    if upright:
        off = (view.x[None, None, :] - line[:, :, None]) / wide
        strength = depth[:, :, None]
    else:
        off = (view.column - line[:, None, :]) / wide
        strength = depth[:, None, :]
    hollow = np.maximum(1 - off * off, 0)
    tilt = _TILT * strength * off * hollow
    if upright:
        view.lean(tilt, 0.0)
    else:
        view.lean(0.0, tilt)
    view.darken(np.minimum(_SHADE * strength * hollow * hollow, 0.85))


def draw_furrows(
    plate: Plate, head: Head, moves: Moves, parts: tuple[Brows, Eyes, Nose, Mouth]
) -> None:
    """Adds every furrow of a batch of faces."""
    brow, eye, nose, mouth = parts
    _frown(plate, moves, brow)
    _nose_root(plate, moves)
    _chin(plate, head, moves)
    _lip_lines(plate, moves, mouth)
    for side in (0, 1):
        _forehead(plate, head, moves, brow, side)
        _crows_feet(plate, head, moves, eye, side)
        _nasolabial(plate, head, moves, (nose, mouth), side)
        _mouth_corner(plate, moves, mouth, side)


def _one(moves: Moves, unit: int, side: int) -> Field:
    return moves.sides(unit)[:, side : side + 1]


def _forehead(plate: Plate, head: Head, moves: Moves, brow: Brows, side: int) -> None:
    """Horizontal lines: over the middle for unit 1, arched over the brow's end for unit 2."""
    view = plate.view((0.0, 0.92), (-1.15, -0.30), side)
    x = view.x[None, :]
    inner, outer = _one(moves, 1, side), _one(moves, 2, side)
    age = head.person["age"]
    middle, lateral = bump(x / 0.58), bump((x - 0.52) / 0.42)
    frown = 1 - 0.5 * _one(moves, 4, side)
    depth = (0.10 * age + 0.75 * inner * frown) * middle + (0.07 * age + 0.75 * outer) * lateral
    depth = depth * (0.65 + 0.5 * age)
    for k, share in enumerate((1.0, 0.85, 0.6)):
        # Lines over unit 1 dip towards the middle's side ends; those over unit 2 follow the brow.
        arch = -0.05 * outer * bump((x - 0.5) / 0.5) + 0.06 * inner * (x / 0.55) ** 2 * bump(
            x / 0.9
        )
        line = -0.53 - 0.145 * k - 0.06 * np.maximum(inner, outer) + arch
        _groove(view, line, share * depth, 0.032, upright=False)
    # The skin between brow and first line is pushed up into a roll.
    roll = (view.column - (brow.height(x, side) - 0.13)[:, None, :]) / 0.13
    push = (0.30 * inner * bump((x - 0.2) / 0.35) + 0.30 * outer * bump((x - 0.55) / 0.35))[
        :, None, :
    ]
    view.lean(0.0, -push * 2.2 * roll * bump(roll))


def _frown(plate: Plate, moves: Moves, brow: Brows) -> None:
    """Upright furrows between the brows."""
    view = plate.view((-0.32, 0.32), (-0.62, 0.0))
    y = view.y[None, :]
    frown = moves.mean(4) + 0.35 * moves.mean(9)
    middle = brow.inner_y.mean(axis=1, keepdims=True) - 0.05
    depth = np.minimum(1.35 * frown, 1.5) * bump((y - middle) / 0.24)
    for sign in (-1.0, 1.0):
        line = sign * (0.075 + 0.10 * (y - middle) ** 2 / 0.06 * 0.25)
        _groove(view, line, depth, 0.038, upright=True)
    # Inner ends of the brows bulge when they are drawn together.
    hill = (y - middle - 0.02) / 0.2
    view.darken((0.20 * frown * bump(hill))[:, :, None] * bump(view.x / 0.16)[None, None, :])


def _nose_root(plate: Plate, moves: Moves) -> None:
    """Wrinkles across the root and down the sides of the nose (unit 9)."""
    view = plate.view((-0.36, 0.36), (-0.26, 0.50))
    sneer = moves.mean(9)
    x = view.x[None, :]
    for k, top in enumerate((-0.08, 0.02, 0.12)):
        line = top + 0.9 * x * x * (1 - 0.2 * k)
        _groove(
            view,
            line,
            1.15 * sneer * bump(x / (0.17 + 0.02 * k)),
            0.030,
            upright=False,
        )
    for side in (0, 1):
        half = plate.view((0.0, 0.40), (-0.10, 0.50), side)
        bunny = _one(moves, 9, side)
        x = half.x[None, :]
        for k in range(2):
            slant = 0.10 + 0.11 * k + 0.75 * (x - 0.12)
            _groove(
                half,
                slant,
                1.0 * bunny * bump((x - 0.20) / 0.12),
                0.028,
                upright=False,
            )


def _crows_feet(plate: Plate, head: Head, moves: Moves, eye: Eyes, side: int) -> None:
    """Lines that fan out from the outer corner, and the furrow below the lower lid."""
    view = plate.view((0.15, 1.0), (-0.25, 0.55), side)
    x = view.x[None, :]
    cheek, age = _one(moves, 6, side), head.person["age"]
    corner = eye.x[:, side : side + 1] + eye.half[:, side : side + 1]
    out = x - corner
    reach = bump((out - 0.13) / 0.12)
    for slope, start in ((-0.55, -0.015), (0.0, 0.012), (0.5, 0.04)):
        depth = (0.95 * cheek + 0.12 * np.maximum(age - 0.4, 0)) * reach
        _groove(view, start + slope * out, depth, 0.024, upright=False)
    centre = eye.x[:, side : side + 1]
    tight = np.clip(cheek + 0.4 * _one(moves, 9, side), 0, 1.2)
    u = (x - centre) / 0.30
    line = 0.175 - 0.055 * u * u - 0.03 * cheek
    depth = (0.75 * tight + 0.16 * age) * bump(u)
    _groove(view, line, depth, 0.045, upright=False)


def _nasolabial(
    plate: Plate, head: Head, moves: Moves, parts: tuple[Nose, Mouth], side: int
) -> None:
    """The fold from the nose's wing to beside the mouth."""
    nose, mouth = parts
    view = plate.view((0.10, 0.95), (0.38, 1.35), side)
    y = view.y[None, :]
    smile, sneer, lift = (_one(moves, unit, side) for unit in (12, 9, 10))
    top_x = nose.wing_x[:, side : side + 1] + 0.075
    top_y = nose.wing_y[:, side : side + 1] - 0.05
    end_x = mouth.corner_x[:, side : side + 1] + 0.09 + 0.03 * smile
    end_y = mouth.corner_y[:, side : side + 1] + 0.02 + 0.10 * (1 - smile)
    s = (y - top_y) / np.maximum(end_y - top_y, 0.12)
    bow = 0.07 * smile + 0.10 * lift * bump((s - 0.45) / 0.6) + 0.03 * sneer
    c = np.clip(s, 0, 1)
    line = top_x + (end_x - top_x) * c**1.3 + bow * 4 * c * (1 - c) * 0.8
    upper, whole = bump((s - 0.15) / 0.42), bump((s - 0.45) / 0.62)
    stretch = _one(moves, 20, side)
    rest = 0.10 + 0.32 * head.person["age"]
    depth = (rest + 1.0 * smile + 0.55 * lift) * whole + (0.95 * sneer + 0.3 * lift) * upper
    depth = depth + 0.25 * stretch * whole
    _groove(view, line, depth, 0.062, upright=True)
    # The cheek swells over the fold.
    off = (view.x[None, None, :] - line[:, :, None] - 0.10) / 0.14
    swell = (0.35 * smile + 0.28 * lift + 0.25 * sneer)[:, :, None] * whole[:, :, None]
    view.lean(-1.6 * swell * off * bump(off), 0.0)


def _mouth_corner(plate: Plate, moves: Moves, mouth: Mouth, side: int) -> None:
    """Dimple (14), pouch below the corner (15), upright folds beside it (20)."""
    view = plate.view((0.12, 0.90), (0.62, 1.62), side)
    y = view.y[None, :]
    corner_x, corner_y = mouth.corner_x[:, side : side + 1], mouth.corner_y[:, side : side + 1]
    dimple, droop, stretch = (_one(moves, unit, side) for unit in (14, 15, 20))
    t = (y - corner_y) / 0.17
    line = corner_x + 0.055 - 0.05 * t * t
    _groove(view, line, 1.5 * dimple * bump(t), 0.060, upright=True)
    fall = (y - corner_y - 0.13) / 0.20
    line = corner_x + 0.035 + 0.10 * (y - corner_y)
    _groove(view, line, 0.75 * droop * bump(fall), 0.055, upright=True)
    tall = (y - corner_y - 0.03) / 0.30
    line = corner_x + 0.10 - 0.06 * tall * tall
    _groove(view, line, 0.85 * stretch * bump(tall), 0.055, upright=True)


def _chin(plate: Plate, head: Head, moves: Moves) -> None:
    """The bow under the lower lip and the puckered boss of unit 17."""
    view = plate.view((-0.5, 0.5), (0.95, 2.0))
    x = view.x[None, :]
    chin = moves.mean(17)
    line = head.actual(1.235) - 0.05 * chin + 0.55 * x * x
    depth = (0.15 + 1.0 * chin) * bump(x / 0.34)
    _groove(view, line, depth, 0.055, upright=False)
    top = head.actual(1.42) - 0.05 * chin
    boss = bump((view.column - top[:, :, None]) / 0.20) * bump(x / 0.25)[:, None, :]
    cells = np.sin(52 * view.column + 9 * view.x) * np.sin(41 * view.x + 7 * view.column)
    fine = min(1.0, 0.03 / view.pixel)
    pebble = (chin[:, :, None] * boss * cells).astype(np.float32)
    view.lean(0.5 * fine * pebble, 0.5 * fine * pebble)
    view.darken(np.maximum(0.22 * fine * pebble, 0) + 0.16 * chin[:, :, None] * boss)


def _lip_lines(plate: Plate, moves: Moves, mouth: Mouth) -> None:
    """Fine upright lines round tightened lips (23, 18) and the shade of pressed ones (24)."""
    view = plate.view((-0.45, 0.45), (0.70, 1.45))
    x = view.x[None, :]
    lines = mouth.at(x)
    tight = np.clip(moves.mean(23) + 0.9 * moves.mean(18), 0, 1)[:, :, None]
    near_up = bump((view.column - lines.top_out[:, None, :] + 0.05) / 0.09)
    near_down = bump((view.column - lines.bottom_out[:, None, :] - 0.05) / 0.09)
    stripes = np.cos(2 * np.pi * x / 0.085)[:, None, :] * bump(lines.t / 0.9)[:, None, :]
    fine = min(1.0, (0.03 / view.pixel))
    view.darken(np.maximum(0.22 * fine * tight * stripes * (near_up + near_down), 0))
    press = np.clip(moves.mean(24) + 0.5 * moves.mean(23), 0, 1)[:, :, None]
    width = bump(lines.t / 1.05)[:, None, :]
    up = (view.column - lines.top_out[:, None, :] + 0.07) / 0.08
    down = (view.column - lines.bottom_out[:, None, :] - 0.07) / 0.08
    view.lean(0.0, press * width * (-1.2 * up * bump(up) - 1.2 * down * bump(down)))
