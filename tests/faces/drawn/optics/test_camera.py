"""The camera: turns, distances, and places in the picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.faces.drawn.optics import camera
from facsinterp.faces.drawn.spec import Setting

ANGLE = st.floats(-0.8, 0.8)
SETTINGS = st.builds(
    Setting,
    yaw=ANGLE, pitch=ANGLE, roll=ANGLE,
    shift_x=st.floats(-0.2, 0.2), shift_y=st.floats(-0.2, 0.2),
    zoom=st.floats(0.8, 1.2), distance=st.floats(6, 30),
)  # fmt: skip
NOSE = np.array([[0.0, 0.57, 1.78]], np.float32)


def cloud():
    return np.random.default_rng(0).uniform(-1, 1, (40, 3)).astype(np.float32)


@given(SETTINGS)
def test_a_pose_keeps_distances(setting):
    points = cloud()
    turned = camera.posed(points, setting)
    apart, before = (np.linalg.norm(p[1:] - p[:-1], axis=1) for p in (turned, points))
    assert apart == pytest.approx(before, abs=1e-5)
    assert np.linalg.det(camera.turn(setting)) == pytest.approx(1)


@given(SETTINGS, st.sampled_from([48, 96]))
def test_a_projected_point_can_be_found_again(setting, size):
    points = cloud()
    x, y, away = camera.project(points, setting, size).astype(np.float64).T
    unit = size / (2 * camera.FRAME)
    scale = unit * setting.zoom * setting.distance / away
    back = np.column_stack(
        [
            (x - (size - 1) / 2 - setting.shift_x * unit) / scale,
            (y - (size - 1) / 2 - setting.shift_y * unit) / scale,
            camera.CAMERA + setting.distance - away,
        ]
    )
    found = back @ camera.turn(setting) + [0, camera.CENTRE, 0.5]
    assert found == pytest.approx(points, abs=2e-4)


@pytest.mark.parametrize(("angle", "axis"), [("yaw", 0), ("pitch", 1)])
def test_the_nose_goes_where_the_head_turns(angle, axis):
    still = camera.project(NOSE, Setting(), 96)[0]
    turned = camera.project(NOSE, Setting(**{angle: 0.3}), 96)[0]
    assert turned[axis] > still[axis] + 3


def test_a_head_rolls_clockwise():
    crown = np.array([[0.0, -1.5, 0.5]], np.float32)
    assert camera.project(crown, Setting(roll=0.3), 96)[0, 0] > 48 + 5


def test_the_nearer_the_camera_the_larger_the_nose():
    def width(distance):
        wings = np.array([[-0.25, 0.6, 1.5], [0.25, 0.6, 1.5]], np.float32)
        eyes = np.array([[-0.44, 0, 1.1], [0.44, 0, 1.1]], np.float32)
        wing, eye = (
            np.ptp(camera.project(p, Setting(distance=distance), 96)[:, 0]) for p in (wings, eyes)
        )
        return wing / eye

    assert width(6) > 1.03 * width(24)


def test_shoulders_turn_by_less_than_the_head():
    points = np.array([[1.5, 2.3, 0.0], [-1.5, 2.3, 0.0]], np.float32)
    setting = Setting(yaw=0.6)
    fixed = camera.bust(points, np.zeros(2, np.float32), setting)
    loose = camera.bust(points, np.ones(2, np.float32), setting)
    assert np.array_equal(fixed, camera.posed(points, setting))
    assert np.abs(np.diff(loose[:, 2])) < 0.5 * np.abs(np.diff(fixed[:, 2]))
    neck = np.array([[0.0, 1.5, -0.15]], np.float32)
    assert camera.bust(neck, np.ones(1, np.float32), setting) == pytest.approx(
        camera.posed(neck, setting), abs=1e-5
    )
