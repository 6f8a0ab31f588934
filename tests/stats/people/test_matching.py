"""Matching against every assignment there is, its stability, and coverage."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from facsinterp.errors import InputError
from facsinterp.stats.effect import midranks
from facsinterp.stats.people.matching import coverage, matching, matching_stability
from facsinterp.stats.people.scores import resamples, within_subject_z

PEOPLE = np.repeat([f"s{i:02d}" for i in range(25)], 6)


def best_sum_slowly(z, allowed):
    """Largest sum over every assignment of units to filters or to nothing."""
    filters, units = z.shape
    best = 0.0
    places = [*range(filters), *[-1] * units]
    for chosen in set(permutations(places, units)):
        pairs = [(j, u) for u, j in enumerate(chosen) if j >= 0]
        if all(allowed[pair] and not np.isnan(z[pair]) for pair in pairs):
            best = max(best, sum(z[pair] for pair in pairs))
    return best


SHAPES = st.tuples(st.integers(0, 4), st.integers(0, 3))


@given(
    SHAPES.flatmap(
        lambda shape: st.tuples(
            nps.arrays(
                np.float64,
                shape,
                elements=st.one_of(st.integers(-3, 6).map(float), st.just(float("nan"))),
            ),
            nps.arrays(bool, shape),
        )
    )
)
def test_matching_has_the_largest_sum_of_all_assignments(case):
    z, allowed = case
    matched = matching(z, allowed)
    assert matched.shape == z.shape[1:]
    pairs = [(j, u) for u, j in enumerate(matched) if j >= 0]
    assert len({j for j, _ in pairs}) == len(pairs)
    assert all(allowed[pair] and z[pair] > 0 for pair in pairs)
    assert sum(z[pair] for pair in pairs) == best_sum_slowly(z, allowed)


def test_the_best_filter_of_two_units_goes_where_the_sum_gains():
    z = np.array([[9.0, 8.0], [7.0, 1.0], [0.0, 0.5]])
    everything = np.ones((3, 2), bool)
    assert matching(z, everything).tolist() == [1, 0]
    forbidden = everything.copy()
    forbidden[1, 0] = False
    assert matching(z, forbidden).tolist() == [0, 1]
    forbidden[1, 1] = False
    assert matching(z, forbidden).tolist() == [0, 2]
    assert matching(z, np.zeros((3, 2), bool)).tolist() == [-1, -1]


def test_more_units_than_filters_leave_units_over():
    z = np.array([[1.0, 3.0, 2.0]])
    assert matching(z, np.ones((1, 3), bool)).tolist() == [-1, 0, -1]


def test_what_does_not_help_is_not_matched():
    """A pair with z <= 0 is left alone even where both would stay unmatched."""
    z = np.array([[5.0, np.nan], [-1.0, -2.0], [0.0, 0.0]])
    assert matching(z, np.ones((3, 2), bool)).tolist() == [0, -1]


def test_wrong_arrays_are_refused():
    with pytest.raises(InputError, match="do not fit together"):
        matching(np.zeros((2, 3)), np.ones((3, 2), bool))
    with pytest.raises(InputError, match="do not fit together"):
        matching(np.zeros(3), np.ones(3, bool))
    with pytest.raises(InputError, match="z is infinite"):
        matching(np.array([[np.inf, 1.0]]), np.ones((1, 2), bool))


def world():
    """Filter 0 knows unit 0 well; filters 1 and 2 know unit 1 equally; filter 3 nothing."""
    rng = np.random.default_rng(0)
    labels = rng.random((len(PEOPLE), 3)) < 0.4
    activation = rng.normal(size=(len(PEOPLE), 4))
    activation[:, 0] += 4 * labels[:, 0]
    activation[:, 1:3] += 1.0 * labels[:, 1:2]
    return within_subject_z(midranks(activation), labels, PEOPLE)


def test_stability_against_matching_each_draw_by_hand():
    score = world()
    allowed = np.ones((4, 3), bool)
    matched, share = matching_stability(score, allowed, PEOPLE, draws=100, seed=5)
    assert np.array_equal(matched, matching(score(np.ones(25, int)), allowed))
    returned = [matching(score(t), allowed) for t in resamples(PEOPLE, 100, 5)]
    for unit in range(3):
        expected = np.mean([one[unit] == matched[unit] for one in returned])
        assert share[unit] == pytest.approx(expected)
    assert share[0] == 1
    assert matched[1] in {1, 2}
    assert 0.2 < share[1] < 0.95


def test_a_unit_without_a_match_has_no_stability():
    allowed = np.ones((4, 3), bool)
    allowed[:, 2] = False
    heard: list[int] = []
    matched, share = matching_stability(world(), allowed, PEOPLE, draws=20, advance=heard.append)
    assert matched[2] == -1
    assert np.isnan(share[2])
    assert not np.isnan(share[:2]).any()
    assert sum(heard) == 20


@pytest.mark.parametrize("many", [0, 1, 19])
def test_few_people_give_a_matching_without_stability(many):
    """One person drawn again is the same person: every match would return."""
    subjects = np.repeat([f"s{i}" for i in range(many)], 4) if many else [""] * 5
    matched, share = matching_stability(lambda _: np.eye(2) + 0.5, np.ones((2, 2)), subjects)
    assert matched.tolist() == [0, 1]
    assert np.isnan(share).all()


def test_a_pair_that_a_draw_cannot_judge_does_not_return():
    rounds = iter(range(1, 100))

    def score(times):
        return np.array([[3.0 if next(rounds) % 4 else np.nan]])

    matched, share = matching_stability(score, [[True]], PEOPLE, draws=40)
    assert matched.tolist() == [0]
    assert share.tolist() == [0.75]


def test_coverage_counts_testable_units_with_a_good_match():
    matched = np.array([4, 0, -1, 7, 2, 9])
    auroc = np.array([0.75, 0.74, 0.99, np.nan, 0.9, 1.0])
    testable = np.array([True, True, True, True, False, True])
    found = coverage(matched, auroc, testable)
    assert found.covered.tolist() == [True, False, False, False, False, True]
    assert found.testable == 5
    assert found.share == pytest.approx(2 / 5)
    assert coverage(matched, auroc, testable, bar=0.7).covered.sum() == 3


def test_coverage_of_nothing():
    none = coverage([0, 1], [0.9, 0.9], [False, False])
    assert np.isnan(none.share)
    assert none.testable == 0
    assert not none.covered.any()
    with pytest.raises(InputError, match="differ in shape"):
        coverage([0, 1], [0.9], [True, True])
