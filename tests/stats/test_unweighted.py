"""UF1 and UAR against scikit-learn, over folds, and their intervals against a loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from sklearn.metrics import f1_score, recall_score

from facsinterp.errors import InputError
from facsinterp.stats.accuracy import score
from facsinterp.stats.unweighted import unweighted


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_scores_agree_with_scikit_learn(pairs):
    truth, said = (np.array(column) for column in zip(*pairs, strict=True))
    found = unweighted(truth, said, 4, np.full(len(truth), "S"))
    shown = np.unique(truth)
    average = {"labels": shown, "average": "macro", "zero_division": 0}
    assert found.uf1 == pytest.approx(f1_score(truth, said, **average))
    assert found.uar == pytest.approx(recall_score(truth, said, **average))
    assert np.isnan(found.f1).sum() == np.isnan(found.recall).sum() == 4 - len(shown)
    constant = np.full(len(truth), np.bincount(truth).argmax())
    assert found.majority_uf1 == pytest.approx(f1_score(truth, constant, **average))
    assert found.uar == pytest.approx(score(truth, said, 4).balanced)


def clips(seed, people):
    rng = np.random.default_rng(seed)
    subjects = np.repeat([f"S{i:02d}" for i in range(people)], rng.integers(2, 12, people))
    truth = rng.choice(3, len(subjects), p=[0.6, 0.3, 0.1])
    skill = np.repeat(rng.beta(5, 3, people), np.unique(subjects, return_counts=True)[1])
    said = np.where(rng.random(len(truth)) < skill, truth, rng.integers(0, 3, len(truth)))
    return truth, said, 3, subjects


def test_counts_are_summed_over_folds_before_f1_is_formed():
    truth, said, _, subjects = clips(1, 26)
    hits, false, missed = np.zeros(3), np.zeros(3), np.zeros(3)
    for fold in np.unique(subjects):  # one subject left out at a time
        for t, s in zip(truth[subjects == fold], said[subjects == fold], strict=True):
            if t == s:
                hits[t] += 1
            else:
                missed[t] += 1
                false[s] += 1
    found = unweighted(truth, said, 3, subjects)
    np.testing.assert_allclose(found.f1, 2 * hits / (2 * hits + false + missed))
    np.testing.assert_allclose(found.recall, hits / (hits + missed))
    assert found.uf1 == pytest.approx(found.f1.mean())


def test_intervals_are_those_of_a_loop_over_draws_of_people():
    truth, said, _, subjects = clips(2, 40)
    found = unweighted(truth, said, 3, subjects)
    rng, drawn, names = np.random.default_rng(8), [], np.unique(subjects)
    for _ in range(500):
        rows = np.concatenate([np.flatnonzero(subjects == one) for one in rng.choice(names, 40)])
        each = [(truth[rows] == k, said[rows] == k) for k in range(3)]
        f1 = [2 * (t & s).sum() / (t.sum() + s.sum()) for t, s in each]
        recall = [(t & s).sum() / t.sum() for t, s in each]
        drawn.append((np.mean(f1), np.mean(recall)))
    fewest = np.bincount(truth).min()
    logit = lambda share: np.log((share * fewest + 0.5) / (fewest - share * fewest + 0.5))  # noqa: E731
    showing = min(len(set(subjects[truth == k])) for k in range(3))
    half = student.ppf(0.975, showing - 1) * logit(np.array(drawn)).std(axis=0)
    for k, (middle, interval) in enumerate(
        [(found.uf1, found.uf1_interval), (found.uar, found.uar_interval)]
    ):
        ends = [1 / (1 + np.exp(-(logit(middle) + sign * half[k]))) for sign in (-1, 1)]
        assert interval == pytest.approx(ends, abs=0.012)
    assert found.uf1_interval[0] < found.uf1 < found.uf1_interval[1]
    assert unweighted(truth, said, 3, subjects).uf1_interval == found.uf1_interval


def test_the_intervals_cover_the_truth():
    everyone = unweighted(*clips(0, 4000), draws=2)
    inside = np.zeros(2)
    for seed in range(200):
        found = unweighted(*clips(seed + 1, 26), draws=200)
        for k, (low, high) in enumerate((found.uf1_interval, found.uar_interval)):
            inside[k] += low <= (everyone.uf1, everyone.uar)[k] <= high
    assert (inside >= 181).all()  # of 200 at 95 %


@pytest.mark.parametrize("answer", ["one class", "the truth"])
def test_an_interval_holds_its_own_score_at_the_ends_of_the_scale(answer):
    """Of 60 people alike nothing varies but who shows what: the logit's middle lies inward."""
    truth = np.tile([0, 0, 0, 1, 2, 3, 4], 60)
    said = truth if answer == "the truth" else np.zeros_like(truth)
    found = unweighted(truth, said, 5, np.repeat([f"S{i:02d}" for i in range(60)], 7))
    assert found.uf1_interval[0] <= found.uf1 <= found.uf1_interval[1]
    assert found.uar_interval[0] <= found.uar <= found.uar_interval[1]


def test_few_people_have_no_interval():
    truth, said, _, subjects = clips(3, 19)
    found = unweighted(truth, said, 3, subjects)
    assert np.isnan([*found.uf1_interval, *found.uar_interval]).all()


def test_what_cannot_be_scored_is_refused():
    truth, said, _, subjects = clips(4, 5)
    with pytest.raises(InputError, match="do not fit"):
        unweighted(truth, said[:-1], 3, subjects)
    with pytest.raises(InputError, match="do not fit"):
        unweighted(truth[:0], said[:0], 3, subjects[:0])
    with pytest.raises(InputError, match="no class") as caught:
        unweighted(truth + 1, said - 1, 3, subjects)
    assert len(caught.value.faults) == 2
