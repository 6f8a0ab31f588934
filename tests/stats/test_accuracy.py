"""Accuracy and its interval against scikit-learn, statsmodels and a cluster bootstrap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, recall_score
from statsmodels.stats.proportion import proportion_confint

from facsinterp.errors import InputError
from facsinterp.stats.accuracy import Z, accuracy, score, wilson


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_counts_agree_with_scikit_learn(pairs):
    truth, said = (np.array(column) for column in zip(*pairs, strict=True))
    found = score(truth, said, 5)
    np.testing.assert_array_equal(found.confusion, confusion_matrix(truth, said, labels=range(5)))
    present = np.unique(truth)
    np.testing.assert_allclose(
        found.recall[present],
        recall_score(truth, said, labels=present, average=None, zero_division=0),
    )
    assert np.isnan(found.recall).sum() == 5 - len(present)
    assert found.accuracy.share == pytest.approx(np.mean(truth == said))
    assert found.majority == pytest.approx(np.bincount(truth).max() / len(truth))
    assert found.chance == 0.2
    if set(said) <= set(truth) and len(present) > 1:
        assert found.balanced == pytest.approx(balanced_accuracy_score(truth, said))


def test_probabilities_count_as_the_likeliest_class():
    probabilities = np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])
    assert score(np.array([1, 2]), probabilities, 3).confusion[1, 1] == 1


@pytest.mark.parametrize(("right", "count"), [(0, 7), (7, 7), (3, 10), (812, 1000)])
def test_wilson_agrees_with_statsmodels(right, count):
    wanted = proportion_confint(right, count, method="wilson")
    assert wilson(right / count, count, Z) == pytest.approx(wanted)
    found = accuracy(np.arange(count) < right)
    assert (found.low, found.high) == pytest.approx(wanted)


def test_faces_of_one_subject_count_as_alike():
    """Copies of a subject's face add nothing: the interval is that of the subjects."""
    rng = np.random.default_rng(3)
    once = rng.random(40) < 0.7
    copied = np.repeat(once, 12)
    subjects = np.repeat([f"S{i}" for i in range(40)], 12)
    clustered = accuracy(copied, subjects)
    assert clustered.effective == pytest.approx(39)  # 40 - 1: the variance of a mean
    alone = accuracy(once)
    assert clustered.high - clustered.low == pytest.approx(alone.high - alone.low, rel=0.06)
    assert accuracy(copied).high - accuracy(copied).low < 0.5 * (alone.high - alone.low)


def test_the_clustered_interval_agrees_with_a_bootstrap_of_subjects():
    rng = np.random.default_rng(5)
    sizes = rng.integers(4, 30, 60)
    skill = rng.beta(4, 2, 60)
    hits = [rng.random(size) < share for size, share in zip(sizes, skill, strict=True)]
    found = accuracy(np.concatenate(hits), np.repeat(np.arange(60), sizes))
    shares = []
    for _ in range(4000):
        drawn = [hits[i] for i in rng.integers(0, 60, 60)]
        shares.append(np.concatenate(drawn).mean())
    low, high = np.quantile(shares, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.012)
    assert found.high == pytest.approx(high, abs=0.012)


def test_no_spread_and_a_single_subject_are_told_with_caution():
    everyone = accuracy(np.ones(20, bool), np.repeat(["a", "b", "c", "d"], 5))
    assert everyone.effective == 4
    assert everyone.high == 1.0
    assert everyone.low < 0.6
    alone = accuracy(np.arange(9) < 5, ["a"] * 9)
    assert (alone.low, alone.high) == (0.0, 1.0)


def test_answers_that_cannot_be_scored_are_refused():
    with pytest.raises(InputError, match="do not match"):
        score(np.array([], int), np.array([], int), 2)
    with pytest.raises(InputError, match="0 to 1") as caught:
        score(np.array([0, 2]), np.array([-1, 0]), 2)
    assert len(caught.value.faults) == 2
