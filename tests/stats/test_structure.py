"""Duplicates and effective numbers, each also computed slowly, and the traps of centring."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import rankdata, spearmanr

from facsinterp.errors import InputError
from facsinterp.stats import structure
from facsinterp.stats.structure import (
    centred_ranks,
    correlation_with,
    duplicates,
    effective_number,
)


def centred_slowly(activation, subjects):
    """Row by row, in exact fractions."""
    activation, subjects = np.asarray(activation), list(subjects)
    known = any(subjects)
    rows = [i for i, s in enumerate(subjects) if not known or (s != "" and subjects.count(s) > 1)]
    columns = []
    for j in range(activation.shape[1]):
        exact = [Fraction(float(v)) for v in activation[:, j]]
        column = []
        for i in rows:
            own = [exact[k] for k in rows if subjects[k] == subjects[i]] if known else [0]
            column.append(exact[i] - sum(own) / len(own))
        below = [sum(b < a for b in column) for a in column]
        equal = [sum(b == a for b in column) for a in column]
        columns.append([b + (e + 1) / 2 for b, e in zip(below, equal, strict=True)])
    return np.array(columns).T.reshape(len(rows), activation.shape[1])


def complete_linkage_slowly(correlation, bar):
    """Join the two clusters whose worst pair is best, until the worst pair is below the bar."""
    clusters = [[i] for i in range(len(correlation))]
    while len(clusters) > 1:
        worst = {
            (a, b): min(correlation[i, j] for i in clusters[a] for j in clusters[b])
            for b in range(len(clusters))
            for a in range(b)
        }
        a, b = max(worst, key=worst.__getitem__)
        if worst[a, b] < bar:
            break
        clusters[a] += clusters.pop(b)
    clusters.sort(key=min)
    number = np.empty(len(correlation), int)
    for k, members in enumerate(clusters):
        number[members] = k
    return number


def related(rng, n=80, families=5, each=4, spread=0.25):
    """Filters of some families, more or less near their own common part."""
    common = rng.normal(size=(n, families)).repeat(each, axis=1)
    near = common + spread * rng.random(families * each) * rng.normal(size=common.shape)
    return near * rng.choice([-1, 1], families * each)


PEOPLE = np.repeat([f"s{i}" for i in range(16)], 5)


@given(
    nps.arrays(np.int8, (9, 3), elements=st.integers(-3, 3)),
    st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=9, max_size=9),
    st.sampled_from([1.0, 0.1, 1e-5]),
)
def test_centred_ranks_are_those_of_exact_fractions(values, subjects, scale):
    activation = (values * np.float32(scale)).astype(np.float32)
    assert np.array_equal(centred_ranks(activation, subjects), centred_slowly(activation, subjects))


def test_a_filter_that_knows_people_only_is_constant_exactly():
    """0.1 + 0.1 + 0.1 is not 0.3, and the mean of three such rows is not 0.1."""
    level = np.random.default_rng(0).random(16)
    rows = np.arange(2, 18)
    people = np.repeat(np.arange(16), rows)
    for dtype in (np.float32, np.float64):
        activation = level.astype(dtype).repeat(rows)[:, None]
        assert (centred_ranks(activation, people) == (len(people) + 1) / 2).all()
        assert duplicates(activation, people).tolist() == [-1]


def test_equal_differences_of_different_people_tie():
    """0, 0, 1 and 1, 1, 2 differ by -1/3 and 2/3 from means that round differently."""
    activation = np.array([0, 0, 1, 1, 1, 2, 5, 5, 6], np.float32)[:, None]
    ranks = centred_ranks(activation, list("aaabbbccc"))
    assert ranks[:, 0].tolist() == [3.5, 3.5, 8] * 3


def test_rows_that_say_nothing_of_differences_inside_a_person_are_left_out():
    activation = np.arange(6.0)[:, None]
    assert centred_ranks(activation, ["a", "b", "a", "", "", "c"]).tolist() == [[1], [2]]
    assert centred_ranks(activation, [""] * 6)[:, 0].tolist() == [1, 2, 3, 4, 5, 6]
    assert centred_ranks(activation, list("abcdef")).shape == (0, 1)


def test_one_subject_is_centred_on_the_whole():
    activation = np.random.default_rng(0).normal(size=(20, 4))
    expected = rankdata(activation, axis=0)
    assert np.array_equal(centred_ranks(activation, ["a"] * 20), expected)
    assert np.array_equal(centred_ranks(activation, [""] * 20), expected)


def test_filters_that_only_know_the_same_people_are_no_duplicates():
    """Two filters of one identity factor correlate by 0.99 over rows, by nothing inside."""
    rng = np.random.default_rng(1)
    person = rng.normal(size=16).repeat(5)[:, None]
    activation = person + 0.05 * rng.normal(size=(80, 2))
    assert correlation_with(activation, [""] * 80, [1, 0]).min() > 0.95
    assert duplicates(activation, PEOPLE).tolist() == [0, 1]
    assert duplicates(activation, [""] * 80).tolist() == [0, 0]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("bar", [0.8, 0.95, 0.99])
def test_duplicates_against_two_slow_ways(seed, bar):
    rng = np.random.default_rng(seed)
    activation = related(rng)[:, rng.permutation(20)]
    found = duplicates(activation, PEOPLE, bar=bar)
    centred = activation - np.array([activation[s == PEOPLE].mean(axis=0) for s in PEOPLE])
    correlation = np.abs(spearmanr(centred).statistic)
    assert found.tolist() == complete_linkage_slowly(correlation, bar).tolist()
    tree = linkage(1 - correlation[np.triu_indices(20, 1)], "complete")
    whole = fcluster(tree, 1 - bar, "distance")
    assert np.array_equal(found[:, None] == found, whole[:, None] == whole)
    assert len(set(found)) < 20


def test_every_pair_of_a_cluster_reaches_the_bar():
    """A chain of neighbours: single linkage would make one cluster of it."""
    rng = np.random.default_rng(5)
    angle = np.linspace(0, np.pi / 2, 30)
    factors = rng.normal(size=(80, 2))
    activation = factors @ np.array([np.cos(angle), np.sin(angle)])
    cluster = duplicates(activation, [""] * 80)
    correlation = np.abs(spearmanr(activation).statistic)
    together = cluster[:, None] == cluster
    assert correlation[together].min() >= 0.95
    assert 1 < cluster.max() + 1 < 30
    assert (np.diag(correlation, 1) >= 0.95).all()


def test_opposites_are_duplicates_and_are_told_apart():
    rng = np.random.default_rng(0)
    one = rng.normal(size=80)
    activation = np.column_stack([one, -one, np.exp(one), rng.normal(size=80), np.zeros(80)])
    cluster = duplicates(activation, [""] * 80)
    assert cluster.tolist() == [0, 0, 0, 1, -1]
    told = correlation_with(activation, [""] * 80, [0, 0, 0, 0, 0])
    assert told[:3].tolist() == [1, -1, 1]
    assert told[3] == pytest.approx(spearmanr(one, activation[:, 3]).statistic)
    assert np.isnan(told[4])
    told = correlation_with(activation[:, [4, 0, 1]], [""] * 80, [0, -1, 0])
    assert np.isnan(told).all()


def test_exact_duplicates_reach_a_bar_of_one():
    rng = np.random.default_rng(2)
    activation = rng.integers(0, 7, (80, 6)).astype(np.float32)
    both = np.hstack([activation, 3 * activation, -activation])
    assert duplicates(both, PEOPLE, bar=1).tolist() == [*range(6)] * 3


def test_dead_constant_and_silent_filters_have_no_cluster():
    activation = np.zeros((80, 5))
    activation[:, 1] = 3.0
    activation[:, 2] = np.random.default_rng(0).random(80)
    activation[:, 3] = activation[:, 2]
    activation[3, 4] = 1.0
    assert duplicates(activation, PEOPLE).tolist() == [-1, -1, 0, 0, 1]


def test_nothing_is_no_cluster():
    assert duplicates(np.zeros((80, 3)), PEOPLE).tolist() == [-1] * 3
    assert duplicates(np.zeros((80, 0)), PEOPLE).tolist() == []
    assert duplicates(np.zeros((0, 3)), []).tolist() == [-1] * 3
    assert duplicates(np.random.default_rng(0).random((3, 2)), list("abc")).tolist() == [-1, -1]


@pytest.mark.parametrize("size", [1, 30, 1 << 10])
def test_blocks_change_nothing(size, monkeypatch):
    activation = related(np.random.default_rng(3), families=9)
    expected = duplicates(activation, PEOPLE)
    monkeypatch.setattr(structure, "BLOCK", size)
    assert np.array_equal(duplicates(activation, PEOPLE), expected)


@given(st.permutations(list(range(20))))
def test_the_order_of_filters_and_rows_only_renumbers(order):
    rng = np.random.default_rng(8)
    activation = related(rng).astype(np.float32)
    rows = rng.permutation(80)
    expected = duplicates(activation, PEOPLE)[order]
    found = duplicates(activation[rows][:, order], PEOPLE[rows])
    assert np.array_equal(found[:, None] == found, expected[:, None] == expected)
    assert [np.flatnonzero(found == k)[0] for k in range(found.max() + 1)] == sorted(
        np.flatnonzero(found == k)[0] for k in range(found.max() + 1)
    )


def test_too_many_connected_filters_are_refused_and_unconnected_ones_are_not(monkeypatch):
    monkeypatch.setattr(structure, "MOST", 10)
    rng = np.random.default_rng(0)
    assert duplicates(rng.normal(size=(80, 30)), PEOPLE).max() == 29
    with pytest.raises(InputError, match="no memory for the correlations"):
        duplicates(rng.normal(size=(80, 1)).repeat(11, axis=1), PEOPLE)
    with pytest.raises(InputError, match="no memory for the correlations"):
        effective_number(rng.normal(size=(80, 11)), PEOPLE)
    effective_number(rng.normal(size=(10, 30)), [""] * 10)


@pytest.mark.parametrize("bar", [0, -0.5, 1.01, np.nan])
def test_a_bar_that_is_no_correlation_is_refused(bar):
    with pytest.raises(InputError, match="bar is no correlation"):
        duplicates(np.zeros((80, 2)), PEOPLE, bar=bar)


def test_arrays_that_do_not_fit_are_refused():
    for function in (centred_ranks, duplicates, effective_number):
        with pytest.raises(InputError, match="do not fit together"):
            function(np.zeros((4, 2)), ["a"] * 5)
        with pytest.raises(InputError, match="do not fit together"):
            function(np.zeros(4), ["a"] * 4)
        with pytest.raises(InputError, match="NaN or infinity"):
            function(np.array([[np.nan], [1.0]]), ["a"] * 2)


# --- effective numbers ---


def effective_slowly(activation, subjects):
    """By the eigenvalues of the J x J matrix, one term at a time."""
    ranks = centred_ranks(activation, subjects)
    ranks = ranks[:, ranks.std(axis=0) > 0]
    values = np.linalg.eigvalsh(np.atleast_2d(np.corrcoef(ranks.T)))
    li_ji = 0.0
    for value in np.round(np.maximum(values, 0.0), 9):
        li_ji += (value >= 1) + value - int(value)
    return values.sum() ** 2 / (values**2).sum(), li_ji


@pytest.mark.parametrize("filters", [2, 12, 20])
@pytest.mark.parametrize("rows", [10, 80])
def test_effective_numbers_against_the_plain_eigenvalues(filters, rows):
    activation = related(np.random.default_rng(filters), n=80)[:rows, :filters]
    found = effective_number(activation, PEOPLE[:rows])
    assert found.live == filters
    assert found[1:] == pytest.approx(effective_slowly(activation, PEOPLE[:rows]), rel=1e-6)


def test_copies_count_once():
    """Orthogonal ranks, each three times: eigenvalues 3 and 0, which rounding must not split."""
    one = np.arange(8.0)
    # Of all orders of eight, the first whose ranks are orthogonal to those of `one`.
    two = next(np.array(p, float) for p in permutations(range(8)) if np.dot(p, one - 3.5) == 0)
    activation = np.column_stack([one, two, 2 * one, -two, one**3, np.exp(two), np.zeros(8)])
    found = effective_number(activation, [""] * 8)
    assert found.live == 6
    assert found.participation == pytest.approx(2)
    assert found.li_ji == pytest.approx(2)


def test_one_filter_is_one_and_none_is_nothing():
    one = effective_number(np.random.default_rng(0).random((80, 1)), PEOPLE)
    assert one == pytest.approx((1, 1, 1))
    none = effective_number(np.zeros((80, 3)), PEOPLE)
    assert none.live == 0
    assert np.isnan(none.participation)
    assert np.isnan(none.li_ji)


def test_independent_filters_count_as_the_rows_allow():
    activation = np.random.default_rng(0).normal(size=(4000, 100))
    found = effective_number(activation, np.arange(4000) // 10)
    assert found.participation == pytest.approx(100 / (1 + 100 / 3600), rel=0.01)
    assert 95 < found.li_ji < 105


@given(nps.arrays(np.int8, (12, 7), elements=st.integers(0, 4)))
def test_participation_lies_between_one_and_the_live_filters(values):
    found = effective_number(values.astype(float), list("aaaabbbbcccc"))
    if found.live:
        assert 1 - 1e-9 <= found.participation <= found.live + 1e-9
        assert found.participation <= 12
        assert 1 - 1e-6 <= found.li_ji <= found.live + 1e-6
