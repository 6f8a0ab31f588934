"""Exact p-values are those of every shuffle enumerated, and of scipy where it has them."""

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sps

from facsinterp.stats import effect
from facsinterp.stats.closed import exact, lattice
from facsinterp.stats.closed.exact import (
    RankSum,
    attainable_p,
    feasible,
    precision_tail,
    rank_sum_tail,
)
from facsinterp.stats.closed.strata import Strata
from facsinterp.stats.nulls import Scheme
from facsinterp.stats.top import TopWeights, top_weights
from tests.stats.enumerated import every_sum, share_as_large

SEEDS = st.integers(0, 2**32 - 1)


def small_case(seed, rows=8):
    """Blocks, activations with ties at 0 and elsewhere, and labels; few enough to enumerate."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, rng.integers(1, 4), size=rows)
    activation = np.maximum(0, rng.normal(size=(rows, 3))).round(int(rng.integers(0, 3)))
    return blocks, activation, rng.random((rows, 2)) < rng.uniform(0.1, 0.9)


def distinct_shares(weights, labels, blocks, *, lower=False):
    """Exact p by the distribution of each stratum's sum, each set of rows listed."""
    total: dict[int, float] = {0: 1.0}
    for block in np.unique(blocks):
        inside = weights[blocks == block]
        chosen = list(itertools.combinations(inside.tolist(), int(labels[blocks == block].sum())))
        new: dict[int, float] = defaultdict(float)
        for so_far, p in total.items():
            for rows in chosen:
                new[so_far + sum(rows)] += p / len(chosen)
        total = new
    seen = int(weights @ labels)
    return sum(p for t, p in total.items() if (t <= seen if lower else t >= seen))


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 8), st.booleans())
def test_precision_tail_is_that_of_every_shuffle(seed, n, lower):
    blocks, activation, labels = small_case(seed, rows=8)
    top = top_weights(activation, n)
    expected = np.array(
        [
            [distinct_shares(w, labels[:, u], blocks, lower=lower) for u in range(2)]
            for w in top.weights.T
        ]
    )
    found = precision_tail(top, labels, blocks, lower=lower)
    assert np.allclose(found, expected, atol=1e-12, rtol=1e-9)


@settings(max_examples=60)
@given(SEEDS, st.booleans())
def test_rank_sum_tail_is_that_of_every_shuffle(seed, lower):
    blocks, activation, labels = small_case(seed, rows=10)
    weights = np.rint(2 * effect.midranks(activation)).astype(np.int64)
    for j in range(3):
        expected = distinct_shares(weights[:, j], labels[:, 0], blocks, lower=lower)
        found = rank_sum_tail(weights[:, j], labels[:, 0], blocks, lower=lower)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_reference_itself_counts_every_shuffle():
    blocks, activation, labels = small_case(5, rows=7)
    weights = np.rint(2 * effect.midranks(activation)).astype(np.int64)
    expected = share_as_large(weights, labels, Scheme.of_blocks(blocks))
    for j, u in np.ndindex(expected.shape):
        assert distinct_shares(weights[:, j], labels[:, u], blocks) == pytest.approx(expected[j, u])


def test_precision_in_one_stratum_is_hypergeometric():
    rng = np.random.default_rng(0)
    activation, labels = rng.random((300, 4)), rng.random((300, 3)) < [0.05, 0.3, 0.95]
    for n in (1, 10, 120, 300):
        top = top_weights(activation, n)
        found = precision_tail(top, labels, np.zeros(300))
        expected = sps.hypergeom.sf(top.weights.T @ labels - 1, 300, labels.sum(axis=0), n)
        assert np.allclose(found, expected, rtol=1e-9)


def test_precision_in_strata_is_the_exact_mantel_haenszel_test():
    """Convolved by hand: 2 x 2 tables of two subjects."""
    rng = np.random.default_rng(1)
    strata = np.repeat([0, 1], [14, 9])
    activation, labels = rng.random((23, 1)), rng.random((23, 1)) < 0.4
    top = top_weights(activation, 8)
    parts = []
    for s in (0, 1):
        inside = strata == s
        a, m = top.weights[inside].sum(), labels[inside].sum()
        parts.append(sps.hypergeom.pmf(np.arange(9), inside.sum(), m, a))
    seen = int((top.weights.T @ labels)[0, 0])
    expected = np.convolve(*parts)[seen:].sum()
    assert precision_tail(top, labels, strata)[0, 0] == pytest.approx(expected, rel=1e-12)


