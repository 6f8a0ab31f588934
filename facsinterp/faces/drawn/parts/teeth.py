"""The teeth and the gums they stand in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.parts.grid import grid
from facsinterp.faces.drawn.surface.mesh import Mesh, Part, joined

_ACROSS: Final = (0.0, 0.14, 0.5, 0.86)  # where the columns of one tooth stand
_FIGURE: Final = (1.0, 0.15, 0.0, 0.15)  # how much of the gap's dent each column has


@dataclass(frozen=True)
class _Row:
    """One row of teeth of the average face; lengths in head units."""

    name: str
    widths: tuple[float, ...]
    """Of the crowns from the middle outwards, in millimetres (Wheeler's anatomy)."""
    heights: tuple[float, ...]
    """Of the crowns likewise."""
    edge: float
    """y of the middle incisors' edge."""
    front: float
    """z of the same edge."""
    down: int
    """1: the crowns hang down from the gum; -1: they stand up."""


_UPPER: Final = _Row(
    "teeth_upper",
    (8.5, 6.6, 7.6, 7.1, 6.8, 10.0),
    (10.5, 9.2, 10.2, 8.6, 7.8, 7.0),
    edge=1.015,
    front=1.368,
    down=1,
)
_LOWER: Final = _Row(
    "teeth_lower",
    (5.3, 5.8, 6.9, 7.0, 7.1, 10.5),
    (8.8, 9.2, 10.4, 8.6, 8.0, 7.4),
    edge=0.985,
    front=1.312,
    down=-1,
)

_HALF_WIDTH: Final = 0.42
_DEPTH: Final = 0.60


def _arch(length: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2): x and z (0 at the front) at arc lengths along half an ellipse."""
    turn = np.linspace(0, 1.6, 400)
    curve = np.stack([_HALF_WIDTH * np.sin(turn), _DEPTH * (np.cos(turn) - 1)], -1)
    walked = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    x = np.sign(length) * np.interp(np.abs(length), walked, curve[:, 0])
    return np.stack([x, np.interp(np.abs(length), walked, curve[:, 1])], -1)


def _columns(row: _Row) -> tuple[NDArray[np.float64], ...]:
    """Arc length, tooth number (whole at the gaps), gap dent and crown height a column."""
    ends = np.concatenate([[0], np.cumsum(row.widths)]) / 70
    count = len(row.widths)
    tooth = np.concatenate([(np.arange(count)[:, None] + _ACROSS).ravel(), [count]])
    length = np.interp(tooth, np.arange(count + 1), ends)
    dent = np.concatenate([np.tile(_FIGURE, count), [1.0]])
    height = np.interp(tooth - 0.5, np.arange(count), np.array(row.heights) / 70)
    both = [
        np.concatenate([side * a[:0:-1], a])
        for side, a in ((-1, length), (-1, tooth), (1, dent), (1, height))
    ]
    return tuple(both)


def _row(row: _Row) -> Mesh:
    length, tooth, dent, height = _columns(row)
    arch = _arch(length)
    outward = np.stack([arch[:, 0] / _HALF_WIDTH**2, (arch[:, 1] + _DEPTH) / _DEPTH**2], -1)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)

    def line(share: float, out: float) -> NDArray[np.float64]:
        """Points at a share of the crown (0 gum, 1 edge, below 0 in the gum), moved outwards."""
        along = row.edge - row.down * (1 - share) * height
        along = along - row.down * dent * 0.009 * max(share, 0.0) ** 4
        along = along + row.down * (dent - 0.3) * 0.012 * max(1 - abs(2 * share), 0.0)
        flat = arch + outward * (out - 0.014 * dent * (share >= 0))[:, None]
        return np.stack([flat[:, 0], along, row.front + flat[:, 1]], -1)

    crown = ((0.0, 0.004), (0.45, 0.012), (1.0, 0.0), (0.9, -0.06))
    gum = ((-1.1, 0.0), (-0.35, 0.014), (0.0, 0.008))
    made = []
    for part, lines in ((Part.GUMS, gum), (Part.TEETH, crown)):
        points = np.stack([line(*at) for at in lines])
        uv = np.stack(
            np.broadcast_arrays(tooth[None], np.array([share for share, _ in lines])[:, None]), -1
        )
        if row.down < 0:
            points, uv = points[::-1], uv[::-1]
        made.append(grid(points, part, uv, open_=0.5))
    mesh = joined(made)
    return replace(mesh, groups={row.name: np.arange(len(mesh.points), dtype=np.int32)})


def teeth() -> Mesh:
    """Both rows of teeth with their gums (groups `teeth_upper`, `teeth_lower`).

    uv: u is the tooth's number from the middle, whole at the gaps between two teeth, negative
    on the subject's right; v is 0 at the gum's edge, 1 at the biting edge, below 0 in the gum.
    """
    return joined([_row(_UPPER), _row(_LOWER)])
