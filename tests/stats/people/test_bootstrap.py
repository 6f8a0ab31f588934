import math

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap
from scipy.stats import norm, ttest_1samp
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from facsinterp.errors import InputError
from facsinterp.stats.people import resampling
from facsinterp.stats.people.bootstrap import METHODS, auroc_interval, within_subject_interval


def people(rng, subjects, each, filters, *, shift, rate=0.4):
    owner = np.repeat(np.arange(subjects), each)
    labels = rng.random((len(owner), 1)) < rate
    identity = rng.normal(size=(subjects, filters))[owner]
    activation = identity + rng.normal(size=(len(owner), filters)) + shift * labels
    return activation, labels, owner.astype(str)


def uneven(seed):
    """Three filters with ties and a heap at zero, four units, rows of subjects mixed up."""
    rng = np.random.default_rng(seed)
    owner = rng.permutation(np.append(np.arange(25), rng.integers(0, 25, size=50)))
    labels = rng.random((75, 4)) < [0.1, 0.3, 0.5, 0.9]
    activation = rng.normal(size=(75, 3)) + rng.normal(size=(25, 3))[owner] + labels[:, :3]
    return np.maximum(0, activation.round(1)), labels, owner.astype(str)


def drawn_aurocs(activation, labels, owner, times):
    """AUROC in each draw by the pairs of rows: w'C w / (w'n1 w'n0); NaN without a side."""
    on, off = activation[labels], activation[~labels]
    wins = (on[:, None] > off) + (on[:, None] == off) / 2
    result = []
    for one in np.asarray(times, dtype=float):
        w1, w0 = one[owner[labels]], one[owner[~labels]]
        pairs = w1.sum() * w0.sum()
        result.append(w1 @ wins @ w0 / pairs if pairs else math.nan)
    return np.array(result)


def test_pairs_of_rows_beside_sklearn_with_weights():
    activation, labels, subjects = uneven(0)
    owner = np.unique(subjects, return_inverse=True)[1]
    times = np.random.default_rng(0).multinomial(25, np.full(25, 1 / 25), size=20)
    expected = [
        roc_auc_score(labels[:, 1], activation[:, 0], sample_weight=one[owner]) for one in times
    ]
    assert drawn_aurocs(activation[:, 0], labels[:, 1], owner, times) == pytest.approx(expected)


@pytest.mark.parametrize("width", [1, 77, 512])
def test_percentile_bounds_beside_pairs_of_rows(width, monkeypatch):
    monkeypatch.setattr(resampling, "WIDTH", width)
    activation, labels, subjects = uneven(0)
    low, high = auroc_interval(activation, labels, subjects, draws=200, seed=4, method="percentile")
    owner = np.unique(subjects, return_inverse=True)[1]
    times = np.random.default_rng(4).multinomial(25, np.full(25, 1 / 25), size=200)
    for j in range(3):
        for u in range(4):
            drawn = drawn_aurocs(activation[:, j], labels[:, u], owner, times)
            assert low[j, u] == pytest.approx(np.nanquantile(drawn, 0.025))
            assert high[j, u] == pytest.approx(np.nanquantile(drawn, 0.975))


def test_bca_bounds_beside_scipy():
    """Scipy draws subjects itself; both see the same ones through its random state."""
    activation, labels, subjects = uneven(1)
    owner = np.unique(subjects, return_inverse=True)[1]

    class Drawn(np.random.Generator):
        def integers(self, low, high=None, size=None, **_):  # type: ignore[override]
            times = np.random.default_rng(4).multinomial(25, np.full(25, 1 / 25), size=size[-2])
            return np.array([np.repeat(np.arange(25), one) for one in times])

    for j, u in ((0, 1), (1, 2), (2, 1)):

        def auroc(chosen, j=j, u=u):
            times = np.bincount(chosen.astype(int), minlength=25)
            return drawn_aurocs(activation[:, j], labels[:, u], owner, [times])[0]

        expected = scipy_bootstrap(
            (np.arange(25),),
            auroc,
            n_resamples=300,
            vectorized=False,
            method="BCa",
            rng=Drawn(np.random.PCG64(0)),
        ).confidence_interval
        low, high = auroc_interval(
            activation[:, [j]], labels[:, [u]], subjects, draws=300, seed=4, method="bca"
        )
        assert low[0, 0] == pytest.approx(expected.low, abs=1e-9)
        assert high[0, 0] == pytest.approx(expected.high, abs=1e-9)


