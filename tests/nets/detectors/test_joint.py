"""All detectors at once: the loss worked out by hand, masks, penalties and refusals."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import expit
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from facsinterp.errors import InputError, TrainingError
from facsinterp.nets.detectors.joint import fit_joint_detectors
from tests.nets.detectors.coded_faces import TEST, TRAIN, VALIDATION, coded_faces, without

PLAIN = {"balanced": False, "l1": 0.0, "l2": 0.0}


def fitted(features, coding, **changes):
    facts: dict[str, Any] = {"epochs": 12, "learning_rate": 0.01, "device": "cpu"}
    return fit_joint_detectors(features, coding, TRAIN, VALIDATION, **(facts | changes))


@pytest.mark.parametrize("hidden", [None, 8])
def test_what_is_in_the_features_is_found_in_other_faces(hidden):
    features, coding = coded_faces()
    found = fitted(features, coding, hidden=hidden, epochs=60)
    said = found.probabilities(features, TEST)
    for unit in range(2):
        assert roc_auc_score(coding.present[TEST, unit], said[:, unit]) > 0.85
    told = found.intensities(features, TEST)
    assert told[:, 0].min() >= 0
    assert told[:, 0].max() <= 5
    assert np.corrcoef(told[:, 0], coding.intensity[TEST, 0])[0, 1] > 0.75


@pytest.mark.parametrize("balanced", [False, True])
def test_the_loss_is_the_mean_over_cells_that_are_known(balanced):
    """Validation loss of the best epoch, cell by cell, from what the heads say."""
    features, coding = coded_faces()
    coding = without(coding, np.arange(300, 340), 0)
    coding = without(coding, np.arange(0, 100), 1)
    found = fitted(features, coding, epochs=4, balanced=balanced)
    said, told = found._said(features, None)
    bits, errors, cells, scored = 0.0, 0.0, 0, 0
    for unit in range(3):  # the fourth is refused
        known = TRAIN[coding.coded[TRAIN, unit]]
        shown = coding.present[known, unit].sum()
        sides = len(known) / 2 / np.array([len(known) - shown, shown])
        for face in VALIDATION[coding.coded[VALIDATION, unit]]:
            on = int(coding.present[face, unit])
            chance = expit(float(said[face, unit]))
            bits -= np.log(chance if on else 1 - chance) * (sides[on] if balanced else 1)
            errors += (float(told[face, unit]) - coding.intensity[face, unit]) ** 2
            cells, scored = cells + 1, scored + 1
    assert bits / cells + errors / scored == pytest.approx(min(found.course.validation_loss), 1e-4)
    assert found.course.best_epoch == 1 + int(np.argmin(found.course.validation_loss))


def test_linear_heads_without_penalty_come_to_least_squares_and_logistic_regression():
    features, coding = coded_faces()
    found = fitted(features, coding, epochs=150, batch=300, learning_rate=0.03, **PLAIN)
    scaled = found.scale.apply(features)[:, :8].astype(float)
    slow = Ridge(alpha=1e-6).fit(scaled[TRAIN], coding.intensity[TRAIN, 0])
    raw = found._said(features, TEST)[1][:, 0].numpy()
    assert np.corrcoef(raw, slow.predict(scaled[TEST]))[0, 1] > 0.99


def test_penalties_are_of_all_weights_and_no_bias_and_make_them_small():
    features, coding = coded_faces()
    found = fitted(features, coding, epochs=1)
    arrays = [found.heads.presence.weight, found.heads.intensity.weight]
    total = sum(float(one.detach().abs().sum()) for one in arrays)
    squares = sum(float((one.detach() ** 2).sum()) for one in arrays)
    assert found.heads.penalty(0.5, 0.25).item() == pytest.approx(0.5 * total + 0.25 * squares)
    weights = {
        l1: fitted(features, coding, epochs=40, l1=l1, l2=0.0).heads.presence.weight.detach()
        for l1 in (0.0, 0.03)
    }
    # Unit 1 is told by feature 1 alone: the others fall away, it stays.
    small = weights[0.03][1].abs()
    assert int(small.argmax()) == 1
    others = torch.tensor([0, 2, 3, 4, 5, 6, 7])
    assert small[others].mean() < 0.3 * weights[0.0][1].abs()[others].mean()


def test_cells_nobody_coded_or_scored_teach_nothing():
    features, coding = coded_faces()
    rows = np.arange(0, 600, 5)
    one, two = without(coding, rows, 0), replace(coding, coded=without(coding, rows, 0).coded)
    assert (one.present != two.present).any()
    assert fitted(features, one).course == fitted(features, two).course
    unscored = coding.intensity.copy()
    unscored[:, 0] = np.nan
    found = fitted(features, replace(coding, intensity=unscored))
    assert "scored above 0: 0" in found.refused_intensity[0]
    assert not found.refused[0]
    assert np.isnan(found.intensities(features)[:, 0]).all()
    none = fitted(features, replace(coding, intensity=None))
    assert np.isnan(none.intensities(features)).all()
    assert np.isfinite(none.probabilities(features)[:, :3]).all()


def test_units_seen_too_seldom_are_marked_and_never_guessed():
    features, coding = coded_faces()
    found = fitted(features, coding, epochs=1)
    assert [bool(reason) for reason in found.refused] == [False, False, False, True]
    assert np.isnan(found.probabilities(features)[:, 3]).all()
    assert np.isnan(found.intensities(features)[:, 3]).all()
    with pytest.raises(TrainingError, match="no action unit can be taught"):
        fitted(features, replace(coding, present=np.zeros_like(coding.present)))


def test_a_seed_gives_the_same_bits_and_draws_from_nobody():
    features, coding = coded_faces()
    torch.manual_seed(5)
    wanted = torch.rand(2)
    torch.manual_seed(5)
    one, two, other = (fitted(features, coding, epochs=2, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(2), wanted)
    np.testing.assert_array_equal(one.probabilities(features), two.probabilities(features))
    assert one.course != other.course


def test_a_negative_penalty_is_refused():
    with pytest.raises(InputError, match="negative"):
        fitted(*coded_faces(), l1=-1.0)
