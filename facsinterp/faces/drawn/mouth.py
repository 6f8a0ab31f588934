"""The mouth: two lips between movable corners, teeth, and the dark behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facsinterp.faces.drawn.head import Head
from facsinterp.faces.drawn.plate import Field, Plate, View, bump, ramp
from facsinterp.faces.drawn.spec import Moves

_WINDOW_X = (-0.80, 0.80)
_WINDOW_Y = (0.62, 1.85)


@dataclass(frozen=True)
class Mouth:
    """A batch of mouths: (face, 1), corners (face, 2) with x measured outwards."""

    corner_x: Field
    corner_y: Field
    middle: Field
    """Height of the line between the lips at the middle of the mouth."""
    gap_up: Field
    gap_down: Field
    upper: Field
    """Thickness of the upper lip's red."""
    lower: Field
    bow: Field
    square: Field
    """How squarely unit 10 lifts the upper lip."""
    round: Field
    """How much the open mouth is an ellipse (jaw) instead of a slit."""
    press: Field
    pout: Field
    jaw: Field

    def at(self, x: Field) -> MouthLines:
        """The four edges of the lips at picture columns x (face, n)."""
        right, left = self.corner_x[:, :1], self.corner_x[:, 1:]
        t = np.clip(np.where(x < 0, x / right, x / left), -1, 1)
        arch = 1 - t * t
        drop = np.where(x < 0, self.corner_y[:, :1], self.corner_y[:, 1:]) - self.middle
        # Pulled corners bend the line near the corners, not in the middle.
        line = self.middle + drop * t * t * (0.45 + 0.55 * t * t) + 0.012 * bump(t / 0.4)
        slit = arch * (1 - self.round) + np.sqrt(arch) * self.round
        lift = 1 + 0.35 * self.square * bump((np.abs(t) - 0.5) / 0.45)
        top_in = line - self.gap_up * slit * lift
        bottom_in = line + self.gap_down * slit
        cupid = 1 - self.bow * bump(t / 0.30) + 0.30 * self.bow * bump((np.abs(t) - 0.30) / 0.35)
        top_out = top_in - self.upper * np.sqrt(arch) * (0.35 + 0.65 * arch) * cupid
        bottom_out = bottom_in + self.lower * np.sqrt(arch) * (0.2 + 0.8 * arch)
        return MouthLines(
            *(np.asarray(e, np.float32) for e in (t, top_out, top_in, bottom_in, bottom_out))
        )


@dataclass(frozen=True)
class MouthLines:
    """Edges of the lips along a row of columns; every entry (face, n)."""

    t: Field
    """-1 at the subject's right corner, 1 at the left."""
    top_out: Field
    top_in: Field
    bottom_in: Field
    bottom_out: Field


def mouth(head: Head, moves: Moves) -> Mouth:
    """The mouths of a batch."""
    person = head.person
    m, s = moves.mean, moves.sides
    half = 0.355 * person["mouth_width"]
    jaw = head.jaw
    narrow = 0.36 * m(18) + 0.26 * m(22) + 0.15 * m(23) + 0.03 * m(24) + 0.25 * jaw
    corner_x = half * (1 - narrow + 0.24 * s(12) + 0.30 * s(20) + 0.05 * s(15) + 0.09 * s(14))
    middle = 0.985 * person["length"] + person["mouth_drop"]
    middle = middle - 0.065 * m(17) - 0.015 * m(12) - 0.02 * m(10) - 0.015 * m(9) - 0.02 * m(22)
    corner_y = (
        middle - 0.016 + 0.075 * m(17) + 0.30 * jaw
        - 0.175 * s(12) + 0.15 * s(15) + 0.012 * s(20) - 0.015 * s(14)
    )  # fmt: skip
    # Only coded lips part: other units widen the gap that unit 25 opens.
    part = np.clip(m(25) / 0.2, 0, 1) * (1 - m(24)) * (1 - 0.6 * m(23))
    gap_up = 0.050 * m(25) + part * (0.070 * m(10) + 0.02 * m(9) + 0.055 * m(22) + 0.05 * m(27))
    gap_down = 0.060 * m(25) + part * (0.135 * m(16) + 0.075 * m(22)) + 0.92 * jaw
    thin = (1 - 0.62 * m(24)) * (1 - 0.55 * m(23)) * (1 - 0.18 * m(12)) * (1 - 0.20 * m(20))
    thick = 1 + 0.55 * m(18) + 0.45 * m(22)
    return Mouth(
        corner_x.astype(np.float32), corner_y.astype(np.float32), middle.astype(np.float32),
        gap_up.astype(np.float32), gap_down.astype(np.float32),
        upper=0.088 * person["lip_upper"] * thin * thick * (1 - 0.25 * m(17) - 0.15 * m(10)),
        lower=0.112 * person["lip_lower"] * thin * thick * (1 - 0.22 * m(16) + 0.10 * m(17)),
        bow=person["lip_bow"] * 0.5 * (1 - 0.5 * m(12)),
        square=m(10), round=np.clip(2.4 * jaw + 0.8 * m(22), 0, 1),
        press=np.clip(m(24) + 0.5 * m(23), 0, 1),
        pout=np.clip(m(17) + 0.6 * m(18) + 0.8 * m(22), 0, 1.4),
        jaw=jaw,
    )  # fmt: skip


