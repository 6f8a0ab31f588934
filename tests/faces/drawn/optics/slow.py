"""What the optics do, done slowly and plainly: rays against triangles."""

import numpy as np


def hits(origin, way, points, triangles):
    """(t,): how far along the ray each triangle is met; inf where it is missed."""
    a, b, c = (points[triangles[:, i]].astype(np.float64) for i in range(3))
    one, two = b - a, c - a
    across = np.cross(way, two)
    volume = (one * across).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = ((origin - a) * across).sum(axis=1) / volume
        turned = np.cross(origin - a, one)
        v = (turned @ way) / volume
        far = (two * turned).sum(axis=1) / volume
    inside = (u >= 0) & (v >= 0) & (u + v <= 1) & (np.abs(volume) > 1e-14)
    return np.where(inside, far, np.inf)
