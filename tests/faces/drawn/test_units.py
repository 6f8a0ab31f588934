"""Which units there are, how far they move, and which cannot be shown together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import InputError
from facsinterp.faces.drawn import Face
from facsinterp.faces.drawn.units import (
    EXCLUSIVE,
    ONE_SIDED,
    UNITS,
    agree,
    impossible,
    intensity,
    movement,
)
from facsinterp.facs.units import UNITS as FACS


def test_units_are_codes_of_facs_in_order():
    assert list(UNITS) == sorted(set(UNITS))
    assert set(UNITS) <= set(FACS)
    assert set(UNITS) >= ONE_SIDED


@given(st.sets(st.sampled_from(UNITS)))
def test_units_agree_where_nothing_makes_them_impossible(units):
    faults = impossible(units)
    assert agree(units) == (not faults)
    for first, second, reason in faults:
        assert {first, second} <= units
        assert (first, second) in EXCLUSIVE
        assert reason


# Combinations that the FACS manual (2002) lists.
@pytest.mark.parametrize(
    "units",
    [
        *((1, 2), (1, 4), (1, 2, 4), (1, 2, 5), (6, 43), (7, 43), (6, 12), (9, 17), (9, 16, 25)),
        *((10, 12), (10, 15), (10, 17), (10, 15, 17), (10, 12, 16, 25), (10, 20, 25), (10, 23, 25)),
        *((12, 15), (12, 15, 17), (12, 17), (12, 23), (12, 24), (12, 25, 26), (12, 25, 27)),
        *((14, 17), (14, 23), (15, 17), (15, 23), (17, 23), (17, 24), (18, 23), (20, 23, 25)),
        *((20, 25, 26), (20, 25, 27), (22, 23, 25), (22, 25, 26), (23, 25, 26), (26, 28)),
        (25, 32),
    ],
)
def test_combinations_of_the_manual_agree(units):
    assert impossible(units) == []


@pytest.mark.parametrize("pair", [(26, 27), (5, 43), (43, 45), (24, 25), (18, 22), (34, 35)])
def test_contradictions_do_not(pair):
    assert [fault[:2] for fault in impossible(pair)] == [pair]


@given(st.floats(0, 5))
def test_intensity_turns_movement_round(strength):
    np.testing.assert_allclose(intensity(movement(strength)), strength, atol=1e-5)


def test_a_face_is_refused_with_all_that_it_cannot_show():
    with pytest.raises(InputError) as refused:
        Face(units={5: (5.0, 5.0), 43: (1.0, 0.0), 99: (1.0, 1.0), 12: (6.0, -1.0)})
    for part in ("AU5 and AU43", "upper lid", "AU99", "AU12"):
        assert part in str(refused.value)


def test_a_unit_of_strength_0_stands_in_nobodys_way():
    assert Face(units={5: (0.0, 0.0), 43: (5.0, 5.0)}).units[43] == (5.0, 5.0)
    with pytest.raises(InputError, match="AU12"):
        Face(units={12: (float("nan"), 1.0)})
