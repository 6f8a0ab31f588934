"""Names of filters: text and back, in order, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.labels import FilterId


@given(st.text(min_size=1).filter(lambda s: s.strip()), st.integers(0, 5000))
def test_text_reads_back(layer, channel):
    name = FilterId(layer, channel)
    assert FilterId.parse(str(name)) == name


def test_text():
    assert str(FilterId("conv3", 17)) == "conv3/017"
    assert str(FilterId("features.6", 1024)) == "features.6/1024"
    assert FilterId.parse("block/conv/4") == FilterId("block/conv", 4)


@pytest.mark.parametrize(
    "text", ["", "conv3", "conv3/", "/3", "conv3/x", "conv3/-1", "conv3/1.0", "conv3/²"]
)
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match="does not name a filter"):
        FilterId.parse(text)


def test_filters_of_layers_come_in_order():
    filters = FilterId.of_layers([("conv1", 2), ("conv2", 1)])
    assert [str(f) for f in filters] == ["conv1/000", "conv1/001", "conv2/000"]
    assert sorted([FilterId("b", 0), FilterId("a", 10), FilterId("a", 9)])[0] == FilterId("a", 9)
