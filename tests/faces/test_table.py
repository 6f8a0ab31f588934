"""The face table: not coded is not absent, contradictions are refused, nothing is lost on disk."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.errors import SchemaError
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import MOST, Found, Terms

NAN = np.nan


def small(**changed):
    """Three faces of two people; AU12 is scored, AU6 is not coded on the last face."""
    columns = {
        "coded": [[True, True], [True, True], [False, True]],
        "intensity": [[0, 0], [NAN, 3], [NAN, 5]],
        "subject": ["p1", "p1", "p2"],
        "sequence": ["p1_1", "p1_1", "p2_1"],
        "frame": [1, 9, 4],
        "phase": ["neutral", "apex", "apex"],
        "expression": ["neutral", "happy", ""],
        "split": ["train", "train", "test"],
        "path": ["a.png", "b.png", "c.png"],
        **changed,
    }
    return FaceTable.from_arrays(["a", "b", "c"], [6, 12], [[0, 0], [1, 1], [0, 1]], **columns)


def faults(**changed):
    with pytest.raises(SchemaError) as raised:
        small(**changed)
    return raised.value.faults


def test_what_is_told_can_be_asked():
    faces = small()
    assert len(faces) == 3
    assert faces.images.tolist() == ["a", "b", "c"]
    assert faces.units == (6, 12)
    assert faces.column("subject").tolist() == ["p1", "p1", "p2"]
    assert faces.data["present"].sel(image="b", au=12).item() is True
    assert faces.data["coded"].sel(image="c", au=6).item() is False


def test_what_is_left_out_is_not_known():
    faces = FaceTable.from_arrays(["a", "b"], [12], [[True], [False]])
    assert faces.data["coded"].values.all()
    np.testing.assert_array_equal(faces.data["intensity"], [[NAN], [0]])
    for name in ("subject", "sequence", "phase", "expression", "split", "path"):
        assert faces.column(name).tolist() == ["", ""]
    assert "side" not in faces.data
    assert "landmarks" not in faces.data
    assert faces.terms.may_show("anybody")


def test_a_unit_that_nobody_coded_has_no_intensity():
    faces = FaceTable.from_arrays(["a"], [6, 12], [[False, False]], coded=[[False, True]])
    np.testing.assert_array_equal(faces.data["intensity"], [[NAN, 0]])


def test_present_without_being_coded_is_a_contradiction():
    (fault,) = faults(coded=[[True, True], [True, True], [False, False]])
    assert "1 units present that were not coded" in fault.what
    assert fault.where == "first at image c, AU12"


@pytest.mark.parametrize("value", [-1, 5.5, np.inf])
def test_intensities_outside_the_scale(value):
    told = faults(intensity=[[0, 0], [NAN, value], [NAN, 5]])
    assert any("outside the FACS range" in fault.what for fault in told)


@pytest.mark.parametrize("row", [[0, 1], [2, 0], [0, NAN], [NAN, NAN]])
def test_intensity_and_presence_agree(row):
    intensity = [row, [NAN, 3], [NAN, 5]]
    if np.nansum(row):
        assert "contradict presence" in faults(intensity=intensity)[0].what
    else:
        small(intensity=intensity)


def test_a_present_unit_of_intensity_zero_is_a_contradiction():
    assert "contradict presence" in faults(intensity=[[0, 0], [0, 3], [NAN, 5]])[0].what


def test_unknown_phases_are_named():
    assert faults(phase=["neutral", "peak", ""])[0].got == "peak"


def test_a_sequence_shows_one_person():
    (fault,) = faults(sequence=["001", "001", "001"])
    assert "belongs to two subjects" in fault.what
    assert fault.got == "subjects p1 and p2"
    small(sequence=["", "", ""])


def test_every_contradiction_is_told_at_once():
    told = faults(phase=["", "x", ""], sequence=["1"] * 3, intensity=[[9, 0], [NAN, 3], [NAN, 5]])
    assert len(told) == 4


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": ["p1", "p2"]},
        {"intensity": [[0, 0]]},
        {"coded": [[True], [True], [True]]},
        {"landmarks": np.zeros((2, 68, 2))},
    ],
)
def test_arrays_that_do_not_fit_are_refused(changed):
    with pytest.raises(SchemaError):
        small(**changed)


def test_identifiers_and_units_are_unique():
    with pytest.raises(SchemaError, match="repeated values of image"):
        FaceTable.from_arrays(["a", "a"], [12], [[True], [True]])
    with pytest.raises(SchemaError, match="repeated values of au"):
        FaceTable.from_arrays(["a"], [12, 12], [[True, True]])


@pytest.mark.parametrize("pick", [[2, 0], ["c", "a"], np.array(["c", "a"])])
def test_rows_come_in_the_order_asked_for(pick):
    chosen = small().select(pick)
    assert chosen.images.tolist() == ["c", "a"]
    assert chosen.column("subject").tolist() == ["p2", "p1"]


def test_rows_by_mask_and_none_at_all():
    assert small().select([True, False, True]).images.tolist() == ["a", "c"]
    assert len(small().select(np.zeros(3, bool))) == 0
    assert len(small().select(np.array([], dtype=int))) == 0
    assert len(small().select([])) == 0


def test_images_that_are_not_there_are_named():
    with pytest.raises(SchemaError, match=r"got: +x, y"):
        small().select(["a", "x", "y"])


def test_another_split_leaves_the_rest():
    faces = small()
    split = faces.with_split(["test"] * 3)
    assert split.column("split").tolist() == ["test"] * 3
    assert faces.column("split").tolist() == ["train", "train", "test"]
    assert split.terms == faces.terms


def test_the_fingerprint_follows_codes_and_labels():
    faces = small()
    assert faces.fingerprint == small().fingerprint
    assert faces.fingerprint == small(path=["x", "y", "z"]).fingerprint
    assert faces.fingerprint == small(found=Found("elsewhere")).fingerprint
    for changed in (
        {"intensity": [[0, 0], [NAN, 4], [NAN, 5]]},
        {"coded": [[True, True]] * 3},
        {"expression": ["neutral", "anger", ""]},
        {"landmarks": np.zeros((3, 68, 2))},
        {"side": [["", "L"], ["", ""], ["", ""]]},
    ):
        assert small(**changed).fingerprint != faces.fingerprint


def test_a_selection_has_the_fingerprint_of_the_same_table_made_anew():
    faces = FaceTable.from_arrays(["a", "long-name"], [12], [[1], [0]], subject=["p", "person"])
    alone = FaceTable.from_arrays(["a"], [12], [[1]], subject=["p"])
    assert faces.select([0]).fingerprint == alone.fingerprint


def test_terms():
    assert Terms().may_show("p1")
    assert Terms(showable=frozenset({"p1"})).may_show("p1")
    assert not Terms(showable=frozenset({"p1"})).may_show("p2")
    assert not Terms(showable=frozenset()).may_show("p1")


def test_skipped_files_are_added():
    found = Found(skipped=(("a", "empty"),)).and_skipped([("b", "missing")])
    assert found.skipped == (("a", "empty"), ("b", "missing"))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2 * MOST)), max_size=4))
def test_counts_by_reason_are_whole_whatever_is_kept_by_name(parts):
    found, want = Found(), Counter[str]()
    for reason, count in parts:
        found = found.and_skipped([(str(k), f"reason {reason}") for k in range(count)])
        want[f"reason {reason}"] += count
    assert found.left_out == {reason: count for reason, count in want.items() if count}
    kept = Counter(reason for _, reason in found.skipped)
    assert kept == {reason: min(MOST, count) for reason, count in found.left_out.items()}


def test_what_a_loader_left_out_is_counted_and_its_first_names_kept():
    skipped = (*((f"{k}.jpg", "gone") for k in range(24_600)), ("other", "broken"))
    found = Found(skipped=skipped)
    assert found.left_out == {"gone": 24_600, "broken": 1}
    assert found.skipped == (*skipped[:MOST], skipped[-1])
    assert replace(found, layout="again") == Found("again", skipped=skipped)


def test_a_table_of_older_days_opens_and_counts_what_it_names(tmp_path):
    faces = replace(small(), found=Found(skipped=(("a", "gone"), ("b", "gone"))))
    kept = faces.to_dataset()
    again = FaceTable.from_dataset(kept)
    assert again.found == faces.found
    told = json.loads(kept.attrs["facsinterp_found"])
    del told["left_out"]
    kept.attrs["facsinterp_found"] = json.dumps(told)
    assert FaceTable.from_dataset(kept).found.left_out == {"gone": 2}


@pytest.mark.parametrize("showable", [None, frozenset(), frozenset({"p1", "p2"})])
def test_a_table_survives_the_disk(tmp_path, showable):
    faces = small(
        side=[["", "L"], ["", ""], ["", "R"]],
        landmarks=np.arange(3 * 68 * 2).reshape(3, 68, 2),
        terms=Terms("a set", "CC BY", showable),
        found=Found("lay", {"images": 3}, {"images": 4}, (("x", "ümlaut"),), ("odd",)),
    )
    data = faces.to_dataset()
    texts = {
        name: column.astype(object)
        for name, column in data.variables.items()
        if column.dtype.kind == "U"
    }
    data.assign(texts).to_zarr(tmp_path / "faces.zarr", zarr_format=3, consolidated=False)
    with xr.open_zarr(tmp_path / "faces.zarr", consolidated=False) as stored:
        again = FaceTable.from_dataset(stored.load())
    assert again.fingerprint == faces.fingerprint
    assert again.terms == faces.terms
    assert again.found == faces.found
    assert again.column("path").tolist() == faces.column("path").tolist()


tables = st.lists(st.sampled_from(["absent", "scored", "unscored", "not coded"]), min_size=1)


@settings(max_examples=30, deadline=None)
@given(tables)
def test_every_honest_table_is_accepted(cells):
    present = [[cell in ("scored", "unscored")] for cell in cells]
    faces = FaceTable.from_arrays(
        [f"i{n}" for n in range(len(cells))],
        [12],
        present,
        coded=[[cell != "not coded"] for cell in cells],
        intensity=[[{"absent": 0, "scored": 3}.get(cell, NAN)] for cell in cells],
    )
    again = FaceTable.from_dataset(faces.to_dataset())
    assert again.fingerprint == faces.fingerprint
