"""What one observation is, whatever the order and number of frames."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facsinterp.association.units import Units
from facsinterp.errors import ActivationError, InputError
from tests.association.stores import store_of

# Two sequences of one person, one of another, and two pictures without a sequence.
FRAMES: dict[str, Any] = {
    "images": ["a0", "a1", "a2", "b9", "b1", "c0", "c1", "x", "y"],
    "sequence": ["a", "a", "a", "b", "b", "c", "c", "", ""],
    "subject": ["P", "P", "P", "P", "P", "Q", "Q", "Q", ""],
    "frame": [0, 1, 2, 0, 1, 0, 1, 0, 0],
    "phase": ["neutral", "apex", "offset", "", "", "", "apex", "", ""],
}
ACTIVATION = np.arange(9.0)[:, None] * [1, 10]
LABELS = np.array([[0, 1, 1, 1, 1, 1, 1, 0, 1]], dtype=bool).T
# The apex of c was not coded.
CODED = np.array([[1, 1, 1, 1, 1, 1, 0, 1, 1]], dtype=bool).T


@pytest.fixture
def store(tmp_path):
    return store_of(tmp_path / "s", ACTIVATION, LABELS & CODED, coded=CODED, **FRAMES)


def test_a_sequence_is_its_apex_or_its_last_coded_frame(store):
    units = Units.of(store, faces="held-out", unit="sequence")
    assert units.names.tolist() == ["y", "a", "b", "c", "x"]
    found = dict(zip(units.names, units.activation[:, 1], strict=True))
    assert found == {"a": 10.0, "b": 40.0, "c": 50.0, "x": 70.0, "y": 80.0}
    subjects = dict(zip(units.names, units.subjects, strict=True))
    assert subjects == {"a": "P", "b": "P", "c": "Q", "x": "Q", "y": ""}
    assert units.rows == "all"  # no split is recorded
    assert len(units) == 5


def test_the_order_of_the_store_changes_nothing(store, tmp_path):
    order = np.random.default_rng(0).permutation(9)
    shuffled = store_of(
        tmp_path / "t",
        ACTIVATION[order],
        (LABELS & CODED)[order],
        coded=CODED[order],
        **{name: [values[i] for i in order] for name, values in FRAMES.items()},
    )
    before = Units.of(store, faces="all", unit="sequence")
    after = Units.of(shuffled, faces="all", unit="sequence")
    for name in ("names", "subjects", "activation", "present", "coded"):
        assert np.array_equal(getattr(before, name), getattr(after, name)), name


def test_the_mean_is_over_coded_frames(tmp_path):
    labels = np.array([[1, 1, 1, 1, 1, 1, 0, 0, 1]], dtype=bool).T
    store = store_of(tmp_path / "s", ACTIVATION, labels, coded=CODED, **FRAMES)
    units = Units.of(store, faces="all", unit="sequence-mean")
    found = dict(zip(units.names, units.activation[:, 0], strict=True))
    assert found == {"a": 1.0, "b": 3.5, "c": 5.0, "x": 7.0, "y": 8.0}


def test_a_mean_over_changing_codes_is_refused(store, tmp_path):
    with pytest.raises(InputError, match="codes change inside 1 sequences") as refused:
        Units.of(store, faces="all", unit="sequence-mean")
    assert "first a" in str(refused.value)
    half_coded = np.repeat(CODED, 2, axis=1)
    half_coded[3, 1] = False  # its first frame was coded for the first unit only
    labels = np.zeros((9, 2), dtype=bool)
    other = store_of(tmp_path / "t", ACTIVATION, labels, coded=half_coded, **FRAMES)
    with pytest.raises(InputError, match="first b"):
        Units.of(other, faces="all", unit="sequence-mean")


def test_held_out_faces_only_where_a_split_exists(tmp_path):
    split = ["test"] * 3 + ["train"] * 4 + ["validation", "test"]
    store = store_of(tmp_path / "s", ACTIVATION, LABELS & CODED, coded=CODED, split=split, **FRAMES)
    held_out = Units.of(store, faces="held-out", unit="sequence")
    assert (held_out.rows, sorted(held_out.names)) == ("held-out", ["a", "y"])
    everything = Units.of(store, faces="all", unit="sequence")
    assert (everything.rows, len(everything)) == ("all", 5)


def test_a_split_without_held_out_faces_is_refused(tmp_path):
    store = store_of(tmp_path / "s", ACTIVATION, LABELS, split=["train"] * 9, **FRAMES)
    with pytest.raises(InputError, match="no face is held out"):
        Units.of(store, faces="held-out", unit="sequence")


def test_faces_without_codes_are_nothing_to_associate(tmp_path):
    none = np.zeros((9, 1), dtype=bool)
    store = store_of(tmp_path / "s", ACTIVATION, none, coded=none, **FRAMES)
    with pytest.raises(InputError, match="nothing to associate"):
        Units.of(store, faces="all", unit="sequence")


def test_a_sequence_and_a_picture_of_the_same_name_stay_two(tmp_path):
    store = store_of(
        tmp_path / "s",
        [[1.0], [2.0]],
        [[True], [False]],
        images=["a", "z"],
        sequence=["", "a"],
        subject=["P", "P"],
    )
    assert len(Units.of(store, faces="all", unit="sequence")) == 2


def test_units_with_the_same_coded_rows_go_together(tmp_path):
    coded = np.array([[1, 1, 0, 0, 1], [1, 0, 1, 0, 0], [0, 1, 1, 0, 1]], dtype=bool)
    store = store_of(tmp_path / "s", np.ones((3, 1)), np.zeros((3, 5)), coded=coded)
    units = Units.of(store, faces="all", unit="sequence")
    masks = {tuple(columns): tuple(rows) for rows, columns in units.masks()}
    assert masks == {(0,): (0, 1), (1, 4): (0, 2), (2,): (1, 2)}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_activation_that_is_not_finite_is_refused(store, bad):
    peak = store.data["peak"].load().copy()
    peak[4, 1] = bad
    broken = replace(store, data=store.data.assign(peak=peak))
    with pytest.raises(ActivationError, match=r"1 faces have NaN.*\n.*conv2/000"):
        Units.of(broken, faces="all", unit="sequence")
