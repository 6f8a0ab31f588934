"""Each of Waters' formulas beside the same one point by point."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.faces.drawn.muscles.waters import bulge, falloff, linear, sphincter, step

ATTACHED, INSERTED = (0.9, 0.1, 0.5), (0.4, 1.0, 1.3)
CENTRE, RADII = (0.1, 0.9, 1.4), (0.5, 0.3, 0.4)
ANGLE, FADE = 0.5, 0.3
place = st.tuples(*[st.floats(-1.5, 1.5) for _ in range(3)])


def cosine(distance):
    return math.cos(math.pi / 2 * distance) ** 2 if distance < 1 else 0.0


def minus(p, q):
    return [a - b for a, b in zip(p, q, strict=True)]


def slow_linear(p):
    v1, v2 = ATTACHED, INSERTED
    away, line = (
        [a - b for a, b in zip(p, v1, strict=True)],
        [a - b for a, b in zip(v2, v1, strict=True)],
    )
    d, reach = math.hypot(*away), math.hypot(*line)
    if d == 0:
        return [0.0, 0.0, 0.0]
    angle = math.acos(
        max(-1, min(1, sum(a * b for a, b in zip(away, line, strict=True)) / d / reach))
    )
    radial = cosine(1 - d / reach) if d < reach else cosine((d - reach) / FADE)
    return [-a / d * cosine(angle / ANGLE) * radial for a in away]


@given(place)
@settings(max_examples=200, deadline=None)
def test_the_linear_muscle_is_waters_formula(p):
    got = linear(np.array([p]), ATTACHED, INSERTED, ANGLE, FADE)[0]
    np.testing.assert_allclose(got, slow_linear(p), atol=1e-6)


def test_the_linear_muscle_pulls_most_at_its_insertion_and_towards_the_bone():
    got = linear(np.array([INSERTED]), ATTACHED, INSERTED, ANGLE, FADE)[0]
    line = np.subtract(ATTACHED, INSERTED)
    np.testing.assert_allclose(got, line / np.linalg.norm(line), atol=1e-9)


@given(place)
@settings(max_examples=200, deadline=None)
def test_the_sphincter_and_the_bulge_are_their_formulas(p):
    away = minus(p, CENTRE)
    rho = math.sqrt(sum((a / r) ** 2 for a, r in zip(away, RADII, strict=True)))
    drawn = [-a * max(0.0, 1 - rho) ** 2 for a in away]
    np.testing.assert_allclose(sphincter(np.array([p]), CENTRE, RADII)[0], drawn, atol=1e-9)
    np.testing.assert_allclose(bulge(np.array([p]), CENTRE, RADII)[0], cosine(rho), atol=1e-9)


def test_falloffs_end_at_exactly_nothing():
    assert falloff([0, 1, 1.5, -2]).tolist() == [1, 0, 0, 0]
    assert step(0, 1, [-1, 0, 1, 2]).tolist() == [0, 0, 1, 1]
    assert step(1, 0, [0, 0.5, 1]).tolist() == [1, 0.5, 0]


def test_zones_of_influence_have_no_edge():
    t = np.linspace(0, 1.2, 2001)
    assert np.abs(np.diff(falloff(t), 2)).max() < 1e-5