def test_groups_left_out_give_the_same_acceleration(monkeypatch):
    rng = np.random.default_rng(2)
    data = people(rng, 800, 3, 1, shift=2.5, rate=0.05)
    one = np.ravel(auroc_interval(*data, draws=2000, method="bca"))
    monkeypatch.setattr(resampling, "MOST_LEFT_OUT", 800)
    other = np.ravel(auroc_interval(*data, draws=2000, method="bca"))
    plain = np.ravel(auroc_interval(*data, draws=2000, method="percentile"))
    assert np.abs(one - other).max() < 0.3 * np.abs(other - plain).max()


def test_logit_bounds_beside_their_formula():
    activation, labels, subjects = uneven(3)
    owner = np.unique(subjects, return_inverse=True)[1]
    drawn = np.random.default_rng(4).multinomial(25, np.full(25, 1 / 25), size=200)
    low, high = auroc_interval(activation, labels, subjects, draws=200, seed=4, level=0.9)
    for j, u in ((0, 0), (1, 2), (2, 3)):
        on = labels[:, u]
        times = np.vstack([np.ones(25), drawn])
        shares = drawn_aurocs(activation[:, j], on, owner, times)
        pairs = (times[:, owner[on]].sum(axis=1)) * (times[:, owner[~on]].sum(axis=1))
        shares = (shares * pairs + 0.5) / (pairs + 1)
        scaled = np.log(shares / (1 - shares))
        rarer = min(len(set(owner[on])), len(set(owner[~on])))
        half = student.ppf(0.95, rarer - 1) * np.nanstd(scaled[1:], ddof=1)
        assert low[j, u] == pytest.approx(1 / (1 + math.exp(half - scaled[0])))
        assert high[j, u] == pytest.approx(1 / (1 + math.exp(-half - scaled[0])))


@pytest.mark.parametrize("method", METHODS)
def test_draws_without_a_side_are_left_out(method):
    rng = np.random.default_rng(1)
    activation = rng.random((40, 1))
    labels = (np.arange(40) % 20 == 7)[:, None]  # two subjects: every seventh draw misses both
    subjects = np.arange(40).astype(str)
    low, high = auroc_interval(activation, labels, subjects, draws=300, method=method)
    assert 0 <= low[0, 0] <= high[0, 0] <= 1


@pytest.mark.parametrize("method", METHODS)
def test_few_subjects_and_no_contrast_have_no_interval(method):
    rng = np.random.default_rng(2)
    activation, labels, subjects = people(rng, 19, 4, 2, shift=1.0)
    assert np.isnan(auroc_interval(activation, labels, subjects, method=method)).all()
    activation, labels, subjects = people(rng, 20, 4, 2, shift=1.0)
    alone = (subjects == "3")[:, None]
    both = np.hstack([labels, np.zeros_like(labels), np.ones_like(labels), alone, ~alone])
    low, high = auroc_interval(activation, both, subjects, draws=50, method=method)
    assert np.isfinite(low[:, 0]).all()
    assert np.isnan(low[:, 1:]).all()
    assert np.isnan(high[:, 1:]).all()


@pytest.mark.parametrize("method", METHODS)
def test_filters_that_separate_all_rows_or_none(method):
    labels = np.tile([True, False, False], 30)[:, None]
    activation = np.hstack([labels, ~labels, np.zeros_like(labels)]).astype(float)
    subjects = np.repeat(np.arange(30), 3).astype(str)
    low, high = auroc_interval(activation, labels, subjects, draws=100, method=method)
    assert low[:, 0] == pytest.approx([1, 0, 0.5], abs=0.02)
    assert high[:, 0] == pytest.approx([1, 0, 0.5], abs=0.02)
    assert ((low >= 0) & (high <= 1) & (low <= high)).all()


def test_sums_stay_whole_where_single_precision_would_round():
    rng = np.random.default_rng(6)
    activation, labels, subjects = people(rng, 900, 6, 1, shift=0.3, rate=0.9)
    owner = np.unique(subjects, return_inverse=True)[1]
    drawn = resampling.Resampling.of(labels, owner, 3, 1)
    assert drawn.heaviest**2 > 1 << 24
    times = np.vstack([np.ones(900), np.random.default_rng(1).multinomial(900, [1 / 900] * 900, 3)])
    expected = drawn_aurocs(activation[:, 0], labels[:, 0], owner, times)
    assert drawn.auroc(activation[:, 0])[0] == pytest.approx(expected, abs=1e-13)


