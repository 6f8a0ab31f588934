"""Stores of sweeps in bfloat16: what verification finds, and what is told of them."""

import json
import shutil
from pathlib import Path

import fsspec
import numpy as np
import pytest
import zarr

from facsinterp.activations.checks import checked
from facsinterp.activations.keeping import scores
from facsinterp.activations.keeping.layout import array_of
from facsinterp.activations.keeping.margin import MULTIPLE, Margin, Twice
from facsinterp.activations.keeping.writer import derived
from facsinterp.activations.store import ActivationStore
from facsinterp.errors import StoreError
from facsinterp.provenance import fingerprint

ARCHIVES = Path(__file__).parent / "archives"
# Positions in the archive: scored twice or not.
TWICE, ONCE = 5, 10


@pytest.fixture
def store(tmp_path):
    """A copy of the archive, to be damaged."""
    path = tmp_path / "a.zarr"
    shutil.copytree(ARCHIVES / "v2-bf16", path)
    return path


def change(path, name, at, value):
    array_of(zarr.open_group(path), name)[at] = value


def derive(path):
    """Lists that follow from the peaks as they are now."""
    group = zarr.open_group(path)
    for name, values in derived(array_of(group, "peak"), 100).items():
        array_of(group, name)[...] = values


def change_inputs(path, **changes):
    group = zarr.open_group(path)
    told = {**json.loads(str(group.attrs["inputs"])), **changes}
    told = {name: value for name, value in told.items() if value is not None}
    group.attrs.update({"inputs": json.dumps(told), "key": fingerprint(told)})


def change_layers(path, nonlinearity):
    group = zarr.open_group(path)
    told = json.loads(str(group.attrs["layers"]))
    for layer in told:
        layer["nonlinearity"] = nonlinearity
    group.attrs["layers"] = json.dumps(told)


def faults(path):
    with pytest.raises(StoreError) as caught:
        ActivationStore.open(path).verify()
    return str(caught.value).splitlines()[1:]


def test_the_archive_is_what_these_tests_take_it_for():
    data = ActivationStore.open(ARCHIVES / "v2-bf16").verify().data
    once = np.isnan(data["precise"].values[:, 0])
    assert (once[TWICE], once[ONCE], int(once.sum())) == (False, True, 181)


# --- verification ---


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_of_precise_is_whole_or_empty(store, value):
    change(store, "precise", (TWICE, 3), value)
    assert any("neither finite nor NaN as a whole, the first of image 5" in one
               for one in faults(store))  # fmt: skip


def test_a_single_value_in_an_empty_row_is_found(store):
    change(store, "precise", (ONCE, 3), 0.5)
    assert any(f"the first of image {ONCE}" in one for one in faults(store))


def test_a_store_without_any_score_in_float32_is_found(store):
    change(store, "precise", ..., np.nan)
    assert "precise holds no image: none was scored in float32" in faults(store)


def test_scores_must_be_finite(store):
    change(store, "score", (ONCE, 1), np.nan)
    assert any("score holds values that are not finite" in one for one in faults(store))


@pytest.mark.parametrize("name", ["score", "precise"])
def test_a_bf16_store_without_its_scores_is_not_opened(store, name):
    shutil.rmtree(store / name)
    with pytest.raises(StoreError, match=f"a sweep in bf16, and it lacks {name}"):
        ActivationStore.open(store)


def test_a_float32_store_has_no_scores(store):
    change_inputs(store, precision="float32")
    with pytest.raises(StoreError, match="score in a store of float32"):
        ActivationStore.open(store)


def test_an_unknown_precision_is_refused(store):
    change_inputs(store, precision="fp8")
    with pytest.raises(StoreError, match="unknown precision fp8: float32 or bf16 is known"):
        ActivationStore.open(store)


@pytest.mark.parametrize("image", [TWICE, ONCE])
@pytest.mark.parametrize("filter_", [0, 7])
def test_peaks_follow_from_the_scores(store, image, filter_):
    name = ["0/000", "5/001"][filter_ == 7]
    held = array_of(zarr.open_group(store), "peak")[image, filter_]
    change(store, "peak", (image, filter_), np.nextafter(held, np.float32(9)))
    derive(store)
    assert faults(store) == [f"peak does not follow from score and precise: {name}"]


@pytest.mark.parametrize(
    ("nonlinearity", "wrong"),
    [
        # Filter 5/001 is below zero for flat faces, which a ReLU would have made zero.
        ("ReLU", "5/001"),
        ("functional relu", "5/001"),
        ("none", "0/000, 0/001, 0/002, 3/000, 3/001 and 1 more"),
        ("functional clamp", ""),
        (None, ""),
    ],
)
def test_which_peak_follows_is_told_by_the_nonlinearity(store, nonlinearity, wrong):
    change_layers(store, nonlinearity)
    if wrong:
        assert faults(store) == [f"peak does not follow from score and precise: {wrong}"]
    else:
        ActivationStore.open(store).verify()


def test_one_filter_is_rectified_everywhere_or_nowhere(store):
    change_layers(store, None)
    once = np.flatnonzero(np.isnan(ActivationStore.open(store).data["precise"].values[:, 0]))
    change(store, "peak", (int(once[-1]), 7), 0)  # as if rectified; the others are below zero
    assert faults(store) == ["peak does not follow from score and precise: 5/001"]


