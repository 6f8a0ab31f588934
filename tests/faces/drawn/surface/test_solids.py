"""Distances of solids against shapes whose distance is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.faces.drawn.surface.distance import grown, united
from facsinterp.faces.drawn.surface.solids import ellipsoid, rod

NUMBER = st.floats(-3, 3)


@given(NUMBER, NUMBER, NUMBER)
def test_an_ellipsoid_of_equal_axes_is_a_ball(x, y, z):
    ball = ellipsoid((0.2, 0.1, 0.0), (0.5, 0.5, 0.5), 1e-6, pitch=0.4, yaw=1.0)[None]
    expected = np.linalg.norm(np.subtract((x, y, z), (0.2, 0.1, 0.0))) - 0.5
    assert grown(ball, 1e3, x, y, z) == pytest.approx(expected, abs=1e-5)


@given(NUMBER, NUMBER)
def test_a_rod_is_as_thick_as_told_beside_its_middle(x, z):
    stick = rod((0.0, -1.0, 0.0), (0.0, 1.0, 0.0), (0.1, 0.3), 1e-6)[None]
    assert grown(stick, 1e3, x, 0.0, z) == pytest.approx(np.hypot(x, z) - 0.2, abs=1e-5)


def test_an_ellipsoid_is_zero_on_its_surface_whatever_its_tilt():
    axes = (0.5, 0.2, 0.3)
    solid = ellipsoid((0, 0, 0), axes, 1e-6, pitch=0.3, yaw=-0.7)
    turn = solid[9:].reshape(3, 3)
    for way in np.eye(3):
        tip = turn @ (way * np.array(axes))
        assert grown(solid[None], 1e3, *tip) == pytest.approx(0, abs=1e-9)


@given(NUMBER, NUMBER, st.floats(0.01, 1))
def test_a_joint_fills_at_most_a_quarter_of_its_width(a, b, width):
    both = united(a, b, width)
    assert min(a, b) - width / 4 - 1e-9 <= both <= min(a, b) + 1e-9
    assert both == pytest.approx(united(b, a, width))
    if abs(a - b) >= width:
        assert both == pytest.approx(min(a, b))


def test_what_is_cut_out_is_outside():
    hole = ellipsoid((0, 0, 0), (0.5, 0.5, 0.5), 0.01, cut=True)[None]
    assert grown(hole, -1.0, 0.0, 0.0, 0.0) > 0
    assert grown(hole, -1.0, 2.0, 0.0, 0.0) == pytest.approx(-1.0)
