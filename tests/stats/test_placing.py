"""Shares, assignments and presence against slow twins, and their nulls by simulation."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from facsinterp.stats import placing
from facsinterp.stats.placing import (
    above_p,
    assignment_p,
    by_subject,
    exchanged_units,
    intersection_over_union,
    over_subjects,
    presence_difference,
    share_inside,
)


def test_the_share_inside_is_that_of_absolute_values():
    rng = np.random.default_rng(0)
    maps, regions = rng.normal(size=(6, 4, 5)), rng.random((6, 4, 5)) < 0.4
    maps[2] = 0
    slow = []
    for one, region in zip(maps, regions, strict=True):
        inside = sum(abs(one[r, c]) for r in range(4) for c in range(5) if region[r, c])
        total = sum(abs(one[r, c]) for r in range(4) for c in range(5))
        slow.append(inside / total if total else np.nan)
    np.testing.assert_allclose(share_inside(maps, regions), slow)
    np.testing.assert_allclose(share_inside(maps, regions[0])[0], slow[0])


@given(st.integers(0, 10_000), st.floats(1e-3, 1e3), st.sampled_from([(0, 1), (1, 0), (1, 1)]))
@settings(deadline=None, max_examples=40)
def test_the_share_knows_neither_scale_nor_sign_nor_mirror(seed, scale, mirror):
    rng = np.random.default_rng(seed)
    maps, region = rng.normal(size=(3, 5, 6)), rng.random((5, 6)) < 0.5
    share = share_inside(maps, region)
    np.testing.assert_allclose(share_inside(-scale * maps, region), share)
    turned = tuple(slice(None, None, -1 if flip else 1) for flip in mirror)
    np.testing.assert_allclose(share_inside(maps[:, *turned], region[turned]), share)
    np.testing.assert_allclose(share + share_inside(maps, ~region), 1)
    np.testing.assert_allclose(share_inside(maps, np.ones((5, 6))), 1)


def test_subjects_count_alike_whatever_their_faces():
    values = [[1.0, 3.0, 10.0, np.nan], [np.nan, np.nan, np.nan, 5.0]]
    table = by_subject(values, [0, 0, 2, 2], 3)
    np.testing.assert_array_equal(table, [[2, np.nan], [np.nan, np.nan], [10, 5]])
    own = by_subject(values, [[0, 1, 1, -1], [0, 0, 0, 2]], 3)
    np.testing.assert_array_equal(own, [[1, np.nan], [6.5, np.nan], [np.nan, 5]])


def test_the_interval_over_subjects_is_students():
    rng = np.random.default_rng(1)
    table = rng.random((9, 3))
    table[5:, 1], table[:, 2] = np.nan, np.nan
    told = over_subjects(table)
    low, high = stats.t.interval(0.95, 8, table[:, 0].mean(), stats.sem(table[:, 0]))
    np.testing.assert_allclose([told.low[0], told.high[0]], [low, high])
    assert told.subjects.tolist() == [9, 5, 0]
    assert np.isnan(told.mean[2])
    assert np.isnan(over_subjects(table[:5, :1][:4]).low[0])


def signed_sums(values):
    """Sums with every choice of signs, one by one."""
    return [float(np.dot(signs, values)) for signs in product((1, -1), repeat=len(values))]


@given(st.lists(st.integers(-9, 9), min_size=5, max_size=10))
@settings(deadline=None, max_examples=60)
def test_above_chance_is_the_share_of_all_signs_that_reach_the_sum(values):
    """Of whole numbers, whose sums have ties. Below the middle of the null p is at least half."""
    every = signed_sums(values)
    p = above_p(np.array(values, dtype=float)[:, None])[0]
    reach = np.mean([one >= sum(values) for one in every])
    if sum(values) > 0:
        assert p == pytest.approx(reach)
    else:
        assert 0.5 <= p <= reach
    with_gaps = np.array([*values, np.nan], dtype=float)[:, None]
    assert above_p(with_gaps)[0] == p


def test_above_chance_of_people_all_above_is_one_of_all_signs():
    for people in (5, 8, 14):
        table = np.linspace(0.1, 0.4, people)[:, None]
        np.testing.assert_allclose(
            above_p(np.hstack([table, -table])), [0.5**people, 1 - 0.5**people]
        )
    np.testing.assert_array_equal(above_p(np.full((4, 1), 0.3)), [np.nan])
    assert above_p(np.array([[0.3]] * 4 + [[np.nan]])).tolist() == pytest.approx(
        [np.nan], nan_ok=True
    )
    assert above_p(np.zeros((6, 1)))[0] >= 0.5
    table = np.random.default_rng(0).normal(0.3, 1, (40, 3))
    by_t = stats.ttest_1samp(table, 0, alternative="greater").pvalue
    np.testing.assert_allclose(above_p(table), by_t, atol=0.02)


def test_looks_at_chance_are_seldom_above_it():
    """Size and power, for few people and for many, whatever their spread."""
    rng = np.random.default_rng(17)
    for people, draws in ((8, 2000), (30, 500)):
        spread = rng.exponential(size=(people, 1))
        table = spread * rng.standard_t(3, (people, draws))
        for level in (0.05, 0.2):
            rate = np.mean(above_p(table) <= level)
            assert abs(rate - level) < 4 * np.sqrt(level * (1 - level) / draws) + 0.5**people
        assert np.mean(above_p(table + 1.5 * spread) <= 0.05) > 0.7


def test_the_p_of_an_assignment_counts_the_others_of_the_layer():
    rng = np.random.default_rng(2)
    scores, layers = rng.integers(0, 8, 60) / 8, np.repeat(["a", "b"], [40, 20])
    chosen = rng.random(60) < 0.15
    scores[3] = np.nan
    chosen[[3, 50]] = True
    found = assignment_p(scores, chosen, layers)
    for j in range(60):
        others = [
            k for k in range(60) if layers[k] == layers[j] and not chosen[k] and scores[k] >= 0
        ]
        if not chosen[j] or np.isnan(scores[j]) or len(others) < 19:
            assert np.isnan(found[j])
        else:
            reach = sum(scores[k] >= scores[j] for k in others)
            assert found[j] == (1 + reach) / (1 + len(others))
    assert np.isfinite(found).any()
    assert np.isnan(found[50])


def test_filters_named_at_random_are_seldom_in_place():
    """Size of the rank test, and of Benjamini & Hochberg's correction with shared others."""
    from facsinterp.stats.multiple import adjust

    rng = np.random.default_rng(3)
    p: list[float] = []
    any_found: list[bool] = []
    for _ in range(400):
        scores = np.where(rng.random(100) < 0.6, 0.7, 0.1) + 0.2 * rng.random(100)
        chosen = np.zeros(100, dtype=bool)
        chosen[rng.choice(100, 25, replace=False)] = True
        found = assignment_p(scores, chosen, np.zeros(100))[chosen]
        p.extend(found)
        any_found.append(bool((adjust(found) <= 0.05).any()))
    # The 25 of one round share their others: the spread of a round's share is measured.
    by_round = (np.reshape(p, (400, 25)) <= 0.05).mean(axis=1)
    # With 75 others p is a multiple of 1/76.
    assert abs(by_round.mean() - 3 / 76) < 4 * by_round.std() / 20
    assert np.mean(any_found) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)


