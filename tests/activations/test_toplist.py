from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from facsinterp.activations.asking.ranking import top_positions
from facsinterp.activations.keeping.toplist import TopLists

answers = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 40), st.integers(1, 4)),
    elements=st.sampled_from([-1.0, -0.0, 0.0, 0.5, 0.5, 2.0]) | st.floats(-3, 3, width=32),
)


@settings(deadline=None)
@given(answers, st.integers(1, 12), st.lists(st.integers(0, 40)))
def test_lists_kept_in_passing_equal_a_full_sort(values, ranks, cuts):
    lists = TopLists(values.shape[1], ranks)
    edges = sorted({0, len(values), *(cut for cut in cuts if cut < len(values))})
    for start, stop in pairwise(edges):
        lists.add(values[start:stop], np.arange(start, stop))
    np.testing.assert_array_equal(lists.above, (values > 0).sum(axis=0))
    lists.answering()
    for one, column in enumerate(values.T):
        best = top_positions(column, ranks)
        listed = lists.positions[one] >= 0
        assert lists.positions[one][listed].tolist() == best.tolist()
        assert lists.values[one][listed].tolist() == column[best].tolist()
        assert np.isnan(lists.values[one][~listed]).all()


def test_positions_need_not_be_those_of_the_rows():
    lists = TopLists(1, 2).add(np.array([[1.0], [3.0], [3.0]], np.float32), np.array([4, 9, 17]))
    assert lists.positions.tolist() == [[9, 17]]


def test_no_images_change_nothing():
    lists = TopLists(2, 3).add(np.empty((0, 2), np.float32), np.empty(0, np.int64))
    assert lists.positions.tolist() == [[-1] * 3] * 2
