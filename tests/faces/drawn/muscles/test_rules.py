"""Which movements give way to which."""

import numpy as np

from facsinterp.faces.drawn.muscles.rules import DAMPED, gains, parting
from facsinterp.faces.drawn.optics.marks import places
from facsinterp.faces.drawn.spec import Face, shares
from facsinterp.faces.drawn.units import UNITS, agree
from tests.faces.drawn.muscles.heads import by


def strengths(units):
    return shares(Face(units={u: (s, s) for u, s in units.items()}))


def test_rules_are_about_units_that_can_be_shown_together():
    for unit, other, share, reason in DAMPED:
        assert agree({unit, other}), (unit, other)
        assert 0 < share < 1
        assert reason


def test_a_lone_unit_makes_its_full_movement():
    for unit in UNITS:
        np.testing.assert_array_equal(gains(strengths({unit: 5})), strengths({unit: 5}))


def test_no_company_stops_a_unit_or_makes_it_stronger():
    together = np.ones((len(UNITS), 2), np.float32)
    made = gains(together)
    assert (made <= together).all()
    assert made.min() > 0


def test_the_brows_of_1_and_4_are_raised_inside_and_drawn_together():
    both, raised = places().on(by({1: 5, 4: 5})), places().on(by({1: 5}))
    assert both[21, 1] < -2
    assert both[21, 0] > raised[21, 0] + 1
    all_three = places().on(by({1: 5, 2: 5, 4: 5}))
    assert all_three[[18, 19, 21], 1].max() < -2


def test_pressed_lips_are_free_of_rolling_and_sealed_ones_do_not_part():
    assert parting(strengths({24: 5})).tolist() == [0, 0]
    assert parting(strengths({26: 5, 28: 5})).tolist() == [0, 0]
    assert parting(strengths({25: 5})).tolist() == [1, 1]
    assert parting(strengths({10: 2})).tolist() == [0, 0]
