"""Nulls: what moves, what the p-values count, and that nothing but the seed decides them."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from scipy import stats as sps

from facsinterp.errors import InputError
from facsinterp.stats import effect, permute
from facsinterp.stats.permute import (
    NULLS,
    attainable_p,
    null_mean,
    null_named,
    p_values,
    shuffles,
    upper_tail,
)

SUBJECTS = np.array(["b", "a", "b", "a", "c", "b", "a", "d", "d"])


def all_shuffles(blocks):
    """Every way to permute rows inside blocks."""
    members = [np.flatnonzero(blocks == block) for block in np.unique(blocks)]
    for orders in itertools.product(*(itertools.permutations(rows) for rows in members)):
        moved = np.empty(len(blocks), dtype=int)
        for rows, order in zip(members, orders, strict=True):
            moved[rows] = order
        yield moved


def doubled_ranks(activation):
    return (2 * effect.midranks(activation)).astype(np.int64)


def within(share, p, count, spreads=4):
    """Whether a Monte Carlo share agrees with a probability."""
    return abs(share - p) <= spreads * math.sqrt(p * (1 - p) / count) + 1e-12


def test_rows_move_within_their_subject_only():
    blocks = null_named("within-subject").blocks(SUBJECTS)
    for chunk in shuffles(blocks, 200, seed=1):
        for moved in chunk:
            assert sorted(moved) == list(range(9))
            assert (SUBJECTS[moved] == SUBJECTS).all()


def test_every_order_within_blocks_is_equally_likely():
    blocks = np.array([0, 1, 0, 1, 0])
    count = 12_000
    seen = Counter(tuple(m.tolist()) for chunk in shuffles(blocks, count, seed=3) for m in chunk)
    expected = {tuple(moved.tolist()) for moved in all_shuffles(blocks)}
    assert set(seen) == expected
    assert sps.chisquare(list(seen.values())).pvalue > 1e-3


def test_a_row_without_a_subject_stays_where_it_is():
    subjects = np.array(["a", "", "a", ""])
    blocks = null_named("within-subject").blocks(subjects)
    for chunk in shuffles(blocks, 50, seed=0):
        assert (chunk[:, [1, 3]] == [1, 3]).all()


def test_free_shuffles_move_everything():
    blocks = null_named("free").blocks(SUBJECTS)
    first = np.concatenate(list(shuffles(blocks, 500, seed=0)))[:, 0]
    assert set(first) == set(range(9))


def test_more_shuffles_begin_with_the_same_ones():
    blocks = null_named("within-subject").blocks(SUBJECTS)
    few = np.concatenate(list(shuffles(blocks, 70, seed=5)))
    many = np.concatenate(list(shuffles(blocks, 200, seed=5)))
    assert few.shape == (70, 9)
    assert np.array_equal(many[:70], few)
    other = np.concatenate(list(shuffles(blocks, 70, seed=6)))
    assert not np.array_equal(few, other)
    assert not np.array_equal(many[:64], many[64:128])


@pytest.mark.parametrize(
    ("subjects", "why"), [(["", "", ""], "no row has a subject"), (["a", "b", ""], "two rows")]
)
def test_shuffles_within_subjects_are_refused_with_what_to_do(subjects, why):
    with pytest.raises(InputError, match=why) as refused:
        null_named("within-subject").blocks(np.array(subjects))
    assert '"free"' in str(refused.value)


def test_an_unknown_null_names_the_known():
    with pytest.raises(InputError, match="within-subject or free"):
        null_named("subject")
    assert all(null.exchangeable for null in NULLS.values())


@pytest.mark.parametrize("null", NULLS)
def test_p_values_agree_with_every_shuffle_enumerated(null):
    rng = np.random.default_rng(7)
    subjects = np.array(["a", "b", "c", "a", "b", "c", "a"])
    activation = np.maximum(0, rng.normal(size=(7, 3))).round(1)
    labels = rng.random((7, 2)) < 0.5
    blocks = null_named(null).blocks(subjects)
    count = 20_000
    for weights in (doubled_ranks(activation), effect.top_weights(activation, 3).weights):
        reached = upper_tail(weights, labels, blocks, count=count, seed=0)
        observed = weights.T @ labels
        orders = list(all_shuffles(blocks))
        exact = sum((weights.T @ labels[moved] >= observed).astype(int) for moved in orders)
        exact = exact / len(orders)
        for j, u in np.ndindex(exact.shape):
            assert within(reached[j, u] / count, exact[j, u], count)


def test_free_rank_sum_agrees_with_scipy():
    rng = np.random.default_rng(8)
    activation, labels = rng.random((9, 1)), np.arange(9)[:, None] < 4
    activation[:4] += 0.3

    def rank_sum(on, off, axis=-1):
        ranks = sps.rankdata(np.concatenate([on, off], axis=axis), axis=axis)
        return ranks[..., : on.shape[axis]].sum(axis=axis)

    expected = sps.permutation_test(
        (activation[labels], activation[~labels]),
        rank_sum,
        alternative="greater",
        n_resamples=10**6,  # more than there are: all are enumerated
        vectorized=True,
    ).pvalue
    reached = upper_tail(doubled_ranks(activation), labels, np.zeros(9), count=20_000, seed=0)
    assert within(reached[0, 0] / 20_000, expected, 20_000)


def test_free_precision_is_hypergeometric():
    rng = np.random.default_rng(9)
    activation = rng.random((40, 1))
    labels = activation + 0.3 * rng.normal(size=(40, 1)) > 0.7
    top = 8
    weights = effect.top_weights(activation, top).weights
    found = int((weights.T @ labels)[0, 0])
    expected = sps.hypergeom.sf(found - 1, 40, int(labels.sum()), top)
    count = 20_000
    reached = upper_tail(weights, labels, np.zeros(40), count=count, seed=0)
    assert 0.001 < expected < 0.2
    assert within(reached[0, 0] / count, expected, count)


@pytest.mark.parametrize("scale", [1, 1 << 22])
def test_counts_beside_a_plain_loop_also_where_float32_would_round(scale, monkeypatch):
    rng = np.random.default_rng(10)
    weights = rng.integers(0, 9, size=(9, 4)) * scale + rng.integers(0, 2, size=(9, 4))
    labels = rng.random((9, 3)) < 0.5
    blocks = null_named("within-subject").blocks(SUBJECTS)
    expected = np.zeros((4, 3), dtype=int)
    for chunk in shuffles(blocks, 300, seed=2):
        for moved in chunk:
            for j, u in np.ndindex(4, 3):
                drawn = sum(
                    int(w) for w, a in zip(weights[:, j], labels[moved, u], strict=True) if a
                )
                seen = sum(int(w) for w, a in zip(weights[:, j], labels[:, u], strict=True) if a)
                expected[j, u] += drawn >= seen
    for product in (1, 200, 1 << 19):
        monkeypatch.setattr(permute, "PRODUCT", product)
        found = upper_tail(weights, labels, blocks, count=300, seed=2)
        assert np.array_equal(found, expected)


def test_ties_with_the_observed_value_always_count():
    """Thirds of a place are no machine numbers; whole weights make their sums exact."""
    activation = np.array([5.0, 1, 1, 1, 0, 0, 0, 0])[:, None]
    labels = np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)[:, None]
    count = 30_000
    weights = effect.top_weights(activation, 2).weights
    reached = upper_tail(weights, labels, np.zeros(8), count=count, seed=0)
    assert within(reached[0, 0] / count, 1 / math.comb(8, 4), count)
    same = upper_tail(np.ones((8, 1), dtype=np.int64), labels, np.zeros(8), count=99, seed=0)
    assert same[0, 0] == 99


def test_p_is_never_zero_and_at_most_one():
    assert p_values(np.array([0, 99]), 99).tolist() == [0.01, 1.0]


def test_adding_filters_or_units_changes_no_p_value():
    rng = np.random.default_rng(11)
    weights, labels = rng.integers(0, 50, size=(9, 5)), rng.random((9, 4)) < 0.5
    blocks = null_named("within-subject").blocks(SUBJECTS)
    whole = upper_tail(weights, labels, blocks, count=500, seed=1)
    part = upper_tail(weights[:, 2:4], labels[:, [3]], blocks, count=500, seed=1)
    assert np.array_equal(whole[2:4, [3]], part)


def test_no_filters_have_no_counts():
    found = upper_tail(
        np.zeros((3, 0), dtype=np.int64), np.ones((3, 2), dtype=bool), np.zeros(3), count=5, seed=0
    )
    assert found.shape == (0, 2)


def test_mean_under_the_null_beside_a_plain_loop(monkeypatch):
    rng = np.random.default_rng(12)
    activation, labels = rng.random((9, 3)), rng.random((9, 2)) < 0.5
    blocks = null_named("within-subject").blocks(SUBJECTS)

    def kl(some):
        return effect.kl_divergence(activation, some, bins=4)

    draws = [kl(labels[moved]) for chunk in shuffles(blocks, 100, seed=4) for moved in chunk]
    for result in (1, 1 << 22):
        monkeypatch.setattr(permute, "RESULT", result)
        found = null_mean(kl, labels, blocks, count=100, seed=4)
        assert np.allclose(found, np.mean(draws, axis=0), equal_nan=True, rtol=1e-12)


def test_progress_hears_every_shuffle():
    heard: list[int] = []
    labels = np.ones((9, 1), dtype=bool)
    upper_tail(
        np.ones((9, 1), dtype=np.int64), labels, SUBJECTS, count=150, seed=0, advance=heard.append
    )
    assert (sum(heard), len(heard)) == (150, 3)
    heard.clear()
    null_mean(
        lambda some: np.ones((1, some.shape[1])),
        labels,
        SUBJECTS,
        count=70,
        seed=0,
        advance=heard.append,
    )
    assert sum(heard) == 70


def test_attainable_p_is_the_least_p_of_any_filter():
    blocks = np.array([0, 0, 0, 1, 1, 2])
    labels = np.array([[1, 1, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0], [1, 0, 1]], bool)
    least = attainable_p(labels, blocks)
    orders = list(all_shuffles(blocks))
    for u in range(3):
        # The filter that follows the unit perfectly: only its own arrangement reaches it.
        weights = labels[:, u].astype(int)
        reached = sum(int(weights @ labels[moved, u] >= weights.sum()) for moved in orders)
        assert least[u] == pytest.approx(reached / len(orders))
    assert least.tolist() == pytest.approx([1 / 6, 1.0, 1.0])


def test_attainable_p_is_never_zero():
    labels = (np.arange(4000) % 2 == 0)[:, None]
    assert 0 < attainable_p(labels, np.zeros(4000))[0] < 1e-300
