"""Shares over people and seeds: slow formulas, classic tests as special cases, coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from facsinterp.errors import InputError
from facsinterp.stats.accuracy import accuracy
from facsinterp.stats.crossed import crossed_gain, crossed_share


def drawn(rng, seeds=3, people=12, faces=4, base=0.5, person_sd=1.0, seed_sd=0.5):
    """Answers (seed, face) whose odds depend on the person and, by lot, on the network."""
    whose = np.repeat([f"p{i:02d}" for i in range(people)], faces)
    odds = base + np.repeat(rng.normal(0, person_sd, people), faces)
    odds = odds + rng.normal(0, seed_sd, seeds)[:, None]
    return rng.random((seeds, people * faces)) < 1 / (1 + np.exp(-odds)), whose


def slow_variance(right, whose, classes=None):
    """Of the share: residuals summed by person, then by seed."""
    classes = np.zeros(right.shape[1]) if classes is None else classes
    seeds, names = len(right), sorted(set(classes.tolist()))
    by_person, by_seed = dict.fromkeys(whose, 0.0), [0.0] * seeds
    for name in names:
        own = [f for f in range(right.shape[1]) if classes[f] == name]
        share = np.mean([right[r, f] for r in range(seeds) for f in own])
        for r in range(seeds):
            for f in own:
                left = (right[r, f] - share) / (len(own) * len(names) * seeds)
                by_person[whose[f]] += left
                by_seed[r] += left
    parts = []
    for sums in (list(by_person.values()), by_seed):
        n = len(sums)
        if n > 1:
            parts.append((n / (n - 1) * sum(one**2 for one in sums), n - 1))
    variance = sum(part for part, _ in parts)
    freedom = variance**2 / sum(part**2 / n for part, n in parts)
    return variance, min(freedom, 2 * (seeds - 1)) if seeds > 1 else freedom


@given(st.integers(0, 10_000), st.booleans())
def test_share_is_that_of_the_slow_formula(seed, balanced):
    rng = np.random.default_rng(seed)
    right, whose = drawn(rng, base=0.2)
    classes = rng.integers(0, 3, right.shape[1])
    found = crossed_share(right, whose, classes if balanced else None)
    if balanced:
        known = np.mean([right[:, classes == c].mean() for c in set(classes.tolist())])
    else:
        known = right.mean()
    variance, freedom = slow_variance(right, whose, classes if balanced else None)
    assert found.value == pytest.approx(known)
    assert found.error == pytest.approx(np.sqrt(variance))
    assert found.freedom == pytest.approx(freedom)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert (found.people, found.seeds) == (12, 3)


def test_one_network_is_the_accuracy_over_subjects():
    right, whose = drawn(np.random.default_rng(3), seeds=1, people=30)
    found, known = crossed_share(right, whose), accuracy(right[0], whose)
    assert (found.value, found.low, found.high) == pytest.approx(
        (known.share, known.low, known.high)
    )


def test_answers_that_are_all_right_count_each_person_once():
    whose = np.repeat(["a", "b", "c", "d"], 5)
    found, known = crossed_share(np.ones((2, 20)), whose), accuracy(np.ones(20, bool), whose)
    assert (found.value, found.low, found.high) == pytest.approx((1, known.low, 1))


def test_one_face_a_person_is_the_paired_t_test():
    rng = np.random.default_rng(5)
    first, second = rng.random((1, 40)) < 0.8, rng.random((1, 40)) < 0.5
    found = crossed_gain(first, second, [str(i) for i in range(40)], paired=True)
    known = stats.ttest_rel(first[0].astype(float), second[0].astype(float))
    low, high = known.confidence_interval()
    assert (found.p, found.low, found.high) == pytest.approx((known.pvalue, low, high))


def test_people_who_are_all_alike_leave_welchs_test_over_seeds():
    # Each person has one face of each kind; a network is right on its first k.
    def arm(counts):
        return np.array([[f < k for f in range(10)] * 6 for k in counts])

    whose = np.repeat([f"p{i}" for i in range(6)], 10)
    first, second = (7, 9, 6), (4, 5, 5)
    found = crossed_gain(arm(first), arm(second), whose, paired=False)
    known = stats.ttest_ind(np.array(first) / 10, np.array(second) / 10, equal_var=False)
    low, high = known.confidence_interval()
    assert (found.p, found.low, found.high) == pytest.approx((known.pvalue, low, high))
    pairs = crossed_gain(arm(first), arm(second), whose, paired=True)
    assert pairs.p == pytest.approx(stats.ttest_rel(np.array(first), second).pvalue)


@given(st.integers(0, 10_000))
def test_a_gain_turns_its_sign_with_its_arms(seed):
    rng = np.random.default_rng(seed)
    (first, whose), (second, _) = drawn(rng), drawn(rng, base=0)
    one = crossed_gain(first, second, whose, paired=True)
    other = crossed_gain(second, first, whose, paired=True)
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))


CASES = [(seeds, paired) for seeds in (1, 2, 3) for paired in (True, False)]


def two_arms(rng, seeds, paired, step=0.0, luck=0.6, people=24, faces=4):
    """Answers of two arms that differ by a step; pairs share half of their luck of training."""
    person = np.repeat(rng.normal(0, 1, people), faces)
    luck = luck if seeds > 1 else 0.0  # one network shows no luck of training
    both = rng.normal(0, luck * np.sqrt(0.5 if paired else 0), seeds)
    arms = []
    for base in (0.3 + step, 0.3):
        own = both + rng.normal(0, luck * np.sqrt(0.5 if paired else 1), seeds)
        odds = base + person + own[:, None]
        arms.append(rng.random(odds.shape) < 1 / (1 + np.exp(-odds)))
    return *arms, np.repeat(np.arange(people), faces).astype(str)


@pytest.mark.parametrize(("seeds", "paired"), CASES)
def test_intervals_hold_the_truth_as_often_as_they_say(seeds, paired):
    # New people and new networks each time.
    rng = np.random.default_rng(11)
    spread = np.sqrt(1 + (0.36 if seeds > 1 else 0))
    odds = np.random.default_rng(1).normal(0, spread, 400_000)
    high, low = (float(np.mean(1 / (1 + np.exp(-(base + odds))))) for base in (1.0, 0.3))
    shares, gains = [], []
    for _ in range(400):
        first, second, whose = two_arms(rng, seeds, paired, step=0.7)
        share = crossed_share(first, whose)
        gain = crossed_gain(first, second, whose, paired=paired)
        shares.append(share.low <= high <= share.high)
        gains.append(gain.low <= high - low <= gain.high)
    assert 0.92 <= np.mean(shares) <= 1
    assert 0.92 <= np.mean(gains) <= 1


@pytest.mark.parametrize(("seeds", "paired"), CASES)
@pytest.mark.parametrize("luck", [0.3, 0.6])
def test_a_true_null_is_rejected_no_more_often_than_it_says(seeds, paired, luck):
    rng = np.random.default_rng(12)
    p = []
    for _ in range(400):
        first, second, whose = two_arms(rng, seeds, paired, luck=luck)
        p.append(crossed_gain(first, second, whose, paired=paired).p)
    assert np.mean(np.array(p) <= 0.05) <= 0.075


@given(st.permutations(range(12)), st.integers(1, 3))
def test_people_of_equal_gain_show_no_spread_in_any_order(order, seeds):
    # Each person gains 2 faces of 7, whose sums of residuals cancel but for rounding.
    first = np.tile([1, 1, 1, 1, 1, 0, 0], (seeds, 12))
    second = np.tile([1, 1, 1, 0, 0, 0, 0], (seeds, 12))
    whose = np.repeat([f"p{i:02d}" for i in order], 7)
    mixed = np.random.default_rng(seeds).permutation(len(whose))
    first, second, whose = first[:, mixed], second[:, mixed], whose[mixed]
    gain = crossed_gain(first, second, whose, paired=True)
    assert gain.value == pytest.approx(2 / 7)
    assert gain.error == 0
    assert np.isnan([gain.low, gain.high, gain.p]).all()
    share = crossed_share(first, whose)
    assert (share.error, share.freedom) == (0, 11)
    assert share.high - share.low > 0.3, "each person counts once"


def test_few_people_give_no_interval():
    found = crossed_share([[True, False]], ["a", "a"])
    assert found.value == 0.5
    assert np.isnan([found.low, found.high]).all()
    gain = crossed_gain([[True, False]], [[False, False]], ["a", "a"], paired=True)
    assert np.isnan([gain.low, gain.high, gain.p]).all()


def test_equal_answers_have_neither_interval_nor_p():
    right = [[True, False, True]]
    gain = crossed_gain(right, right, ["a", "b", "c"], paired=True)
    assert (gain.value, gain.error) == (0, 0)
    assert np.isnan([gain.low, gain.high, gain.p]).all()


def test_shapes_that_do_not_match_are_refused():
    with pytest.raises(InputError):
        crossed_share([[True, False]], ["a"])
    with pytest.raises(InputError):
        crossed_share(np.zeros((0, 1)), ["a"])
    with pytest.raises(InputError):
        crossed_gain([[True]], [[True], [False]], ["a"], paired=True)
