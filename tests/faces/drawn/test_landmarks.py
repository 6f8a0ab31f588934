"""Landmarks of drawn faces follow person, pose and units."""

from dataclasses import replace

import numpy as np
import pytest

from facsinterp.faces.drawn.landmarks import landmarks
from facsinterp.faces.drawn.optics.marks import places
from facsinterp.faces.drawn.people import draw_identity
from facsinterp.faces.drawn.spec import Face, Setting
from facsinterp.faces.drawn.surface.mean import mean_face

FACE = Face(setting=Setting())


def moved(unit: int, *also: int) -> np.ndarray:
    """Displacement (68, 2) in pixels of 100 by a unit at E; y runs down."""
    company = Face(setting=FACE.setting, units=dict.fromkeys(also, (5.0, 5.0)))
    rest, shown = landmarks([company, company.with_unit(unit, 5)], 100)
    return np.asarray(shown - rest)


def test_points_lie_inside_the_picture_in_the_order_of_ibug():
    people = [Face(draw_identity(np.random.default_rng(seed)), Setting()) for seed in range(12)]
    points = landmarks(people, 48)
    assert points.shape == (12, 68, 2)
    assert points.min() > 0
    assert points.max() < 47
    jaw, brows, ridge = points[:, :17], points[:, 17:27], points[:, 27:31]
    assert (np.diff(jaw[:, 3:14, 0], axis=1) > 0).all()
    assert (jaw[:, 8, 1] > jaw[:, [0, 4, 12, 16], 1].T).all()
    assert (np.diff(brows[..., 0], axis=1) > 0).all()
    assert (np.diff(ridge[..., 1], axis=1) > 0).all()
    assert (np.diff(points[:, 31:36, 0], axis=1) > 0).all()
    for eye in (points[:, 36:42], points[:, 42:48]):
        assert (np.diff(eye[:, :4, 0], axis=1) > 0).all()
        assert (eye[:, [1, 2], 1] < eye[:, [5, 4], 1]).all()
    assert (np.diff(points[:, 48:55, 0], axis=1) > 0).all()
    assert (np.diff(points[:, 60:65, 0], axis=1) > 0).all()
    assert (points[:, 51, 1] < points[:, 62, 1]).all()
    assert (points[:, 66, 1] < points[:, 57, 1]).all()


def test_the_average_face_has_its_landmarks_where_anthropometry_has_them():
    points = places().on(mean_face().points)
    assert points[8] == pytest.approx([0, 1.63, 1.34], abs=0.08)
    assert points[[39, 42], 0] == pytest.approx([-0.23, 0.23], abs=0.02)
    assert points[[36, 45], 0] == pytest.approx([-0.645, 0.645], abs=0.02)
    assert points[[48, 54], 0] == pytest.approx([-0.365, 0.365], abs=0.02)
    assert points[33] == pytest.approx([0, 0.67, 1.5], abs=0.06)
    assert points[30, 2] == points[:, 2].max()


def test_the_two_sides_are_mirror_images():
    points = places().on(mean_face().points)
    pairs = [*((k, 16 - k) for k in range(8)), *((17 + k, 26 - k) for k in range(5))]
    pairs += [(31, 35), (32, 34), (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    pairs += [(48, 54), (49, 53), (50, 52), (59, 55), (58, 56), (60, 64), (61, 63), (67, 65)]
    for right, left in pairs:
        np.testing.assert_allclose(points[right], points[left] * [-1, 1, 1], atol=0.01)


def test_unit_12_draws_the_corners_up_and_out():
    by = moved(12)
    assert by[48, 0] < -1
    assert by[54, 0] > 1
    assert by[[48, 54], 1].max() < -2


def test_unit_15_draws_the_corners_down():
    assert moved(15)[[48, 54], 1].min() > 2


def test_unit_27_lowers_the_chin_and_opens_the_mouth():
    by = moved(27, 25)
    assert by[8, 1] > 5
    assert by[66, 1] - by[62, 1] > 5
    assert by[8, 1] > moved(26, 25)[8, 1] > 2


def test_units_1_2_and_4_move_the_brows():
    inner, outer = [21, 22], [17, 26]
    assert moved(1)[inner, 1].max() < -3
    assert abs(moved(1)[outer, 1]).max() < 1
    assert moved(2)[[18, 25], 1].max() < -2
    assert moved(4)[inner, 1].min() > 2
    assert moved(4)[21, 0] > 1 > -1 > moved(4)[22, 0]


def test_units_5_7_and_43_open_and_close_the_eyes():
    def opening(by):
        return by[41, 1] - by[37, 1]

    assert opening(moved(5)) > 0.5
    assert opening(moved(7)) < -0.5
    assert opening(moved(43)) < opening(moved(7))


def test_units_20_and_18_stretch_and_narrow_the_mouth():
    assert moved(20)[54, 0] - moved(20)[48, 0] > 2
    assert moved(18)[54, 0] - moved(18)[48, 0] < -2


def test_a_turned_head_shifts_the_nose_tip_against_the_ears():
    turned = replace(FACE, setting=Setting(yaw=0.15))
    rest, shown = landmarks([FACE, turned], 100)
    shift = (shown - rest)[:, 0]
    assert shift[30] > 2
    assert shift[[0, 16]].max() < 0
