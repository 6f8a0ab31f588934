"""Lids on the eyeball, lips on each other: exact contact, never through each other."""

import numpy as np
import pytest

from facsinterp.faces.drawn.head import shape
from tests.faces.drawn.muscles.heads import AVERAGE, MM, any_units, person, shown

GROUPS = shape(AVERAGE).mesh.groups
SIDES = ("right", "left")
LIPS = ("upper", "lower")


def lid_gap(points):
    """(2, columns): opening of both eyes."""
    edges = [[points[GROUPS[f"lid_{lid}_{s}"][0]] for s in SIDES] for lid in ("lower", "upper")]
    return edges[0], edges[1]


def clearance(head, points):
    """How far the lids' skin is off the eyeball, for each lid, in head units."""
    for side, centre in zip(SIDES, head.eyes, strict=True):
        for lid in ("upper", "lower"):
            skin = points[GROUPS[f"lid_{lid}_{side}"][:, 1:-1]] - centre
            yield np.linalg.norm(skin, axis=-1) - head.eye_radius


def lip_edges(points):
    return points[GROUPS["lip_lower"][0]], points[GROUPS["lip_upper"][0]]


@pytest.mark.parametrize("units", [{43: 5}, {45: 5}, {43: 5, 6: 5, 12: 5}, {43: 5, 7: 5, 4: 5}])
@pytest.mark.parametrize("seed", [0, 3])
def test_closed_eyes_are_closed_exactly_in_every_gaze(units, seed):
    for gaze in ((0, 0), (0.2, 0.3), (-0.2, -0.3)):
        lower, upper = lid_gap(shown(person(seed), units, gaze))
        np.testing.assert_array_equal(lower, upper)


@pytest.mark.parametrize("unit", [12, 13, 14, 15, 17, 18, 20, 23, 24, 28, 29, 30, 34, 35])
def test_units_that_do_not_part_the_lips_keep_them_sealed_exactly(unit):
    lower, upper = lip_edges(shown(person(1), {unit: (5, 2)}))
    np.testing.assert_array_equal(lower, upper)


def test_the_upper_lip_parts_from_the_lower_from_c_on():
    gaps = [
        np.subtract(*lip_edges(shown(shape(AVERAGE), {10: s})))[:, 1].max() for s in (1, 2, 3, 5)
    ]
    assert gaps[:2] == [0, 0]
    assert 0 < gaps[2] < gaps[3]


@pytest.mark.parametrize("unit", [16, 22, 25, 26, 27, 32, 33])
def test_units_that_part_the_lips_part_them_and_more_the_stronger(unit):
    gaps = [np.subtract(*lip_edges(shown(shape(AVERAGE), {unit: s})))[:, 1].max() for s in range(6)]
    assert (np.diff(gaps) > 0).all()
    assert gaps[-1] > 0.025


def test_sucked_lips_stay_closed_over_a_dropped_jaw():
    lower, upper = lip_edges(shown(shape(AVERAGE), {28: 5, 26: 5}))
    np.testing.assert_array_equal(lower, upper)


@pytest.mark.parametrize("seed", range(15))
def test_nothing_passes_through_anything_in_any_combination(seed):
    rng = np.random.default_rng(seed)
    head, units = person(seed), any_units(rng)
    points = shown(head, units, tuple(rng.normal(0, 0.1, 2)))
    lower, upper = lip_edges(points)
    assert (lower[:, 1] - upper[:, 1]).min() > -1e-6, units
    for low, high in zip(*lid_gap(points), strict=True):
        assert (low[:, 1] - high[:, 1]).min() > -1e-3, units
    # Near the corners the lids of some people lie on the eyeball at rest; no nearer then.
    for rest, now in zip(clearance(head, head.points), clearance(head, points), strict=True):
        assert (now > np.minimum(rest, 0) - 0.003).all(), units


@pytest.mark.parametrize("seed", range(15))
def test_teeth_stay_behind_the_lips_in_any_combination(seed):
    points = shown(person(seed), any_units(np.random.default_rng(100 + seed)))
    lips = np.concatenate([points[GROUPS[f"lip_{lip}"][1:]].reshape(-1, 3) for lip in LIPS])
    for row in ("teeth_upper", "teeth_lower"):
        teeth = points[GROUPS[row].ravel()]
        off = np.abs(teeth[:, None, :2] - lips[:, :2]).max(axis=-1)
        before = teeth[:, None, 2] - lips[:, 2]
        assert np.where(off < 0.03, before, -1).max() < 0.5 / MM


def test_lashes_stay_on_the_edges_of_the_lids():
    points = shown(person(2), {43: 3, 5: 0, 7: 4})
    for side in SIDES:
        for lid in ("upper", "lower"):
            root = points[GROUPS[f"lash_{lid}_{side}"][0]]
            edge = points[GROUPS[f"lid_{lid}_{side}"][0]]
            far = np.linalg.norm(root[:, None] - edge, axis=-1).min(axis=1)
            assert far.max() < 0.01
