import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from facsinterp.labels import FilterId
from facsinterp.report.addresses import face_picture, filter_page, from_page, layer_name


@pytest.mark.parametrize(
    ("layer", "channel", "address"),
    [
        ("conv3", 17, "filters/conv3-017.html"),
        ("features.6", 4, "filters/features.6-004.html"),
        ("layer1.0.conv2", 1234, "filters/layer1.0.conv2-1234.html"),
    ],
)
def test_plain_layers_keep_their_name(layer, channel, address):
    assert filter_page(FilterId(layer, channel)) == address


@given(st.text(min_size=1))
@example("../../etc/passwd")
@example("con")
@example("a/b")
@example(".")
@example("Conv1")
@example("x" * 300)
def test_any_layer_gives_a_name_that_file_systems_take(layer):
    name = layer_name(layer)
    assert re.fullmatch(r"[a-z0-9._~]+", name)
    assert ".." not in name
    assert not name.startswith(".")
    assert len(name) < 100
    assert name == layer_name(layer)


@given(st.lists(st.text(alphabet="aA/._- ~é0", min_size=1, max_size=5), unique=True, max_size=30))
def test_two_layers_never_share_a_file_even_where_case_folds(layers):
    names = [layer_name(layer).lower() for layer in layers]
    assert len(set(names)) == len(layers)


def test_links_are_relative_to_the_page():
    assert from_page("index.html", "filters/a-000.html") == "filters/a-000.html"
    assert from_page("filters/a-000.html", "index.html") == "../index.html"
    assert face_picture(7) == "faces/000007.webp"
