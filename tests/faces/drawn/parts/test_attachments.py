"""Tests of what is attached to the face: where it lies, and which way it faces."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from facsinterp.faces.drawn.parts.attachments import attachments
from facsinterp.faces.drawn.surface.eyelids import EYE, RADIUS
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import Part, normals
from tests.faces.drawn.parts.views import nearest

SIDES = (("right", -1), ("left", 1))


@pytest.fixture(scope="module")
def made():
    return attachments()


@pytest.fixture(scope="module")
def facing(made):
    return normals(made.points, made.triangles)


def test_parts_keep_to_their_share_of_points(made):
    assert len(made.points) <= 3000
    assert np.isfinite(made.points).all()
    assert (made.open >= 0).all()
    assert (made.open <= 1).all()
    assert set(np.unique(made.part)) == set(Part) - {Part.HAIR}


def test_a_triangle_belongs_to_one_part(made):
    assert (np.ptp(made.part[made.triangles], axis=1) == 0).all()


def test_sides_mirror_each_other(made):
    tree = cKDTree(made.points)
    apart, mate = tree.query(made.points * [-1, 1, 1])
    assert np.max(apart) < 2e-3
    np.testing.assert_array_equal(made.part[mate], made.part)


@pytest.mark.parametrize(("side", "sign"), SIDES)
def test_eyeballs_are_spheres_that_the_lids_lie_on(made, facing, side, sign):
    ball = made.groups[f"eye_{side}"]
    centre = EYE * [sign, 1, 1]
    away = made.points[ball] - centre
    np.testing.assert_allclose(np.linalg.norm(away, axis=1), RADIUS, atol=1e-5)
    assert ((facing[ball] * away).sum(1) > 0.9 * RADIUS).all()
    face = mean_face()
    for lid in ("upper", "lower"):
        edge = face.points[face.groups[f"lid_{lid}_{side}"][0]]
        back = face.points[face.groups[f"lid_{lid}_{side}_inner"][-1]]
        over = np.linalg.norm(edge - centre, axis=1) - RADIUS
        assert (over > 0).mean() > 0.85
        assert over.max() < 0.08
        under = np.linalg.norm(back - centre, axis=1) - RADIUS
        assert np.abs(under).max() < 0.06


@pytest.mark.parametrize(("side", "sign"), SIDES)
@pytest.mark.parametrize("lid", ["upper", "lower"])
def test_lashes_grow_from_the_lids_edge(made, side, sign, lid):
    face = mean_face()
    root, tip = made.points[made.groups[f"lash_{lid}_{side}"]]
    np.testing.assert_array_equal(root, face.points[face.groups[f"lid_{lid}_{side}"][0]])
    assert (tip[1:-1, 2] > root[1:-1, 2]).all()
    assert (np.sign(tip[:, 0]) == sign).all()
    assert np.linalg.norm(tip - root, axis=1).max() < 0.1


def test_the_closed_mouth_hides_what_is_in_it(made):
    face = mean_face()
    rim = np.concatenate([made.groups[f"cavity_{lip}"][0] for lip in ("upper", "lower")])
    within = np.isin(made.part, (Part.TEETH, Part.GUMS, Part.TONGUE, Part.CAVITY))
    within[rim] = False
    points = made.points[within]
    skin = nearest(face.points, face.triangles, points[:, :2], 2, [0, 1])
    assert (skin > points[:, 2]).all()
    left = points[points[:, 0] > 0.1]
    cheek = nearest(face.points, face.triangles, left[:, 1:], 0, [1, 2])
    assert (cheek > left[:, 0]).all()


def test_the_mouths_wall_begins_on_the_lips_and_faces_inwards(made, facing):
    face = mean_face()
    for lip in ("upper", "lower"):
        wall = made.groups[f"cavity_{lip}"]
        inner = face.points[face.groups[f"lip_{lip}_inner"][-1]]
        np.testing.assert_array_equal(made.points[wall[0]], inner)
        middle = wall[1:-1, wall.shape[1] // 2]
        down = facing[middle, 1]
        assert ((down if lip == "upper" else -down)[:2] > 0).all()


@pytest.mark.parametrize("name", ["teeth_upper", "teeth_lower"])
def test_teeth_stand_in_a_row_and_face_outwards(made, facing, name):
    group = made.groups[name]
    crowns = group[made.part[group] == Part.TEETH]
    front = crowns[(made.uv[crowns, 1] > 0.4) & (made.uv[crowns, 1] < 0.5)]
    assert (facing[front] * (made.points[front] - [0, 1, 0.6])).sum(1).min() > 0
    tooth = np.abs(made.uv[front, 0])
    assert tooth.max() == 6
    gap = front[tooth % 1 == 0]
    body = front[tooth % 1 == 0.5]
    assert len(gap) == 13
    assert len(body) == 12
    edges = {n: made.points[made.groups[n]] for n in ("teeth_upper", "teeth_lower")}
    assert edges["teeth_upper"][:, 1].max() > edges["teeth_lower"][:, 1].min()  # overbite
    assert edges["teeth_upper"][:, 2].max() > edges["teeth_lower"][:, 2].max()  # overjet


@pytest.mark.parametrize(("side", "sign"), SIDES)
def test_ears_stand_out_from_the_head_and_are_rooted_in_it(made, side, sign):
    face = mean_face()
    ear = made.points[made.groups[f"ear_{side}"]] * [sign, 1, 1]
    skin = nearest(face.points, face.triangles, ear[:, 1:], 0, [1, 2])
    out = ear[:, 0] - skin
    assert out.max() > 0.12
    assert out.max() < 0.35
    assert (out < 0).sum() > 5
    assert ear[:, 1].min() == pytest.approx(-0.25, abs=0.05)
    assert ear[:, 1].max() == pytest.approx(0.6, abs=0.05)


def test_the_neck_continues_the_head_and_goes_down_into_the_clothes(made, facing):
    face = mean_face()
    rows = made.points[made.groups["neck_skin"]]
    apart, _ = cKDTree(face.points[face.groups["neck"]]).query(rows[0])
    np.testing.assert_array_equal(apart, 0)
    assert (np.diff(rows[:, :, 1], axis=0) > 0).all()
    outwards = rows[1:-4] - [0, 0, -0.2]
    outwards[..., 1] = 0
    assert ((facing[made.groups["neck_skin"]][1:-4] * outwards).sum(-1) > 0).all()
    worn = made.points[made.part == Part.CLOTHES]
    assert worn[:, 1].min() < rows[-1, :, 1].max()
    assert np.abs(worn[:, 0]).max() > 2