def draw_mouth(plate: Plate, shape: Mouth, skin: Field, lip_tone: Field) -> None:
    """Paints lips, teeth and the inside of the mouth."""
    view = plate.view(_WINDOW_X, _WINDOW_Y)
    lines = shape.at(view.x[None, :])
    right, left = shape.corner_x[:, :1], shape.corner_x[:, 1:]
    reach = np.minimum(view.x[None, :] + right, left - view.x[None, :])
    inside = ramp(reach / (0.02 + view.pixel))
    _lip_surface(view, shape, lines, inside, skin * lip_tone)
    _opening(view, shape, lines, inside)
    _line(view, shape, lines, reach)


def _lip_surface(view: View, shape: Mouth, lines: MouthLines, inside: Field, tone: Field) -> None:
    y = view.column
    soft = max(0.016, view.pixel)
    for top, bottom, tilt, bend in (
        (lines.top_out, lines.top_in, -0.75, 0.35),
        (lines.bottom_in, lines.bottom_out, 0.62, -1.35),
    ):
        a, b = top[:, None, :], bottom[:, None, :]
        alpha = ramp((y - a) / soft) * ramp((b - y) / soft) * inside[:, None, :]
        thick = np.maximum(b - a, 0.02)
        v = np.clip((y - a) / thick, 0, 1)
        slope = tilt + bend * v
        pout = 1 + 0.15 * shape.pout[:, :, None]
        view.lean(0.0, alpha * slope * 0.75 * pout)
        view.paint("albedo", tone[:, :, None], 0.9 * alpha)
        view.paint("gloss", 0.9, 0.6 * alpha)
    # Shade below the lower lip.
    under = (y - lines.bottom_out[:, None, :] - 0.035) / 0.07
    width = bump(lines.t / 0.95)[:, None, :]
    view.darken(0.20 * bump(under) * width * (1 + 0.4 * shape.pout[:, :, None]))


def _opening(view: View, shape: Mouth, lines: MouthLines, inside: Field) -> None:
    y = view.column
    soft = max(0.010, 0.8 * view.pixel)
    top, bottom = lines.top_in[:, None, :], lines.bottom_in[:, None, :]
    alpha = ramp((y - top) / soft) * ramp((bottom - y) / soft) * inside[:, None, :]
    alpha = alpha * ramp(((bottom - top) - 0.012) / 0.012)
    t = lines.t[:, None, :]
    tone = np.full_like(alpha, 0.012)
    middle, jaw = shape.middle[:, :, None], shape.jaw[:, :, None]
    tongue = bump((y - bottom + 0.01) / (0.03 + 0.45 * jaw)) * bump(t / 0.8)
    tone += 0.09 * tongue * ramp((jaw - 0.12) / 0.06)
    # Teeth stand where the skull and the jaw hold them; lips and gums cover their roots.
    arch = 1 - 0.80 * t * t
    clefts = 1 - 0.25 * np.cos(np.pi * view.x / 0.062)[None, None, :] ** 16
    upper = ramp((middle + 0.022 + 0.016 * t * t - y) / soft) * ramp((y - middle + 0.085) / 0.02)
    edge = middle + 0.05 + 0.92 * jaw
    lower = ramp((y - edge + 0.016 * t * t) / soft) * ramp((edge + 0.075 - y) / 0.02)
    tone += clefts * arch * np.maximum(0.44 * upper, 0.33 * lower)
    shadow = 1 - 0.5 * bump(np.clip((y - top) / 0.06, 0, 1))
    view.flatten(alpha)
    view.paint("albedo", tone * shadow, alpha)
    view.paint("light", 0.95, alpha)
    view.fields["gloss"] *= 1 - alpha


def _line(view: View, shape: Mouth, lines: MouthLines, reach: Field) -> None:
    """The dark line where the lips meet, and the small pits at its ends."""
    y = view.column
    half = max(0.014, 0.7 * view.pixel)
    near = bump((y - lines.top_in[:, None, :]) / (2.0 * half))
    ends = ramp((reach + 0.012) / 0.02)[:, None, :]
    shut = 1 - 0.65 * ramp((lines.bottom_in - lines.top_in - 0.02) / 0.015)[:, None, :]
    view.darken((0.58 + 0.2 * shape.press[:, :, None]) * near * ends * shut)
    x = view.x[None, None, :]
    for side, sign in ((0, -1.0), (1, 1.0)):
        dx = (x - sign * shape.corner_x[:, side, None, None]) / 0.05
        dy = (y - shape.corner_y[:, side, None, None]) / 0.045
        view.darken(0.30 * bump(np.minimum(np.hypot(dx, dy), 1)))
