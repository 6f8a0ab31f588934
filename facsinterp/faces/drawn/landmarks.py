"""The 68 landmarks (iBUG order) of drawn faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facsinterp.faces.drawn.brows import Brows, brows
from facsinterp.faces.drawn.camera import project
from facsinterp.faces.drawn.eyes import Eyes, eyes
from facsinterp.faces.drawn.head import Head, head
from facsinterp.faces.drawn.mouth import Mouth, mouth
from facsinterp.faces.drawn.nose import Nose, nose
from facsinterp.faces.drawn.plate import Field
from facsinterp.faces.drawn.spec import Face, Moves, columns

_JAW = (0.05, 0.30, 0.55, 0.80, 1.03, 1.24, 1.42, 1.56, 1.632)


def landmarks(faces: Sequence[Face], size: int) -> Field:
    """(face, 68, 2): x, y in pixels of a picture of `size`, top left pixel's centre (0, 0)."""
    person = columns([face.identity for face in faces])
    setting = columns([face.setting for face in faces])
    moves = Moves(list(faces))
    shape = head(person, moves)
    parts = (
        _jaw(shape),
        _brows(brows(person, moves)),
        _nose(nose(person, moves)),
        _eyes(eyes(person, setting, moves)),
        _mouth(mouth(shape, moves)),
    )
    return project(person, setting, np.concatenate(parts, axis=1).astype(np.float32), size)


def _jaw(shape: Head) -> Field:
    y = np.concatenate([shape.actual(level) for level in _JAW], axis=1)
    x = shape.half_width(y)
    x[:, -1] = 0
    right = np.stack([-x, y], axis=-1)
    left = np.stack([x, y], axis=-1)[:, -2::-1]
    return np.concatenate([right, left], axis=1)


def _brows(shape: Brows) -> Field:
    sides = []
    for side, sign in ((0, -1), (1, 1)):
        inner, outer = shape.inner_x[:, side : side + 1], shape.outer_x[:, side : side + 1]
        x = inner + (outer - inner) * np.linspace(0.02, 0.98, 5, dtype=np.float32)
        points = np.stack([sign * x, shape.height(x, side)], axis=-1)
        sides.append(points[:, ::-1] if side == 0 else points)
    return np.concatenate(sides, axis=1)


def _nose(shape: Nose) -> Field:
    ridge_y = shape.base * np.array([[0.0, 0.28, 0.56, 0.83]], np.float32)
    ridge = np.stack([np.zeros_like(ridge_y), ridge_y], axis=-1)
    right, left = shape.wing_x[:, :1], shape.wing_x[:, 1:]
    x = np.concatenate([-right, -0.5 * right, 0 * right, 0.5 * left, left], axis=1)
    wing = shape.wing_y
    y = np.concatenate(
        [
            wing[:, :1] + 0.06,
            0.35 * wing[:, :1] + 0.65 * shape.base,
            shape.base + 0.02,
            0.35 * wing[:, 1:] + 0.65 * shape.base,
            wing[:, 1:] + 0.06,
        ],
        axis=1,
    )
    return np.concatenate([ridge, np.stack([x, y], axis=-1)], axis=1)


def _eyes(shape: Eyes) -> Field:
    u = np.array([[1, 0.36, -0.36, -1]], np.float32)  # outer, top outer, top inner, inner
    sides = []
    for side, sign in ((0, -1), (1, 1)):
        x = sign * (shape.x[:, side : side + 1] + shape.half[:, side : side + 1] * u)
        upper, lower = shape.lids(np.broadcast_to(u, x.shape), side)
        top = np.stack([x, upper], axis=-1)
        low = np.stack([x, lower], axis=-1)[:, 1:3]
        if side == 0:
            sides.append(np.concatenate([top, low[:, ::-1]], axis=1))
        else:
            sides.append(np.concatenate([top[:, ::-1], low], axis=1))
    return np.concatenate(sides, axis=1)


def _mouth(shape: Mouth) -> Field:
    right, left = shape.corner_x[:, :1], shape.corner_x[:, 1:]

    def edge(shares: tuple[float, ...], which: int) -> Field:
        share = np.array([shares], np.float32)
        x = np.where(share < 0, share * right, share * left)
        lines = shape.at(x)
        edges = (lines.top_out, lines.top_in, lines.bottom_in, lines.bottom_out)
        return np.stack([x, edges[which]], axis=-1)

    return np.concatenate(
        [
            edge((-1, -0.62, -0.25, 0, 0.25, 0.62, 1), 0),
            edge((0.62, 0.25, 0, -0.25, -0.62), 3),
            edge((-0.92, -0.35, 0, 0.35, 0.92), 1),
            edge((0.35, 0, -0.35), 2),
        ],
        axis=1,
    )
