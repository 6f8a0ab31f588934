"""Rings of points round the mouth: the lips, their inner sides and the skin about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline

from facsinterp.faces.drawn.surface.skull import Points, in_front

COLUMNS: Final = 27
INNER_ROWS: Final = 3
LIP_ROWS: Final = 6
ROWS: Final = 9
"""Rings from the line between the lips outwards; the last joins the face."""

_WIDTH: Final = 0.365
# Heights at these shares of the way from the middle to a corner.
_PLACES: Final = (0.0, 0.2, 0.5, 0.8, 1.0)
_LINE: Final = (0.975, 0.969, 0.970, 0.976, 0.98)
_UPPER: Final = (0.868, 0.846, 0.884, 0.945, 0.978)
_LOWER: Final = (1.110, 1.107, 1.085, 1.030, 0.983)


def halves() -> tuple[Points, Points]:
    """Upper and lower half: (INNER_ROWS + ROWS, COLUMNS, 3) each.

    The inner side first, from the mouth out to the lips' edge, then the red lip and the skin;
    the corners and the line between the lips are shared.
    """
    turn = np.linspace(-np.pi / 2, np.pi / 2, COLUMNS)
    u = 0.6 * np.sin(turn) + 0.4 * turn / (np.pi / 2)
    line = np.column_stack([_WIDTH * u, _even(_LINE)(u), 1.48 - 0.165 * np.abs(u) ** 2.2])
    upper = _half(line, _even(_UPPER)(u), -0.25, (0.050, 0.060))
    lower = _half(line, _even(_LOWER)(u), 0.26, (0.075, 0.085))
    lower[:, [0, -1]] = upper[:, [0, -1]]
    return upper, lower


def _even(heights: Sequence[float]) -> CubicSpline:
    places = np.concatenate([-np.array(_PLACES[:0:-1]), _PLACES])
    return CubicSpline(places, np.concatenate([heights[:0:-1], heights]))


def _half(line: Points, border: Points, reach: float, swell: tuple[float, float]) -> Points:
    """One half; `swell` is how far the red stands out at its border and at the line."""
    u = line[:, 0] / _WIDTH
    field = in_front(1.02 * line[:, 0], border)
    edge, end = field.copy(), np.abs(u) ** 4
    edge[:, 2] += 0.008 * (1 - u**2) + (line[0, 2] - field[0, 2]) * end
    full = (np.abs(border - line[:, 1]) / np.abs(border - line[:, 1]).max()) ** 0.8
    red = _curve(line, edge, full, swell)
    turn = np.pi * np.linspace(1, 0, COLUMNS)
    ring = np.column_stack([0.49 * np.cos(turn), 0.975 + reach * np.sin(turn)])
    skin = []
    for share in np.linspace(0, 1, ROWS - LIP_ROWS + 1)[1:]:
        flat = edge[:, :2] * (1 - share) + ring * share
        row = in_front(flat[:, 0], flat[:, 1])
        row[:, 2] += (edge[:, 2] - field[:, 2]) * (1 - share) ** 2
        skin.append(row)
    sign = np.sign(reach)
    back = []
    for down, in_ in ((0.10, 0.09), (0.05, 0.075), (0.012, 0.04)):
        inner = line * [0.97, 1, 1] + [0, 0, -in_]
        inner[:, 1] += sign * down * np.sqrt(1.02 - u**2)
        back.append(inner)
    return np.stack([*back, *red, *skin])


def _curve(line: Points, edge: Points, full: Points, swell: tuple[float, float]) -> Points:
    """(LIP_ROWS, COLUMNS, 3): cubic Bezier curves from the line to the border."""
    first, last = line.copy(), edge + 0.35 * (line - edge)
    first[:, 1] += 0.15 * (edge[:, 1] - line[:, 1])
    first[:, 2] += swell[1] * full
    last[:, 2] = edge[:, 2] + swell[0] * full
    t = np.linspace(0, 1, LIP_ROWS)[:, None, None] ** 0.9
    s = 1 - t
    return np.asarray(s**3 * line + 3 * s**2 * t * first + 3 * s * t**2 * last + t**3 * edge)
