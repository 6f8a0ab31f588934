"""The rasteriser against rays and triangles met one by one."""

import numpy as np
import pytest

from facsinterp.faces.drawn.optics.raster import raster, weights
from tests.faces.drawn.optics.slow import hits

SIDE = 24


def scattered(count):
    """Triangles before a lens: places in samples and distance, and the points in space."""
    rng = np.random.default_rng(3)
    places = np.column_stack(
        [rng.uniform(-4, SIDE + 4, (3 * count, 2)), rng.uniform(3, 9, 3 * count)]
    ).astype(np.float32)
    points = np.column_stack([places[:, :2] * places[:, 2:], places[:, 2]])
    return places, np.arange(3 * count, dtype=np.int32).reshape(-1, 3), points


def test_every_sample_shows_the_triangle_that_its_ray_meets_first():
    places, triangles, points = scattered(30)
    near = np.zeros((SIDE, SIDE), np.float32)
    shown = raster(places, triangles, True, near)
    wrong = 0
    for y in range(SIDE):
        for x in range(SIDE):
            far = hits(np.zeros(3), np.array([x, y, 1.0]), points, triangles)
            first = int(far.argmin()) if np.isfinite(far).any() else -1
            wrong += first != shown[y, x]
            if first == shown[y, x] >= 0:
                assert near[y, x] == pytest.approx(1 / far.min(), rel=1e-4)
    assert wrong <= 1  # a ray along an edge may go to either side


def test_backs_are_hidden_unless_asked_for():
    places, triangles, _ = scattered(1)
    seen = [
        (raster(places, order, backs, np.zeros((SIDE, SIDE), np.float32)) >= 0).sum()
        for order in (triangles, triangles[:, ::-1].copy())
        for backs in (False, True)
    ]
    assert sorted(seen)[0] == 0
    assert seen[1] == seen[3] == max(seen) > 0


def test_what_is_nearer_already_stays():
    places, triangles, _ = scattered(5)
    near = np.full((SIDE, SIDE), 1.0, np.float32)
    assert (raster(places, triangles, True, near) == -1).all()
    assert (near == 1).all()


def test_neighbours_leave_no_gap():
    rng = np.random.default_rng(0)
    at = np.arange(9)
    x, y = np.meshgrid(at * 4.0 - 4, at * 4.0 - 4)
    places = np.stack([x, y, np.full_like(x, 5)], -1)
    places[..., :2] += rng.uniform(-1.2, 1.2, (9, 9, 2))
    number = np.arange(81).reshape(9, 9)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    triangles = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (b, d, c))])
    near = np.zeros((SIDE, SIDE), np.float32)
    flat = places.reshape(-1, 3).astype(np.float32)
    assert (raster(flat, triangles.astype(np.int32), True, near) >= 0).all()


def test_shares_give_the_point_back():
    places, triangles, points = scattered(30)
    near = np.zeros((SIDE, SIDE), np.float32)
    shown = raster(places, triangles, True, near)
    for y, x in np.argwhere(shown >= 0)[::17]:
        corners = triangles[shown[y, x]]
        share = np.array(weights(places, corners, float(x), float(y)))
        point = share @ points[corners]
        assert share.sum() == pytest.approx(1)
        assert point[:2] / point[2] == pytest.approx([x, y], abs=1e-3)
