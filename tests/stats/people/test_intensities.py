"""Bounds of intensity scores against a loop over draws of people."""

import numpy as np
import pytest
from scipy.stats import t as student

from facsinterp.errors import InputError
from facsinterp.stats.intensity import intensity_scores
from facsinterp.stats.people.intensities import intensity_intervals


def ratings(people=22, each=4):
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 6, (people * each, 2)).astype(float)
    told = np.clip(0.7 * truth + rng.normal(0.6, 0.8, truth.shape), 0, 5)
    truth[3, 0] = told[5, 1] = np.nan
    return told, truth, np.repeat([f"S{i:02d}" for i in range(people)], each)


def test_bounds_are_those_of_a_loop():
    told, truth, subjects = ratings()
    found = intensity_intervals(told, truth, subjects, draws=80, seed=5)
    names = np.unique(subjects)
    times = np.random.default_rng(5).multinomial(22, np.full(22, 1 / 22), size=80)
    whole, _ = intensity_scores(told, truth)
    for unit in range(2):
        mse, icc = [], []
        for many in times:
            rows = np.concatenate(
                [np.tile(np.flatnonzero(subjects == names[i]), many[i]) for i in range(22)]
            )
            one, _ = intensity_scores(told[rows], truth[rows])
            mse.append(np.log(one.mse[unit]))
            icc.append(np.arctanh(naive_icc(told[rows, unit], truth[rows, unit])))
        shows = len(np.unique(subjects[(truth[:, unit] > 0) & np.isfinite(told[:, unit])]))
        t = student.ppf(0.975, shows - 1)
        wide = np.exp(t * np.std(mse, ddof=1))
        assert found.mse_low[unit] == pytest.approx(whole.mse[unit] / wide)
        assert found.mse_high[unit] == pytest.approx(whole.mse[unit] * wide)
        half = t * np.std(icc, ddof=1)
        # (n - 1) / n in neither: of two raters ICC(3,1) is 2 cov / (var + var).
        assert found.icc_low[unit] == pytest.approx(np.tanh(np.arctanh(whole.icc[unit]) - half))
        assert found.icc_high[unit] == pytest.approx(np.tanh(np.arctanh(whole.icc[unit]) + half))


def naive_icc(one, other):
    known = np.isfinite(one) & np.isfinite(other)
    table = np.cov(one[known], other[known])
    return 2 * table[0, 1] / (table[0, 0] + table[1, 1])


def test_too_few_people_get_no_bounds():
    told, truth, subjects = ratings(people=19)
    found = intensity_intervals(told, truth, subjects, draws=20)
    assert np.isnan([found.mse_low, found.icc_high]).all()


def test_an_intensity_that_nobody_shows_gets_none():
    told, truth, subjects = ratings()
    truth[:, 0] = 0
    found = intensity_intervals(told, truth, subjects, draws=20)
    assert np.isnan([found.mse_low[0], found.icc_low[0]]).all()
    assert np.isfinite(found.icc_low[1])


def test_what_does_not_fit_is_refused():
    told, truth, subjects = ratings()
    with pytest.raises(InputError, match="do not fit together"):
        intensity_intervals(told[:3], truth, subjects)
