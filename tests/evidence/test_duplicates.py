"""Duplicate filters of a store, against its peaks taken by hand."""

from dataclasses import replace

import numpy as np
import pytest

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import ActivationError, InputError
from facsinterp.evidence import duplicates as module
from facsinterp.evidence.duplicates import duplicate_filters, duplicates_by_layer
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId
from facsinterp.stats.structure import centred_ranks, duplicates, effective_number
from facsinterp.testing import tiny_store

PEOPLE, TAKES, FRAMES = 8, 4, 3


def sequences():
    """(person, take) of each sequence and (image,) columns, the images in no order."""
    rows = [(p, t, f) for p in range(PEOPLE) for t in range(TAKES) for f in range(FRAMES)]
    order = np.random.default_rng(0).permutation(len(rows))
    return [rows[i] for i in order]


def table(split=None):
    rows = sequences()
    return FaceTable.from_arrays(
        [f"{p}-{t}-{f}" for p, t, f in rows],
        [1],
        np.zeros((len(rows), 1)),
        subject=[f"S{p}" for p, _, _ in rows],
        sequence=[f"S{p}/{t}" for p, t, _ in rows],
        frame=[f for _, _, f in rows],
        # The apex of take 0 is its middle frame; takes 1 mark none; two apexes in the others.
        phase=[
            "apex" if (t == 0 and f == 1) or (t > 1 and f > 0) else "onset" if f else "neutral"
            for _, t, f in rows
        ],
        split=split,
    )


FILTERS = [FilterId("a", i) for i in range(4)] + [FilterId("b", i) for i in range(3)]


def peaks(seed=1):
    """a: one, its double, dead, of people only; b: the opposite of one, another, noise."""
    rng = np.random.default_rng(seed)
    rows = sequences()
    one, other, noise = rng.random((3, len(rows)))
    person = rng.random(PEOPLE)[[p for p, _, _ in rows]]
    values = np.column_stack([one, 2 * one + 1, 0 * one, person, 9 - one, other, noise])
    return values.astype(np.float32)


def last_frame(take):
    return 1 if take == 0 else 2


def by_hand(values, unit):
    rows = sequences()
    found, subjects = [], []
    for p in range(PEOPLE):
        for t in range(TAKES):
            own = [values[rows.index((p, t, f))] for f in range(FRAMES)]
            chosen = own[last_frame(t)] if unit == "sequence" else np.mean(own, axis=0)
            found.append(chosen)
            subjects.append(f"S{p}")
    return np.array(found, np.float32), subjects


@pytest.fixture
def store(tmp_path):
    return ActivationStore.from_arrays(tmp_path / "s", peaks(), FILTERS, table())


def test_duplicates_and_opposites_over_layers(store):
    found = duplicate_filters(store)
    assert found["cluster"].values.tolist() == [0, 0, -1, -1, 0, 1, 2]
    assert found["size"].values.tolist() == [3, 3, 0, 0, 3, 1, 1]
    assert found["representative"].values.tolist() == ["a/000"] * 2 + [""] * 2 + [
        "a/000",
        "b/001",
        "b/002",
    ]
    expected = [1, 1, np.nan, np.nan, -1, 1, 1]
    np.testing.assert_allclose(found["correlation"].values, expected, atol=1e-12)
    assert found.attrs["clusters"] == 3
    assert found.attrs["observations"] == PEOPLE * TAKES
    assert found.attrs["bar"] == 0.95
    assert found["layer"].values.tolist() == ["a"] * 4 + ["b"] * 3
    assert found["channel"].values.tolist() == [0, 1, 2, 3, 0, 1, 2]


@pytest.mark.parametrize("unit", ["sequence", "sequence-mean"])
@pytest.mark.parametrize("slab", [1, 50, 1 << 24])
def test_observations_are_those_taken_by_hand(tmp_path, unit, slab, monkeypatch):
    monkeypatch.setattr(module, "SLAB", slab)
    values = np.random.default_rng(3).random((PEOPLE * TAKES * FRAMES, 7)).astype(np.float32)
    store = ActivationStore.from_arrays(tmp_path / "s", values, FILTERS, table())
    found, subjects = module._observations(store, "held-out", unit)
    activation, people = by_hand(values, unit)
    order = np.lexsort((activation[:, 0], people))
    again = np.lexsort((found[:, 0], subjects))
    np.testing.assert_allclose(found[again], activation[order], rtol=1e-6)
    assert subjects[again].tolist() == sorted(people)
    table_ = duplicate_filters(store, unit=unit, bar=0.2)
    assert np.array_equal(table_["cluster"].values, duplicates(found, subjects, bar=0.2))
    whole = effective_number(activation, people)
    assert table_.attrs["participation"] == pytest.approx(whole.participation)
    assert table_.attrs["li_ji"] == pytest.approx(whole.li_ji)
    layer = effective_number(activation[:, 4:], people)
    assert table_["layer_participation"].values[4:] == pytest.approx([layer.participation] * 3)
    assert table_["layer_li_ji"].values[4:] == pytest.approx([layer.li_ji] * 3)


