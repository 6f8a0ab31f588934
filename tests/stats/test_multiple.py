import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from facsinterp.errors import InputError
from facsinterp.stats.multiple import METHODS, adjust, fewest_rejections, hierarchical, max_t


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


def slow_hierarchical(p, q):
    """Simes by its definition, then the two levels by statsmodels at fixed levels."""
    rows = [j for j in range(len(p)) if not np.isnan(p[j]).all()]
    simes = []
    for j in rows:
        mine = sorted(x for x in p[j] if not np.isnan(x))
        simes.append(min(len(mine) * x / (i + 1) for i, x in enumerate(mine)))
    chosen = multipletests(simes, alpha=q, method="fdr_bh")[0]
    rejected = np.zeros(p.shape, dtype=bool)
    for j, selected in zip(rows, chosen, strict=True):
        if selected:
            inside = ~np.isnan(p[j])
            level = q * chosen.sum() / len(rows)
            rejected[j, inside] = multipletests(p[j, inside], alpha=level, method="fdr_bh")[0]
    return rejected


@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.2]))
def test_two_levels_beside_their_definition(seed, q):
    rng = np.random.default_rng(seed)
    p = rng.random((6, 5)) ** rng.integers(1, 6, size=(6, 1))
    p[rng.random(p.shape) < 0.2] = np.nan
    p[3] = np.nan
    found = hierarchical(p, q)
    np.testing.assert_array_equal(found.rejected, slow_hierarchical(p, q))
    assert np.isnan(found.q_filter[3])
    # A filter is selected by its least p, so it holds a finding wherever it is selected.
    np.testing.assert_array_equal(found.rejected.any(axis=1), found.q_filter <= q)


def test_two_levels_of_one_filter_are_one():
    p = np.array([[0.001, 0.02, 0.8]])
    assert hierarchical(p, 0.05).rejected.tolist() == [[True, True, False]]
    nothing = hierarchical(np.full((2, 2), np.nan), 0.05)
    assert np.isnan(nothing.q_filter).all()
    assert not nothing.rejected.any()


def test_filters_that_answer_to_nothing_are_seldom_selected():
    rng = np.random.default_rng(3)
    false = []
    for _ in range(400):
        p = rng.random((30, 6))
        p[:10, :2] /= 1000
        selected = hierarchical(p, 0.1).q_filter <= 0.1
        false.append(selected[10:].sum() / max(1, selected.sum()))
    assert np.mean(false) <= 0.1 + 3 * np.std(false) / 20
    assert np.mean(false) > 0.04


def test_family_wise_p_beside_a_loop():
    rng = np.random.default_rng(4)
    z, largest = rng.normal(2, 1, size=(5, 4)), rng.normal(2, 1, size=199)
    z[1, 2] = np.nan
    z[0, 0], z[0, 1] = largest[7], largest.max() + 1  # a tie, and beyond all
    p = max_t(z, largest)
    assert np.isnan(p[1, 2])
    assert p[0, 1] == 1 / 200
    for j, u in zip(*np.nonzero(~np.isnan(z)), strict=True):
        assert p[j, u] == (sum(one >= z[j, u] for one in largest) + 1) / 200


def test_rounding_to_single_precision_breaks_no_tie():
    z = np.array([[math.sqrt(2), -0.7], [math.pi, 0.1]])  # some become smaller, some larger
    single = z.ravel().astype(np.float32)
    assert (single < z.ravel()).any()
    expected = [(sum(z.ravel() >= one) + 1) / 5 for one in z.ravel()]
    assert max_t(z, single).ravel().tolist() == expected


def test_family_wise_errors_stay_rare_under_dependence():
    rng = np.random.default_rng(5)
    wrong = []
    for _ in range(1000):
        draws = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 60))  # rows: arrangements
        wrong.append((max_t(draws[0], draws[1:].max(axis=1)) <= 0.1).any())
    assert abs(np.mean(wrong) - 0.1) < 3 * math.sqrt(0.09 / 1000)


def test_no_shuffles_give_no_family_wise_p():
    for largest in ([], [1.0, np.nan]):
        with pytest.raises(InputError, match="no largest z"):
            max_t([[1.0]], largest)