@pytest.mark.parametrize("image", [ONCE, 298])
def test_an_image_that_could_be_in_a_list_is_found(store, image):
    data = ActivationStore.open(store).data
    twice = ~np.isnan(data["precise"].values[:, 0])
    assert not twice[image]
    score, precise = (data[name].values[twice, 3].astype(float) for name in ("score", "precise"))
    edge = np.sort(precise)[-50] - 4 * np.abs(score - precise).max()
    for value, fails in ((edge - 1e-5, False), (edge + 1e-5, True)):
        for name in ("score", "peak"):
            change(store, name, (image, 3), value)
        derive(store)
        if fails:
            (told,) = faults(store)
            assert told.startswith("lists that other images could belong to")
            assert told.endswith("in float32: 3/000")
        else:
            ActivationStore.open(store).verify()


def test_an_error_that_is_larger_than_seen_makes_lists_uncertain(store):
    change(store, "score", (TWICE, 6), 2)
    (told,) = faults(store)
    assert told.endswith("not scored in float32: 5/000")


@pytest.mark.parametrize("batch", ["3", "0", "many"])
def test_blocks_are_whole_batches(store, batch):
    change_inputs(store, **{"batch size": batch})
    said = f"blocks of 100 images are no whole number of batches of {batch}"
    assert faults(store) == [said]


def test_blocks_of_version_1_may_be_of_any_length(tmp_path):
    shutil.copytree(ARCHIVES / "v1", tmp_path / "a.zarr")
    change_inputs(tmp_path / "a.zarr", **{"batch size": "64", "precision": "bf16"})
    store = ActivationStore.open(tmp_path / "a.zarr").verify()
    assert store.precision == "float32"


def test_verification_reads_scores_by_blocks(monkeypatch):
    asked = []

    def read(group, name, images):
        asked.append((name, images.stop - images.start))
        return np.asarray(array_of(group, name)[images])

    monkeypatch.setattr(scores, "_read", read)
    ActivationStore.open(ARCHIVES / "v2-bf16").verify()
    assert {name for name, _ in asked} == {"peak", "score", "precise"}
    assert {length for _, length in asked} == {100}


def test_the_margin_is_what_a_loop_over_images_gives():
    rng = np.random.default_rng(0)
    precise = rng.normal(size=(130, 4)).astype(np.float32)
    precise[:, 3] = 0.5
    score = (precise + rng.normal(0, 0.01, precise.shape)).astype(np.float32)
    blocks = [np.arange(0, 40), np.arange(0), np.arange(55, 130)]
    found = Margin.seen((Twice(rows, score[rows], precise[rows]) for rows in blocks), 4, 1000)
    seen = np.concatenate(blocks)
    for one in range(4):
        errors = [abs(float(score[i, one]) - float(precise[i, one])) for i in seen]
        last = sorted((float(precise[i, one]) for i in seen), reverse=True)[49]
        assert found.error[one] == max(errors)
        assert found.last[one] == last
        for i in range(130):
            most = float(score[i, one]) + MULTIPLE * max(errors)
            assert found.within_reach(score[i : i + 1])[0, one] == (most > 0 and most >= last)
    few = Margin.seen([Twice(np.arange(9), score[:9], precise[:9])], 4, 1000)
    assert np.isneginf(few.last).all()


# --- what is told ---


def test_a_verification_counts_what_it_looked_at():
    told = checked(ARCHIVES / "v2-bf16").set_index("checked")["count"]
    assert told["images scored twice, with finite values of precise"] == 119
    assert told["images scored in bf16 alone, within reach of no list"] == 181
    assert told["peaks that follow from score or precise"] == 300 * 8
    assert told["filters whose list is that of float32"] == 8
    assert told["finite values of peak, mean, area, score, probability"] == 300 * (4 * 8 + 3)
    assert not any("precise" in name for name in checked(ARCHIVES / "v2")["checked"])


def test_every_fault_of_a_store_at_a_url_is_told():
    url = "memory://test_scores/a.zarr"
    memory = fsspec.filesystem("memory")
    memory.put(str(ARCHIVES / "v2-bf16"), "/test_scores/a.zarr", recursive=True)
    assert len(checked(url)) == len(checked(ARCHIVES / "v2-bf16"))
    memory.rm("/test_scores/a.zarr/subject", recursive=True)
    group = zarr.open_group(url, mode="r+")
    group.attrs["key"] = "0" * 16
    with pytest.raises(StoreError) as caught:
        checked(url)
    assert "lacks subject" in str(caught.value)
    assert "the key 0000000000000000 does not follow" in str(caught.value)


def test_the_precision_is_told_in_words():
    low = ActivationStore.open(ARCHIVES / "v2-bf16")
    words = "bf16, lists exact in float32: 119 of 300 images scored twice"
    assert low.precision == "bf16"
    assert f"precision     {words}\n" in repr(low)
    assert words in low._repr_html_()
    for name in ("v1", "v2"):
        store = ActivationStore.open(ARCHIVES / name)
        assert store.precision == "float32"
        assert "precision     float32\n" in repr(store)


def test_the_size_of_a_store_elsewhere_is_left_out(monkeypatch, tmp_path):
    url = "memory://test_scores/b.zarr"
    memory = fsspec.filesystem("memory")
    memory.put(str(ARCHIVES / "v2"), "/test_scores/b.zarr", recursive=True)
    monkeypatch.chdir(tmp_path)
    # What a path of that name would be.
    (tmp_path / "memory:" / "test_scores" / "b.zarr").mkdir(parents=True)
    assert "on disk" not in repr(ActivationStore.open(url))
    assert "on disk       27.9 kB" in repr(ActivationStore.open(ARCHIVES / "v2"))
