"""Refined p-values: which pairs, by which method, and that they are those of the shuffles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.stats import effect, tails
from facsinterp.stats.closed import exact, saddlepoint
from facsinterp.stats.closed.exact import attainable_p, rank_sum_tail
from facsinterp.stats.closed.strata import Strata
from facsinterp.stats.nulls import Rows, Scheme, null_named
from facsinterp.stats.permute import Tally, residual_ranks, upper_tail, whole_weights
from facsinterp.stats.tails import METHODS, refined
from tests.stats.enumerated import share_as_large

SUBJECTS = np.repeat(np.arange(40), 5)
SCHEME = Scheme.of_blocks(SUBJECTS)
SHUFFLES, EXACT, SADDLEPOINT = range(3)


def store(seed=0):
    """Action units with 8, 60 and 150 positives; filters without effect, with, and silenced;
    the last two with almost only zeros."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((200, 3), dtype=bool)
    for u, positives in enumerate((8, 60, 150)):
        labels[rng.permutation(200)[:positives], u] = True
    activation = rng.normal(size=(200, 12))
    for u in range(3):
        activation[:, 3 + u] += 2 * labels[:, u]
        activation[:, 6 + u] -= 2 * labels[:, u]
    activation[:, 10:] += 3 * labels[:, 1:] - 2.5
    return np.rint(2 * effect.midranks(np.maximum(activation, 0))).astype(np.int64), labels


def counted(reached, count=999, below=None):
    return Tally(np.asarray(reached), below, count, None, None)


def test_each_method_where_it_belongs_and_what_it_gives(monkeypatch):
    monkeypatch.setattr(tails, "QUICK", 10.0)
    weights, labels = store()
    tally = upper_tail(weights, labels, SCHEME, count=999, seed=0)
    found = refined(tally, weights, labels, SCHEME)
    few = tally.reached < 10
    assert METHODS == ("shuffles", "exact", "saddlepoint")
    assert np.array_equal(found.method == SHUFFLES, ~few)
    assert np.array_equal(found.p[~few], ((tally.reached + 1) / 1000)[~few])
    assert found.method[3, 0] == EXACT
    assert found.method[4:6, 1:].diagonal().tolist() == [SADDLEPOINT, SADDLEPOINT]
    assert found.method[10, 1] == EXACT  # almost all zeros: too discrete
    for j, u in np.argwhere(found.method == EXACT):
        p = rank_sum_tail(weights[:, j], labels[:, u], SUBJECTS)
        assert found.p[j, u] == pytest.approx(p)
    for j, u in np.argwhere(found.method == SADDLEPOINT):
        assert found.p[j, u] == saddlepoint.tails(weights, labels, SUBJECTS, [(j, u)])[0]
    assert found.p.dtype == np.float64
    assert found.method.dtype == np.int8


def test_refined_p_is_what_many_more_shuffles_find():
    weights, labels = store(1)
    weights = weights[:, :10]
    p = refined(counted(np.zeros((10, 3), dtype=int)), weights, labels, SCHEME).p
    count = 20_000
    share = upper_tail(weights, labels, SCHEME, count=count, seed=1).reached / count
    error = 4 * np.sqrt(p * (1 - p) / count) + 0.004 * p
    assert (np.abs(share - p) <= error + 1e-9).all()


@pytest.mark.parametrize(("reached", "method"), [(9, EXACT), (10, SHUFFLES)])
def test_ten_shuffles_are_enough(reached, method):
    weights, labels = store()
    found = refined(counted([[reached]]), weights[:, [3]], labels[:, [0]], SCHEME)
    assert found.method[0, 0] == method


def test_what_is_quick_exactly_is_exact():
    """The largest sum of all: nothing to add up."""
    labels = np.tile([True, False, False, False, True], 40)[:, None]
    weights = np.where(labels, 1000, 0) + np.arange(200)[:, None]
    found = refined(counted([[0]]), weights, labels, SCHEME)
    assert found.method[0, 0] == EXACT
    assert found.p[0, 0] == pytest.approx(10.0**-40)


def test_two_sided_is_twice_the_smaller_tail():
    weights, labels = store(2)
    tally = upper_tail(weights, labels, SCHEME, count=999, seed=0, both=True)
    both = refined(tally, weights, labels, SCHEME)
    up = refined(counted(tally.reached), weights, labels, SCHEME)
    down = refined(counted(tally.below), -weights, labels, SCHEME)
    smaller = np.minimum(up.p, down.p)
    floor = np.broadcast_to(attainable_p(labels, SCHEME), smaller.shape)
    assert np.allclose(both.p, np.clip(2 * smaller, floor, 1))
    assert (both.method == np.where(down.p < up.p, down.method, up.method)).all()
    silenced = both.p[7:9, 1:].diagonal()
    assert (silenced < 0.003).all()
    assert up.p[7:9, 1:].diagonal().min() > 0.9
    assert both.p.max() == 1


