"""Saddlepoint tails beside the exact ones, over the whole range."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.stats import effect
from facsinterp.stats.closed import exact, tilting
from facsinterp.stats.closed.exact import rank_sum_tail
from facsinterp.stats.closed.saddlepoint import tails
from facsinterp.stats.closed.strata import Strata


def doubled_ranks(activation):
    return np.rint(2 * effect.midranks(activation)).astype(np.int64)


def graded_case(rng, size, strata, positives, zeros=0.0):
    """Filters from silenced to detecting, ReLU zeros, one action unit."""
    block = np.repeat(np.arange(strata), size)
    labels = np.zeros((len(block), 1), dtype=bool)
    labels[rng.permutation(len(block))[:positives]] = True
    effects = np.linspace(-1.5, 1.5, 8)
    activation = rng.normal(size=(len(block), 8)) + effects * labels - zeros
    return block, labels, doubled_ranks(np.maximum(0, activation))


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize(
    ("size", "strata", "positives", "zeros"),
    [(5, 80, 20, 0), (5, 80, 60, 0.4), (5, 80, 330, 0), (20, 10, 40, 0), (100, 3, 20, 0.3)],
)
def test_as_close_to_the_exact_tail_as_shuffles_could_tell(size, strata, positives, zeros, lower):
    rng = np.random.default_rng(0)
    block, labels, weights = graded_case(rng, size, strata, positives, zeros)
    pairs = [(j, 0) for j in range(8)]
    found = tails(weights, labels, block, pairs, lower=lower)
    true = np.array(
        [rank_sum_tail(weights[:, j], labels[:, 0], block, lower=lower) for j in range(8)]
    )
    known = np.isfinite(true)
    assert known.sum() >= 6
    assert true[known].min() < 2e-3 < 0.9 < true[known].max()
    error = np.sort(np.abs(np.log10(found / true))[known])
    # Next to the end of the range, where silenced filters tie at zero, the lattice is coarse.
    assert error[-1] < (0.16 if lower else 0.02)
    assert error[-3] < 0.02
    assert np.abs(found - true)[known].max() < 0.002


def test_few_different_weights_need_the_half_step():
    """Weights 0 to 3: without the correction for whole numbers p would be off by a third."""
    rng = np.random.default_rng(5)
    block = np.repeat(np.arange(40), 5)
    weights = rng.integers(0, 4, size=(200, 1))
    labels = np.stack([np.argsort(np.argsort(
        np.reshape(rng.normal(size=200) + slope * weights[:, 0], (40, 5)))).ravel() > 2
        for slope in np.linspace(-1, 2, 12)], axis=1)  # fmt: skip
    found = tails(weights, labels, block, [(0, u) for u in range(12)])
    true = np.array([rank_sum_tail(weights[:, 0], labels[:, u], block) for u in range(12)])
    assert true.min() < 1e-6 < 0.9 < true.max()
    assert np.abs(np.log10(found / true)).max() < 0.01


def test_a_large_stratum_by_a_second_saddlepoint(monkeypatch):
    """One stratum of 900: the condition on the number of labels is met in saddlepoint too."""
    rng = np.random.default_rng(1)
    block, labels, weights = graded_case(rng, 900, 1, 25)
    assert not tilting.outright(900, 25)
    monkeypatch.setattr(exact, "RANK_SUM_BUDGET", 4e8)
    found = tails(weights, labels, block, [(j, 0) for j in range(8)])
    true = np.array([rank_sum_tail(weights[:, j], labels[:, 0], block) for j in range(8)])
    assert true.min() < 1e-6
    assert np.abs(np.log10(found / true)).max() < 0.02
    assert np.abs(found - true).max() < 0.002


@pytest.mark.parametrize("theta", [-400.0, -0.7, 0.0, 0.3, 400.0])
@pytest.mark.parametrize("m", [1, 3, 5])
def test_cumulants_of_every_choice_of_rows(theta, m):
    weights = np.array([6.0, 4.5, 1.0, -1.5, -1.5, -8.5])
    sums = np.array([sum(rows) for rows in itertools.combinations(weights, m)])
    shifted = theta * sums
    top = shifted.max()
    share = np.exp(shifted - top)
    value = top + math.log(share.mean())
    share /= share.sum()
    mean = share @ sums
    found = tilting.cumulants(theta, weights, np.array([0, 6]), np.array([m]), np.zeros(1))
    assert found[:3] == pytest.approx((value, mean, share @ (sums - mean) ** 2), abs=1e-9)
    assert found[3] == 0


def test_cumulants_of_a_large_stratum_stay_close_to_those_summed():
    rng = np.random.default_rng(2)
    weights = np.sort(rng.normal(size=300))[::-1].copy()
    weights -= weights.mean()
    for theta in (-0.8, 0.5, 2.0):
        summed = tilting._summed(theta, weights, 60)
        double = tilting._double(theta, weights, 60, 0.0)
        assert double[0] - double[3] == pytest.approx(summed[0], abs=0.01)
        assert double[1:3] == pytest.approx(summed[1:], rel=0.02)


def test_the_largest_sum_has_its_exact_chance_and_the_least_has_one():
    labels = (np.arange(60) % 3 == 0)[:, None]
    block = np.repeat(np.arange(10), 6)
    ties = np.where(labels, 5, 2) + (np.arange(60) % 6 == 1)[:, None] * 3
    weights = np.hstack([9 * labels, -9 * labels, np.ones_like(labels), ties])
    found = tails(weights, labels, block, [(0, 0), (1, 0), (2, 0), (3, 0)])
    assert found[0] == pytest.approx(math.comb(6, 2) ** -10.0)
    assert found[1:3].tolist() == [1.0, 1.0]
    assert found[3] == pytest.approx((3 / math.comb(6, 2)) ** 10)


def test_pairs_in_any_order_and_none():
    rng = np.random.default_rng(3)
    block = np.repeat(np.arange(20), 5)
    weights, labels = rng.integers(0, 200, size=(100, 4)), rng.random((100, 3)) < 0.4
    pairs = [(j, u) for j in range(4) for u in range(3)]
    whole = tails(weights, labels, block, pairs)
    mixed = rng.permutation(12)
    assert np.array_equal(tails(weights, labels, block, np.array(pairs)[mixed]), whole[mixed])
    rows = rng.permutation(100)
    again = tails(weights[rows], labels[rows], block[rows], pairs)
    assert np.allclose(again, whole, rtol=1e-9)
    assert tails(weights, labels, block, np.zeros((0, 2), dtype=np.int64)).shape == (0,)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_never_nan_never_zero_never_below_the_attainable(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(2, 60))
    block = rng.integers(0, rng.integers(1, 12), size=rows)
    scale = 10 ** rng.integers(0, 7)
    sparse = rng.random((rows, 4)) < rng.uniform(0.05, 1)
    weights = rng.integers(-5, 6, size=(rows, 4)) * scale * sparse + rng.integers(0, 2)
    labels = rng.random((rows, 3)) < rng.uniform(0.02, 0.98)
    pairs = [(j, u) for j in range(4) for u in range(3)]
    for lower in (False, True):
        found = tails(weights, labels, block, pairs, lower=lower)
        assert np.isfinite(found).all()
        assert (found > 0).all()
        assert (found <= 1).all()
        turned = tails(-weights, labels, block, pairs, lower=not lower)
        assert np.allclose(found, turned)


def test_larger_sums_have_smaller_p():
    """Through the middle, where the formula is read between two points, to the end."""
    block = np.repeat(np.arange(30), 5)
    weights = np.tile(np.arange(5), 30)[:, None] * 7 + np.arange(150)[:, None] // 5
    labels = np.tile([True, True, False, False, False], 30)
    steps = [labels.copy()]
    for s in range(30):
        for move in ((1, 2), (2, 3), (0, 1), (1, 2), (3, 4), (2, 3)):
            labels[[5 * s + move[0], 5 * s + move[1]]] = False, True
            steps.append(labels.copy())
    every = np.array(steps).T
    assert (np.diff((weights.T @ every)[0]) == 7).all()
    p = tails(weights, every, block, [(0, u) for u in range(every.shape[1])])
    assert (np.diff(p) <= 1e-12).all()
    assert p[0] == 1.0
    assert p[-1] == pytest.approx(10.0**-30)


def test_very_long_tails_do_not_vanish():
    labels = (np.arange(6000) % 2 == 0)[:, None]
    weights = np.arange(6000)[:, None] + 10**6 * labels
    weights[0] = 0
    found = tails(weights, labels, np.repeat([0, 1], 3000), [(0, 0)])[0]
    assert 0 < found < 1e-300


def test_second_level_is_found_in_extreme_tilts():
    weights = np.sort(np.random.default_rng(4).integers(0, 10**6, 4000).astype(float))[::-1].copy()
    weights -= weights.mean()
    layout = Strata.of(np.zeros(4000))
    for theta in (1e-9, 1e-4, 0.1, -5.0):
        value, mean, second, extra = tilting.cumulants(
            theta, weights, layout.starts, np.array([1000]), np.zeros(1)
        )
        end = weights[:1000].sum() if theta > 0 else weights[-1000:].sum()
        assert abs(mean) <= abs(end) * (1 + 1e-9)
        assert second >= 0
        assert np.isfinite([value, mean, second]).all()
        assert extra < 1
