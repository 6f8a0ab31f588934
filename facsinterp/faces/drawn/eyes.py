"""The eyes: lids as curves over the eye, iris and gaze, lashes and creases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facsinterp.faces.drawn.plate import Field, Plate, View, bump, ramp
from facsinterp.faces.drawn.spec import Columns, Moves

# Rows of the window in which an eye is drawn.
_WINDOW_X = (0.12, 0.84)
_WINDOW_Y = (-0.30, 0.32)


@dataclass(frozen=True)
class Eyes:
    """Places and openings of the eyes; every entry (face, 2), x measured outwards."""

    x: Field
    y: Field
    half: Field
    upper: Field
    """How far the upper lid's middle lies above the eye's axis."""
    lower: Field
    """How far the lower lid's middle lies below it."""
    tilt: Field
    fold: Field
    """Height of lid skin to be seen above the upper lid's edge."""
    closed: Field
    iris: Field
    gaze_x: Field
    gaze_y: Field
    tense: Field
    """Tightened skin below the eye (units 6, 7 and 9)."""

    def lids(self, u: Field, side: int) -> tuple[Field, Field]:
        """Heights of the upper and the lower lid at places u from -1 (inner) to 1 (outer)."""
        arch = np.maximum(1 - u * u, 0)
        axis = self.y[:, side : side + 1] - self.tilt[:, side : side + 1] * u
        upper = self.upper[:, side : side + 1] * np.sqrt(arch) * (0.55 + 0.45 * arch)
        lower = self.lower[:, side : side + 1] * arch * (1 + 0.22 * u)
        return (
            np.asarray(axis - upper * (1 - 0.14 * u), np.float32),
            np.asarray(axis + lower, np.float32),
        )


def eyes(person: Columns, setting: Columns, moves: Moves) -> Eyes:
    """The eyes of a batch."""
    wide, cheek, tight, shut, sneer, frown = (moves.sides(unit) for unit in (5, 6, 7, 43, 9, 4))
    opening = person["eye_open"]
    narrow = 1 - 0.30 * tight - 0.14 * cheek - 0.12 * sneer - 0.06 * frown
    upper = 0.082 * opening * narrow + 0.048 * wide
    lower = 0.052 * opening * (1 - 0.62 * tight - 0.45 * cheek - 0.30 * sneer) + 0.006 * wide
    upper = upper * (1 - shut) - 0.038 * shut
    lower = lower * (1 - shut) + 0.040 * shut
    one = np.ones_like(wide)
    return Eyes(
        x=0.445 * person["eye_gap"] * one,
        y=0.0 * one,
        half=0.205 * person["eye_width"] * one,
        upper=upper,
        lower=lower,
        tilt=0.016 * one + person["eye_tilt"],
        fold=0.05 * person["eye_lid"] * np.clip(1 - 0.8 * wide - 0.35 * frown, 0.1, 1)
        + 0.05 * shut,
        closed=shut,
        iris=np.broadcast_to(person["iris"], wide.shape),
        gaze_x=np.concatenate([-setting["gaze_x"], setting["gaze_x"]], axis=1),
        gaze_y=setting["gaze_y"] * one,
        tense=np.clip(0.8 * cheek + 0.8 * tight + 0.5 * sneer, 0, 1.2),
    )  # fmt: skip


def draw_eyes(plate: Plate, shape: Eyes, setting: Columns) -> None:
    """Paints both eyes."""
    for side in (0, 1):
        view = plate.view(_WINDOW_X, _WINDOW_Y, side)
        u = (view.x[None, :] - shape.x[:, side : side + 1]) / shape.half[:, side : side + 1]
        upper, lower = shape.lids(np.clip(u, -1, 1), side)
        inside = ramp((1 - np.abs(u)) / 0.06)
        _lid_skin(view, shape, side, u, upper, lower)
        _ball(view, shape, side, (upper, lower, inside), setting)
        _lashes(view, shape, side, u, (upper, lower))


def _part(column: Field, side: int) -> Field:
    return column[:, side, None, None]