def test_never_below_the_attainable_p():
    """Six rows, two with the unit: no p under 1/15, whatever a lucky run of shuffles says."""
    labels = (np.arange(6) < 2)[:, None]
    groups = Scheme.of_groups(np.repeat([0, 1, 2], 2), np.zeros(6, dtype=np.int64))
    for scheme, least in ((Scheme.of_blocks(np.zeros(6)), 1 / 15), (groups, 1 / 3)):
        found = refined(counted([[0]]), 2 - labels.astype(np.int64) * 2 + 5, labels, scheme)
        assert found.p[0, 0] >= least * (1 - 1e-12)
    assert found.method[0, 0] == SHUFFLES


def test_groups_of_rows_keep_their_shuffles():
    weights, labels = store()
    scheme = Scheme.of_groups(np.arange(200) // 2, SUBJECTS // 2)
    found = refined(counted(np.zeros((12, 3), dtype=int)), weights, labels, scheme)
    assert (found.method == SHUFFLES).all()
    assert (found.p == np.maximum(1e-3, attainable_p(labels, scheme))).all()


def test_what_takes_too_long_exactly(monkeypatch):
    """Rare units then keep their shuffles, filters with many zeros get the saddlepoint."""
    weights, labels = store()
    monkeypatch.setattr(exact, "RANK_SUM_BUDGET", 1.0)
    monkeypatch.setattr(tails, "QUICK", 1.0)
    found = refined(counted(np.zeros((12, 3), dtype=int)), weights, labels, SCHEME)
    assert (found.method[:, 0] == SHUFFLES).all()
    assert (found.method[:, 1:] == SADDLEPOINT).all()


def test_labels_that_cannot_move_do_not_make_a_unit_frequent():
    """150 positives, 145 of them in subjects that show nothing else."""
    labels = (np.arange(200) < 145)[:, None].copy()
    labels[[150, 156, 163, 170, 176]] = True
    weights = np.random.default_rng(0).permutation(200)[:, None]
    assert tails._movable(labels, Strata.of(SUBJECTS)).tolist() == [5]
    found = refined(counted([[0]]), weights, labels, SCHEME)
    assert found.method[0, 0] == EXACT


def test_residual_ranks_beyond_emotion():
    """Fine weights: the exact tail of a rare unit is a close upper bound, others saddlepoint."""
    rng = np.random.default_rng(3)
    emotions = rng.integers(0, 4, size=200).astype(str)
    rows = Rows.of(SUBJECTS.astype(str), emotions)
    scheme = null_named("within-emotion").bind(rows)
    _, labels = store(3)
    activation = rng.normal(size=(200, 3)) + 1.2 * labels
    weights = whole_weights(residual_ranks(effect.midranks(activation), SUBJECTS, emotions))
    found = refined(counted(np.zeros((3, 3), dtype=int)), weights, labels, scheme)
    assert (found.method[:, 0] == EXACT).all()
    assert (found.method[:, 1:] == SADDLEPOINT).all()
    count = 20_000
    share = upper_tail(weights, labels, scheme, count=count, seed=1).reached / count
    error = 4 * np.sqrt(found.p * (1 - found.p) / count) + 1e-9
    assert (share - found.p <= error).all()
    assert (found.p - share <= error + 0.03 * found.p).all()


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_small_cases_are_exact_or_counted(seed):
    rng = np.random.default_rng(seed)
    scheme = Scheme.of_blocks(rng.integers(0, 3, size=7))
    weights = rng.integers(0, 5, size=(7, 3))
    labels = rng.random((7, 2)) < 0.5
    found = refined(counted(np.zeros((3, 2), dtype=int)), weights, labels, scheme)
    assert (found.method == EXACT).all()
    assert np.allclose(found.p, share_as_large(weights, labels, scheme))


def test_size_under_the_null():
    """Labels drawn again and again within subjects: p is uniform, or larger where discrete."""
    rng = np.random.default_rng(4)
    draws, levels = 600, np.array([0.001, 0.01, 0.05, 0.2])
    habit = np.repeat(rng.random(40) < 0.5, 5)
    labels = rng.random((200, draws)) < np.where(habit, 0.5, 0.1)[:, None]
    weights = np.rint(2 * effect.midranks(rng.normal(size=(200, 1)) + habit[:, None])).astype(int)
    p = refined(counted(np.zeros((1, draws), dtype=int)), weights, labels, SCHEME).p[0]
    size = (p[:, None] <= levels).mean(axis=0)
    spread = np.sqrt(levels * (1 - levels) / draws)
    assert (np.abs(size - levels) <= 4 * spread + 1e-3).all()
