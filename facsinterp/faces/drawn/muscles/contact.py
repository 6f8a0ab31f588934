"""Lips in contact: sealed they move as one, parted they never pass through each other."""

from __future__ import annotations

import numpy as np

from facsinterp.faces.drawn.compiled import kernel
from facsinterp.faces.drawn.muscles.waters import Array
from facsinterp.faces.drawn.surface.mesh import Floats, Whole

_NEAR = 0.04
"""Gap (head units) up to which parting lips still stick together sideways and in depth."""


@kernel
def meet(points: Array, rest: Array, edges: Whole, free: Array) -> Array:
    """(2, columns, 3): what brings the upper and the lower lip together where they must meet.

    `edges`: (2, columns), the points where the lips meet; `free`: (columns,), 0 sealed to 1
    free to part. At rest the lips meet, so they meet again where both have moved alike.
    """
    columns = edges.shape[1]
    shift = np.zeros((2, columns, 3))
    for j in range(1, columns - 1):
        up, low = edges[0, j], edges[1, j]
        gap = (points[low, 1] - rest[low, 1]) - (points[up, 1] - rest[up, 1])
        left = free[j] * max(gap, 0.0)
        loose = min(left / _NEAR, 1.0)
        for k in range(3):
            apart = (points[low, k] - rest[low, k]) - (points[up, k] - rest[up, k])
            kept = left if k == 1 else loose * apart
            shift[0, j, k] = 0.5 * (apart - kept)
            shift[1, j, k] = -0.5 * (apart - kept)
    return shift


@kernel
def carry(points: Array, skin: Whole, column: Floats, weight: Floats, shift: Array) -> None:
    """Take skin along with a lip, in place; `shift`: (columns, 3)."""
    last = shift.shape[0] - 2
    for n in range(len(skin)):
        low = min(int(column[n]), last)
        share = column[n] - low
        for k in range(3):
            between = (1 - share) * shift[low, k] + share * shift[low + 1, k]
            points[skin[n], k] += weight[n] * between


@kernel
def seal(points: Array, rest: Array, edges: Whole) -> None:
    """Make lips that meet meet to the last bit, in place: sums in two orders may differ in it."""
    for j in range(1, edges.shape[1] - 1):
        up, low = edges[0, j], edges[1, j]
        gap = 0.0
        for k in range(3):
            gap += abs(points[low, k] - rest[low, k] - points[up, k] + rest[up, k])
        if gap < 1e-9:
            for k in range(3):
                points[low, k] = points[up, k] - rest[up, k] + rest[low, k]
