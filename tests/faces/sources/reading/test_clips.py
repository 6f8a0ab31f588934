"""Clips: what a row says, how far it can be trusted, and what a face table makes of it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.sources.reading.clips import (
    Clip,
    counts,
    emotion,
    face_table,
    joined,
    named_once,
    read_clip,
    require_frames,
    trusted,
    with_frames,
)
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.objective import objective_class
from facsinterp.faces.sources.reading.sheets import SheetRow
from facsinterp.faces.terms import Terms

FRAMES = {number: f"a/img{number}.jpg" for number in range(8, 15)}


def clip(name="sub01_a", **known):
    said = {"onset": 9, "apex": 11, "offset": 13, "codes": "R12B+4", "expression": "happy"}
    return Clip("sub01", name, 2, **{"frames": FRAMES, **said, **known})


def table(*clips, which="all", inherit=False, notes=None):
    return face_table(
        clips,
        which,
        inherit=inherit,
        terms=Terms("x", "y"),
        layout="z",
        published={"rows": 1, "happy": 1, "fear": 2},
        notes=notes or Notes(),
    )


def codes_of(faces, image):
    at = faces.data.isel(image=image)
    return {
        u: (bool(at["present"].sel(au=u)), float(at["intensity"].sel(au=u)))
        for u in faces.units
        if at["coded"].sel(au=u)
    }


def test_a_row_becomes_a_clip():
    cells = {"onset": 46.0, "apex": "/", "offset": "0", "codes": 12.0, "emotion": " Happiness "}
    read = read_clip(SheetRow(7, cells), "sub01", "n", Notes())
    assert read == Clip("sub01", "n", 7, 46, -1, 0, "12", "happy")


@pytest.mark.parametrize("cell", ["x", "1.5", "4 or 5", "nan", -1, "-7", "", None, "/", 10**13])
def test_what_is_no_number_is_not_known(cell):
    notes = Notes()
    read = read_clip(SheetRow(7, {"onset": 1, "apex": cell, "offset": 3}), "s", "n", notes)
    assert (read.onset, read.apex, read.offset) == (1, -1, 3)
    told = cell in ("x", "1.5", "4 or 5", 10**13)
    assert bool(notes.warnings) == told
    if told:
        assert notes.warnings == (f"cells of apex that hold no frame number: 1 (n: {cell})",)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *(("Happiness", "happy"), (" OTHERS", "others"), ("other", "others"), ("Sad", "sadness")),
        *(
            ("Repression", "repression"),
            ("/", ""),
            ("", ""),
            ("nan", ""),
            ("Two  words", "two words"),
        ),
    ],
)
def test_emotions(said, meant):
    assert emotion(said) == meant


@pytest.mark.parametrize(
    ("numbers", "left", "words"),
    [
        ((1, 2, 3), (1, 2, 3), ""),
        ((1, 3, 3), (1, 3, 3), ""),
        ((0, 1, 2), (0, 1, 2), ""),
        ((1, -1, 3), (1, -1, 3), "without an apex"),
        ((1, 1, 3), (1, -1, 3), "not between"),
        ((2, 1, 3), (2, -1, 3), "not between"),
        ((1, 4, 3), (1, -1, 3), "not between"),
        ((1, 2, 0), (1, 2, -1), "offset is 0"),
        ((5, 6, 4), (5, 6, -1), "offset is not after"),
        ((1, 2, -1), (1, 2, -1), ""),
        ((-1, 2, 3), (-1, 2, 3), "without an onset"),
    ],
)
def test_numbers_that_contradict_each_other(numbers, left, words):
    notes = Notes()
    onset, apex, offset = numbers
    kept = trusted(clip(onset=onset, apex=apex, offset=offset), notes)
    assert (kept.onset, kept.apex, kept.offset) == left
    assert len(notes.warnings) == bool(words)
    assert words in "".join(notes.warnings)


_NUMBER = st.integers(-1, 6)


@given(_NUMBER, _NUMBER, _NUMBER, st.integers(0, 7))
def test_what_is_trusted_is_in_order_and_phases_follow_it(onset, apex, offset, frame):
    kept = trusted(clip(onset=onset, apex=apex, offset=offset), Notes())
    known = [n for n in (kept.onset, kept.apex, kept.offset) if n >= 0]
    assert known == sorted(known)
    assert trusted(kept, Notes()) == kept
    phase = kept.phase(frame)
    if phase:
        assert kept.moves_at(frame)
    if kept.moves_at(frame):
        assert known[0] <= frame <= known[-1]
    assert (phase == "apex") == (frame == kept.apex)
    if kept.apex >= 0 and kept.moves_at(frame):
        assert phase == (
            "onset" if frame < kept.apex else "apex" if frame == kept.apex else "offset"
        )


def test_only_the_apex_is_coded():
    faces = table(clip())
    assert faces.data["frame"].values.tolist() == list(range(8, 15))
    assert faces.column("phase").tolist() == ["", "onset", "onset", "apex", "offset", "offset", ""]
    assert faces.column("expression").tolist() == ["", *["happy"] * 5, ""]
    assert np.flatnonzero(faces.data["coded"].values.any(axis=1)).tolist() == [3]
    there = codes_of(faces, 3)
    assert there[12] == (True, 2.0)
    assert there[4][0]
    assert np.isnan(there[4][1])
    assert faces.data["side"].values[3].tolist() == ["", "R"]
    assert faces.images[0] == "sub01_a_00008"
    assert [faces.data[f"clip_{n}"].values[0] for n in ("onset", "apex", "offset")] == [9, 11, 13]


def test_frames_that_inherit_lie_within_the_movement():
    faces = table(clip(), inherit=True)
    assert np.flatnonzero(faces.data["coded"].values.any(axis=1)).tolist() == [1, 2, 3, 4, 5]
    faces = table(clip(apex=-1), inherit=True)
    assert not faces.data["coded"].values.any()
    faces = table(clip(offset=-1), inherit=True)
    assert np.flatnonzero(faces.data["coded"].values.any(axis=1)).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("which", "numbers"),
    [("all", list(range(8, 15))), ("apex", [11]), ("onset+apex+offset", [9, 11, 13])],
)
def test_which_frames_are_taken(which, numbers):
    assert table(clip(), which=which).data["frame"].values.tolist() == numbers


def test_units_that_no_code_string_lists_are_absent_but_for_doubt():
    notes = Notes()
    clips = [
        clip(name="a", codes="1+2"),
        clip(name="b", codes="4 or 5"),
        clip(name="c", codes="12?+1"),
        clip(name="d", codes="1+frown"),
        clip(name="e", codes=""),
        clip(name="f", codes="0"),
        clip(name="g", codes="93+1"),
    ]
    faces = table(*clips, which="apex", notes=notes)
    assert faces.units == (1, 2, 4, 5, 12)
    present = [{u for u, (there, _) in codes_of(faces, i).items() if there} for i in range(7)]
    assert present == [{1, 2}, set(), {1}, set(), set(), set(), {1}]
    coded = [len(codes_of(faces, i)) for i in range(7)]
    assert coded == [5, 3, 4, 0, 0, 5, 5]
    assert notes.warnings == (
        "code strings with doubtful units, which are not coded there: 2 (b: 4 or 5, c: 12?+1)",
        "code strings that cannot be read, whose clips are not coded: 1 (d: 1+frown)",
        "clips without codes: 1 (e)",
        "units that are no FACS codes, left out: 1 (AU93 x 1)",
    )


def test_counts_hold_what_was_published():
    faces = table(clip(), clip(name="b", expression="fear", frames={}), which="apex")
    assert faces.found.counts == {
        "rows": 2,
        "clips": 1,
        "subjects": 1,
        "images on disk": 7,
        "clips with an apex": 1,
        "fear": 0,
        "happy": 1,
    }
    assert counts([], ["fear"])["fear"] == 0


def test_nothing_to_take_is_an_error():
    with pytest.raises(DataError, match="no frame of those asked for"):
        table(clip(apex=-1), which="apex")
    with pytest.raises(DataError, match="no clip of the coding sheet of X has frames"):
        require_frames("X", Path("x"), [clip(frames={})], "a/b.jpg")


def test_a_name_that_is_there_twice():
    notes = Notes()
    kept = named_once(
        [clip(), Clip("sub01", "b", 3), Clip("sub01", "sub01_a", 4)], lambda one: one.name, notes
    )
    assert [(one.name, one.line) for one in kept] == [("sub01_a", 2), ("b", 3)]
    assert notes.skipped == (("sub01_a", "row 4: row 2 codes a clip of this name"),)


def test_frames_that_the_sheet_names_and_the_disk_lacks():
    notes = Notes()
    with_frames(clip(), {9: "a", 10: "b", 13: "c", 14: "d"}, notes)
    assert notes.warnings == (
        "clips whose apex frame is not on disk: 1 (sub01_a: 11)",
        "clips with frames missing between onset and offset: 1 (sub01_a)",
        "clips with frames before their onset or after their offset: 1 (sub01_a)",
    )
    notes = Notes()
    with_frames(clip(), FRAMES, notes, trimmed=False)
    assert notes.warnings == ()


def test_rows_and_folders_are_joined_by_key():
    notes = Notes()
    clips = [Clip("s", "one", 2), Clip("s", "two", 3)]
    folders = {"ONE": {1: "a/1.jpg"}, "three": {1: "b/1.jpg"}}
    found = joined(clips, ["one", "two"], folders, notes, loosely=str.casefold)
    assert [dict(one.frames) for one in found] == [{1: "a/1.jpg"}, {}]
    assert notes.skipped == (("two", "row 3 of the sheet: no frames of this clip are here"),)
    assert notes.warnings == ("folders of frames that no row of the sheet codes: 1 (b)",)


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ("3", "class 3"),
        ("VII", "class 7"),
        ("iv", "class 4"),
        ("Class I", "class 1"),
        ("9", ""),
        ("", ""),
    ],
)
def test_objective_classes(cell, named):
    assert objective_class(cell) == named
