"""Tests of the furrows: each unit's own, on its side, and nothing anywhere else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.faces.drawn.skin.relief import relief
from facsinterp.faces.drawn.skin.wrinkles import WRINKLES
from facsinterp.faces.drawn.spec import Identity
from facsinterp.faces.drawn.surface.sheet import coarser, places
from facsinterp.faces.drawn.units import UNITS

WRINKLED = sorted({key[0] for key in WRINKLES if len(key) == 1})
SMOOTH = sorted(set(UNITS) - set(WRINKLED))
PERSON = Identity(age=0.4, texture=7)


def shown(units):
    """Shares (unit, 2) of these units: one number for both sides, or (right, left)."""
    shares = np.zeros((len(UNITS), 2), np.float32)
    for unit, share in units.items():
        shares[UNITS.index(unit)] = share
    return shares


def brought_up(units, level=2, person=PERSON):
    """What units add to the relief at rest."""
    return relief(person, shown(units), level) - relief(person, shown({}), level)


@pytest.mark.parametrize("unit", WRINKLED)
def test_a_unit_wrinkles_its_side_alone(unit):
    s, _ = places(2)
    left = brought_up({unit: (0, 1)})
    beyond = (s < -0.1)[0]
    assert np.abs(left).max() > 1.2e-3
    assert (left[:, beyond] == 0).all()
    assert np.mean(left != 0) < 0.12  # compact
    np.testing.assert_allclose(brought_up({unit: (1, 0)})[:, ::-1], left, atol=1e-8)


@pytest.mark.parametrize("unit", SMOOTH)
def test_other_units_leave_the_relief_as_it_is(unit):
    assert (brought_up({unit: 1}) == 0).all()


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(WRINKLED), st.floats(0.05, 1), st.floats(0, 1))
def test_relief_is_linear_in_the_share(unit, share, other):
    whole = brought_up({unit: (1, 1)}, 3)
    half = brought_up({unit: (share, share)}, 3)
    np.testing.assert_allclose(half, share * whole, atol=5e-8)
    mixed = brought_up({unit: (share, other)}, 3)
    sides = brought_up({unit: (share, 0)}, 3) + brought_up({unit: (0, other)}, 3)
    np.testing.assert_allclose(mixed, sides, atol=5e-8)


def test_furrows_are_a_fifth_of_a_millimetre_to_four_deep():
    for unit in WRINKLED:
        deepest = -70 * brought_up({unit: 1}, 0).min()
        assert 0.2 < deepest < 4.0, unit


@pytest.mark.parametrize("key", WRINKLES)
def test_furrows_end_softly(key):
    relief_of = brought_up(dict.fromkeys(key, 1), 0)
    bare = relief_of == 0
    for axis in (0, 1):
        step = np.abs(np.diff(relief_of, axis=axis))
        ends = np.diff(bare.astype(np.int8), axis=axis) != 0
        assert step[ends].max() < 0.25 * step.max()


def test_pairs_of_units_bring_up_furrows_of_their_own():
    for key in (key for key in WRINKLES if len(key) > 1):
        alone = sum(brought_up({unit: 1}) for unit in key)
        assert np.abs(brought_up(dict.fromkeys(key, 1)) - alone).max() > 1e-3, key


def test_age_deepens_furrows_and_leaves_lines_at_rest():
    old = replace(PERSON, age=0.9)
    young = replace(PERSON, age=0.0)
    assert (
        np.abs(brought_up({4: 1}, person=old)).max()
        > np.abs(brought_up({4: 1}, person=young)).max()
    )
    rest = [relief(person, shown({}), 2).std() for person in (young, old)]
    assert rest[1] > 2 * rest[0]


def test_the_young_have_fewer_lines_on_the_forehead():
    def lines(age):
        column = brought_up({1: 1}, 0, replace(PERSON, age=age))[:, 430]
        dips = (column[1:-1] < column[:-2]) & (column[1:-1] < column[2:]) & (column[1:-1] < -3e-3)
        return dips.sum()

    assert 2 <= lines(0.0) < lines(0.8)


@pytest.mark.parametrize(
    ("unit", "top", "bottom"), [(10, 0.4, 1.1), (11, 0.4, 1.0), (12, 0.4, 1.2), (15, 0.9, 1.45)]
)
def test_furrows_beside_the_mouth_stay_in_front(unit, top, bottom):
    s, t = places(0)
    rows, columns = np.nonzero(brought_up({unit: (0, 1)}, 0))
    assert s[0, columns].min() > 0.05
    assert s[0, columns].max() < 0.85
    assert t[rows, 0].min() > top - 0.15
    assert t[rows, 0].max() < bottom + 0.15


def test_levels_are_means_of_the_finer_ones():
    shares = shown({1: 1, 4: 0.5, 12: (1, 0), 17: 1})
    means = coarser(relief(PERSON, shares, 0))
    np.testing.assert_allclose(means, relief(PERSON, shares, 1), atol=2e-5)


def test_the_same_face_has_the_same_relief():
    shares = shown({6: 1, 12: 1})
    np.testing.assert_array_equal(relief(PERSON, shares, 1), relief(PERSON, shares, 1))
    assert relief(PERSON, shares, 1) is not relief(PERSON, shares, 1)
