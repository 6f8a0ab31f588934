"""The set of action units that may name a filter, against counting by hand."""

import numpy as np
import pytest

from facsinterp.stats.effect import midranks
from facsinterp.stats.people.naming import names_by_bootstrap
from facsinterp.stats.people.scores import people, resamples, within_subject_z

PEOPLE = np.repeat([f"s{i:02d}" for i in range(30)], 6)


def world(seed=0):
    """A filter of unit 0, one of units 0 and 1 alike, one of nothing, a dead one.

    Unit 1 occurs mostly with unit 0, unit 2 alone.
    """
    rng = np.random.default_rng(seed)
    n = len(PEOPLE)
    zero, two = rng.random(n) < 0.3, rng.random(n) < 0.3
    one = np.where(rng.random(n) < 0.9, zero, ~zero)
    labels = np.column_stack([zero, one, two])
    noise = rng.normal(size=(n, 4))
    activation = noise + np.column_stack([3.0 * zero, zero + one, 0.0 * two, 0.0 * two])
    activation[:, 3] = 0
    return activation, labels


def by_hand(score, seed, count, share):
    wins, rounds = np.zeros(score(np.ones(30, int)).shape), 0
    for times in resamples(PEOPLE, count, seed):
        z = score(times)
        rounds += 1
        for j in range(len(z)):
            if not np.isnan(z[j]).all():
                wins[j, int(np.nanargmax(z[j]))] += 1
    return wins / rounds, wins / rounds >= share


def test_against_counting_by_hand():
    activation, labels = world()
    score = within_subject_z(midranks(activation), labels, PEOPLE)
    names = names_by_bootstrap(score, PEOPLE, draws=200, seed=3)
    share, named = by_hand(score, 3, 200, 0.05)
    np.testing.assert_allclose(names.share[:3], share[:3], atol=1e-12)
    assert np.isnan(names.share[3]).all()
    assert np.array_equal(names.named, named)
    assert names.share[:3].sum(axis=1) == pytest.approx(1)


def test_a_clear_filter_has_one_name_and_a_blurred_one_several():
    activation, labels = world()
    score = within_subject_z(midranks(activation), labels, PEOPLE)
    names = names_by_bootstrap(score, PEOPLE, draws=300)
    assert names.best[0] == 0
    assert names.named[0].tolist() == [True, False, False]
    assert names.named[1].tolist() == [True, True, False]
    assert names.named[2].sum() > 1
    assert names.best[3] == -1
    assert not names.named[3].any()


def test_units_that_are_always_coded_alike_both_name_the_filter():
    activation, labels = world()
    labels = np.column_stack([labels[:, 0], labels[:, 2], labels[:, 0]])
    score = within_subject_z(midranks(activation), labels, PEOPLE)
    nudge = 1 + 1e-13 * np.random.default_rng(0).normal(size=(4, 3))
    names = names_by_bootstrap(lambda times: score(times) * nudge, PEOPLE, draws=50)
    assert names.named[0].tolist() == [True, False, True]
    assert names.share[0].tolist() == [0.5, 0, 0.5]


def test_the_best_is_named_however_rarely_it_wins():
    def score(times):
        whole = (times == 1).all()
        return np.array([[2.0 if whole else 0.0, 1.0]])

    names = names_by_bootstrap(score, PEOPLE, draws=40)
    assert names.best.tolist() == [0]
    assert names.share.tolist() == [[0, 1]]
    assert names.named.tolist() == [[True, True]]


def test_the_share_that_counts_as_often():
    rounds = iter(range(1000))

    def score(times):
        return np.eye(3)[[int(next(rounds) % 20 == 7)]]

    names = names_by_bootstrap(score, PEOPLE, draws=100)
    assert names.share.tolist() == [[0.95, 0.05, 0]]
    assert names.named.tolist() == [[True, True, False]]
    rounds = iter(range(1000))
    assert names_by_bootstrap(score, PEOPLE, draws=100, share=0.06).named.sum() == 1


@pytest.mark.parametrize("many", [0, 1, 19, 20])
def test_few_people_give_the_best_and_no_shares(many):
    subjects = np.repeat([f"s{i}" for i in range(many)], 4) if many else np.array([""] * 8)
    heard: list[int] = []
    names = names_by_bootstrap(
        lambda times: np.array([[1.0, 2.0]]), subjects, draws=10, advance=heard.append
    )
    assert names.best.tolist() == [1]
    assert names.named.tolist() == [[False, True]]
    assert np.isnan(names.share).all() == (many < 20)
    assert sum(heard) == (10 if many >= 20 else 0)
    assert len(people(subjects)) == many


def test_a_unit_that_is_missing_from_some_draws_only_loses_those():
    rounds = iter(range(1000))

    def score(times):
        if next(rounds) % 2:
            return np.array([[5.0, 1.0], [np.nan, np.nan]])
        return np.array([[np.nan, -1.0], [np.nan, -3.0]])

    names = names_by_bootstrap(score, PEOPLE, draws=10)
    assert names.share.tolist() == [[0.5, 0.5], [0, 1]]


def test_the_seed_decides():
    activation, labels = world()
    score = within_subject_z(midranks(activation), labels, PEOPLE)
    one, same, other = (names_by_bootstrap(score, PEOPLE, draws=60, seed=s) for s in (1, 1, 2))
    assert np.array_equal(one.share, same.share, equal_nan=True)
    assert not np.array_equal(one.share, other.share, equal_nan=True)


def test_no_units_and_no_filters():
    assert names_by_bootstrap(lambda _: np.zeros((3, 0)), PEOPLE, draws=2).best.tolist() == [-1] * 3
    assert names_by_bootstrap(lambda _: np.zeros((0, 3)), PEOPLE, draws=2).share.shape == (0, 3)
