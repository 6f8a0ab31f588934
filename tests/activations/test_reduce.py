import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from facsinterp.activations.reduce import reduce_maps
from facsinterp.errors import ActivationError

maps = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 6), st.integers(1, 6)),
    elements=st.sampled_from([-2.0, -1.0, 0.0, 0.0, 1.0, 3.0, 3.0]) | st.floats(-5, 5, width=32),
)


def slow_reduce(one_map):
    """Peak, row, col, mean and area of one map, place by place in row-major order."""
    peak, row, col, total, above = -np.inf, 0, 0, 0.0, 0
    for r in range(one_map.shape[0]):
        for c in range(one_map.shape[1]):
            value = float(one_map[r, c])
            if value > peak:
                peak, row, col = value, r, c
            total += value
            above += value > 0
    return peak, row, col, total / one_map.size, above / one_map.size


@settings(deadline=None)
@given(maps)
def test_equals_a_loop_over_places(values):
    images = [str(i) for i in range(len(values))]
    found = reduce_maps(torch.from_numpy(values), layer="a", images=images)
    assert found.peak.dtype == found.mean.dtype == found.area.dtype == torch.float32
    for image in range(values.shape[0]):
        for channel in range(values.shape[1]):
            peak, row, col, mean, area = slow_reduce(values[image, channel])
            assert found.peak[image, channel] == np.float32(peak)
            assert (found.peak_row[image, channel], found.peak_col[image, channel]) == (row, col)
            np.testing.assert_allclose(found.mean[image, channel], mean, rtol=1e-5, atol=1e-6)
            assert found.area[image, channel] == pytest.approx(area)


def test_the_first_of_equal_places_counts():
    one = torch.tensor([[0.0, 4.0], [4.0, 4.0]])[None, None]
    found = reduce_maps(one, layer="a", images=["x"])
    assert (int(found.peak_row), int(found.peak_col)) == (0, 1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_numbers_become_float32(dtype):
    found = reduce_maps(torch.ones(1, 1, 300, 300, dtype=dtype), layer="a", images=["x"])
    assert found.mean.dtype == torch.float32
    assert float(found.mean) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (1, 2)])
def test_nan_and_infinity_are_refused_by_name(value, place):
    values = torch.ones(3, 4, 2, 3)
    values[(1, 2, *place)] = value
    with pytest.raises(ActivationError, match=r"image bo, layer conv2, channel 2"):
        reduce_maps(values, layer="conv2", images=["al", "bo", "cy"])


def test_what_fills_a_batch_up_is_left_out():
    values = torch.ones(3, 1, 2, 2)
    values[2] = np.nan
    assert reduce_maps(values, layer="a", images=["x", "y"]).peak.shape == (2, 1)
