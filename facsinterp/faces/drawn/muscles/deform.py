"""Where the points of a head are when its units have moved."""

from __future__ import annotations

import numpy as np

from facsinterp.faces.drawn.compiled import kernel
from facsinterp.faces.drawn.head import Shape
from facsinterp.faces.drawn.muscles import contact, jaw, lids
from facsinterp.faces.drawn.muscles.binding import Rig, held, rig
from facsinterp.faces.drawn.muscles.fields import fields
from facsinterp.faces.drawn.muscles.rules import gains, parting
from facsinterp.faces.drawn.muscles.waters import Array
from facsinterp.faces.drawn.surface.mesh import Floats, Whole


def moved(shape: Shape, shares: Floats, gaze: tuple[float, float]) -> Floats:
    """(V, 3): the points of a head when its units have moved by these shares.

    `shares`: (unit, 2), 0 to 1, right and left, in the order of `UNITS` (see `spec.shares`).
    `gaze`: how far the eyes are turned to the right of the picture and down, in radians; the
    lids follow them. Points that no moving unit reaches stay exactly where they are.
    """
    base, own, pulled = rig(), held(shape.identity), fields()
    made = gains(shares)
    rest = shape.points[: base.count].astype(np.float64)
    points = rest.copy()
    _pull(points, made.ravel(), pulled.starts, pulled.points, pulled.vectors, own.stretch)
    turn = jaw.motion(made)
    if turn.any():
        jaw.swing(points, base.jaw, own.axis, turn)
    if made.any():
        _close(points, rest, base, parting(shares))
    turns = lids.turns(made, gaze)
    for (edges, skin), centre, edge in zip(
        base.eyes, shape.eyes.astype(np.float64), turns, strict=True
    ):
        if edge.any():
            old, new = lids.slide(points, rest, edges, centre, edge)
            lids.follow(points, skin, centre, old, new)
    whole = shape.points.copy()
    whole[: base.count] = points
    return whole


def _close(points: Array, rest: Array, base: Rig, free: Array) -> None:
    """Bring the lips together where they meet, and the mouth's inner wall behind them."""
    columns = free[0] + base.side * (free[1] - free[0])
    shift = contact.meet(points, rest, base.edges, columns)
    for number in range(2):
        contact.carry(points, *base.lips[number], shift[number])
    contact.seal(points, rest, base.edges)
    for number in range(2):
        edge = base.edges[number]
        wall, column, weight = base.bag[number]
        points[wall] += weight[:, None] * (points[edge] - rest[edge])[column]


@kernel
def _pull(
    points: Array, made: Array, starts: Whole, numbers: Whole, vectors: Floats, stretch: Floats
) -> None:
    """Add the fields of the moving units, in place, as this person's face stretches them."""
    total = np.zeros((len(stretch), 3))
    touched = np.zeros(len(stretch), np.bool_)
    for field in range(len(made)):
        if made[field] > 0:
            for n in range(starts[field], starts[field + 1]):
                i = numbers[n]
                touched[i] = True
                for k in range(3):
                    total[i, k] += made[field] * vectors[n, k]
    for i in range(len(stretch)):
        if touched[i]:
            for k in range(3):
                for m in range(3):
                    points[i, k] += stretch[i, k, m] * total[i, m]
