"""How single muscles move skin: the linear muscle, the sphincter, and skin pushed from below.

K. Waters, A muscle model for animating three-dimensional facial expression, SIGGRAPH 1987;
the falloffs are those of Parke and Waters, Computer Facial Animation, 2nd edition (2008),
chapter 6. Their cosines are squared (Waters raises them to a power for the skin's
elasticity), so that a zone of influence ends without an edge; outside it nothing moves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def falloff(distance: ArrayLike) -> Array:
    """1 at distance 0, falling as a squared cosine to exactly 0 at 1 and beyond."""
    near = np.minimum(np.abs(np.asarray(distance, np.float64)), 1.0)
    return np.where(near < 1.0, np.cos(0.5 * np.pi * near) ** 2, 0.0)


def step(low: float | Array, high: float | Array, value: ArrayLike) -> Array:
    """0 up to `low`, 1 from `high` on, smooth between; with low > high it falls."""
    t = np.minimum(np.maximum((np.asarray(value, np.float64) - low) / (high - low), 0.0), 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def linear(
    points: Array, attachment: ArrayLike, insertion: ArrayLike, half_angle: float, fade: float
) -> Array:
    """(V, 3): displacement by a muscle that pulls skin towards its attachment on bone.

    Of length 1 on the muscle's line at the insertion; it falls with the angle from that line
    to 0 at `half_angle` (radians), towards the attachment as a sine, and beyond the insertion
    to 0 at the distance `fade` behind it.
    """
    bone = np.asarray(attachment, np.float64)
    line = np.asarray(insertion, np.float64) - bone
    reach = float(np.linalg.norm(line))
    away = points - bone
    distance = np.linalg.norm(away, axis=1)
    direction = away / np.maximum(distance, 1e-9)[:, None]
    angle = np.arccos(np.clip(direction @ (line / reach), -1.0, 1.0))
    radial = np.where(
        distance < reach, falloff(1 - distance / reach), falloff((distance - reach) / fade)
    )
    return np.asarray(-direction * (falloff(angle / half_angle) * radial)[:, None])


def sphincter(points: Array, centre: ArrayLike, radii: ArrayLike) -> Array:
    """(V, 3): displacement by a muscle that draws an ellipse together towards its centre.

    It is the vector to the centre times Waters' 1 - rho, where rho is 1 on the ellipsoid of
    these `radii` (squared here, so that it ends without an edge).
    """
    away = points - np.asarray(centre, np.float64)
    rho = np.linalg.norm(away / np.asarray(radii, np.float64), axis=1)
    return np.asarray(-away * (np.maximum(0.0, 1 - rho) ** 2)[:, None])


def bulge(points: Array, centre: ArrayLike, radii: ArrayLike) -> Array:
    """(V,): how far skin is pushed or dragged round a place: 1 there, 0 from the radii on."""
    away = (points - np.asarray(centre, np.float64)) / np.asarray(radii, np.float64)
    return falloff(np.linalg.norm(away, axis=1))
