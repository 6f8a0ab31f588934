"""People: smooth changes of the average head."""

import dataclasses

import numpy as np
import pytest

from facsinterp.faces.drawn.people import draw_identity
from facsinterp.faces.drawn.spec import Identity
from facsinterp.faces.drawn.surface.eyelids import EYE, RADIUS
from facsinterp.faces.drawn.surface.identity import warp
from facsinterp.faces.drawn.surface.mean import mean_face

FACE = mean_face()
SHAPING = (
    ("length", 1.05),
    ("width", 1.05),
    ("jaw", 0.05),
    ("chin", 0.05),
    ("chin_out", 0.05),
    ("chin_wide", 0.05),
    ("cheek", 0.05),
    ("cheekbone", 0.05),
    ("brow_ridge", 0.03),
    ("forehead", 0.05),
    ("eye_gap", 1.05),
    ("eye_width", 1.08),
    ("eye_open", 1.2),
    ("eye_tilt", 0.02),
    ("eye_lid", 0.5),
    ("eye_depth", 0.02),
    ("nose_width", 1.15),
    ("nose_length", 1.08),
    ("nose_height", 1.2),
    ("nose_tip", 0.04),
    ("nose_bridge", 0.04),
    ("mouth_width", 1.1),
    ("mouth_drop", 0.03),
    ("lip_upper", 1.3),
    ("lip_lower", 1.3),
    ("lip_bow", 1.0),
    ("lip_out", 0.03),
    ("neck", 0.9),
    ("age", 0.9),
)


def flats(points):
    a, b, c = (points[FACE.triangles[:, i]].astype(np.float64) for i in range(3))
    return np.cross(c - a, b - a)


def test_the_average_person_is_the_average_head():
    np.testing.assert_array_equal(warp(Identity(), FACE.points), FACE.points)


@pytest.mark.parametrize(("trait", "value"), SHAPING)
def test_each_trait_moves_the_skin_alike_on_both_sides(trait, value):
    person = dataclasses.replace(Identity(), **{trait: value})
    moved = np.linalg.norm(warp(person, FACE.points) - FACE.points, axis=1)
    assert 0.006 < moved.max() < 0.12
    mirror = np.array([-1, 1, 1], np.float32)
    mirrored = warp(person, FACE.points * mirror) * mirror
    np.testing.assert_allclose(mirrored, warp(person, FACE.points), atol=1e-6)


def test_no_triangle_of_two_hundred_people_is_turned_over():
    rng = np.random.default_rng(9)
    rest = flats(FACE.points)
    rest /= np.linalg.norm(rest, axis=1, keepdims=True)
    for _ in range(200):
        flat = flats(warp(draw_identity(rng), FACE.points))
        flat /= np.linalg.norm(flat, axis=1, keepdims=True)
        assert ((rest * flat).sum(1) > 0).all()


def test_what_is_seen_of_the_eyeballs_stays_round():
    rng = np.random.default_rng(3)
    turn, far = rng.uniform(0, 2 * np.pi, 300), rng.uniform(0, 0.6, 300)
    way = np.stack([far * np.cos(turn), far * np.sin(turn), np.sqrt(1 - far**2)], 1)
    for _ in range(20):
        person = draw_identity(rng)
        centre = warp(person, EYE[None].astype(np.float32))
        ball = warp(person, (EYE + RADIUS * way).astype(np.float32)) - centre
        assert np.abs(np.linalg.norm(ball, axis=1) - RADIUS).max() < 0.012 * RADIUS


def test_lips_stay_closed():
    rng = np.random.default_rng(4)
    for _ in range(20):
        points = warp(draw_identity(rng), FACE.points)
        np.testing.assert_array_equal(
            points[FACE.groups["lip_upper"][0]], points[FACE.groups["lip_lower"][0]]
        )
