"""Where the shuffles of associations are counted."""

import pytest

from facsinterp import counting_device


@pytest.mark.parametrize(
    ("device", "counts"), [("cpu", "cpu"), ("cuda", "cuda"), ("cuda:1", "cuda:1"), ("mps", "cpu")]
)
def test_shuffles_are_counted_where_whole_numbers_are_exact(device, counts):
    assert counting_device(device) == counts