def people_and_shares(rng, effect=0.0, habits=True, growth=0.0):
    """(share, present, owner): identity in both share and unit, noise, and what the unit adds."""
    owner = np.repeat(np.arange(15), 6)
    person = rng.normal(size=15)
    chance = 1 / (1 + np.exp(-1.5 * person)) if habits else np.full(15, 0.4)
    present = rng.random(len(owner)) < chance[owner]
    share = 0.6 + 0.1 * person[owner] + 0.1 * rng.standard_t(3, len(owner))
    return share + effect * present, present, owner


def test_the_difference_is_the_mean_of_the_peoples_own():
    share, present, owner = people_and_shares(np.random.default_rng(4), 0.1)
    share[7], owner[80:85] = np.nan, -1
    found = presence_difference(share, present, owner, count=99)
    own, faces = [], 0
    for person in range(15):
        mine = (owner == person) & np.isfinite(share)
        if present[mine].any() and (~present[mine]).any():
            own.append((share[mine & present].mean(), share[mine & ~present].mean()))
            faces += mine.sum()
    with_, without = np.array(own).T
    np.testing.assert_allclose(found.share_with, with_.mean())
    np.testing.assert_allclose(found.share_without, without.mean())
    told = stats.ttest_1samp(with_ - without, 0)
    np.testing.assert_allclose(found.difference, (with_ - without).mean())
    interval = told.confidence_interval()
    np.testing.assert_allclose(found.low, interval.low)
    np.testing.assert_allclose(found.high, interval.high)
    assert (found.subjects, found.faces) == (len(own), faces)


def test_the_p_of_presence_is_that_of_all_shuffles_inside_people():
    rng = np.random.default_rng(5)
    owner = np.repeat(np.arange(5), 3)
    share, present = rng.random(15), np.tile([True, False, False], 5)
    observed = presence_difference(share, present, owner, count=20_000)

    def difference(on):
        own = [share[(owner == s) & on].mean() - share[(owner == s) & ~on].mean() for s in range(5)]
        return np.mean(own)

    every = []
    for places in np.ndindex(3, 3, 3, 3, 3):
        on = np.zeros(15, dtype=bool)
        on[[3 * s + place for s, place in enumerate(places)]] = True
        every.append(difference(on))
    exact = np.mean(np.array(every) >= difference(present) - 1e-12)
    assert abs(observed.p - exact) < 4 * np.sqrt(exact * (1 - exact) / 20_000) + 1 / 20_000


def test_presence_is_nominal_for_filters_that_know_people_with_habits():
    """People differ in the share and in the unit; only the noise inside people is tested."""
    rng = np.random.default_rng(6)
    found = [presence_difference(*people_and_shares(rng), count=199, seed=k) for k in range(500)]
    for level in (0.05, 0.2):
        rate = np.mean([one.p <= level for one in found])
        assert abs(rate - level) < 4 * np.sqrt(level * (1 - level) / 500)
    covered = np.mean([one.low <= 0 <= one.high for one in found])
    assert 0.92 <= covered <= 0.985
    # Faces shuffled among all people would find something far too often.
    loose = [
        stats.mannwhitneyu(*(s[on], s[~on]), alternative="greater").pvalue <= 0.05
        for s, on, _ in (people_and_shares(rng) for _ in range(200))
    ]
    assert np.mean(loose) > 0.2


