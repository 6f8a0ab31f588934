"""Probes against sklearn, and which units have one."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from facsinterp.errors import InputError
from facsinterp.evidence.causes import probe
from facsinterp.evidence.causes.probe import ProbeFaces, fit_probes


def faces(seed, people, name, signal=(2.0, 0.0), rate=(0.5, 0.5), each=6):
    """Features of which the first knows unit 0 and the second unit 1, by `signal`."""
    rng = np.random.default_rng(seed)
    n = people * each
    present = rng.random((n, 2)) < rate
    features = rng.normal(size=(n, 8))
    features[:, :2] += present * np.array(signal)
    features[:, 7] = 3.0  # a dead feature
    subjects = np.repeat([f"{name}{i:02d}" for i in range(people)], each)
    return ProbeFaces(features.astype(np.float32), present, np.ones_like(present), subjects)


@pytest.mark.parametrize("penalty", probe.PENALTIES)
def test_regression_is_that_of_sklearn(penalty):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(80, 12))
    present = features[:, 0] + rng.normal(size=80) > 0.3
    theirs = LogisticRegression(C=1 / (80 * penalty), tol=1e-10, max_iter=10_000)
    theirs.fit(features, present)
    mine = probe.logistic(features, present, penalty)
    np.testing.assert_allclose(mine[1:], theirs.coef_[0], atol=2e-4)
    np.testing.assert_allclose(mine[0], theirs.intercept_[0], atol=2e-4)


def test_probe_is_sklearn_on_standardised_features_with_the_penalty_of_other_people():
    train = faces(1, 20, "a", (1.0, 1.0))
    found = fit_probes(train, faces(2, 24, "b"))
    for unit in range(2):
        x, y = train.features[:, :7].astype(float), train.present[:, unit]
        scaled = (x - x.mean(0)) / x.std(0)
        people = sorted(set(train.subjects))
        losses = {}
        for penalty in probe.PENALTIES:
            losses[penalty] = 0.0
            for start in range(5):
                out = np.isin(train.subjects, people[start::5])
                model = LogisticRegression(
                    C=1 / ((~out).sum() * penalty), tol=1e-10, max_iter=10_000
                ).fit(scaled[~out], y[~out])
                chance = model.predict_proba(scaled[out])[:, 1]
                losses[penalty] -= np.log(np.where(y[out], chance, 1 - chance)).sum()
        best = min(losses, key=lambda penalty: losses[penalty])
        assert found.penalties[unit] == best
        model = LogisticRegression(C=1 / (len(y) * best), tol=1e-10, max_iter=10_000)
        slow = model.fit(scaled, y).decision_function(scaled)
        mine = train.features @ found.weights[:, unit] + found.biases[unit]
        np.testing.assert_allclose(mine, slow, atol=1e-3)


def test_what_cannot_be_told_on_other_people_has_no_probe():
    found = fit_probes(faces(1, 20, "a"), faces(2, 24, "b"))
    assert found.usable.tolist() == [True, False]
    assert "no better than chance" in found.refused[1]
    assert found.auroc[0] > 0.85
    assert found.low[0] < found.auroc[0] < found.high[0]


def test_few_people_are_judged_by_what_happens_inside_them():
    found = fit_probes(faces(1, 20, "a", (3, 3)), faces(2, 8, "b", (3, 3)))
    assert found.usable.all()
    assert (found.low > 0.5).all()


@pytest.mark.parametrize(("few", "who"), [("train", "training"), ("test", "held-out")])
def test_too_few_faces_are_no_reason_to_guess(few, who):
    rare = {"rate": (0.02, 0.5)}
    train = faces(1, 20, "a", **(rare if few == "train" else {}))
    test = faces(2, 20, "b", **(rare if few == "test" else {}))
    found = fit_probes(train, test)
    assert f"too few {who} faces with it" in found.refused[0]
    assert np.isnan(found.weights[:, 0]).all()


def test_faces_that_nobody_coded_play_no_part():
    train, test = faces(1, 20, "a"), faces(2, 24, "b")
    train.coded[::3, 0] = False
    plain = fit_probes(train, test)
    train.present[::3, 0] ^= True
    again = fit_probes(train, test)
    np.testing.assert_array_equal(again.weights, plain.weights)


def test_refuses_to_judge_people_that_it_was_trained_on():
    with pytest.raises(InputError, match="trained on"):
        fit_probes(faces(1, 20, "a"), faces(2, 20, "a"))


def test_is_the_same_twice():
    train, test = faces(1, 20, "a"), faces(2, 24, "b")
    once, twice = fit_probes(train, test, seed=3), fit_probes(train, test, seed=3)
    np.testing.assert_array_equal(once.weights, twice.weights)
    np.testing.assert_array_equal(once.low, twice.low)
