"""The linear machine beside scikit-learn's, and at its edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.svm import SVC

from facsinterp.classic.classifier import PENALTIES, fit_best, fit_svm
from facsinterp.errors import InputError, TrainingError


def clouds(per_class=20, features=6, classes=3, apart=2.0, seed=0):
    """Rows of `classes` clouds, whose numbers take turns."""
    rng = np.random.default_rng(seed)
    labels = np.arange(per_class * classes) % classes
    centres = rng.normal(size=(classes, features)) * apart
    return centres[labels] + rng.normal(size=(len(labels), features)), labels


def halves(labels):
    rows = np.arange(len(labels))
    return {"train": rows[: len(rows) // 2], "validation": rows[len(rows) // 2 :]}


@pytest.mark.parametrize("features", [6, 200])
def test_scores_are_those_of_the_exact_machine(features):
    """SVC solves the same dual by another method; its offset is not penalised, ours is."""
    values, labels = clouds(features=features, apart=0.6)
    rows = halves(labels)
    found = fit_svm(values, labels, **rows, classes=3)
    train = values[rows["train"]]
    centred = values - train.mean(axis=0)
    scaled = centred / np.sqrt((centred[rows["train"]] ** 2).sum(axis=1).mean())
    # A feature that is always 1 makes the offset a weight like the others.
    wide = np.c_[scaled, np.ones(len(scaled))]
    accuracy = {}
    for penalty in PENALTIES:
        scores = np.stack(
            [_without_offset(wide, labels == k, rows["train"], penalty) for k in range(3)],
            axis=1,
        )
        right = scores.argmax(axis=1) == labels
        accuracy[penalty] = right[rows["validation"]].mean()
        if penalty == found.penalty:
            np.testing.assert_allclose(found.scores(values), scores, atol=0.02)
    assert found.tried == pytest.approx(accuracy, abs=0.04)


def _without_offset(points, mine, train, penalty):
    """Scores of the machine without an offset, by projected gradient on its dual, slowly."""
    signs = np.where(mine[train], 1.0, -1.0)
    signed = points[train] * signs[:, None]
    gram = signed @ signed.T
    step = 1 / np.linalg.eigvalsh(gram)[-1]
    weights = np.zeros(len(train))
    ahead, pace = weights, 1.0
    for _ in range(4000):
        new = np.clip(ahead + step * (1 - gram @ ahead), 0, penalty)
        faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead = new + (pace - 1) / faster * (new - weights)
        weights, pace = new, faster
    return points @ (signed.T @ weights)


def test_two_classes_are_told_apart_as_by_svc():
    values, labels = clouds(classes=2, apart=1.5)
    found = fit_svm(values, labels, **halves(labels), classes=2)
    exact = SVC(kernel="linear", C=1e3).fit(values[:20], labels[:20])
    assert np.mean(found.predict(values) == exact.predict(values)) > 0.9
    np.testing.assert_allclose(found.scores(values).sum(axis=1), 0, atol=1e-9)


def test_the_smallest_of_equally_good_penalties_is_kept():
    values, labels = clouds(apart=50.0)
    found = fit_svm(values, labels, **halves(labels), classes=3)
    assert found.validation_accuracy == 1.0
    assert found.penalty == min(c for c, right in found.tried.items() if right == 1.0)
    assert list(found.tried) == list(PENALTIES)


def test_the_same_rows_give_the_same_machine():
    values, labels = clouds(features=100, apart=0.5)
    first, second = (fit_svm(values, labels, **halves(labels), classes=3) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.offsets, second.offsets)


def test_rows_that_are_not_named_are_not_looked_at():
    values, labels = clouds()
    rows = {"train": np.arange(20), "validation": np.arange(20, 40)}
    found = fit_svm(values, labels, **rows, classes=3)
    values[40:], labels[40:] = np.nan, -1
    again = fit_svm(values, labels, **rows, classes=3)
    np.testing.assert_array_equal(found.weights, again.weights)


def test_validation_rows_choose_and_do_not_train():
    values, labels = clouds(apart=0.8)
    rows = halves(labels)
    turned = labels.copy()
    turned[rows["validation"]] = (labels[rows["validation"]] + 1) % 3
    found, other = (fit_svm(values, given, **rows, classes=3) for given in (labels, turned))
    assert found.validation_accuracy > other.validation_accuracy
    # The machine of one C is the same whatever the validation labels were.
    third = turned.copy()
    third[rows["validation"]] = found.predict(values[rows["validation"]])
    same = fit_svm(values, third, **rows, classes=3)
    assert same.validation_accuracy == 1.0


def test_a_class_that_was_never_trained_is_never_answered():
    values, labels = clouds(classes=3)
    rows = halves(labels)
    rows["train"] = rows["train"][labels[rows["train"]] != 1]
    found = fit_svm(values, labels, **rows, classes=5)
    scores = found.scores(values)
    assert np.all(np.isneginf(scores[:, [1, 3, 4]]))
    assert np.all(np.isfinite(scores[:, [0, 2]]))
    assert set(found.predict(values)) == {0, 2}


def test_constant_features_change_nothing():
    values, labels = clouds()
    rows = halves(labels)
    plain = fit_svm(values, labels, **rows, classes=3)
    wide = np.c_[values, np.full(len(values), 0.1), np.zeros(len(values))]
    wide[rows["validation"], -1] = 1000  # never seen to change in training
    found = fit_svm(wide, labels, **rows, classes=3)
    np.testing.assert_allclose(found.scores(wide), plain.scores(values), atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(-10, 10))
def test_unit_and_origin_of_the_features_do_not_matter(unit, origin):
    values, labels = clouds(per_class=8)
    rows = halves(labels)
    plain = fit_svm(values, labels, **rows, classes=3)
    moved = (values + origin) * unit
    found = fit_svm(moved, labels, **rows, classes=3)
    np.testing.assert_allclose(found.scores(moved), plain.scores(values), atol=1e-3)


def test_the_features_that_serve_validation_best_are_kept():
    values, labels = clouds(apart=3.0)
    noise = np.random.default_rng(5).normal(size=values.shape)
    name, machine = fit_best(
        {"noise": noise, "told": values, "again": values}, labels, **halves(labels), classes=3
    )
    assert name == "told"
    assert np.mean(machine.predict(values) == labels) > 0.9
    with pytest.raises(InputError, match="no features"):
        fit_best({}, labels, **halves(labels), classes=3)


def test_what_cannot_be_learnt_is_refused():
    values, labels = clouds()
    rows = halves(labels)
    with pytest.raises(TrainingError, match="of one class"):
        fit_svm(values, np.zeros_like(labels), **rows, classes=3)
    with pytest.raises(TrainingError, match="are the same"):
        fit_svm(np.full_like(values, 0.1), labels, **rows, classes=3)
    with pytest.raises(InputError, match="do not match"):
        fit_svm(values, labels[:-1], **rows, classes=3)
    with pytest.raises(InputError, match="2 faults"):
        fit_svm(values, labels, train=np.array([], int), validation=np.array([99]), classes=3)
    with pytest.raises(InputError, match="no class"):
        fit_svm(values, labels - 1, **rows, classes=3)
    with pytest.raises(InputError, match="no numbers"):
        fit_svm(np.where(values > 1, np.nan, values), labels, **rows, classes=3)
    with pytest.raises(InputError, match="other features"):
        fit_svm(values, labels, **rows, classes=3).scores(values[:, :-1])
