"""What is on two sides of a fold, counted against slow loops, and copies that are dropped."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.splits.crossing import (
    SIDES,
    Crossing,
    bearing_two_names,
    copies_of,
    crossing_words,
    crossings,
    without_copies,
)
from facsinterp.faces.splits.folds import Fold, k_folds

from .tables import table

PICTURES = np.random.default_rng(4).integers(0, 256, (40, 6, 6), dtype=np.uint8)
PARTS = ("", "train", "validation", "test")


def shown(numbers):
    """Pictures of which equal numbers are equal."""
    return Pixels.from_array([f"i{i:04d}" for i in range(len(numbers))], PICTURES[list(numbers)])


def fold_of(sides, name="official"):
    sides = np.array(sides)
    return Fold(name, *(np.flatnonzero(sides == part) for part in PARTS[1:]))


def slow(fold, faces, numbers, kind, sides):
    """(count, conflicting) face by face."""
    seen, judged = (getattr(fold, side).tolist() for side in sides)
    if kind == "pictures":
        label = faces.column("expression").tolist()
        copies = {j: [i for i in seen if numbers[i] == numbers[j]] for j in judged}
        conflicting = [
            j for j in judged if label[j] and any(label[i] not in ("", label[j]) for i in copies[j])
        ]
        return sum(bool(some) for some in copies.values()), len(conflicting)
    name = faces.column(kind[:-1]).tolist()
    return len({name[i] for i in seen} & {name[j] for j in judged} - {""}), 0


rows = st.tuples(
    st.sampled_from(PARTS),
    st.sampled_from(PARTS),
    st.integers(0, 12),
    st.sampled_from(["", "a", "b", "c"]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "happy", "anger"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(rows, min_size=1, max_size=40))
def test_what_crosses_is_counted(drawn):
    one, two, numbers, subject, sequence, label = zip(*drawn, strict=True)
    sequences = [f"{s}-{q}" if s and q else "" for s, q in zip(subject, sequence, strict=True)]
    faces = table(list(zip(subject, sequences, label, strict=True)))
    folds = [fold_of(one, "one"), fold_of(two, "two")]
    found = crossings(folds, faces, shown(numbers))
    told = {(c.kind, c.fold, c.sides): (c.count, c.conflicting) for c in found}
    for kind in ("subjects", "sequences", "pictures"):
        for fold in folds:
            for sides in SIDES:
                expected = slow(fold, faces, numbers, kind, sides)
                assert told.get((kind, fold.name, sides), (0, 0)) == expected
    assert len(told) == len(found)
    kinds = [c.kind for c in found]
    assert kinds == sorted(kinds, key=["subjects", "sequences", "pictures"].index)
    assert all(0 < len(c.names) == min(3, c.count) for c in found)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PARTS), st.integers(0, 12)), min_size=1, max_size=40))
def test_dropping_leaves_no_equal_picture_on_two_sides_and_drops_no_other(drawn):
    sides, numbers = zip(*drawn, strict=True)
    fold = fold_of(sides)
    kept = without_copies(fold, shown(numbers))
    train, validation, test = ({numbers[i] for i in rows} for rows in
                               (kept.train, kept.validation, kept.test))  # fmt: skip
    assert not train & validation
    assert not train & test
    assert not validation & test
    np.testing.assert_array_equal(kept.test, fold.test)
    judged = {numbers[i] for i in fold.test}
    assert kept.validation.tolist() == [i for i in fold.validation if numbers[i] not in judged]
    judged |= {numbers[i] for i in fold.validation}
    assert kept.train.tolist() == [i for i in fold.train if numbers[i] not in judged]
    assert kept.name == fold.name
    faces = table([("", "", "")] * len(numbers))
    assert crossings([kept], faces, shown(numbers)) == ()


def test_folds_of_whole_subjects_are_crossed_by_pictures_alone():
    faces = table([(f"s{i % 9}", f"s{i % 9}-{i // 9}", "happy") for i in range(36)])
    folds = k_folds(faces, 3, 0)
    assert crossings(folds, faces, shown(range(36))) == ()
    numbers = [*range(35), 0]
    found = crossings(folds, faces, shown(numbers))
    assert {c.kind for c in found} == {"pictures"}
    assert found[0].names in (("i0000 = i0035",), ("i0035 = i0000",))


def test_a_crossing_names_the_copy_first():
    faces = table([("a", "", "happy"), ("b", "", "anger"), ("c", "", "anger"), ("a", "", "")])
    fold = fold_of(["test", "train", "validation", "train"])
    assert crossings([fold], faces, shown([5, 5, 6, 7])) == (
        Crossing("official", "subjects", ("train", "test"), 1, 0, ("a",)),
        Crossing("official", "pictures", ("train", "test"), 1, 1, ("i0001 = i0000",)),
    )


def test_one_line_tells_a_kind_over_all_folds():
    found = (
        Crossing("k", "subjects", ("train", "test"), 2, 0, ("a", "b")),
        Crossing("k", "pictures", ("train", "test"), 1200, 31, ("x = y",)),
        Crossing("l", "pictures", ("train", "test"), 3, 1, ("z = y",)),
        Crossing("l", "pictures", ("validation", "test"), 7, 0, ("z = y",)),
    )
    people, pictures = crossing_words(found, 5)
    assert "2 of test also in train in 1 of 5 folds" in people
    assert people.endswith("such as a")
    assert pictures.endswith(
        ": 3 to 1,200 of test also in train in 2 of 5 folds, 1 to 31 of them with another label; "
        "7 of test also in validation in 1 of 5 folds; such as x = y"
    )
    (alone,) = crossing_words(found[1:2], 1)
    assert "1,200 of test also in train, 31 of them" in alone
    assert crossing_words((), 5) == ()


@pytest.mark.parametrize(
    ("subjects", "numbers", "named"),
    [
        ("aabb", (0, 1, 2, 3), ()),
        ("aabb", (0, 0, 2, 3), ()),
        ("aabb", (0, 1, 2, 1), (("i0001", "i0003"),)),
        ("abc-", (2, 1, 1, 2), (("i0001", "i0002"),)),
        ("abcab", (2, 1, 1, 2, 2), (("i0000", "i0003", "i0004"), ("i0001", "i0002"))),
    ],
)
def test_one_picture_under_two_names(subjects, numbers, named):
    faces = table([(s.replace("-", ""), "", "") for s in subjects])
    assert bearing_two_names(faces, shown(numbers)) == named


def test_pictures_that_differ_in_one_value_are_none():
    pictures = np.stack([PICTURES[0], PICTURES[1], PICTURES[0], PICTURES[0]])
    pictures[2, 5, 5] ^= 1
    pixels = Pixels.from_array(list("abcd"), pictures)
    assert copies_of(pixels).tolist() == [0, -1, -1, 0]
