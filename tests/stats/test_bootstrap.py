import math

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from facsinterp.errors import InputError
from facsinterp.stats import bootstrap
from facsinterp.stats.bootstrap import auroc_interval


def people(rng, subjects, each, filters, *, shift):
    owner = np.repeat(np.arange(subjects), each)
    labels = rng.random((len(owner), 1)) < 0.4
    identity = rng.normal(size=(subjects, filters))[owner]
    activation = identity + rng.normal(size=(len(owner), filters)) + shift * labels
    return activation, labels, owner.astype(str)


@pytest.mark.parametrize("block", [1, 1 << 15])
def test_the_interval_beside_sklearn_with_weights(block, monkeypatch):
    monkeypatch.setattr(bootstrap, "BLOCK", block)
    rng = np.random.default_rng(0)
    activation, labels, subjects = people(rng, 25, 3, 3, shift=1.0)
    activation = np.maximum(0, activation.round(1))  # ties, and a heap at zero
    shuffled = rng.permutation(75)
    activation, labels, subjects = activation[shuffled], labels[shuffled], subjects[shuffled]
    low, high = auroc_interval(activation, labels, subjects, draws=200, seed=4)
    owner = np.unique(subjects, return_inverse=True)[1]
    times = np.random.default_rng(4).multinomial(25, np.full(25, 1 / 25), size=200)
    for j in range(3):
        drawn = [
            roc_auc_score(labels[:, 0], activation[:, j], sample_weight=one[owner]) for one in times
        ]
        assert low[j, 0] == pytest.approx(np.quantile(drawn, 0.025))
        assert high[j, 0] == pytest.approx(np.quantile(drawn, 0.975))


def test_draws_without_a_side_are_left_out():
    rng = np.random.default_rng(1)
    activation = rng.random((40, 1))
    labels = (np.arange(40) == 7)[:, None]  # one subject has it: a third of the draws miss it
    low, high = auroc_interval(activation, labels, np.arange(40).astype(str), draws=300)
    assert 0 <= low[0, 0] <= high[0, 0] <= 1


def test_few_subjects_and_no_contrast_have_no_interval():
    rng = np.random.default_rng(2)
    activation, labels, subjects = people(rng, 19, 4, 2, shift=1.0)
    assert np.isnan(auroc_interval(activation, labels, subjects)).all()
    activation, labels, subjects = people(rng, 20, 4, 2, shift=1.0)
    both = np.hstack([labels, np.zeros_like(labels), np.ones_like(labels)])
    low, high = auroc_interval(activation, both, subjects, draws=50)
    assert np.isfinite(low[:, 0]).all()
    assert np.isnan(low[:, 1:]).all()
    assert np.isnan(high[:, 1:]).all()


def test_progress_hears_every_filter():
    rng = np.random.default_rng(3)
    for subjects in (5, 25):
        heard: list[int] = []
        auroc_interval(*people(rng, subjects, 2, 4, shift=0.0), draws=20, advance=heard.append)
        assert sum(heard) == 4


def test_arrays_of_other_lengths_are_refused():
    with pytest.raises(InputError, match="differ in length"):
        auroc_interval(np.ones((3, 1)), np.ones((3, 1), dtype=bool), np.array(["a", "b"]))


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Pooled AUROC of a detector among people who differ: two people's rows are apart by
    a shift of 1 in units of sqrt(2 (1 + 1))."""
    rng = np.random.default_rng(5)
    truth = norm.cdf(1 / 2)
    covered = []
    for _ in range(100):
        low, high = auroc_interval(*people(rng, 60, 3, 8, shift=1.0), draws=300)
        covered.append(np.mean((low <= truth) & (truth <= high)))
    spread = np.std(covered) / math.sqrt(len(covered))
    assert 0.93 - 3 * spread - 0.02 < np.mean(covered) < 0.95 + 3 * spread + 0.01
