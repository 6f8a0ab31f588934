"""Precision among the top N beside every way to break its ties, with groups and without."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.errors import InputError
from facsinterp.stats import matrices, top
from facsinterp.stats.effect import base_rate
from tests.stats.samples import alone, coded, peak_beside_result, same, tied_samples


def every_top(values, n, groups):
    """Every set of n rows, one a group, that could stand at the top however ties are broken."""
    members = [[i for i, g in enumerate(groups) if g == one] for one in sorted(set(groups))]
    best = [[i for i in rows if values[i] == max(values[k] for k in rows)] for rows in members]
    n = min(n, len(best))
    for chosen in itertools.product(*best):
        last = sorted(values[i] for i in chosen)[-n]
        sure = [i for i in chosen if values[i] > last]
        tied = [i for i in chosen if values[i] == last]
        for some in itertools.combinations(tied, n - len(sure)):
            yield [*sure, *some]


@pytest.mark.parametrize("grouped", [False, True])
@given(sample=tied_samples())
def test_precision_is_the_mean_over_every_way_to_break_ties(grouped, sample):
    activation, labels, n, groups = sample
    owner = alone(groups) if grouped else list(range(len(labels)))
    found = top.precision_at_n(activation, labels, n, groups if grouped else None)
    assert found.n == min(n, len(set(owner)))
    for j, u in np.ndindex(2, 2):
        tops = every_top(activation[:, j], n, owner)
        shares = [labels[rows, u].sum() / found.n for rows in tops]
        assert found.value[j, u] == pytest.approx(np.mean(shares))
        assert found.low[j, u] == min(shares)
        assert found.high[j, u] == max(shares)


@pytest.mark.parametrize("grouped", [False, True])
@given(sample=tied_samples())
def test_whole_weights_give_the_same_precision(grouped, sample):
    activation, labels, n, groups = sample
    given_groups = groups if grouped else None
    weights, total = top.top_weights(activation, n, given_groups)
    assert weights.dtype == np.int64
    assert (weights >= 0).all()
    assert (weights.sum(axis=0) == total).all()
    value = weights.T @ labels / total[:, None]
    assert np.array_equal(value, top.precision_at_n(activation, labels, n, given_groups).value)
    if grouped:
        used = min(n, len(set(alone(groups))))
        for group in set(alone(groups)):
            mine = [one == group for one in alone(groups)]
            assert (weights[mine].sum(axis=0) * used <= total).all()


@given(sample=tied_samples(), data=st.data())
@settings(max_examples=60)
def test_the_order_of_rows_and_increasing_transforms_change_nothing(sample, data):
    activation, labels, n, groups = sample
    order = data.draw(st.permutations(range(len(labels))))
    for some, moved in ((None, None), (groups, groups[order])):
        before = top.precision_at_n(activation, labels, n, some)
        after = top.precision_at_n(activation[order] ** 3 * 7 - 5, labels[order], n, moved)
        assert same(before, after)


def test_groups_of_one_row_change_nothing():
    activation, labels = coded(np.random.default_rng(1), 30, 4, 2, levels=2)
    plain = top.precision_at_n(activation, labels, 7)
    for groups in ([str(i) for i in range(30)], [""] * 30):
        grouped = top.precision_at_n(activation, labels, 7, groups)
        assert same(plain, grouped)
        weights = top.top_weights(activation, 7, groups)
        assert np.array_equal(weights.weights, top.top_weights(activation, 7).weights)


def test_near_duplicates_count_once():
    """Ten of the top ten are three sequences with the unit, and seven are none."""
    sequence = np.repeat(np.arange(12), 4)
    activation = (100 - sequence + np.tile([0.0, 0.1, 0.2, 0.3], 12))[:, None]
    labels = (sequence < 3)[:, None]
    assert top.precision_at_n(activation, labels, 10).value[0, 0] == 1.0
    one_each = top.precision_at_n(activation, labels, 10, sequence)
    assert one_each.value[0, 0] == pytest.approx(0.3)
    weights, total = top.top_weights(activation, 10, sequence)
    assert total[0] == weights.sum() == 10
    assert np.flatnonzero(weights[:, 0]).tolist() == [4 * s + 3 for s in range(10)]


def test_best_row_of_a_group_is_chosen_without_the_labels():
    activation = np.array([2.0, 1.0, 0.0])[:, None]
    labels = np.array([False, True, False])[:, None]
    found = top.precision_at_n(activation, labels, 1, ["a", "a", "b"])
    assert found.value[0, 0] == found.low[0, 0] == found.high[0, 0] == 0


def test_shares_beyond_whole_numbers_are_rounded():
    """Groups of 2, 3, 5, ... 53 rows that tie: their common multiple is no 64-bit number."""
    sizes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53]
    assert math.lcm(*sizes) > 1 << 63
    groups = np.repeat(np.arange(16), sizes)
    labels = np.random.default_rng(3).random((len(groups), 3)) < 0.5
    for n in (4, 16):
        weights, total = top.top_weights(np.zeros((len(groups), 1)), n, groups)
        expected = np.mean([labels[groups == g].mean(axis=0) for g in range(16)], axis=0)
        assert abs(int(total[0]) - top.LARGEST) <= 1e-6 * top.LARGEST
        assert weights.T @ labels / total == pytest.approx(expected[None], rel=1e-12)


@given(tied_samples())
@settings(max_examples=30)
def test_the_curve_is_the_precision_of_each_n(sample):
    activation, labels, n, groups = sample
    curve = top.precision_curve(activation, labels, (n, 1, n), groups)
    assert [point.n for point in curve] == sorted({1, min(n, len(set(alone(groups))))})
    for point in curve:
        plain = top.precision_at_n(activation, labels, point.n, groups)
        assert same(point, plain)


def test_the_curve_over_the_usual_n():
    activation, labels = coded(np.random.default_rng(5), 120, 2, 2)
    assert [p.n for p in top.precision_curve(activation, labels)] == [5, 10, 20, 50, 100]
    subjects = np.arange(120) % 30
    curve = top.precision_curve(activation, labels, groups=subjects)
    assert [p.n for p in curve] == [5, 10, 20, 30]


def test_the_largest_precision_is_reached_by_the_labels_and_never_passed():
    rng = np.random.default_rng(6)
    labels = rng.random((60, 4)) < (0.02, 0.1, 0.3, 0.7)
    groups = rng.integers(0, 9, 60)
    for n, some in ((5, None), (20, None), (20, groups)):
        best = top.precision_at_n(labels.astype(float), labels, n, some)
        largest = top.largest_precision(labels, n, some)
        assert np.diag(best.value) == pytest.approx(largest)
        assert (best.high <= largest).all()


def test_n_above_the_positives_cannot_reach_one():
    labels = np.arange(30)[:, None] < 3
    activation = -np.arange(30.0)[:, None]
    assert top.precision_at_n(activation, labels, 10).value[0, 0] == 0.3
    assert top.largest_precision(labels, 10)[0] == 0.3


def test_lift_and_gain():
    rate = np.array([0.0, 0.25, 1.0])
    share = np.array([[0.0, 0.25, 1.0], [0.0, 1.0, 1.0]])
    expected = [[np.nan, 1.0, 1.0], [np.nan, 4.0, 1.0]]
    assert np.array_equal(top.lift(share, rate), expected, equal_nan=True)
    expected = [[np.nan, 0.0, np.nan], [np.nan, 1.0, np.nan]]
    assert np.array_equal(top.gain(share, rate), expected, equal_nan=True)


def test_au_absent_everywhere_and_present_everywhere():
    activation = np.random.default_rng(5).random((12, 2))
    labels = np.zeros((12, 2), dtype=bool)
    labels[:, 1] = True
    precision = top.precision_at_n(activation, labels, 5)
    assert precision.value.tolist() == [[0.0, 1.0], [0.0, 1.0]]
    assert np.array_equal(
        top.lift(precision.value, base_rate(labels)), [[np.nan, 1.0]] * 2, equal_nan=True
    )
    assert top.largest_precision(labels, 5).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("value", [0.0, 3.5])
def test_dead_filter_and_constant_filter_have_the_base_rate(value):
    """zennit-crp and dissect give a dead unit whichever images came first."""
    labels = np.arange(20)[:, None] < 6
    activation = np.full((20, 1), value)
    found = top.precision_at_n(activation, labels, 10)
    assert found.value[0, 0] == pytest.approx(0.3)
    assert (found.low[0, 0], found.high[0, 0]) == (0.0, 0.6)
    few = top.precision_at_n(activation, labels, 5)
    assert (few.low[0, 0], few.high[0, 0]) == (0.0, 1.0)


def test_ties_at_the_last_place_are_shared():
    activation = np.array([3.0, 2, 2, 2, 1])[:, None]
    labels = np.array([1, 1, 0, 0, 1], dtype=bool)[:, None]
    found = top.precision_at_n(activation, labels, 2)
    assert found.value[0, 0] == pytest.approx((1 + 1 / 3) / 2)
    assert (found.low[0, 0], found.high[0, 0]) == (0.5, 1.0)
    assert top.top_weights(activation, 2).weights[:, 0].tolist() == [3, 1, 1, 1, 0]


def test_float32_ties_are_equal_numbers_and_nothing_else():
    one = np.float32(0.1)
    activation = np.array([[one], [np.nextafter(one, np.float32(1))]])
    labels = np.array([[True], [False]])
    assert top.precision_at_n(activation, labels, 1).value[0, 0] == 0.0


def test_semanticlens_negative_and_close_values_keep_their_order():
    """A list that starts at 0, or is kept in bfloat16, loses one or the other."""
    order = np.random.default_rng(7).permutation(400)
    labels = (order >= 350)[:, None]
    for activation in (order - 401.0, 1.0 + 0.05 * order / 400):
        found = top.precision_at_n(activation.astype(np.float32)[:, None], labels, 50)
        assert found.low[0, 0] == found.value[0, 0] == found.high[0, 0] == 1.0


def test_dissect_seven_asked_are_seven_taken():
    activation = np.random.default_rng(8).random((200, 3))
    weights, total = top.top_weights(activation, 7)
    assert ((weights > 0).sum(axis=0) == 7).all()
    assert (total == 7).all()


@pytest.mark.parametrize("n", [0, 5])
def test_n_above_the_images_is_refused(n):
    with pytest.raises(InputError, match="from 1 to the number of rows, 4"):
        top.precision_at_n(np.ones((4, 1)), np.ones((4, 1), dtype=bool), n)
    with pytest.raises(InputError, match="from 1 to the number of rows, 4"):
        top.largest_precision(np.ones((4, 1), dtype=bool), n)


def test_n_above_the_groups_becomes_their_number_and_says_so():
    labels = np.array([1, 0, 1, 1], dtype=bool)[:, None]
    found = top.precision_at_n(np.arange(4.0)[:, None], labels, 10, ["a", "a", "b", "b"])
    assert found.n == 2
    assert found.value[0, 0] == 0.5
    with pytest.raises(InputError):
        top.precision_at_n(np.ones((4, 1)), labels, 0, ["a", "a", "b", "b"])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_activations_that_are_not_finite_are_refused(bad):
    """crp and dissect give one NaN image rank 1."""
    activation = np.ones((4, 2))
    activation[1, 1] = bad
    with pytest.raises(InputError, match="NaN or infinity"):
        top.precision_at_n(activation, np.ones((4, 1), dtype=bool), 2)
    with pytest.raises(InputError, match="NaN or infinity"):
        top.top_weights(activation, 2)


@pytest.mark.parametrize("groups", [None, np.arange(40) % 9])
def test_each_filter_knows_of_no_other(groups, monkeypatch):
    activation, labels = coded(np.random.default_rng(4), 40, 6, 3, levels=2)
    whole = top.precision_at_n(activation, labels, 8, groups)
    weights = top.top_weights(activation, 8, groups).weights
    monkeypatch.setattr(matrices, "BLOCK", 2 * 40)
    assert same(top.precision_at_n(activation, labels, 8, groups), whole)
    assert np.array_equal(top.top_weights(activation, 8, groups).weights, weights)


@pytest.mark.parametrize("groups", [None, np.arange(100) % 30])
def test_memory_does_not_grow_with_the_filters(groups, monkeypatch):
    activation = np.random.default_rng(6).random((100, 4000), dtype=np.float32)
    labels = np.random.default_rng(7).random((100, 2)) < 0.4
    monkeypatch.setattr(matrices, "BLOCK", 100 * 50)
    peaks = [
        peak_beside_result(lambda n=n: top.precision_at_n(activation[:, :n], labels, 9, groups))
        for n in (800, 4000)
    ]
    assert peaks[1] - peaks[0] < 4000 * 2 * 8