def test_a_dead_filter_and_a_unit_that_cannot_move_have_p_of_one():
    labels = np.array([[1, 1, 0], [0, 1, 0], [1, 1, 0], [0, 1, 0]], dtype=bool)
    top = top_weights(np.zeros((4, 1)), 2)
    assert precision_tail(top, labels, np.zeros(4)).tolist() == [[1.0] * 3]
    lively = top_weights(np.arange(4.0)[:, None], 2)
    assert precision_tail(lively, labels, np.arange(4)).tolist() == [[1.0] * 3]
    assert precision_tail(lively, labels, np.zeros(4))[0, 1:].tolist() == [1.0, 1.0]


def test_filters_with_fewer_answers_than_places():
    """Two rows above zero, all others tied: only the sure rows move the sum."""
    activation = np.zeros((40, 1))
    activation[:2, 0] = 1
    labels = (np.arange(40) % 8 == 0)[:, None]
    found = precision_tail(top_weights(activation, 10), labels, np.zeros(40))
    assert found[0, 0] == pytest.approx(sps.hypergeom.sf(0, 40, 5, 2))


def test_precision_beyond_the_budget_is_left_open(monkeypatch):
    """The first unit moves in one stratum, the second in all of thirty."""
    blocks = np.repeat(np.arange(30), 3)
    top = top_weights(np.tile([3.0, 2.0, 1.0], 30)[:, None], 30)
    labels = np.column_stack([np.arange(90) == 0, np.arange(90) % 3 == 1])
    found = precision_tail(top, labels, blocks)
    assert found[0].tolist() == pytest.approx([1 / 3, 1.0])
    monkeypatch.setattr(exact, "PRECISION_BUDGET", 490)
    found = precision_tail(top, labels, blocks)
    assert found[0, 0] == pytest.approx(1 / 3)
    assert np.isnan(found[0, 1])
    monkeypatch.setattr(exact, "PRECISION_BUDGET", 470)  # less than a lattice of 31 places needs
    assert np.isnan(precision_tail(top, labels, blocks)).all()


def test_more_than_three_different_weights_are_left_open():
    many = TopWeights(np.arange(12)[:, None], np.array([66]))
    assert np.isnan(precision_tail(many, np.eye(12)[:, :1] > 0, np.zeros(12))).all()


def test_rank_sum_beside_scipy():
    rng = np.random.default_rng(2)
    activation = rng.random(25)
    labels = np.arange(25) < 7
    activation[labels] += 0.25
    weights = (2 * effect.midranks(activation[:, None])[:, 0]).astype(np.int64)
    on, off = activation[labels], activation[~labels]
    more = sps.mannwhitneyu(on, off, alternative="greater", method="exact").pvalue
    assert rank_sum_tail(weights, labels, np.zeros(25)) == pytest.approx(more, rel=1e-12)
    less = sps.mannwhitneyu(on, off, alternative="less", method="exact").pvalue
    assert rank_sum_tail(weights, labels, np.zeros(25), lower=True) == pytest.approx(
        less, rel=1e-12
    )


def test_both_tails_overlap_in_the_observed_sum():
    blocks, activation, labels = small_case(3, rows=8)
    weights = np.rint(2 * effect.midranks(activation)).astype(np.int64)
    sums = every_sum(weights, labels, Scheme.of_blocks(blocks))
    same = (sums == weights.T @ labels).mean(axis=0)
    for j, u in np.ndindex(same.shape):
        both = sum(
            rank_sum_tail(weights[:, j], labels[:, u], blocks, lower=lower)
            for lower in (False, True)
        )
        assert both == pytest.approx(1 + same[j, u])


def test_only_differences_inside_strata_matter():
    blocks, activation, labels = small_case(11, rows=10)
    weights = np.rint(2 * effect.midranks(activation)).astype(np.int64)[:, 0]
    moved = -3 + 7 * (weights + 1000 * blocks)
    before = rank_sum_tail(weights, labels[:, 0], blocks)
    assert rank_sum_tail(moved, labels[:, 0], blocks) == pytest.approx(before)


