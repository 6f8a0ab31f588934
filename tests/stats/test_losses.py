"""Losses told again face by face."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from facsinterp.stats.losses import (
    Loss,
    auroc_losses,
    emotion_losses,
    recognised,
    resampled,
    separation,
    subject_means,
    unit_losses,
)


def table(seed=0, silencings=3, people=6, each=4, columns=2):
    rng = np.random.default_rng(seed)
    n = people * each
    values = rng.normal(size=(silencings, n, columns))
    chosen = rng.random((n, columns)) < 0.5
    return values, chosen, np.repeat([f"p{i}" for i in range(people)], each)


@given(st.integers(0, 50))
def test_means_count_every_subject_once(seed):
    values, chosen, subjects = table(seed)
    found = subject_means(values, chosen, subjects)
    for s, name in enumerate(sorted(set(subjects))):
        for j in range(3):
            for c in range(2):
                mine = [
                    values[j, i, c]
                    for i in range(len(subjects))
                    if subjects[i] == name and chosen[i, c]
                ]
                expected = np.mean(mine) if mine else np.nan
                np.testing.assert_allclose(found[s, j, c], expected, atol=1e-12)


def test_separation_is_inside_people_and_its_loss_a_share_of_it():
    values, present, subjects = table(1)
    coded = np.random.default_rng(2).random(present.shape) < 0.9
    values = values + 3 * present
    each = separation(values, present, coded, subjects)
    shares = unit_losses(values[:1], values[1:], present, coded, subjects)
    for u in range(2):
        slow = []
        for name in sorted(set(subjects)):
            on = (subjects == name) & coded[:, u] & present[:, u]
            off = (subjects == name) & coded[:, u] & ~present[:, u]
            if on.any() and off.any():
                slow.append(values[:, on, u].mean(axis=1) - values[:, off, u].mean(axis=1))
        gaps = np.array(slow)
        np.testing.assert_allclose(Loss(each).mean[:, u], gaps.mean(axis=0))
        lost = (gaps[:, :1] - gaps[:, 1:]).mean(axis=0) / gaps[:, 0].mean()
        np.testing.assert_allclose(shares.mean[:, u], lost)


def test_all_and_nothing_lost():
    values, present, subjects = table(3)
    values = values + 3 * present
    coded = np.ones_like(present)
    after = np.stack([values[0], values[0] * 0 + 7, values[0] * 2])
    lost = unit_losses(values[:1], after, present, coded, subjects).mean
    np.testing.assert_allclose(lost, [[0, 0], [1, 1], [-1, -1]], atol=1e-12)


def test_emotions_lose_on_their_own_faces_and_on_those_of_others():
    base = np.zeros((1, 5, 2))
    after = -np.arange(10.0).reshape(1, 5, 2)
    emotions = np.array(["x", "y", "y", "", "z"])
    own, other = emotion_losses(base, after, emotions, ["x", "y"], np.array(list("aaabb")))
    np.testing.assert_allclose(own.each[0], [[0, 4]])
    assert np.isnan(own.each[1]).all()
    np.testing.assert_allclose(other.each[:, 0], [[3, 1], [8, 9]])


def test_auroc_and_recognition_are_exact():
    values, present, _ = table(4)
    coded = np.random.default_rng(5).random(present.shape) < 0.8
    found = auroc_losses(values[:1], values[1:], present, coded)
    for u in range(2):
        scores = [roc_auc_score(present[coded[:, u], u], one[coded[:, u], u]) for one in values]
        np.testing.assert_allclose(found[:, u], scores[0] - np.array(scores[1:]))
    answers = np.array([[[1, 0], [0, 1], [1, 0]], [[0, 1], [0, 1], [0, 1]]], dtype=float)
    assert recognised(answers, np.array(["a", "b", ""]), ("a", "b")).tolist() == [2, 1]


def test_bounds_are_quantiles_over_resampled_people():
    each = np.random.default_rng(6).normal(1, 1, size=(25, 2, 2))
    each[:22, :, 1] = np.nan
    each[3, :, 0] = np.nan
    low, high = Loss(each).interval(9)
    drawn = [
        np.nanmean(np.repeat(each[:, 0, 0], counts.astype(int))) for counts in resampled(25, 9)
    ]
    np.testing.assert_allclose([low[0, 0], high[0, 0]], np.quantile(drawn, [0.025, 0.975]))
    assert np.isnan(low[:, 1]).all()  # three people say nothing
    assert np.isnan(Loss(each[:19]).interval(9)[0]).all()


@pytest.mark.slow
def test_bounds_cover():
    rng = np.random.default_rng(7)
    covered = []
    for _ in range(200):
        each = rng.exponential(size=(40, 1, 1))
        low, high = Loss(each).interval(1)
        covered.append(low[0, 0] <= 1 <= high[0, 0])
    assert 0.86 <= np.mean(covered) <= 0.98
