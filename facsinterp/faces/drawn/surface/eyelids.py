"""Rings of points round the eyes: the lids with their edges and creases."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator

from facsinterp.faces.drawn.surface.skull import Points, in_front

EYE: Final = np.array([0.443, 0.0, 1.085])
"""Centre of the left eyeball; the right one has x reversed."""
RADIUS: Final = 0.185
COLUMNS: Final = 17
INNER_ROWS: Final = 2
LID_ROWS: Final = 5
ROWS: Final = 8
"""Rings from the lid's edge outwards; the last joins the face."""

_INNER: Final = (0.23, 0.015)  # canthi
_OUTER: Final = (0.645, -0.015)
_SPREAD: Final = 0.035  # how far the creases run on beyond the canthi


def left() -> tuple[Points, Points]:
    """Rings of the left eye, upper and lower half: (INNER_ROWS + ROWS, COLUMNS, 3) each.

    The edge's thickness first, from the eyeball out, then the lid from its edge outwards;
    columns from the inner to the outer canthus, which both halves share.
    """
    upper = _half((0.0, 0.045, 0.067, 0.073, 0.063, 0.038, 0.0), -0.096, -0.25)
    lower = _half((0.0, -0.034, -0.061, -0.077, -0.077, -0.054, 0.0), 0.098, 0.245)
    lower[:, [0, -1]] = upper[:, [0, -1]]
    return upper, lower


def _half(lift: tuple[float, ...], crease: float, reach: float) -> Points:
    share = np.linspace(0, 1, COLUMNS)
    turn = np.pi * (1 - share)
    u = 0.35 * (1 + np.cos(turn)) / 2 + 0.65 * share
    arch = np.sin(np.pi * u) ** 0.7
    line = np.outer(1 - u, _INNER) + np.outer(u, _OUTER)
    edge = line.copy()
    edge[:, 1] -= PchipInterpolator(np.linspace(0, 1, len(lift)), lift)(u)
    fold = edge + np.column_stack([_SPREAD * (2 * u - 1) ** 3, crease * arch])
    ring = np.column_stack([0.437 + 0.30 * np.cos(turn), reach * np.sin(turn)])
    rows = []
    for row in range(ROWS):
        if row < LID_ROWS:
            part = row / (LID_ROWS - 1)
            flat = edge + (fold - edge) * part
        else:
            part = (row - LID_ROWS + 1) / (ROWS - LID_ROWS)
            flat = fold + (ring - fold) * part
        rows.append(in_front(flat[:, 0], flat[:, 1]))
    rows[0][-1, 2] += 0.3 * (rows[0][-2, 2] - rows[0][-1, 2])  # no step at the outer canthus
    if reach < 0:
        rows[LID_ROWS - 1][:, 2] -= 0.020 * arch
        rows[LID_ROWS][:, 2] += 0.010 * arch
    else:
        rows[LID_ROWS - 1][:, 2] -= 0.008 * arch
    way = rows[0] - EYE
    ball = EYE + (RADIUS - 0.004) * way / np.linalg.norm(way, axis=1, keepdims=True)
    return np.stack([ball, (ball + rows[0]) / 2, *rows])