def test_progress_hears_every_filter():
    rng = np.random.default_rng(3)
    for subjects in (5, 25):
        heard: list[int] = []
        auroc_interval(*people(rng, subjects, 2, 4, shift=0.0), draws=20, advance=heard.append)
        assert sum(heard) == 4


def test_what_does_not_fit_is_refused():
    labels, subjects = np.ones((3, 1), dtype=bool), np.array(["a", "b"])
    with pytest.raises(InputError, match="differ in length"):
        auroc_interval(np.ones((3, 1)), labels, subjects)
    with pytest.raises(InputError, match="differ in length"):
        within_subject_interval(np.ones((3, 1)), labels, subjects)
    with pytest.raises(InputError, match="percentile or bca or logit"):
        auroc_interval(np.ones((3, 1)), labels, np.arange(3).astype(str), method="wald")


def coverage(seed, stores, subjects, *, each, shift, rate):
    """Mean over stores, and three standard errors of it, for each method.

    Pooled AUROC of a detector among people who differ: rows of two people are apart by the
    shift in units of sqrt(2 (1 + 1)).
    """
    rng = np.random.default_rng(seed)
    truth = norm.cdf(shift / 2)
    covered: dict[str, list[float]] = {method: [] for method in METHODS}
    for _ in range(stores):
        data = people(rng, subjects, each, 8, shift=shift, rate=rate)
        for method, share in covered.items():
            low, high = auroc_interval(*data, draws=400, method=method)
            share.append(float(np.nanmean((low <= truth) & (truth <= high))))
    mean = {method: float(np.mean(share)) for method, share in covered.items()}
    error = {method: 3 * np.std(share) / math.sqrt(stores) for method, share in covered.items()}
    return mean, error


def test_intervals_cover_the_truth_as_often_as_they_say():
    mean, error = coverage(5, 150, 100, each=4, shift=1.0, rate=0.3)
    assert error["logit"] < 0.025
    for method in METHODS:
        assert abs(mean[method] - 0.95) < error[method] + 0.015


def test_quantiles_of_draws_fall_short_with_few_subjects_and_the_default_does_not():
    mean, error = coverage(6, 150, 25, each=3, shift=2.0, rate=0.15)
    assert mean["logit"] > 0.95 - error["logit"]
    assert mean["percentile"] + error["percentile"] < 0.93
    assert mean["percentile"] < mean["bca"] < mean["logit"]


def test_mean_of_the_subjects_own_aurocs_beside_scipy():
    activation, labels, subjects = uneven(7)
    found = within_subject_interval(activation, labels, subjects, level=0.9)
    for j in range(3):
        for u in range(4):
            own = [
                roc_auc_score(labels[subjects == one, u], activation[subjects == one, j])
                for one in set(subjects)
                if len(set(labels[subjects == one, u])) == 2
            ]
            assert found.subjects[u] == len(own)
            assert found.mean[j, u] == pytest.approx(np.mean(own))
            if len(own) < 5:
                assert np.isnan(found.low[j, u])
                continue
            expected = ttest_1samp(own, 0.5).confidence_interval(0.9)
            assert found.low[j, u] == pytest.approx(max(0, expected.low))
            assert found.high[j, u] == pytest.approx(min(1, expected.high))


def test_fewer_than_five_informative_subjects_have_a_mean_only():
    rng = np.random.default_rng(8)
    activation = rng.normal(size=(12, 1))
    labels = np.tile([[True, True], [False, True]], (6, 1))
    labels[:2, 0], labels[2:4, 0] = True, False
    found = within_subject_interval(activation, labels, np.repeat(list("abcdef"), 2))
    assert found.subjects.tolist() == [4, 0]
    assert np.isfinite(found.mean[0, 0])
    assert np.isnan([found.low[0, 0], found.high[0, 0], found.mean[0, 1], found.low[0, 1]]).all()


def test_ten_subjects_are_covered_by_the_t_interval():
    rng = np.random.default_rng(9)
    truth = norm.cdf(1 / math.sqrt(2))  # identity cancels inside a subject
    inside = []
    for _ in range(200):
        activation, labels, subjects = people(rng, 10, 8, 6, shift=1.0)
        found = within_subject_interval(activation, labels, subjects)
        inside.append(np.mean((found.low <= truth) & (truth <= found.high)))
    assert abs(np.mean(inside) - 0.95) < 3 * np.std(inside) / math.sqrt(200) + 0.01
