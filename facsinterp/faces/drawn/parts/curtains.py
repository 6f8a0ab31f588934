"""Long hair, parted and hanging down on both sides."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline

from facsinterp.faces.drawn.parts import scalp
from facsinterp.faces.drawn.parts.growth import Growth
from facsinterp.faces.drawn.parts.smooth import Field

STRANDS: Final = 26
STEPS: Final = 22

# The left side's strands from the face backwards; each from the parting down to its tip.
_NET: Final = np.array(
    [
        [(-0.003, -0.98, 1.16), (0.36, -0.94, 1.12), (0.74, -0.62, 0.90), (0.95, -0.05, 0.50),
         (0.91, 0.70, 0.40), (0.90, 1.35, 0.32), (0.93, 1.88, 0.33)],
        [(-0.003, -1.04, 1.15), (0.42, -0.99, 1.13), (0.86, -0.62, 0.92), (1.06, -0.02, 0.60),
         (1.03, 0.70, 0.50), (1.00, 1.35, 0.38), (1.00, 1.90, 0.46)],
        [(-0.003, -1.40, 0.75), (0.58, -1.28, 0.68), (1.05, -0.75, 0.45), (1.22, 0.00, 0.22),
         (1.22, 0.75, 0.12), (1.16, 1.38, 0.16), (1.14, 1.94, 0.20)],
        [(-0.003, -1.66, -0.10), (0.62, -1.46, -0.30), (1.06, -0.90, -0.45), (1.20, 0.00, -0.55),
         (1.20, 0.80, -0.60), (1.14, 1.40, -0.57), (1.10, 1.96, -0.50)],
        [(-0.003, -1.36, -1.00), (0.30, -1.14, -1.22), (0.50, -0.60, -1.38), (0.60, 0.20, -1.40),
         (0.60, 0.90, -1.32), (0.58, 1.45, -1.25), (0.56, 1.98, -1.18)],
        [(0.0, -1.30, -1.05), (0.0, -1.08, -1.28), (0.0, -0.60, -1.44), (0.0, 0.20, -1.47),
         (0.0, 0.90, -1.40), (0.0, 1.45, -1.34), (0.0, 1.98, -1.26)],
    ]
)  # fmt: skip
_FROM_FACE: Final = (0.0, 0.12, 0.4, 0.66, 0.9, 1.0)

_PARTING: Final = 0.28
"""How far the parting may lie from the middle."""
_GIVES_WAY: Final = (1.0, 1.0, 1.0, 0.8, 0.2, 0.0)
_ROOTS: Final = (1.0, 0.6, 0.1, 0.0, 0.0, 0.0, 0.0)
_LENGTH: Final = 0.25
"""How much longer or shorter than the average hair may hang, of what hangs below the jaw."""


def curtain(growth: Growth, side: int) -> tuple[Field, Field]:
    """The half on one side (1 left, -1 right), as if it were the left one: (STEPS, STRANDS, 3)
    points from the parting to the tips, strands from the face to the middle of the back, and
    (STEPS, STRANDS, 2) uv (across strands, from the root)."""
    parting, waves, longer, phase = growth.lots(4)
    net = _NET.copy()
    net[:2, :2, 1] -= growth.lift
    net[..., 0] += side * _PARTING * parting * np.array(_GIVES_WAY)[:, None] * _ROOTS
    net[..., 1] += _LENGTH * longer * np.clip(net[..., 1] - 0.9, 0, None)
    back = np.linspace(0, 1, STRANDS) ** 1.2
    down = np.linspace(0, 1, STEPS)
    net = CubicSpline(_FROM_FACE, net, axis=0)(back)
    points = CubicSpline(np.linspace(0, 1, net.shape[1]), net, axis=1)(down).swapaxes(0, 1)
    points += _locks(down[:, None], back, max(waves, 0.0), phase)[..., None] * _outwards(points)
    points[-1, :, 1] += 0.05 * np.cos(51 * back + phase)
    rooted = np.clip(down * 14, 0, 1)[:, None] * np.clip(back * 9, 0, 1)
    on_head = points[..., 1] < 0.8
    points[on_head] = scalp.outside(points[on_head], (0.01 + 0.05 * rooted)[on_head])
    points[:, -1, 0] = 0
    length = 0.06 + 3.4 * np.broadcast_to(down[:, None], points.shape[:2])
    return points, np.stack([np.broadcast_to(2.2 * back, length.shape), length], -1)


def _outwards(points: Field) -> Field:
    level = points * [1, 0, 1]
    return np.asarray(level / np.linalg.norm(level, axis=-1, keepdims=True))


def _locks(down: Field, back: Field, waves: float, phase: float) -> Field:
    """How far the strands stand out: locks side by side, and waves along them."""
    lock = 0.012 * (np.cos(38 * back + 2 * phase) + 0.6 * np.cos(67 * back + 1))
    wave = 0.035 * waves * np.sin(21 * down + 2 * np.cos(9 * back) + 3 * phase)
    return np.asarray(lock * np.clip(down * 3, 0, 1) + wave * np.clip(down * 2.5 - 0.6, 0, 1))
