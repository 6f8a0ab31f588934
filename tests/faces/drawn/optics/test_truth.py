"""Ground truth against what the pictures and the geometry say."""

from dataclasses import replace

import numpy as np
import pytest

from facsinterp.faces.drawn.optics import camera
from facsinterp.faces.drawn.optics.scene import scene
from facsinterp.faces.drawn.optics.taking import taken
from facsinterp.faces.drawn.pairs import Pair, changes, pair
from facsinterp.faces.drawn.spec import Face, Setting
from facsinterp.faces.drawn.surface.mesh import MILLIMETRES, Part
from facsinterp.faces.drawn.truth import WALL, displacement, moved, truth
from tests.faces.drawn.optics.slow import hits

FACE = Face(setting=Setting(yaw=0.2, pitch=-0.1, blur=0.1, gaze_x=0.1))
SIZE = 48


def test_depth_is_where_rays_meet_the_head():
    found = truth([FACE], SIZE)
    seen = taken(FACE, SIZE, 1)
    setting = FACE.setting
    lens = np.array([0, 0, camera.CAMERA + setting.distance])
    scale = SIZE / (2 * camera.FRAME) * setting.distance
    checked = 0
    for y, x in [(20, 18), (24, 28), (33, 26), (30, 20), (38, 25), (14, 24), (2, 2), (46, 1)]:
        way = np.array([(x - (SIZE - 1) / 2) / scale, (y - (SIZE - 1) / 2) / scale, -1.0])
        far = hits(lens, way, seen.scene.points, seen.rest.triangles[: seen.rest.solid])
        if found.part[0, y, x] in {Part.SKIN, Part.EYE}:
            assert found.depth[0, y, x] == pytest.approx(far.min() * MILLIMETRES, abs=0.5)
            checked += 1
        elif found.part[0, y, x] == WALL:
            assert np.isnan(found.depth[0, y, x])
            assert not np.isfinite(far).any()
    assert checked >= 4


def test_normals_are_those_of_the_depth():
    found = truth([replace(FACE, setting=Setting(distance=60))], 96)
    normals = found.normals[0]
    assert np.nanmax(np.abs(np.linalg.norm(normals, axis=-1) - 1)) < 1e-5
    # On the forehead, smooth: the depth's slope is the normal's.
    rows, columns = np.s_[22:32], np.s_[44:53]
    units = found.depth[0, rows, columns] / MILLIMETRES * 96 / (2 * camera.FRAME)
    down, across = (np.asarray(way) for way in np.gradient(units.astype(np.float64)))
    inner = normals[rows, columns]
    assert (inner[..., 0] / inner[..., 2])[1:-1, 1:-1] == pytest.approx(across[1:-1, 1:-1], abs=0.1)
    assert (inner[..., 1] / inner[..., 2])[1:-1, 1:-1] == pytest.approx(down[1:-1, 1:-1], abs=0.1)


def test_pose_gaze_and_light_are_those_of_the_setting():
    straight = replace(FACE.setting, pitch=0.0)
    found = truth([replace(FACE, setting=straight)], SIZE)
    assert found.pose[0] == pytest.approx([0.2, 0, 0])
    assert found.gaze[0] == pytest.approx([0.3, 0], abs=1e-6)
    assert np.linalg.norm(found.lights[0], axis=1) == pytest.approx([1, 1], abs=1e-6)
    assert found.lights[0, 0, :2] == pytest.approx([straight.light_x, straight.light_y], abs=1e-6)


def test_no_faces_have_no_truth():
    assert truth([], SIZE).depth.shape == (0, SIZE, SIZE)


def test_where_no_unit_is_switched_nothing_moves():
    nothing = Pair(12, FACE, FACE)
    assert not displacement([nothing], SIZE).any()
    assert not moved([nothing], SIZE).any()


def test_displacement_is_how_far_a_surface_point_goes():
    one = pair(replace(FACE, setting=Setting()), 12)
    flow = displacement([one], 96)[0]
    before, after = (scene(face, 96, 1, 2) for face in (one.without, one.shown))
    seen = taken(one.without, 96, 1)
    y, x = 66, 34
    corners = seen.rest.triangles[seen.solid[y, x]]
    steps = (after.places - before.places)[corners, :2]
    assert (flow[y, x] >= steps.min(axis=0) - 1e-4).all()
    assert (flow[y, x] <= steps.max(axis=0) + 1e-4).all()
    assert flow[y, x, 1] < -1
    assert not flow[moved([one], 96)[0] == 0].any()


@pytest.mark.parametrize("unit", [1, 4, 12, 26, 43])
def test_what_changes_outside_what_moves_is_little_and_faint(unit):
    one = pair(FACE, unit)
    changed, inside = changes([one], SIZE)[0], moved([one], SIZE)[0]
    outside = (changed > 0) & ~inside
    assert inside.mean() < 0.4
    assert outside.sum() <= 0.06 * (changed > 0).sum()
    assert changed[outside].sum() <= 0.02 * changed.sum()
