import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from facsinterp.errors import InputError
from facsinterp.stats.multiple import METHODS, adjust, fewest_rejections


@pytest.mark.parametrize("method", METHODS)
def test_adjusted_p_values_beside_scipy_and_only_over_the_family(method):
    p = np.random.default_rng(0).random((6, 5)) ** 3
    p[2], p[:, 1] = np.nan, np.nan
    family = ~np.isnan(p)
    q = adjust(p, method)
    assert np.isnan(q[~family]).all()
    assert q[family] == pytest.approx(false_discovery_control(p[family], method=method))


def test_a_number_outside_the_family_does_not_count():
    assert adjust([0.01, np.nan, 0.04])[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(adjust([np.nan, np.nan])).all()
    assert adjust(np.zeros((0, 3))).shape == (0, 3)


def test_unknown_methods_and_impossible_p_values_are_refused():
    with pytest.raises(InputError, match="bh or by"):
        adjust([0.1], "bonferroni")
    with pytest.raises(InputError, match="outside their range"):
        adjust([0.1, 1.2])


@pytest.mark.parametrize("method", METHODS)
@given(tests=st.integers(1, 60), shuffles=st.sampled_from([19, 99, 199, 1999]))
def test_fewest_rejections_is_where_rejections_begin(method, tests, shuffles):
    least, alpha = 1 / (shuffles + 1), 0.05
    fewest = fewest_rejections(least, tests, alpha, method)
    for count in {max(fewest - 1, 1), min(fewest, tests)}:
        p = np.ones(tests)
        p[:count] = least
        rejected = (adjust(p, method) <= alpha * (1 + 1e-12)).any()
        assert rejected == (count >= fewest)


def test_no_tests_need_no_rejections():
    assert fewest_rejections(0.01, 0, 0.05) == 0
