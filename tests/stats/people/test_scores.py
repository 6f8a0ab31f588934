"""Scores of other people, against the formula row by row and against the moments of shuffles."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from facsinterp.errors import InputError
from facsinterp.stats.effect import auroc, midranks
from facsinterp.stats.people.scores import of_rows, people, resamples, within_subject_z


def z_slowly(weights, labels, subjects, times):
    """One pair at a time, one subject at a time, a subject drawn c times written c times."""
    result = np.full((weights.shape[1], labels.shape[1]), np.nan)
    names = sorted(set(subjects) - {""})
    for j, u in product(*map(range, result.shape)):
        excess = variance = 0.0
        for name, count in zip(names, times, strict=True):
            w, a = weights[subjects == name, j], labels[subjects == name, u].astype(float)
            for _ in range(count):
                if len(w) > 1:
                    excess += ((w - w.mean()) * (a - a.mean())).sum()
                    spread = ((w - w.mean()) ** 2).sum() * ((a - a.mean()) ** 2).sum()
                    variance += spread / (len(w) - 1)
        if variance > 1e-12:
            result[j, u] = excess / variance**0.5
    return result


SUBJECTS = np.array([*"aaaabbbccd", "", ""])


@given(
    nps.arrays(np.int8, (12, 2), elements=st.integers(-2, 2)),
    nps.arrays(bool, (12, 3)),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
)
def test_z_is_that_of_the_formula(weights, labels, times):
    score = within_subject_z(weights, labels, SUBJECTS)
    expected = z_slowly(weights.astype(float), labels, SUBJECTS, times)
    np.testing.assert_allclose(score(np.array(times)), expected, atol=1e-9)


def test_z_is_the_mean_and_sd_over_all_shuffles_inside_subjects():
    """Full enumeration of 4! x 3! shuffles of the rows of two people."""
    rng = np.random.default_rng(0)
    subjects = np.array(list("aaaabbb"))
    weights = midranks(rng.integers(0, 4, (7, 3)).astype(float))
    labels = np.array([[1, 0, 0, 1, 0, 1, 0], [1, 1, 0, 0, 0, 0, 1]]).T
    sums = np.array(
        [
            weights.T @ labels[np.r_[np.array(one), 4 + np.array(other)]]
            for one in permutations(range(4))
            for other in permutations(range(3))
        ]
    )
    expected = (weights.T @ labels - sums.mean(axis=0)) / sums.std(axis=0)
    score = within_subject_z(weights, labels, subjects)
    np.testing.assert_allclose(score(np.ones(2, int)), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_constant_inside_people_has_no_z(dtype):
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(12), np.arange(2, 14))
    weights = rng.random(12).astype(dtype)[subjects][:, None]
    labels = rng.random((len(subjects), 1)) < 0.5
    assert np.isnan(within_subject_z(weights, labels, subjects)(np.ones(12, int))).all()
    flat = within_subject_z(rng.random((len(subjects), 1)), labels[subjects], subjects)
    assert np.isnan(flat(np.ones(12, int))).all()


def test_nobody_drawn_has_no_z():
    score = within_subject_z(np.ones((4, 2)), np.ones((4, 3), bool), list("aabb"))
    assert np.isnan(score(np.zeros(2, int))).all()
    nobody = within_subject_z(np.ones((4, 2)), np.ones((4, 3), bool), [""] * 4)
    assert np.isnan(nobody(np.zeros(0, int))).all()


def test_misfits_are_refused():
    for shapes in (((4, 2), (4, 3), (5,)), ((4, 2), (3, 3), (4,)), ((4,), (4, 3), (4,))):
        with pytest.raises(InputError, match="do not fit together"):
            within_subject_z(*(np.zeros(shape) for shape in shapes))


def test_rows_of_a_person_drawn_twice_are_of_two_people():
    seen = []

    def measure(rows, subjects):
        seen.append((rows.tolist(), subjects.tolist()))
        return np.zeros((1, 1))

    score = of_rows(measure, SUBJECTS)
    score(np.array([0, 2, 1, 1]))
    score(np.zeros(4, int))
    assert seen == [([4, 5, 6, 4, 5, 6, 7, 8, 9], [0, 0, 0, 1, 1, 1, 2, 2, 3]), ([], [])]


def test_the_two_kinds_of_score_agree_on_fixed_weights():
    rng = np.random.default_rng(4)
    weights, labels = midranks(rng.normal(size=(12, 3))), rng.random((12, 4)) < 0.5
    times = np.array([2, 0, 3, 1])

    def measure(rows, subjects):
        names = np.array([f"p{s}" for s in subjects])
        return within_subject_z(weights[rows], labels[rows], names)(np.ones(7 - 1, int))

    np.testing.assert_allclose(
        of_rows(measure, SUBJECTS)(times),
        within_subject_z(weights, labels, SUBJECTS)(times),
        rtol=1e-12,
    )


def test_any_measure_of_rows_serves():
    rng = np.random.default_rng(4)
    activation, labels = rng.normal(size=(12, 3)), np.arange(12)[:, None] % 2 == 0
    score = of_rows(lambda rows, _: auroc(activation[rows], labels[rows]), SUBJECTS)
    assert np.array_equal(score(np.ones(4, int)), auroc(activation[:10], labels[:10]))


def test_people_are_those_that_are_known():
    assert people(["b", "", "a", "b"]).tolist() == ["a", "b"]
    assert people([""]).tolist() == []


def test_draws_depend_on_seed_and_number_alone():
    many = list(resamples(SUBJECTS, 20, 7))
    assert all(np.array_equal(a, b) for a, b in zip(many, resamples(SUBJECTS, 5, 7), strict=False))
    assert all(times.sum() == 4 and len(times) == 4 for times in many)
    assert not np.array_equal(many, list(resamples(SUBJECTS, 20, 8)))
    mean = np.mean(list(resamples(SUBJECTS, 2000, 0)), axis=0)
    # The sd of one count is sqrt(3/4); four standard errors.
    assert np.abs(mean - 1).max() < 4 * (0.75 / 2000) ** 0.5
    assert [len(times) for times in resamples([""], 2, 0)] == [0, 0]