def test_layers_in_the_order_of_the_network(store):
    frame = duplicates_by_layer(duplicate_filters(store))
    assert frame["layer"].tolist() == ["a", "b"]
    assert frame["filters"].tolist() == [4, 3]
    assert frame["live"].tolist() == [2, 3]
    assert frame["clusters"].tolist() == [1, 3]
    assert frame["duplicated"].tolist() == [2, 1]
    assert frame["participation"][0] == pytest.approx(1)
    assert 2 < frame["participation"][1] <= 3


def test_a_layer_of_dead_filters_has_no_effective_number(tmp_path):
    values = peaks()
    values[:, 4:] = 0
    store = ActivationStore.from_arrays(tmp_path / "s", values, FILTERS, table())
    frame = duplicates_by_layer(duplicate_filters(store))
    assert frame["live"].tolist() == [2, 0]
    assert frame["clusters"].tolist() == [1, 0]
    assert np.isnan(frame["participation"][1])
    assert np.isnan(frame["li_ji"][1])


def test_frames_of_a_sequence_are_not_observations(tmp_path):
    """Filters that agree at the apex and not before it are duplicates."""
    values = peaks()
    before = np.array([f != last_frame(t) for _, t, f in sequences()])
    values[before, 1] = np.random.default_rng(5).random(before.sum())
    store = ActivationStore.from_arrays(tmp_path / "s", values, FILTERS, table())
    assert duplicate_filters(store)["cluster"].values[:2].tolist() == [0, 0]
    found = duplicate_filters(store, unit="sequence-mean")["cluster"].values
    assert found[0] != found[1]


def test_only_held_out_faces_count_unless_all_are_asked_for(tmp_path):
    values, rows = peaks(), sequences()
    trained = np.array([p < 4 for p, _, _ in rows])
    values[trained, 1] = np.random.default_rng(5).random(trained.sum())
    split = ["train" if one else "test" for one in trained]
    store = ActivationStore.from_arrays(tmp_path / "s", values, FILTERS, table(split))
    found = duplicate_filters(store)
    assert found["cluster"].values[:2].tolist() == [0, 0]
    assert found.attrs["observations"] == 4 * TAKES
    found = duplicate_filters(store, faces="all")
    assert found["cluster"].values[:2].tolist() == [0, 1]
    nobody = store.data.assign_coords(split=("image", ["train"] * len(rows)))
    with pytest.raises(InputError, match="no face is held out"):
        duplicate_filters(replace(store, data=nobody))


def test_images_without_sequence_and_subject_are_observations(tmp_path):
    """An image may be called as a sequence is."""
    values = np.random.default_rng(0).random((6, 2)).astype(np.float32)
    faces = FaceTable.from_arrays(
        list("abcdef"), [1], np.ones((6, 1)), sequence=["", "a", "a", "", "", ""]
    )
    store = ActivationStore.from_arrays(tmp_path / "s", values, FILTERS[:2], faces)
    found, subjects = module._observations(store, "all", "sequence")
    assert sorted(found[:, 0].tolist()) == sorted(values[[0, 2, 3, 4, 5], 0].tolist())
    assert subjects.tolist() == [""] * 5
    assert centred_ranks(found, subjects).shape == (5, 2)


def test_activations_that_are_not_finite_are_refused(store):
    peak = store.data["peak"].load().copy()
    peak[:, 2] = np.nan
    with pytest.raises(ActivationError, match="a/002"):
        duplicate_filters(replace(store, data=store.data.assign(peak=peak)))


def test_a_swept_store(tmp_path):
    found = duplicate_filters(tiny_store(tmp_path))
    assert found.sizes["filter"] == 10
    assert found.attrs["observations"] == 3 * 4
    frame = duplicates_by_layer(found)
    assert frame["layer"].tolist() == ["conv1", "conv2"]
    assert (frame["participation"] <= frame["live"] + 1e-9).all()
