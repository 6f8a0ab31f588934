"""Scores of intensities against loops, statsmodels' analysis of variance and published tables."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, mean_squared_error
from statsmodels.formula.api import ols

from facsinterp.errors import InputError
from facsinterp.stats.intensity import all_zero, icc31, intensity_scores, rounded

# Shrout & Fleiss (1979), table 2: six targets, four judges.
SHROUT = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_icc_is_that_of_the_paper_that_defines_it():
    assert icc31(SHROUT) == pytest.approx(0.71, abs=0.005)  # their table 4


@pytest.mark.parametrize("seed", range(3))
def test_icc_agrees_with_an_analysis_of_variance(seed):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(12, 1)) + rng.normal(size=(12, 3)) + np.array([0, 4, 1])
    long = pd.DataFrame(
        [(i, k, table[i, k]) for i in range(12) for k in range(3)], columns=["who", "rater", "y"]
    )
    anova = sm.stats.anova_lm(ols("y ~ C(who) + C(rater)", long).fit())
    between, error = anova.loc["C(who)", "mean_sq"], anova.loc["Residual", "mean_sq"]
    assert icc31(table) == pytest.approx((between - error) / (between + 2 * error))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=20),
    st.floats(-3, 3),
)
def test_icc_of_two_is_the_covariance_over_the_mean_variance(pairs, offset):
    table = np.array(pairs, float)
    a, b = table.T
    spread = (a.var(ddof=1) + b.var(ddof=1)) / 2
    if spread == 0:
        assert np.isnan(icc31(table))
    else:
        wanted = np.cov(a, b)[0, 1] / spread
        assert icc31(table) == pytest.approx(wanted, abs=1e-9)
        assert icc31(table + np.array([0, offset])) == pytest.approx(
            wanted, abs=1e-9
        )  # consistency


def test_scores_are_those_of_a_loop_over_known_cells():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 6, (80, 3)).astype(float)
    told = np.clip(truth + rng.normal(size=truth.shape), 0, 5)
    truth[rng.random(truth.shape) < 0.3] = np.nan
    told[:, 2] = np.nan
    each, together = intensity_scores(told, truth)
    pairs = []
    for unit in range(2):
        mine = [(t, c) for t, c in zip(told[:, unit], truth[:, unit], strict=True) if c == c]
        pairs += mine
        a, b = np.array(mine).T
        assert each.count[unit] == len(mine)
        assert each.mse[unit] == pytest.approx(mean_squared_error(b, a))
        assert each.exact[unit] == pytest.approx(accuracy_score(b, np.rint(a)))
        assert each.icc[unit] == pytest.approx(icc31(mine))
    assert each.count[2] == 0
    assert np.isnan([each.mse[2], each.exact[2], each.icc[2]]).all()
    a, b = np.array(pairs).T
    assert together.count == len(pairs)
    assert together.mse == pytest.approx(mean_squared_error(b, a))
    assert together.icc == pytest.approx(icc31(pairs))


def test_zero_to_all_is_scored_in_the_same_cells():
    truth = np.array([[0.0, 3.0], [2.0, np.nan], [0.0, 1.0]])
    told = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, np.nan]])
    each, together = all_zero(told, truth)
    assert each.count.tolist() == [3, 1]
    assert each.mse.tolist() == [pytest.approx(4 / 3), 9.0]
    assert each.exact.tolist() == [pytest.approx(2 / 3), 0.0]
    assert each.icc[0] == pytest.approx(0, abs=1e-12)
    assert together.mse == pytest.approx(13 / 4)


def test_steps_are_rounded_half_up_inside_the_scale():
    assert rounded([0.49, 0.5, 2.5, 4.7, 7, -1]).tolist() == [0, 1, 3, 5, 5, 0]


def test_too_little_has_no_icc_and_shapes_that_differ_are_refused():
    assert np.isnan(icc31([[1, 2]]))
    assert np.isnan(icc31([[0.1, 2.3]] * 7))
    with pytest.raises(InputError, match="do not fit"):
        intensity_scores(np.zeros((3, 2)), np.zeros((3, 1)))
