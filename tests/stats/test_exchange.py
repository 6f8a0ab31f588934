"""Matched filters, exchanges and the set-level test, and whether its p is what it says."""

import numpy as np
import pytest

from facsinterp.errors import InputError
from facsinterp.stats.exchange import (
    Pairs,
    activity_ranks,
    exchanges,
    matched_filters,
    pair_excess,
    pair_p,
    set_test,
    strata,
)
from facsinterp.stats.losses import Loss

LAYERS = np.array(["a"] * 20 + ["b"] * 20)


def test_matched_filters_are_the_nearest_of_the_layer():
    rng = np.random.default_rng(0)
    mean, area = rng.random(40), rng.random(40)
    live, eligible = rng.random(40) < 0.9, rng.random(40) < 0.7
    ranks = activity_ranks(mean, area, LAYERS, live)
    for one in np.flatnonzero(live).tolist():
        found = matched_filters(ranks, LAYERS, one, eligible, 5)
        inside = [j for j in range(40) if LAYERS[j] == LAYERS[one] and live[j]]
        place = {
            j: [sorted(inside, key=lambda k: values[k]).index(j) for values in (mean, area)]
            for j in inside
        }
        far = {
            j: sum((place[j][k] - place[one][k]) ** 2 for k in range(2))
            for j in inside
            if eligible[j] and j != one
        }
        assert [far[j] for j in found] == sorted(far.values())[:5]
        assert one not in found


def test_strata_are_neighbours_in_activity_and_exchanges_stay_inside():
    rng = np.random.default_rng(1)
    live = rng.random(40) < 0.9
    ranks = activity_ranks(rng.random(40), rng.random(40), LAYERS, live)
    stratum = strata(ranks, LAYERS)
    assert (stratum[~live] == -1).all()
    for one in np.unique(stratum[live]):
        members = stratum == one
        assert len(set(LAYERS[members])) == 1
        assert 8 <= members.sum() <= 15
    moved = exchanges(stratum, 50, 3)
    assert (np.sort(moved, axis=1) == np.arange(40)).all()
    assert (stratum[moved] == stratum).all()
    assert (moved[:, ~live] == np.flatnonzero(~live)).all()
    assert len({tuple(one) for one in moved}) == 50


def test_exchanges_are_uniform():
    moved = exchanges(np.zeros(3, dtype=np.int64), 6000, 0)
    counts = np.unique(moved, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert np.abs(counts - 1000).max() < 150  # five standard deviations


def some_pairs():
    matched = (np.array([2, 3]), np.array([4, 5, 6]), np.array([3, 4]))
    return Pairs(np.array([0, 1, 0]), np.array([0, 1, 1]), matched)


def test_the_test_is_all_arrangements_counted_slowly():
    rng = np.random.default_rng(2)
    each = rng.normal(size=(25, 8, 2))
    pairs, stratum = some_pairs(), np.array([0, 0, 0, 1, 1, 1, 1, -1])
    found = set_test(Loss(each), pairs, stratum, draws=20_000)

    def excess(mean):
        return np.mean(
            [
                mean[f, u] - np.mean([mean[m, u] for m in matched])
                for f, u, matched in zip(pairs.filters, pairs.units, pairs.matched, strict=True)
            ]
        )

    from itertools import permutations

    mean = each.mean(axis=0)
    observed = excess(mean)
    np.testing.assert_allclose(found.estimate, observed)
    np.testing.assert_allclose(pair_excess(mean, pairs).mean(), observed)
    all_of_them = [
        excess(mean[[*a, *b, 7]])
        for a in permutations([0, 1, 2])
        for b in permutations([3, 4, 5, 6])
    ]
    exact = np.mean(np.array(all_of_them) >= observed - 1e-12)
    assert abs(found.p - exact) < 4 * np.sqrt(exact * (1 - exact) / 20_000)
    draws = [excess(each[rng.integers(0, 25, 25)].mean(axis=0)) for _ in range(2000)]
    np.testing.assert_allclose(
        [found.low, found.high], np.quantile(draws, [0.025, 0.975]), atol=0.06
    )


def test_p_of_a_pair_is_its_rank():
    mean = np.array([[5, 0], [0, 1], [3, 0], [6, 0], [0, 2], [0, 1], [0, 0]], dtype=float)
    assert pair_p(mean, some_pairs()).tolist() == [2 / 3, 3 / 4, 1.0]


def test_refuses_to_test_nothing():
    nothing = Pairs(np.zeros(0, int), np.zeros(0, int), ())
    with pytest.raises(InputError):
        set_test(Loss(np.zeros((3, 2, 1))), nothing, np.zeros(2, int))


def world(rng, effect=0.0, filters=96, units=10):
    """Losses that know activity and share units, and associations that know both as well.

    Units of one group are hurt by the same filters and followed by the same filters.
    """
    layers = np.array(["a"] * (filters // 2) + ["b"] * (filters - filters // 2))
    activity = rng.random(filters)
    group = np.arange(units) // 3
    follows = rng.normal(size=(filters, group.max() + 1))[:, group] + 0.5 * rng.normal(
        size=(filters, units)
    )
    strength = follows + activity[:, None]
    passing = strength >= np.quantile(strength, 0.7)
    harm = rng.standard_t(3, size=(filters, group.max() + 1))[:, group]
    harm = (harm + 0.5 * rng.normal(size=(filters, units))) * activity[:, None]
    harm = harm + effect * passing
    each = harm + 0.5 * rng.normal(size=(24, filters, units))
    ranks = activity_ranks(
        activity, activity + 0.1 * rng.random(filters), layers, np.ones(filters, bool)
    )
    found = []
    for unit in range(units):
        order = np.argsort(-np.where(passing[:, unit], strength[:, unit], -np.inf))[:5]
        for one in order:
            matched = matched_filters(ranks, layers, int(one), ~passing[:, unit], 20)
            if passing[one, unit] and len(matched) >= 5:
                found.append((int(one), unit, matched))
    pairs = Pairs(
        np.array([f for f, _, _ in found]), np.array([u for _, u, _ in found]),
        tuple(m for _, _, m in found),
    )  # fmt: skip
    return Loss(each), pairs, strata(ranks, layers)


@pytest.mark.slow
def test_p_is_what_it_says_where_association_and_harm_have_nothing_to_do_with_each_other():
    rng = np.random.default_rng(11)
    p = np.array([set_test(*world(rng), draws=199, seed=i).p for i in range(300)])
    # 300 worlds: 0.05 +- 3 * 0.0126, 0.5 +- 3 * 0.029.
    assert 0.012 <= (p <= 0.05).mean() <= 0.088
    assert 0.41 <= (p <= 0.5).mean() <= 0.59


@pytest.mark.slow
def test_finds_harm_that_follows_association():
    rng = np.random.default_rng(12)
    p = [set_test(*world(rng, effect=1.0), draws=199, seed=i).p for i in range(20)]
    assert np.mean(np.array(p) <= 0.05) >= 0.9
