"""Detectors of each unit alone against scikit-learn, and which units have one."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from facsinterp.errors import InputError
from facsinterp.nets.detectors.coding import Coding
from facsinterp.nets.detectors.single import STRENGTHS, fit_single_detectors
from tests.nets.detectors.coded_faces import TEST, TRAIN, VALIDATION, coded_faces, without


def fitted(features, coding, **changes):
    return fit_single_detectors(features, coding, TRAIN, VALIDATION, **changes)


@pytest.mark.parametrize("balanced", [True, False])
def test_each_is_that_of_sklearn_with_the_c_of_the_validation_faces(balanced):
    features, coding = coded_faces()
    found = fitted(features, coding, balanced=balanced)
    values = features[:, :8].astype(float)
    scaled = (values - values[TRAIN].mean(axis=0)) / values[TRAIN].std(axis=0)
    for unit in range(3):
        losses, models, truth = [], [], coding.present[:, unit]
        rate = truth[TRAIN].mean()
        for c in STRENGTHS:
            weights = "balanced" if balanced else None
            model = LogisticRegression(C=c, tol=1e-9, max_iter=10_000, class_weight=weights)
            model.fit(scaled[TRAIN], truth[TRAIN])
            models.append(model)
            chance = model.predict_proba(scaled[VALIDATION])[:, 1]
            shown = truth[VALIDATION]
            weight = np.where(shown, 1 / rate, 1 / (1 - rate)) if balanced else 1
            losses.append(-(np.log(np.where(shown, chance, 1 - chance)) * weight).sum())
        best = int(np.argmin(losses))
        assert found.strengths[unit] == STRENGTHS[best]
        slow = models[best].predict_proba(scaled[TEST])[:, 1]
        np.testing.assert_allclose(found.probabilities(features, TEST)[:, unit], slow, atol=2e-3)


def test_what_is_in_the_features_is_found_in_other_faces():
    features, coding = coded_faces()
    said = fitted(features, coding).probabilities(features, TEST)
    aurocs = [roc_auc_score(coding.present[TEST, unit], said[:, unit]) for unit in range(3)]
    assert min(aurocs[:2]) > 0.85
    assert abs(aurocs[2] - 0.5) < 0.15


def test_units_seen_too_seldom_are_marked_and_never_guessed():
    features, coding = coded_faces()
    found = fitted(features, coding)
    assert [bool(reason) for reason in found.refused] == [False, False, False, True]
    assert "with it: 0, fewer than 10" in found.refused[3]
    assert np.isnan(found.probabilities(features)[:, 3]).all()
    assert np.isfinite(found.probabilities(features)[:, :3]).all()
    always = Coding(np.ones((600, 1), bool), np.ones((600, 1), bool))
    assert "without it" in fitted(features, always).refused[0]
    unseen = fitted(features, without(coding, VALIDATION, 1))
    assert "no validation face" in unseen.refused[1]


def test_faces_that_were_not_coded_teach_and_choose_nothing():
    features, coding = coded_faces()
    rows = np.concatenate([np.arange(0, 300, 3), np.arange(300, 400, 4)])
    partly = fitted(features, without(coding, rows, 0))
    # All faces give the scale; the unit itself is learnt from the coded ones alone.
    teach, choose = np.setdiff1d(TRAIN, rows), np.setdiff1d(VALIDATION, rows)
    scaled = partly.scale.apply(features)
    model = LogisticRegression(
        C=partly.strengths[0], tol=1e-9, max_iter=10_000, class_weight="balanced"
    ).fit(scaled[teach], coding.present[teach, 0])
    np.testing.assert_allclose(partly.weights[:, 0], model.coef_[0], atol=2e-3)
    assert len(choose) < len(VALIDATION)
    assert not np.allclose(partly.weights[:, 0], fitted(features, coding).weights[:, 0])
    np.testing.assert_array_equal(partly.weights[:, 1], fitted(features, coding).weights[:, 1])


def test_what_does_not_fit_is_refused_with_every_fault():
    features, coding = coded_faces()
    with pytest.raises(InputError, match="2 faults"):
        fit_single_detectors(features, coding, TRAIN, np.array([5, 600]))
    with pytest.raises(InputError, match="codes do not fit"):
        fitted(features[:500], coding)
    with pytest.raises(InputError, match="outside the scale"):
        fitted(features, Coding(coding.present, coding.coded, coding.intensity + 1))
    with pytest.raises(InputError, match="not finite"):
        fitted(np.where(np.arange(9) == 2, np.nan, features), coding)
