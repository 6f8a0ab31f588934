import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import InputError
from facsinterp.stats.bounds import at_least


def slow_ranks(by_filter, observed):
    """Arrangements that reach each maximum, by loops; the observed arrangement is the first."""
    rows = [list(observed), *map(list, by_filter)]
    return [[sum(other[j] >= row[j] for other in rows) for j in range(len(row))] for row in rows]


def slow_ratio(ranks, alpha, left):
    least = sorted(
        min(count / k for k, count in enumerate(sorted(row[j] for j in left), start=1))
        for row in ranks
    )
    return least[math.floor(alpha * len(ranks) + 1e-9)]


def slow_bound(by_filter, observed, alpha, chosen):
    """True discoveries in `chosen`: every reference set, every step, written out."""
    ranks = slow_ranks(by_filter, observed)
    left = list(range(len(observed)))
    while True:
        ratio = slow_ratio(ranks, alpha, left)
        still = [j for j in left if ranks[0][j] >= ratio]
        if still == left or not still:
            break
        left = still
    false = len(chosen)
    for k in range(1, len(observed) + 1):
        outside = sum(ranks[0][j] / k >= ratio for j in chosen)
        false = min(false, outside + k - 1)
    return len(chosen) - false


@given(st.data())
def test_bounds_beside_loops_over_every_reference_set(data):
    filters = data.draw(st.integers(1, 7))
    shuffled = data.draw(st.integers(1, 40))
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    by_filter = rng.integers(0, 8, size=(shuffled, filters)).astype(np.float32)
    observed = rng.integers(0, 12, size=filters).astype(float)
    alpha = data.draw(st.sampled_from([0.05, 0.1, 0.2, 0.5]))
    bounds = at_least(by_filter, observed, level=1 - alpha)
    for _ in range(4):
        chosen = rng.random(filters) < 0.6
        expected = slow_bound(by_filter, observed, alpha, list(np.flatnonzero(chosen)))
        assert bounds.of(chosen) == expected


def store(rng, *, subjects, true, filters, shuffled):
    """Maxima over three action units of rank sums in a store with habits and identity.

    Filters share noise; the first `true` of them answer to the first unit.
    """
    owner = np.repeat(np.arange(subjects), 5)
    habit = rng.normal(size=(subjects, 3))[owner]
    labels = (rng.random(habit.shape) < 1 / (1 + np.exp(0.5 - habit))).astype(float)
    shared = rng.normal(size=(len(owner), 2)) @ rng.normal(size=(2, filters))
    activation = rng.normal(size=(subjects, filters))[owner] + shared
    activation += rng.normal(size=activation.shape)
    activation[:, :true] += 2.5 * labels[:, :1]
    ranks = activation.argsort(axis=0).argsort(axis=0).astype(float)
    for one in range(subjects):  # the shuffled sums have mean 0, whatever the subject
        ranks[owner == one] -= ranks[owner == one].mean(axis=0)
    within = np.lexsort((rng.random((shuffled, len(owner))), np.tile(owner, (shuffled, 1))))
    drawn = np.einsum("ij,miu->mju", ranks, labels[within], optimize=True)
    scale = drawn.std(axis=0)
    return (ranks.T @ labels / scale).max(axis=1), (drawn / scale).max(axis=2)


@pytest.mark.parametrize("true", [0, 8])
def test_no_set_is_promised_more_than_it_holds_oftener_than_agreed(true):
    """The worst set is known: filters without association, in the order of their maxima,
    beside none or all of the true ones; all 40 promises of a store must hold at once."""
    rng = np.random.default_rng(30 + true)
    broken, found = [], []
    for _ in range(400):
        observed, by_filter = store(rng, subjects=12, true=true, filters=28, shuffled=99)
        bounds = at_least(by_filter, observed, level=0.9)
        order = true + np.argsort(-observed[true:])
        sets = [np.isin(np.arange(28), order[:k]) for k in range(1, 29 - true)]
        everything = np.ones(28, dtype=bool)
        promised = max(bounds.of(one) for one in sets)
        broken.append(promised > 0 or bounds.of(everything) > true)
        found.append(bounds.of(everything))
    assert np.mean(broken) <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 400)
    assert np.mean(broken) > 0.03  # not vacuous: the level is nearly used up
    assert (np.mean(found) > 5) == (true == 8)


def test_stepping_down_finds_more_and_stays_right():
    rng = np.random.default_rng(33)
    by_filter = rng.normal(size=(1999, 40))
    observed = by_filter[0].copy()
    observed[:25] = 9.0
    bounds = at_least(by_filter[1:], observed)
    assert bounds.of(np.arange(40) < 25) >= 24
    assert bounds.of(np.arange(40) >= 25) == 0


def test_dead_filters_never_count():
    rng = np.random.default_rng(34)
    by_filter = rng.normal(size=(499, 6))
    observed = np.array([9.0, np.nan, 9.0, 0.0, np.nan, 9.0])
    by_filter[:, 1] = np.nan
    live = ~np.isnan(observed)
    bounds = at_least(by_filter, observed)
    alone = at_least(by_filter[:, live], observed[live])
    assert bounds.of(live) == bounds.of(np.ones(6, dtype=bool)) == alone.of(np.ones(4, bool)) == 3
    assert bounds.of(~live) == bounds.of(np.zeros(6, dtype=bool)) == 0
    assert at_least(np.zeros((9, 2)), [np.nan, np.nan]).of([True, True]) == 0


def test_too_few_shuffles_promise_nothing():
    assert at_least(np.zeros((18, 3)), np.ones(3)).of(np.ones(3, dtype=bool)) == 0
    assert at_least(np.zeros((19, 3)), np.ones(3)).of(np.ones(3, dtype=bool)) == 3


def test_rounding_never_favours_what_was_observed():
    by_filter = np.full((99, 2), 0.1, dtype=np.float32)
    assert at_least(by_filter, np.full(2, 0.10000001)).of([True, True]) == 0


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="do not fit together"):
        at_least(np.zeros((9, 2)), np.zeros(3))
    with pytest.raises(InputError, match="NaN in some shuffles"):
        at_least(np.full((9, 2), np.nan), np.zeros(2))
    with pytest.raises(InputError, match="between 0 and 1"):
        at_least(np.zeros((9, 2)), np.zeros(2), level=95)
    with pytest.raises(InputError, match="one for each of 2"):
        at_least(np.zeros((9, 2)), np.zeros(2)).of([True])