def test_a_far_tail_keeps_its_relative_accuracy():
    strata = np.repeat(np.arange(60), 5)
    labels = np.tile([1, 1, 0, 0, 0], 60) > 0
    weights = np.tile([9, 8, 3, 2, 1], 60)
    assert rank_sum_tail(weights, labels, strata) == pytest.approx(0.1**60, rel=1e-12)
    swapped = labels.copy()
    swapped[:3] = [True, False, True]  # one subject one step of 5 below the best
    found = rank_sum_tail(weights, swapped, strata)
    assert found == pytest.approx(0.1**60 * 61, rel=1e-9)


def test_work_is_known_before_and_never_exceeded():
    rng = np.random.default_rng(4)
    labels, strata = np.arange(900) < 300, np.zeros(900)
    assert not feasible(rng.permutation(10**6)[:900], rng.permutation(labels), strata)
    assert np.isnan(rank_sum_tail(rng.permutation(10**6)[:900], rng.permutation(labels), strata))
    assert feasible(np.arange(900), labels[::-1], strata)  # the largest sum of all
    assert feasible(np.arange(900), np.arange(900) == 5, strata)


@pytest.mark.parametrize("lower", [False, True])
def test_rounded_weights_give_an_upper_bound_close_to_the_exact_tail(lower):
    rng = np.random.default_rng(5)
    strata = np.repeat(np.arange(4), 10)
    labels = np.tile([1, 0, 0, 0, 1, 0, 0, 1, 0, 0], 4) > 0
    for _ in range(20):
        weights = rng.integers(0, 3000, size=40) + 800 * labels
        true = rank_sum_tail(weights, labels, strata, lower=lower)
        rounded = RankSum(weights, Strata.of(strata), finest=1500).tail(
            labels, lower=lower, budget=1e9
        )
        assert true * (1 - 1e-9) <= rounded <= true * 1.1
        same = RankSum(weights, Strata.of(strata), finest=10**6).tail(
            labels, lower=lower, budget=1e9
        )
        assert same == pytest.approx(true, rel=1e-12)


def test_attainable_p_is_the_least_p_of_any_filter():
    blocks = np.array([0, 0, 0, 1, 1, 2])
    labels = np.array([[1, 1, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0], [1, 0, 1]], bool)
    scheme = Scheme.of_blocks(blocks)
    least = attainable_p(labels, scheme)
    assert least == pytest.approx(np.diag(share_as_large(2 * labels - 1, labels, scheme)))
    assert least.tolist() == pytest.approx([1 / 6, 1.0, 1.0])


@settings(max_examples=25)
@given(SEEDS)
def test_attainable_p_of_groups_counts_different_arrangements(seed):
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat([0, 1, 2, 3, 4, 5], [2, 2, 2, 1, 1, 3]))
    scheme = Scheme.of_groups(groups, np.zeros(11, dtype=np.int64))
    labels = rng.random((11, 3)) < 0.4
    expected = np.diag(share_as_large(2 * labels - 1, labels, scheme))
    assert attainable_p(labels, scheme) == pytest.approx(expected)


def test_attainable_p_is_never_zero():
    labels = (np.arange(4000) % 2 == 0)[:, None]
    scheme = Scheme.of_blocks(np.zeros(4000))
    assert 0 < attainable_p(labels, scheme)[0] < 1e-300


@pytest.mark.parametrize("count", [1, 5])
def test_p_under_the_null_is_valid_at_every_level(count):
    """Size of the exact tests where nothing is associated: at most the level."""
    rng = np.random.default_rng(6)
    strata = np.repeat(np.arange(12), 5)
    levels, draws = np.array([0.01, 0.05, 0.2]), 1500
    labels = np.zeros((60, draws), dtype=bool)
    for d in range(draws):
        labels[rng.permutation(60)[: 6 + count], d] = True
    activation = np.maximum(
        0, rng.normal(size=(60, 1)) + np.repeat(rng.normal(size=12), 5)[:, None]
    )
    weights = np.rint(2 * effect.midranks(activation)).astype(np.int64)[:, 0]
    ready = RankSum(weights, Strata.of(strata))
    for p in (
        precision_tail(top_weights(activation, 10), labels, strata)[0],
        np.array([ready.tail(labels[:, d], budget=1e9) for d in range(draws)]),
    ):
        size = (p[:, None] <= levels).mean(axis=0)
        assert (size <= levels + 4 * np.sqrt(levels * (1 - levels) / draws)).all()
        assert size[2] > 0.08


def test_compiled_tables():
    assert lattice.log_factorials(5)[5] == pytest.approx(math.log(120))
