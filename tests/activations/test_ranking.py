import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from facsinterp.activations.asking.ranking import bottom_positions, top_positions

values = hnp.arrays(
    np.float32,
    st.integers(1, 30),
    elements=st.one_of(st.sampled_from([0.0, -1.0, 1.0, 2.0, 2.5]), st.floats(-4, 4, width=32)),
)


def slow_top(values, n, groups=None):
    """The rule in plain words: every pair of value and position, sorted, taken one by one."""
    if len({float(value) for value in values}) < 2:
        return []
    taken, seen = [], set()
    for value, position in sorted((-float(v), i) for i, v in enumerate(values)):
        group = groups[position] if groups is not None else ""
        if -value <= 0 or (group and group in seen):
            continue
        seen.add(group)
        taken.append(position)
    return taken[:n]


@given(values, st.integers(0, 35))
def test_equals_a_full_sort(values, n):
    assert top_positions(values, n).tolist() == slow_top(values, n)


@given(values, st.integers(0, 35), st.data())
def test_one_of_each_group_equals_a_full_sort(values, n, data):
    groups = data.draw(hnp.arrays("U1", len(values), elements=st.sampled_from(["", "a", "b", "c"])))
    assert top_positions(values, n, groups).tolist() == slow_top(values, n, groups)


def test_ties_keep_the_order_of_the_images():
    assert top_positions(np.array([1, 3, 3, 1, 3]), 4).tolist() == [1, 2, 4, 0]


@pytest.mark.parametrize("same", [0.0, -2.0, 3.0])
def test_a_filter_that_tells_no_image_from_another_has_no_list(same):
    assert top_positions(np.full(5, same), 3).size == 0


def test_images_without_an_answer_are_left_out():
    assert top_positions(np.array([0.0, 2.0, 0.0, -1.0, 1.0]), 5).tolist() == [1, 4]


def test_images_of_no_known_group_stand_for_themselves():
    groups = np.array(["", "a", "", "a"])
    assert top_positions(np.array([1.0, 2.0, 3.0, 4.0]), 9, groups).tolist() == [3, 2, 0]


def slow_bottom(values, n, groups=None):
    """Every image of a filter that answers, lowest value first, then the first in the store."""
    if max(values) <= 0 or len({float(value) for value in values}) < 2:
        return []
    taken, seen = [], set()
    for _, position in sorted((float(v), i) for i, v in enumerate(values)):
        group = groups[position] if groups is not None else ""
        if group and group in seen:
            continue
        seen.add(group)
        taken.append(position)
    return taken[:n]


@given(values, st.integers(0, 35))
def test_the_lowest_equal_a_full_sort(values, n):
    assert bottom_positions(values, n).tolist() == slow_bottom(values, n)


@given(values, st.integers(0, 35), st.data())
def test_lists_within_a_group_equal_a_full_sort(values, n, data):
    groups = data.draw(hnp.arrays("U1", len(values), elements=st.sampled_from(["", "a", "b"])))
    within = data.draw(hnp.arrays(bool, len(values)))
    for fast, slow in ((top_positions, slow_top), (bottom_positions, slow_bottom)):
        listed = [i for i in slow(values, len(values)) if within[i]]
        assert fast(values, n, within=within).tolist() == listed[:n]
        names = [groups[i] for i in listed]
        once = [i for k, i in enumerate(listed) if not groups[i] or groups[i] not in names[:k]]
        assert fast(values, n, groups, within).tolist() == once[:n]


def test_minus_zero_is_zero():
    values = np.array([0.0, -0.0, 1.0, -0.0], dtype=np.float32)
    assert top_positions(values, 9).tolist() == [2]
    assert bottom_positions(values, 9).tolist() == [0, 1, 3, 2]
    assert top_positions(np.array([0.0, -0.0]), 9).size == 0


def test_negative_values_are_no_answer_but_the_weakest():
    values = np.array([-3.0, 2.0, -1.0])
    assert top_positions(values, 9).tolist() == [1]
    assert bottom_positions(values, 9).tolist() == [0, 2, 1]
    assert bottom_positions(np.array([-3.0, -1.0]), 9).size == 0


def test_one_image_tells_nothing():
    assert top_positions(np.array([5.0]), 3).size == 0
    assert bottom_positions(np.array([5.0]), 3).size == 0


def test_a_group_with_equal_values_has_a_list_by_position():
    within = np.array([False, True, True, True])
    assert top_positions(np.array([1.0, 2.0, 2.0, 2.0]), 2, within=within).tolist() == [1, 2]


@given(values)
def test_crp_trap_dead_filter_gets_no_arbitrary_images(values):
    silent = np.minimum(values, 0)
    assert top_positions(silent, 40).size == 0
    assert bottom_positions(silent, 40).size == 0


def test_crp_trap_nan_never_takes_rank_one():
    assert top_positions(np.array([1.0, np.nan, 3.0]), 3).tolist() == [2, 0]


@given(values, st.integers(0, 35))
def test_dissect_trap_k_is_k(values, k):
    every = top_positions(values, len(values))
    assert top_positions(values, k).tolist() == every[:k].tolist()
    assert len(top_positions(values, k)) == min(k, len(every))
