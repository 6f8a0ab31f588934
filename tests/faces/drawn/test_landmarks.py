"""Landmarks of drawn faces follow pose and units."""

from dataclasses import replace

import numpy as np
import pytest

from facsinterp.faces.drawn import Face, Setting, cast, landmarks
from facsinterp.faces.drawn.camera import plate_points, project
from facsinterp.faces.drawn.spec import columns

FACE = Face(setting=Setting())


def moved(unit: int, *also: int) -> np.ndarray:
    """Displacement (68, 2) in pixels of 100 by a unit at E; y runs down."""
    company = Face(setting=FACE.setting, units=dict.fromkeys(also, (5.0, 5.0)))
    rest, shown = landmarks([company, company.with_unit(unit, 5)], 100)
    return np.asarray(shown - rest)


def test_points_lie_inside_the_picture_in_the_order_of_ibug():
    frames = [frame.face for frame in cast(12, 3, 5)]
    points = landmarks(frames, 48)
    assert points.shape == (len(frames), 68, 2)
    assert np.isfinite(points).all()
    assert points.min() > 0
    assert points.max() < 47
    jaw, brows, ridge = points[:, :17], points[:, 17:27], points[:, 27:31]
    assert (np.diff(jaw[:, 3:14, 0], axis=1) > 0).all()
    assert (jaw[:, 8, 1] > jaw[:, 0, 1]).all()
    assert (np.diff(brows[..., 0], axis=1) > 0).all()
    assert (np.diff(ridge[..., 1], axis=1) > 0).all()
    eye = points[:, 36:42]
    assert (eye[:, 0, 0] < eye[:, 3, 0]).all()
    assert (eye[:, 1, 1] <= eye[:, 5, 1] + 1e-3).all()
    assert (points[:, 48, 0] < points[:, 54, 0]).all()
    assert (points[:, 51, 1] < points[:, 57, 1]).all()
    assert (points[:, 62, 1] <= points[:, 66, 1] + 1e-3).all()


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
    assert moved(2)[outer, 1].max() < -2
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
    assert shift[[0, 16]].max() < 1


def test_projecting_what_a_pixel_sees_gives_the_pixel():
    faces = [frame.face for frame in cast(2, 2, 9)]
    person, setting = columns([f.identity for f in faces]), columns([f.setting for f in faces])
    x, y = plate_points(person, setting, 48)
    points = np.stack([x, y], axis=-1).reshape(len(faces), -1, 2)
    pixels = project(person, setting, points, 48).reshape(len(faces), 48, 48, 2)
    rows, cols = np.mgrid[:48, :48]
    inner = slice(8, 40)
    error = np.hypot(pixels[..., 0] - cols, pixels[..., 1] - rows)[:, inner, inner]
    assert error.max() == pytest.approx(0, abs=0.05)