def test_presence_has_power():
    rng = np.random.default_rng(8)
    found = [
        presence_difference(*people_and_shares(rng, effect=0.15), count=199).p for _ in range(60)
    ]
    assert np.mean(np.array(found) <= 0.05) > 0.8


def test_few_people_have_means_and_no_more():
    share, present, owner = people_and_shares(np.random.default_rng(9), habits=False)
    few = presence_difference(share[:24], present[:24], owner[:24], count=99)
    assert np.isfinite(few.difference)
    assert np.isnan([few.p, few.low, few.high]).all()
    none = presence_difference(share, np.ones(90, dtype=bool), owner, count=99)
    assert (none.subjects, none.faces) == (0, 0)
    assert np.isnan(none.difference)


def exchange_table(rng, units=5, copies=(6, 1, 2, 3, 1), people=8, own=0.0, clusters=False):
    """(table, wanted): filters of a unit are near copies of each other if `clusters`."""
    filters = sum(copies)
    owner = np.repeat(np.arange(units), copies)
    base = rng.random((units if clusters else filters, units))
    shares = base[owner] if clusters else base
    shares = shares + own * np.eye(units)[owner]
    table = shares + 0.05 * rng.normal(size=(people, filters, units))
    return table, np.eye(units, dtype=bool)[owner]


def test_exchanged_units_agree_with_every_arrangement():
    table, wanted = exchange_table(np.random.default_rng(10), units=4, copies=(2, 1, 3, 1))
    table[2, 3, 1] = np.nan
    wanted[0, 2] = True
    found = exchanged_units(table, wanted, count=5000)
    shares = np.nanmean(table, axis=0)
    placed = np.array([[shares[wanted[:, u], v].mean() for v in range(4)] for u in range(4)])
    every = [np.mean([placed[u, way[u]] for u in range(4)]) for way in permutations(range(4))]
    np.testing.assert_allclose(found.mean, every[0])
    np.testing.assert_allclose(found.expected, np.mean(every))
    exact = np.mean(np.array(every) >= every[0] - 1e-12)
    assert abs(found.p - exact) < 4 * np.sqrt(exact * (1 - exact) / 5000) + 1e-3
    assert found == exchanged_units(table, wanted, count=5000)


def test_the_interval_of_exchanged_units_leaves_out_people_one_by_one():
    table, wanted = exchange_table(np.random.default_rng(11), own=0.2)
    found = exchanged_units(table, wanted, count=9)

    def excess(part):
        shares = np.nanmean(part, axis=0)
        placed = np.array([shares[wanted[:, u]].mean(axis=0) for u in range(5)])
        return placed.trace() / 5 - placed.mean()

    left = [excess(np.delete(table, s, axis=0)) for s in range(8)]
    half = stats.t.ppf(0.975, 7) * np.sqrt(7 / 8 * np.sum((left - np.mean(left)) ** 2))
    np.testing.assert_allclose(found.low, excess(table) - half)
    np.testing.assert_allclose(found.high, excess(table) + half)


def test_exchanged_units_are_nominal_also_when_filters_are_copies():
    rng = np.random.default_rng(12)
    for clusters in (False, True):
        p = [
            exchanged_units(*exchange_table(rng, clusters=clusters), count=199).p
            for _ in range(400)
        ]
        assert np.mean(np.array(p) <= 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)
        assert abs(np.mean(np.array(p) <= 0.5) - 0.5) < 4 * np.sqrt(0.25 / 400)


def test_exchanged_units_have_power_and_say_when_they_have_none():
    rng = np.random.default_rng(13)
    assert exchanged_units(*exchange_table(rng, own=1.0), count=999).p <= 0.02
    table, wanted = exchange_table(rng, units=3, copies=(2, 2, 2))
    few = exchanged_units(table, wanted, count=99)
    assert np.isnan(few.p)
    assert np.isfinite(few.low)
    assert np.isnan(exchanged_units(table[:4], wanted, count=99).low)
    table[:, 0, 1] = np.nan
    with pytest.raises(ValueError, match="no share"):
        exchanged_units(table, wanted)


def test_intersection_over_union_counts_pixels():
    rng = np.random.default_rng(14)
    first, second = rng.random((2, 30)) < 0.4
    found = intersection_over_union((first & second).sum(), first.sum(), second.sum())
    assert found == (first & second).sum() / (first | second).sum()
    assert np.isnan(intersection_over_union(0, 0, 0))


def test_shuffles_follow_the_seed():
    share, present, owner = people_and_shares(np.random.default_rng(15))
    one, again, other = (
        presence_difference(share, present, owner, count=99, seed=seed) for seed in (1, 1, 2)
    )
    assert one == again
    assert one.p != other.p
    assert placing.FEWEST_OTHERS == 19
