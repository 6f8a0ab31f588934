"""Scores of presence against scikit-learn and loops, and their intervals by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    recall_score,
    roc_auc_score,
)

from facsinterp.errors import InputError
from facsinterp.stats.accuracy import accuracy
from facsinterp.stats.detection import all_absent, detection, detection_intervals, pooled
from facsinterp.stats.people.bootstrap import auroc_interval

cell = st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.9, np.nan]), st.booleans(), st.booleans())


@given(st.lists(st.tuples(cell, cell), min_size=1, max_size=30))
def test_scores_agree_with_scikit_learn_and_are_nan_where_it_has_none(faces):
    told, present, coded = np.moveaxis(np.array(faces, dtype=float), -1, 0)
    found = detection(told, present, coded)
    for unit in range(2):
        rows = (coded[:, unit] == 1) & ~np.isnan(told[:, unit])
        truth, value = present[rows, unit] == 1, told[rows, unit]
        said = value >= 0.5
        assert found.count[unit] == len(truth)
        assert found.positives[unit] == truth.sum()
        both = 0 < truth.sum() < len(truth)
        wanted = {
            "accuracy": accuracy_score(truth, said) if len(truth) else np.nan,
            "sensitivity": recall_score(truth, said) if truth.any() else np.nan,
            "specificity": recall_score(~truth, ~said) if (~truth).any() else np.nan,
            "balanced": balanced_accuracy_score(truth, said) if both else np.nan,
            "f1": f1_score(truth, said) if (truth | said).any() else np.nan,
            "auroc": roc_auc_score(truth, value) if both else np.nan,
        }
        for name, value in wanted.items():
            assert getattr(found, name)[unit] == pytest.approx(value, nan_ok=True), name


def test_saying_absent_to_all_scores_the_rate_and_no_more():
    rng = np.random.default_rng(0)
    present, told = rng.random((200, 3)) < 0.1, rng.random((200, 3))
    told[:, 2] = np.nan
    found = all_absent(told, present, np.ones_like(present))
    np.testing.assert_allclose(found.accuracy[:2], 1 - present[:, :2].mean(axis=0))
    assert found.balanced[:2].tolist() == [0.5, 0.5]
    assert found.auroc[:2].tolist() == [0.5, 0.5]
    assert found.f1[:2].tolist() == [0.0, 0.0]
    assert found.count[2] == 0
    assert np.isnan([found.accuracy[2], found.auroc[2], found.f1[2]]).all()


def test_another_cut_says_present_more_often():
    told, present = np.array([[0.1], [0.3], [0.6]]), np.array([[0], [1], [1]])
    coded = np.ones_like(present)
    assert detection(told, present, coded).sensitivity[0] == 0.5
    assert detection(told, present, coded, cut=0.3).balanced[0] == 1.0


def test_pooled_accuracy_is_over_cells_and_its_interval_over_people():
    rng = np.random.default_rng(1)
    present, coded = rng.random((120, 5)) < 0.2, rng.random((120, 5)) < 0.8
    told = np.where(rng.random((120, 5)) < 0.9, present, ~present).astype(float)
    told[:, 4] = np.nan
    subjects = np.repeat([f"S{i:02d}" for i in range(24)], 5)
    found = pooled(told, present, coded, subjects)
    right, absent, owner = [], [], []
    for face in range(120):
        for unit in range(4):
            if coded[face, unit]:
                right.append((told[face, unit] >= 0.5) == present[face, unit])
                absent.append(not present[face, unit])
                owner.append(subjects[face])
    assert found.accuracy.share == pytest.approx(np.mean(right))
    assert found.all_absent == pytest.approx(np.mean(absent))
    slow = accuracy(np.array(right), owner)
    assert (found.accuracy.low, found.accuracy.high) == pytest.approx((slow.low, slow.high))
    assert f"{len(right)} cells" in found.accuracy.note
    assert "faces of" not in found.accuracy.note
    with pytest.raises(InputError, match="no cell"):
        pooled(told, present, np.zeros_like(coded), subjects)


def people(rng, count, truth=0.8):
    """Faces of people with habits; `truth`: sensitivity and specificity of the mean person."""
    subjects = np.repeat([f"S{i:03d}" for i in range(count)], 10)
    skill = np.repeat(rng.beta(truth * 12, (1 - truth) * 12, count), 10)
    rate = np.repeat(rng.beta(2, 4, count), 10)
    present = rng.random(len(subjects)) < rate
    right = rng.random(len(subjects)) < skill
    return np.where(right, present, ~present)[:, None].astype(float), present[:, None], subjects


def test_the_balanced_interval_covers_the_truth():
    rng = np.random.default_rng(4)
    inside = below = 0
    for _ in range(200):
        told, present, subjects = people(rng, 40)
        found = detection_intervals(told, present, np.ones_like(present), subjects, draws=300)
        inside += found.balanced_low[0] <= 0.8 <= found.balanced_high[0]
        below += found.balanced_high[0] < 0.8
    assert 181 <= inside <= 199  # of 200 at 95 %
    assert below <= 14


def test_intervals_are_those_of_a_loop_over_draws_of_people():
    told, present, subjects = people(np.random.default_rng(2), 60)
    coded = np.ones_like(present)
    found = detection_intervals(told, present, coded, subjects)
    rng, drawn, names = np.random.default_rng(9), [], np.unique(subjects)
    for _ in range(1500):
        rows = np.concatenate([np.flatnonzero(subjects == one) for one in rng.choice(names, 60)])
        drawn.append(balanced_accuracy_score(present[rows, 0], told[rows, 0] > 0.5))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.balanced_low[0] == pytest.approx(low, abs=0.012)
    assert found.balanced_high[0] == pytest.approx(high, abs=0.012)
    wanted = auroc_interval(told, present, subjects, draws=2000, seed=0)
    assert (found.auroc_low[0], found.auroc_high[0]) == (wanted[0][0, 0], wanted[1][0, 0])


def test_few_people_or_a_side_of_one_person_have_no_interval():
    told, present, subjects = people(np.random.default_rng(3), 24)
    coded = np.ones_like(present)
    few = subjects < "S019"
    one = present & (subjects == "S003")[:, None]
    for found in (
        detection_intervals(told[few], present[few], coded[few], subjects[few]),
        detection_intervals(told, one, coded, subjects),
        detection_intervals(told, present, np.zeros_like(coded), subjects),
    ):
        assert np.isnan([*found.balanced_low, *found.balanced_high, *found.auroc_low]).all()
    # Nobody is no person.
    whose = np.where(subjects >= "S022", "", subjects)
    named = whose != ""
    full = detection_intervals(told, present, coded, whose)
    part = detection_intervals(told[named], present[named], coded[named], subjects[named])
    np.testing.assert_array_equal(full.balanced_low, part.balanced_low)


def test_perfect_answers_have_an_interval_below_one():
    _, present, subjects = people(np.random.default_rng(5), 30)
    found = detection_intervals(present.astype(float), present, np.ones_like(present), subjects)
    assert 0.9 < found.balanced_low[0] <= found.balanced_high[0] <= 1


@pytest.mark.parametrize("wrong", [0, 1])
def test_bounds_hold_the_scores_themselves_near_one(wrong):
    subjects = np.repeat([f"S{i:02d}" for i in range(40)], 4)
    present = np.tile([True, False, False, False], 40)[:, None]
    told = np.where(present, 0.9, 0.1)
    told[:wrong] = 0.05  # the first face shows the unit, and is missed
    coded = np.ones_like(present)
    score = detection(told, present, coded)
    found = detection_intervals(told, present, coded, subjects)
    assert found.auroc_low[0] <= score.auroc[0] <= found.auroc_high[0]
    assert found.balanced_low[0] <= score.balanced[0] <= found.balanced_high[0]


def test_shapes_that_differ_are_refused():
    with pytest.raises(InputError, match="do not fit"):
        detection(np.zeros((4, 2)), np.zeros((4, 3)), np.zeros((4, 2)))
