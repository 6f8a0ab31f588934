import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from facsinterp.activations.sweeping import reduce
from facsinterp.activations.sweeping.fused import fused
from facsinterp.activations.sweeping.reduce import Numbers, numbers, reduce_maps

FORMATS = [torch.contiguous_format, torch.channels_last]
maps = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 6), st.integers(1, 6)),
    elements=st.sampled_from([-2.0, -1.0, -0.0, 0.0, 1.0, 3.0, 3.0]) | st.floats(-5, 5, width=32),
)


def reduced(values, *, rectify=False, memory_format=torch.contiguous_format) -> Numbers:
    tensor = torch.as_tensor(values).contiguous(memory_format=memory_format)
    found = reduce_maps(tensor, rectify=rectify)
    return numbers(found, cols=tensor.shape[3], rectify=rectify, images=len(tensor))


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
@given(maps, st.booleans(), st.sampled_from(FORMATS))
def test_equals_a_loop_over_places(values, rectify, memory_format):
    found = reduced(values, rectify=rectify, memory_format=memory_format)
    assert [one.dtype for one in found] == ["f4", "f4", "u2", "u2", "f4", "f4"]
    for image in range(values.shape[0]):
        for channel in range(values.shape[1]):
            at = image, channel
            one = values[at]
            assert found.score[at] == one.max()
            # What a ReLU makes of the map, looked at as any other map.
            seen = np.where(one > 0, one, 0) if rectify else one
            peak, row, col, mean, area = slow_reduce(seen)
            assert found.peak[at] == np.float32(peak)
            assert (found.peak_row[at], found.peak_col[at]) == (row, col)
            np.testing.assert_allclose(found.mean[at], mean, rtol=1e-6, atol=1e-7)
            assert found.area[at] == np.float32(area)


@settings(deadline=None)
@given(maps, st.booleans(), st.sampled_from(FORMATS), st.booleans())
def test_the_form_for_accelerators_gives_the_same(values, rectify, memory_format, low):
    tensor = torch.from_numpy(values).to(torch.bfloat16 if low else torch.float32)
    tensor = tensor.contiguous(memory_format=memory_format)
    here, there = reduce._on_processor(tensor, rectify), reduce._on_accelerator(tensor, rectify)
    for name in ("score", "place", "area"):
        torch.testing.assert_close(getattr(here, name), getattr(there, name), rtol=0, atol=0)
    torch.testing.assert_close(here.mean, there.mean, rtol=1e-2 if low else 1e-5, atol=1e-3)


@pytest.mark.parametrize("memory_format", FORMATS)
def test_the_first_of_equal_places_counts(memory_format):
    one = torch.tensor([[0.0, 4.0], [4.0, 4.0]])[None, None].expand(2, 3, 2, 2)
    found = reduced(one, memory_format=memory_format)
    assert set(found.peak_row.ravel().tolist()) == {0}
    assert set(found.peak_col.ravel().tolist()) == {1}


@pytest.mark.parametrize("memory_format", FORMATS)
def test_bfloat16_is_read_as_it_is(memory_format):
    torch.manual_seed(0)
    low = torch.randn(3, 5, 4, 6).bfloat16()
    found = reduced(low, memory_format=memory_format)
    exact = reduced(low.float(), memory_format=memory_format)
    for name in Numbers._fields:
        np.testing.assert_array_equal(getattr(found, name), getattr(exact, name))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_numbers_become_float32(dtype):
    found = reduced(torch.ones(1, 1, 300, 300, dtype=dtype))
    assert found.mean.dtype == np.float32
    assert found.mean.item() == 1


@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("rectify", [False, True])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (1, 2)])
def test_nan_and_infinity_reach_the_mean(value, place, rectify, memory_format):
    values = np.ones((3, 4, 2, 3), np.float32)
    values[(1, 2, *place)] = value
    mean = reduced(values, rectify=rectify, memory_format=memory_format).mean
    # A ReLU makes zero of minus infinity, which is a number again.
    expected = [] if rectify and value == -np.inf else [[1, 2]]
    assert np.argwhere(~np.isfinite(mean)).tolist() == expected


def test_what_fills_a_batch_up_is_left_out():
    found = reduce_maps(torch.ones(3, 1, 2, 2), rectify=False)
    assert all(len(one) == 2 for one in numbers(found, cols=2, rectify=False, images=2))


@pytest.mark.parametrize("threads", [1, 2, 3, 7, 50])
def test_the_number_of_threads_changes_no_bit(threads):
    values = np.random.default_rng(0).normal(size=(7, 30, 5)).astype(np.float32)
    one = fused(values, rectify=True, threads=1)
    for a, b in zip(one, fused(values, rectify=True, threads=threads), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_maps_are_left_as_they_were():
    values = torch.randn(2, 3, 4, 5, requires_grad=True)
    before = values.detach().clone()
    reduce_maps(values, rectify=True)
    torch.testing.assert_close(values.detach(), before, rtol=0, atol=0)
