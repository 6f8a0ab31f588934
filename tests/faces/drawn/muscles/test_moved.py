"""Units move the right skin, by life-like lengths, and nothing else."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from facsinterp.faces.drawn.head import shape
from facsinterp.faces.drawn.optics.marks import places
from facsinterp.faces.drawn.spec import Identity
from facsinterp.faces.drawn.surface.mesh import Part
from facsinterp.faces.drawn.units import ONE_SIDED, UNITS
from tests.faces.drawn.muscles.heads import AVERAGE, MM, by, person, shown

HEAD = shape(AVERAGE)
MESH = HEAD.mesh


def marks(units):
    """(68, 3): movement of the landmarks of the average head in mm."""
    return places().on(by(units))


@pytest.mark.parametrize("seed", [1, 2])
def test_at_rest_every_point_is_exactly_where_the_person_has_it(seed):
    head = person(seed)
    np.testing.assert_array_equal(shown(head, {}), head.points)


@pytest.mark.parametrize("unit", UNITS)
def test_each_unit_moves_something_that_can_be_seen_and_leaves_hair_ears_and_eyes(unit):
    sides = (5, 0) if unit == 30 else (5, 5)
    far = np.linalg.norm(by({unit: sides}), axis=1)
    assert far.max() > 2.5
    assert (far[np.isin(MESH.part, (Part.HAIR, Part.EYE, Part.CLOTHES))] == 0).all()


LOWER = (13, 14, 15, 16, 17, 18, 20, 22, 23, 24, 25, 26, 27, 28, 29, 32, 33, 34, 35)


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_moves_nothing_at_all_outside_its_reach(unit):
    still = (by({unit: (5, 0)}) == 0).all(axis=1)
    y = MESH.points[:, 1]
    if unit in LOWER:
        assert still[y < 0.1].all()
    if unit in (1, 2, 4, 5, 7, 43, 45):
        assert still[y > 0.3].all()
    if unit in (5, 43, 45):
        assert still[np.abs(y) > 0.35].all()
    assert still.mean() > 0.6


@pytest.mark.parametrize("unit", sorted(ONE_SIDED - {30}))
def test_one_side_leaves_the_other_eye_brow_and_mouth_corner(unit):
    right = marks({unit: (5, 0)})
    far = [26, 25, 24, 45, 47, 54]
    assert (right[far] == 0).all()
    assert np.abs(right).max() > 1


@pytest.mark.parametrize("units", [(u,) for u in UNITS] + [(6, 12, 25), (9, 10, 17), (1, 4, 43)])
def test_right_and_left_are_mirror_images(units):
    here = np.flatnonzero(MESH.part == Part.SKIN)
    flip = np.array([-1, 1, 1])
    distance, twin = cKDTree(MESH.points[here]).query(MESH.points[here] * flip)
    sure = np.asarray(distance < 1e-4)
    assert sure.mean() > 0.9
    right = by(dict.fromkeys(units, (4, 1)))[here]
    left = by(dict.fromkeys(units, (1, 4)))[here]
    off = np.abs(right[sure] - left[np.asarray(twin)[sure]] * flip).max(axis=1)
    # Where two points of the mesh lie on each other (lips, lids) the twin may be the other one.
    assert np.quantile(off, 0.98) < 0.05


MONOTONE = {
    1: (21, 1, -1), 2: (18, 1, -1), 4: (21, 1, 1), 5: (37, 1, -1), 6: (41, 1, -1),
    7: (41, 1, -1), 9: (31, 1, -1), 10: (50, 1, -1), 12: (48, 1, -1), 13: (48, 1, -1),
    14: (48, 2, -1), 15: (48, 1, 1), 16: (57, 1, 1), 17: (57, 1, -1), 18: (48, 0, 1),
    20: (48, 0, -1), 22: (62, 2, 1), 23: (51, 1, 1), 24: (51, 1, 1), 25: (66, 1, 1),
    26: (8, 1, 1), 27: (8, 1, 1), 28: (51, 1, 1), 29: (8, 2, 1), 32: (66, 2, -1),
    33: (48, 0, 1), 35: (48, 0, 1), 43: (37, 1, 1), 45: (37, 1, 1),
}  # fmt: skip


@pytest.mark.parametrize(("unit", "key"), MONOTONE.items())
def test_the_stronger_a_unit_the_further_its_landmark(unit, key):
    point, axis, sign = key
    way = [sign * marks({unit: strength})[point, axis] for strength in (0, 1, 2, 3, 4, 5)]
    assert (np.diff(way) > 0).all()


def test_movements_at_e_have_life_like_lengths():
    assert -marks({1: 5})[21, 1] == pytest.approx(9, abs=1.5)
    assert -marks({2: 5})[18, 1] == pytest.approx(9, abs=1.5)
    assert marks({4: 5})[21, 1] == pytest.approx(6, abs=1.5)
    assert -marks({5: 5})[37, 1] == pytest.approx(2.8, abs=0.5)
    smile = marks({12: 5})[54]
    assert np.hypot(smile[0], smile[1]) == pytest.approx(13, abs=2)
    assert -smile[2] == pytest.approx(8, abs=2)
    assert marks({16: 5})[57, 1] == pytest.approx(6.5, abs=1)
    corner = marks({18: 5})[54, 0]
    assert 1 + corner / (HEAD.points[MESH.groups["lip_upper"][0, -1], 0] * MM) == pytest.approx(
        0.65, abs=0.05
    )


@pytest.mark.parametrize(("unit", "mm"), [(26, 14), (27, 28)])
def test_the_jaw_opens_by_so_much_at_the_incisors(unit, mm):
    teeth = MESH.groups["teeth_lower"].ravel()
    front = teeth[MESH.points[teeth, 2].argmax()]
    assert np.linalg.norm(by({unit: 5})[front]) == pytest.approx(mm, abs=1)
    assert (by({unit: 5})[MESH.groups["teeth_upper"].ravel()] == 0).all()


def test_the_jaw_goes_to_the_side_that_is_named():
    teeth = MESH.groups["teeth_lower"].ravel()
    assert by({30: (5, 0)})[teeth, 0].max() < -8
    assert by({30: (0, 5)})[teeth, 0].min() > 8


def test_lids_follow_the_gaze():
    down, up = (places().on(by({}, gaze=(0.0, g))) for g in (0.3, -0.3))
    assert down[[37, 43], 1].min() > 1.5
    assert up[[37, 43], 1].max() < -1.5
    assert 0 < down[41, 1] < down[37, 1]


def test_a_wider_face_is_moved_wider():
    wide = shape(Identity(width=1.2))
    point = MESH.groups["lip_upper"][0, -1]
    out = (shown(wide, {12: 5}) - wide.points)[point, 0] * MM
    assert out > by({12: 5})[point, 0] * 1.1