def _lid_skin(view: View, shape: Eyes, side: int, u: Field, upper: Field, lower: Field) -> None:
    """The fold above the upper lid, the lid itself, and the groove below the lower one."""
    y = view.column
    span = bump(np.clip(u / 1.25, -1, 1))
    fold = shape.fold[:, side : side + 1]
    crease = upper - fold * (0.5 + 0.5 * bump(u / 1.3))
    width = max(0.026, view.pixel)
    off = (y - crease[:, None, :]) / width
    open_share = 1 - 0.6 * shape.closed[:, side, None, None]
    view.darken(0.42 * span[:, None, :] * bump(off) * open_share)
    # Between crease and edge the lid faces up.
    lid = (y - crease[:, None, :]) / np.maximum(upper - crease, 0.01)[:, None, :]
    bulge = bump(np.clip((lid - 0.35) / 0.65, -1, 1)) * span[:, None, :]
    view.lean(0.0, 0.35 * bulge)
    below = (y - lower[:, None, :] - 0.075) / max(0.035, view.pixel)
    strength = (0.05 + 0.26 * _part(shape.tense, side)) * bump(np.clip(u / 1.15, -1, 1))[:, None, :]
    view.darken(strength * bump(below))
    pouch = (y - lower[:, None, :] - 0.035) / 0.045
    view.lean(0.0, -0.9 * _part(shape.tense, side) * pouch * bump(pouch) * span[:, None, :])


def _ball(
    view: View, shape: Eyes, side: int, lids: tuple[Field, Field, Field], setting: Columns
) -> None:
    """White, iris, pupil and catch light, where the lids leave them free."""
    upper, lower, inside = lids
    soft = max(0.010, 0.7 * view.pixel)
    y, x = view.column, view.x[None, None, :]
    gap = np.minimum(y - upper[:, None, :], lower[:, None, :] - y)
    alpha = ramp(gap / soft) * inside[:, None, :]
    dx = x - _part(shape.x, side) - _part(shape.gaze_x, side)
    dy = y + 0.016 - _part(shape.gaze_y, side)
    far = np.hypot(dx, dy)
    away = (x - _part(shape.x, side)) / _part(shape.half, side)
    white = 0.52 - 0.17 * away * away
    iris = _part(shape.iris, side) * (0.55 + 0.45 * ramp((far - 0.045) / 0.03))
    iris = iris * (1 - 0.55 * ramp((far - 0.078) / 0.012))
    tone = white + ramp((0.092 - far) / soft) * (iris - white)
    tone = tone * (1 - 0.95 * ramp((0.038 - far) / soft))
    shadow = 1 - 0.45 * bump(np.clip((y - upper[:, None, :]) / 0.075, 0, 1))
    view.flatten(alpha)
    view.lean(-1.2 * alpha * away * 0.35, 0.0)
    view.paint("albedo", tone * shadow, alpha)
    view.paint("light", 1.0, alpha * 0.85)
    glint_x = dx * view.sign - 0.035 * np.sign(setting["light_x"])[:, :, None]
    spot = ramp((0.020 - np.hypot(glint_x, dy + 0.034)) / soft)
    view.paint("albedo", 1.1, spot * alpha * 0.85)


def _lashes(view: View, shape: Eyes, side: int, u: Field, lids: tuple[Field, Field]) -> None:
    """Dark edges of the lids, heavier above and towards the outer corner."""
    upper, lower = lids
    y = view.column
    soft = max(0.012, 0.8 * view.pixel)
    ends = ramp((1.04 - np.abs(u)) / 0.05)
    heavy = 0.018 * (1 + 0.30 * u) * (1 - 0.35 * shape.closed[:, side : side + 1])
    line = ramp(
        (np.maximum(heavy, 0.006)[:, None, :] - np.abs(y - upper[:, None, :] + 0.006)) / soft
    )
    view.darken(0.82 * line * ends[:, None, :])
    fine = ramp((0.007 - np.abs(y - lower[:, None, :])) / soft)
    view.darken(0.32 * fine * ends[:, None, :])
