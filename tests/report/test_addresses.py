import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from facsinterp.labels import FilterId
from facsinterp.report.addresses import face_names, face_picture, filter_page, from_page, layer_name

DEVICES = (
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
)


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
    assert name.partition(".")[0] not in DEVICES
    assert name == layer_name(layer)


@pytest.mark.parametrize("layer", [*DEVICES, "con.0", "nul.conv1.weight", "COM1"])
def test_no_file_has_the_name_of_a_device(layer):
    """`con.html` cannot be made, or read, on Windows, however it ends."""
    assert re.fullmatch(r"[a-z0-9_]+~[0-9a-f]{8}", layer_name(layer))
    for near in ("cone", "com", "com12", "conv1", "auxiliary.0"):
        assert layer_name(near) == near


@given(st.lists(st.text(alphabet="aA/._- ~é0", min_size=1, max_size=5), unique=True, max_size=30))
def test_two_layers_never_share_a_file_even_where_case_folds(layers):
    names = [layer_name(layer).lower() for layer in layers]
    assert len(set(names)) == len(layers)


def test_links_are_relative_to_the_page():
    assert from_page("index.html", "filters/a-000.html") == "filters/a-000.html"
    assert from_page("filters/a-000.html", "index.html") == "../index.html"
    assert face_picture("s1_007") == "faces/s1_007.webp"


def test_names_of_faces_are_plain_where_they_can_be():
    assert face_names(["S01_001_00000007", "b"]) == ("s01_001_00000007", "b")
    first, second = face_names(["A", "a"])
    assert first.startswith("a~"), "only where capitals tell them apart"
    assert second == "a"


@given(st.lists(st.text(min_size=1, max_size=400), unique=True, max_size=20))
def test_two_faces_never_share_a_name_and_none_leaves_its_folder(images):
    names = face_names(images)
    assert len({name.lower() for name in names}) == len(images)
    for name in names:
        assert len(name) < 100
        assert not {"/", "\\"} & set(name)
        assert not name.startswith(".")
