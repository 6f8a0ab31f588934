"""What lies before what, found slowly."""

import numpy as np


def nearest(points, triangles, places, along, across):
    """(n,): the largest coordinate `along` at which each place (n, 2 of `across`) is covered by
    a triangle; minus infinity where none covers it."""
    corners = points[triangles].astype(np.float64)
    a, b, c = (corners[:, i][:, across] for i in range(3))
    twice = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    keep = np.abs(twice) > 1e-12
    a, b, c, twice, corners = a[keep], b[keep], c[keep], twice[keep], corners[keep]
    found = np.full(len(places), -np.inf)
    for n, (u, v) in enumerate(places):
        p = (u - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (v - a[:, 1])
        q = (b[:, 0] - a[:, 0]) * (v - a[:, 1]) - (u - a[:, 0]) * (b[:, 1] - a[:, 1])
        p, q = p / twice, q / twice
        hit = (p >= 0) & (q >= 0) & (p + q <= 1)
        if hit.any():
            share = np.stack([1 - p[hit] - q[hit], p[hit], q[hit]], 1)
            found[n] = (share * corners[hit][:, :, along]).sum(1).max()
    return found
