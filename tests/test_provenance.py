"""Fingerprints follow content and nothing else; records read back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from facsinterp import provenance
from facsinterp.provenance import Provenance, fingerprint, installed_versions

ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)


def test_a_fingerprint_is_the_same_on_every_machine():
    """A fixed value: a change of it makes every store and cache in use stale."""
    assert fingerprint({"a": 1}, "b", ARRAY.astype("<f4"), b"c") == "da1c392403f29d37"


def test_sixteen_hex_digits():
    assert len(fingerprint("x")) == 16
    int(fingerprint("x"), 16)


@pytest.mark.parametrize(
    "other",
    [
        ARRAY + 1,
        ARRAY.reshape(4, 3),
        ARRAY.astype(np.float64),
        ARRAY.astype(">f4"),
        ARRAY.T,
        ARRAY.tobytes(),
        ARRAY.tolist(),
    ],
)
def test_shape_kind_and_values_of_arrays_count(other):
    assert fingerprint(other) != fingerprint(ARRAY)


def test_the_layout_in_memory_does_not_count():
    assert fingerprint(np.asfortranarray(ARRAY)) == fingerprint(ARRAY)
    wide = np.zeros((3, 8), np.float32)
    wide[:, ::2] = ARRAY
    assert fingerprint(wide[:, ::2]) == fingerprint(ARRAY)


def test_the_width_of_text_does_not_count():
    narrow = np.array(["a", "b"])
    assert fingerprint(narrow) == fingerprint(narrow.astype("U40"))
    assert fingerprint(narrow) == fingerprint(narrow.astype(object))
    assert fingerprint(narrow) != fingerprint(np.array(["ab", ""]))


def test_the_order_of_keys_does_not_count_but_that_of_parts_does():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint("a", "b") != fingerprint("b", "a")
    assert fingerprint("ab") != fingerprint("a", "b")
    assert fingerprint(["a", "b"]) != fingerprint("a", "b")


def test_what_has_no_content_is_refused():
    with pytest.raises(TypeError):
        fingerprint(object())
    with pytest.raises(ValueError, match="JSON"):
        fingerprint(float("nan"))


@given(hnp.arrays(np.uint8, hnp.array_shapes(max_dims=3, max_side=4)), st.data())
def test_any_changed_byte_changes_it(array, data):
    place = tuple(data.draw(st.integers(0, side - 1)) for side in array.shape)
    changed = array.copy()
    changed[place] ^= 1
    assert fingerprint(array) == fingerprint(array.copy()) != fingerprint(changed)


def test_versions_are_those_installed():
    versions = installed_versions()
    assert versions["numpy"] == np.__version__
    assert set(versions) <= set(provenance.PACKAGES)


def test_packages_that_are_not_installed_are_left_out(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "no-such-package-facs"))
    assert list(installed_versions()) == ["numpy"]


def test_a_record_reads_back():
    record = Provenance({"faces": "abc"}, {"top_n": 10, "layers": ["conv1"]})
    again = Provenance.from_json(record.to_json())
    assert again == record
    assert again.key == record.key
    assert list(json.loads(record.to_json())) == sorted(json.loads(record.to_json()))


def test_the_key_follows_what_decides_the_output():
    record = Provenance({"faces": "abc"}, {"top_n": 10}, {"numpy": "2"}, "3.11", "Linux", "1970")
    same = Provenance({"faces": "abc"}, {"top_n": 10}, {"numpy": "2"}, "3.12", "Mac", "2000")
    assert record.key == same.key
    for other in (
        Provenance({"faces": "abd"}, {"top_n": 10}, {"numpy": "2"}),
        Provenance({"faces": "abc"}, {"top_n": 11}, {"numpy": "2"}),
        Provenance({"faces": "abc"}, {"top_n": 10}, {"numpy": "3"}),
    ):
        assert other.key != record.key
