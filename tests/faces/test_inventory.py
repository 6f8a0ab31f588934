"""What a data set holds: counts against loops, copies and splits planted, JSON and back."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.inventory import (
    Inventory,
    Showing,
    Split,
    inventory,
    inventory_of_pixels,
)
from facsinterp.faces.pictures import Skip
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.sources.registry import source
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found, Terms

N = 12


class Planted:
    """Pictures by name; those that are no array are the reason why there is none."""

    def __init__(self, pictures):
        self.pictures = pictures

    def fingerprint(self, paths):
        return "0" * 16

    def open(self, paths):
        for path in paths:
            found = self.pictures[path]
            yield Skip(path, found) if isinstance(found, str) else found


def picture(number, size=(6, 8)):
    return np.random.default_rng(number).integers(0, 256, size).astype(np.uint8)


def table(n=N, **changes):
    """n faces of four subjects, three frames each."""
    rng = np.random.default_rng(1)
    present = rng.random((n, 2)) < 0.5
    coded = present | (rng.random((n, 2)) < 0.5)
    content: dict[str, Any] = {
        "coded": coded,
        "subject": [f"p{i // 3}" for i in range(n)],
        "sequence": [f"p{i // 3}_{i % 3 // 2}" for i in range(n)],
        "expression": ["happy", "", "anger"] * (n // 3),
        "path": [f"{i}.png" for i in range(n)],
    }
    names = [f"i{i:02d}" for i in range(n)]
    return FaceTable.from_arrays(names, (12, 4), present, **(content | changes))


def pictures(**changes):
    made = {f"{i}.png": picture(i) for i in range(N)}
    return Planted(made | {f"{name[1:]}.png": found for name, found in changes.items()})


def test_everything_is_counted():
    faces = table()
    found = inventory(faces)
    assert (found.faces, found.subjects, found.sequences) == (N, 4, 8)
    assert (found.without_subject, found.pictures, found.splits) == (0, None, ())
    assert found.expressions == {"": 4, "anger": 4, "happy": 4}
    coded = faces.data["coded"].values.any(axis=1)
    blank = [e == "" and not c for e, c in zip(faces.column("expression"), coded, strict=True)]
    assert found.unlabelled == sum(blank)


def test_units_are_counted_as_a_loop_does():
    intensity = np.full((N, 2), np.nan)
    faces = table()
    intensity[::2] = np.where(faces.data["present"].values[::2], 3, 0)
    faces = table(intensity=intensity)
    found = inventory(faces)
    assert [one.unit for one in found.units] == [4, 12]
    for one in found.units:
        column = faces.units.index(one.unit)
        coded = present = scored = 0
        sequences, subjects = set(), set()
        for row in range(N):
            coded += bool(faces.data["coded"].values[row, column])
            if faces.data["present"].values[row, column]:
                present += 1
                scored += bool(np.isfinite(intensity[row, column]))
                sequences.add(faces.column("sequence")[row])
                subjects.add(faces.column("subject")[row])
        want = (coded, present, scored, len(sequences), len(subjects))
        assert (one.coded, one.present, one.scored, one.sequences, one.subjects) == want


def test_what_the_loader_told_is_kept():
    skipped = (("b.png", "no label"), ("a.png", "no label"), ("x.txt", "no picture"))
    found = Found("a layout", {"images": 3}, {"images": 4}, skipped, ("odd",))
    made = inventory(table(found=found))
    assert (made.layout, made.counts, made.published) == ("a layout", {"images": 3}, {"images": 4})
    assert (made.skipped, made.warnings) == (skipped, ("odd",))
    assert made.reasons == {"no label": ("b.png", "a.png"), "no picture": ("x.txt",)}


def test_counts_of_what_was_left_out_are_whole_in_the_inventory_and_its_json():
    skipped = tuple((f"{k}.png", "gone") for k in range(2_345))
    made = inventory(table(found=Found("", skipped=skipped)))
    assert (made.left_out, len(made.skipped)) == ({"gone": 2_345}, 1_000)
    assert Inventory.from_json(made.to_json()) == made
    older = json.loads(made.to_json())
    del older["left_out"]
    assert Inventory.from_json(json.dumps(older)).left_out == {"gone": 1_000}


def test_unknown_subjects_are_no_subject():
    found = inventory(table(subject=["p1"] * 6 + [""] * 6, sequence=None))
    assert (found.subjects, found.without_subject, found.sequences) == (1, 6, 0)


@pytest.mark.parametrize(
    ("terms", "who", "faces", "subjects"),
    [
        (Terms("x"), "everybody", 0, 0),
        (Terms("x", showable=frozenset()), "nobody", N, 4),
        (Terms("x", showable=frozenset({"p1", "elsewhere"})), "1 of 4 subjects", 9, 3),
        (Terms("x", hidden=frozenset({"p0"})), "everybody but 1 subject", 3, 1),
        (Terms("x", hidden=frozenset({"p0", "p3"})), "everybody but 2 subjects", 6, 2),
        (Terms("x", hidden=frozenset({"p9"})), "everybody", 0, 0),
        (Terms("x", showable=frozenset({"p1"}), hidden=frozenset({"p1"})), "nobody", N, 4),
    ],
)
def test_who_may_be_shown_is_said(terms, who, faces, subjects):
    assert inventory(table(terms=terms)).terms == Showing("x", "", who, faces, subjects, True)


def test_pictures_that_may_not_be_passed_on_are_said():
    assert not inventory(table(terms=Terms("x", redistributable=False))).terms.redistributable


def test_pictures_are_counted_by_size_and_kind():
    grey, colour = picture(50), picture(51, (4, 5, 3))
    found = inventory(
        table(), pictures(i1=colour, i2=np.stack([grey] * 3, axis=-1), i3="gone", i4=grey[:2])
    ).pictures
    assert found is not None
    assert (found.read, found.unreadable) == (N - 1, (("3.png", "gone"),))
    assert found.sizes == {"8 x 6": 9, "5 x 4": 1, "8 x 2": 1}
    assert found.modes == {"grey": 9, "colour": 1, "colour, all grey": 1}
    assert (found.copies, found.plain, found.prepared) == (0, (), False)


def test_a_picture_of_one_brightness_is_named():
    found = inventory(table(), pictures(i5=np.full((6, 8), 9, np.uint8))).pictures
    assert found is not None
    assert found.plain == ("i05",)


def test_copies_are_found_however_they_are_stored():
    one = picture(0)
    found = inventory(
        table(),
        pictures(i1=one.copy(), i7=np.stack([one] * 3, axis=-1), i9=picture(8)),
    ).pictures
    assert found is not None
    assert (found.copies, found.copied) == (2, 5)
    # i0, i1 and i7 are happy, unknown and unknown: no quarrel. i8 is angry and i9 is happy.
    assert found.other_expressions == (("i08", "i09"),)
    assert found.other_subjects == (("i00", "i01", "i07"), ("i08", "i09"))


def test_pictures_that_differ_in_one_pixel_or_in_their_shape_are_no_copies():
    one = picture(0)
    other = one.copy()
    other[3, 3] ^= 1
    found = inventory(table(), pictures(i1=other, i2=one.reshape(8, 6))).pictures
    assert found is not None
    assert found.copies == 0


def test_pictures_that_cannot_be_opened_are_no_copies_of_one_another():
    found = inventory(table(), pictures(i1="gone", i2="gone")).pictures
    assert found is not None
    assert (found.copies, found.read) == (0, N - 2)


SPLIT = ["train"] * 6 + ["validation"] * 3 + ["test"] * 2 + [""]


def test_what_crosses_the_official_split():
    same = picture(0)
    planted = pictures(i1=same, i6=same, i9=same, i10=same, i11=picture(2), i8=picture(7))
    (found,) = inventory(table(split=SPLIT), planted).splits
    # Equal: 0 1 (train) 6 (validation) 9 10 (test); 2 (train) 11 (none); 7 8 (validation).
    assert found == Split(
        "official split",
        {"train": 6, "validation": 3, "test": 2},
        0,
        1,
        {"validation": 1, "test": 2},
    )


def test_people_on_two_sides_are_counted_without_pictures():
    split = ["train", "test"] * 6
    (found,) = inventory(table(split=split)).splits
    assert found == Split("official split", {"train": 6, "test": 6}, 4, None, {})
    (unknown,) = inventory(table(split=split, subject=None, sequence=None)).splits
    assert unknown.subjects == 0


def test_every_official_fold_is_a_crossing_of_its_own():
    folds = np.array([[*SPLIT], ["", *SPLIT[1:]], [""] * N]).T
    planted = pictures(i6=picture(0))
    found = inventory(table(official=folds), planted).splits
    assert [one.name for one in found] == ["official fold 1", "official fold 2"]
    assert [one.copies for one in found] == [1, 0]
    assert [one.seen for one in found] == [
        {"validation": 1, "test": 0},
        {"validation": 0, "test": 0},
    ]


def test_of_prepared_pixels_the_same_is_told():
    array = np.stack([picture(i % 7) for i in range(N)])
    faces = table(split=SPLIT)
    pixels = Pixels.from_array(faces.images, array)
    planted = Planted({f"{i}.png": array[i] for i in range(N)})
    mine, theirs = inventory_of_pixels(faces, pixels), inventory(faces, planted)
    assert mine.pictures is not None
    assert mine == replace(theirs, pictures=mine.pictures)
    assert replace(mine.pictures, prepared=False) == theirs.pictures


def test_the_split_of_a_run_stands_beside_the_official_one():
    faces = table()
    pixels = Pixels.from_array(faces.images, np.stack([picture(i % 6) for i in range(N)]))
    found = inventory_of_pixels(faces, pixels, {"this run": ["train", "test"] * 6}).splits
    assert [(one.name, one.copies) for one in found] == [("this run", 0)]
    found = inventory_of_pixels(faces, pixels, {"this run": ["train"] * 6 + ["test"] * 6}).splits
    assert [(one.copies, one.seen) for one in found] == [(6, {"test": 6})]


class Counting:
    def __init__(self):
        self.done = 0

    def step(self, title, total):
        self.total = total
        return self

    def __enter__(self):
        return self.advance

    def __exit__(self, *_):
        return None

    def advance(self, parts):
        self.done += parts

    def say(self, text):
        raise AssertionError


def test_progress_hears_of_every_picture():
    progress = Counting()
    inventory(table(), pictures(i3="gone"), progress)
    assert progress.total == progress.done == N


def test_json_and_back():
    skipped = (("ä.png", "no label"),)
    found = Found("a layout", {"images": 3}, {"images": 4}, skipped, ("odd",))
    folds = np.array([SPLIT, SPLIT]).T
    made = inventory(
        table(split=SPLIT, official=folds, found=found), pictures(i1=picture(0), i2="gone")
    )
    text = made.to_json()
    assert Inventory.from_json(text) == made
    assert Inventory.from_json(text).to_json() == text
    assert "ä.png" in text
    assert json.loads(text)["format"] == 1
    bare = inventory(table())
    assert Inventory.from_json(bare.to_json()) == bare


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"format": 1}', '{"format": 99}'])
def test_other_json_is_refused(text):
    with pytest.raises(DataError, match="inventory"):
        Inventory.from_json(text)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=14), st.data())
def test_copies_and_crossings_are_those_of_a_loop(numbers, data):
    n = len(numbers)
    parts = data.draw(st.lists(st.sampled_from(["", "train", "test"]), min_size=n, max_size=n))
    faces = FaceTable.from_arrays(
        [str(i) for i in range(n)],
        (),
        np.zeros((n, 0)),
        split=parts,
        path=[str(i) for i in range(n)],
    )
    planted = Planted({str(i): picture(number) for i, number in enumerate(numbers)})
    found = inventory(faces, planted)
    groups = [[i for i in range(n) if numbers[i] == k] for k in range(4)]
    assert found.pictures is not None
    assert found.pictures.copies == sum(len(group) > 1 for group in groups)
    assert found.pictures.copied == sum(len(group) for group in groups if len(group) > 1)
    sides = [{parts[i] for i in group} - {""} for group in groups]
    crossing = sum(len(side) > 1 for side in sides)
    seen = sum(parts[i] == "test" and "train" in sides[numbers[i]] for i in range(n))
    for one in found.splits:
        assert (one.copies, one.seen.get("test", 0)) == (crossing, seen)
    assert bool(found.splits) == bool(set(parts) - {""})


def test_the_drawn_faces_of_one_person_are_no_copies():
    drawn = source("drawn")
    options = drawn.Options.model_validate({"subjects": 3, "sequences": 2})
    found = inventory(drawn.read(None, options), drawn.pictures(None, options))
    assert found.pictures is not None
    assert (found.pictures.read, found.pictures.copies) == (18, 0)
    assert found.terms.who == "everybody"
