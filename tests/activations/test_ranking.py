import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from facsinterp.activations.ranking import top_positions

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
