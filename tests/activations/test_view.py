"""One filter of a store: its numbers against plain ones, and what its card shows and hides."""

import base64
import io
import shutil

import numpy as np
import pytest
from PIL import Image

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import InputError
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Terms
from facsinterp.labels import FilterId
from tests.activations.test_scores import ARCHIVES
from tests.cards import HOSTILE, read


def store_of(path, peak, *, terms=None, names=None, pixels=True, **columns):
    peak = np.asarray(peak, dtype=np.float32)
    n = len(peak)
    names = names or [f"i{i}" for i in range(n)]
    faces = FaceTable.from_arrays(
        names,
        [6, 12],
        np.array([[1, 0]] * (n // 2) + [[0, 1]] * (n - n // 2)),
        coded=np.array([[1, 1]] * (n - 1) + [[0, 1]]),
        intensity=np.array([[3, 0]] * (n // 2) + [[0, np.nan]] * (n - n // 2)),
        **{
            "subject": [f"S{i}" for i in range(n)],
            "expression": ["happy", "anger"] * (n // 2) + ["happy"] * (n % 2),
            **columns,
        },
        terms=terms or Terms(),
    )
    shown = np.arange(n, dtype=np.uint8)[:, None, None] * np.full((1, 16, 16), 20, np.uint8)
    filters = [FilterId("conv1", i) for i in range(peak.shape[1])]
    return ActivationStore.from_arrays(path, peak, filters, faces, face=shown if pixels else None)


PEAKS = np.array([[1, 0, 2], [0, 0, 2], [3, 0, 2], [5, 0, 2], [2, 0, 2], [0, 0, 2]])


@pytest.fixture
def store(tmp_path):
    return store_of(tmp_path / "a.zarr", PEAKS)


def greys(card):
    """The grey of each picture of a card, in units of a face's position."""
    found = []
    for source in read(card).sources:
        picture = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))
        assert picture.format == "WEBP"
        found.append(round(float(np.asarray(picture.convert("L")).mean()) / 20))
    return found


def test_a_filter_gives_what_the_store_gives(store):
    one = store.filter("conv1/0")
    assert one.id == FilterId("conv1", 0)
    np.testing.assert_array_equal(one.response.values, store.response("conv1/000").values)
    assert one.active_share == pytest.approx(store.active_share("conv1/000")) == 4 / 6
    assert one.top(3).identical(store.top("conv1/000", 3))
    assert not one.dead
    assert store.filter(FilterId("conv1", 1)).dead


def test_within_a_group_everything_is_told_of_the_group(store):
    happy = store.where(emotion="happy")
    one = store.filter("conv1/000", happy)
    assert one.response.values.tolist() == [1, 3, 2]
    assert one.active_share == 1.0
    assert one.top(9)["image"].values.tolist() == ["i2", "i4", "i0"]
    assert ("faces", "3 of 6") in one.facts()
    assert greys(one._repr_html_()) == [2, 4, 0]


def test_an_unknown_filter_and_a_group_of_other_faces_are_refused(store):
    with pytest.raises(InputError, match="unknown filter"):
        store.filter("conv9/000")
    with pytest.raises(InputError):
        store.filter("conv1/000", [True])


def test_the_card_shows_the_strongest_faces_with_their_codes(store):
    card = store.filter("conv1/000")._repr_html_()
    assert greys(card) == [3, 2, 4, 0]
    texts = read(card).texts
    assert texts[0] == "conv1/000"
    assert texts[texts.index("faces") + 1] == "6"
    assert texts[texts.index("peaks") + 1] == "0 to 5"
    assert texts[texts.index("active") + 1] == "66.7 % (4)"
    first = texts.index("i3")
    assert texts[first : first + 4] == ["i3", "5", "anger", "12"]
    assert texts[texts.index("i2") + 3] == "6C"
    assert len(card) < 200_000


def test_dead_and_constant_filters_are_called_that_and_have_no_faces(store):
    for name, word in (("conv1/001", "dead: "), ("conv1/002", "constant: ")):
        found = read(store.filter(name)._repr_html_())
        assert any(text.startswith(word) for text in found.texts)
        assert not found.sources


@pytest.mark.parametrize(
    "terms",
    [
        Terms("c", "no", frozenset({"S3"})),
        Terms("c", "no", None, frozenset({"S0", "S1", "S2", "S4", "S5"})),
        Terms("c", "no", frozenset({"S1", "S3"}), frozenset({"S1"})),
    ],
)
def test_faces_that_may_not_be_shown_are_nowhere_in_the_card(tmp_path, terms):
    """Only S3 may: of the pictures its own is there, the others are counted."""
    store = store_of(tmp_path / "a.zarr", PEAKS, terms=terms)
    card = store.filter("conv1/000")._repr_html_()
    assert greys(card) == [3]
    assert "3 of them are not shown: the terms do not allow it." in card
    one = store.filter("conv1/000", np.array([1, 0, 0, 1, 0, 0], bool))
    assert "1 of them is not shown" in one._repr_html_()


def test_a_store_without_pictures_says_so(tmp_path):
    store = store_of(tmp_path / "a.zarr", PEAKS, pixels=False)
    card = store.filter("conv1/000")._repr_html_()
    assert not read(card).sources
    assert "holds no pictures" in card


def test_one_picture_a_sequence(tmp_path):
    names = ["A", "A", "B", "B", "C", "C"]
    store = store_of(tmp_path / "a.zarr", PEAKS, sequence=names, subject=names)
    assert greys(store.filter("conv1/000")._repr_html_()) == [3, 4, 0]


def test_hostile_names_are_text(tmp_path):
    n = len(HOSTILE)
    peak = np.arange(1, n + 1)[:, None] * np.ones((1, 1))
    store = store_of(tmp_path / "a.zarr", peak, names=list(HOSTILE), expression=list(HOSTILE)[::-1])
    found = read(store.filter("conv1/000")._repr_html_())
    assert len(found.sources) == n
    for text in HOSTILE:
        assert sum(text[:50] in told for told in found.texts) >= 2
    read(store._repr_html_())


def test_large_noisy_faces_make_no_huge_card(tmp_path):
    rng = np.random.default_rng(0)
    faces = FaceTable.from_arrays([f"i{i}" for i in range(20)], [1], np.zeros((20, 1), bool))
    store = ActivationStore.from_arrays(
        tmp_path / "a.zarr",
        rng.random((20, 1)),
        [FilterId("conv1", 0)],
        faces,
        face=rng.integers(0, 256, (20, 256, 256), dtype=np.uint8),
    )
    card = store.filter("conv1/000")._repr_html_()
    assert read(card)
    assert len(card) < 200_000


def test_a_list_that_is_not_certain_is_told_instead_of_shown(tmp_path):
    shutil.copytree(ARCHIVES / "v2-bf16", tmp_path / "a.zarr")
    store = ActivationStore.open(tmp_path / "a.zarr")
    cards = [store.filter(one)._repr_html_() for one in store.filters]
    assert all(read(card) for card in cards)


def test_repr_is_one_line(store):
    text = repr(store.filter("conv1/000"))
    assert "\n" not in text
    assert text.startswith("<FilterView conv1/000: faces 6; peaks 0 to 5")
