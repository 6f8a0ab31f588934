"""Folders as they are unpacked: other spellings, doubled names, frames in their numbers' order."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.trees import (
    class_folders,
    frames_below,
    frames_in,
    inner,
    keyed,
    matched,
    name_key,
    not_this,
)

FRAME = re.compile(r"(?:reg_)?img(?P<frame>\d+)")


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


@pytest.mark.parametrize(
    ("there", "asked", "found"),
    [
        ("Cropped", "cropped", "Cropped"),
        ("CASME2-RAW", "CASME2_RAW", "CASME2-RAW"),
        ("CASME2 RAW/casme2_raw/CASME2-RAW", "CASME2_RAW", "CASME2 RAW/casme2_raw/CASME2-RAW"),
        ("Emotion_labels/Emotion", "Emotion_labels/Emotion", "Emotion_labels/Emotion"),
        (
            "Emotion_labels/Emotion/Emotion",
            "emotion-labels/emotion",
            "Emotion_labels/Emotion/Emotion",
        ),
        ("Cropped-updated", "Cropped", None),
    ],
)
def test_folders_under_other_spellings_and_doubled(tmp_path, there, asked, found):
    (tmp_path / there).mkdir(parents=True)
    assert inner(tmp_path, "nothing", asked) == (tmp_path / found if found else None)


def test_the_first_accepted_name_wins_and_files_do_not_count(tmp_path):
    touch(tmp_path, "B/x", "a/x", "C", "__MACOSX/D/x", ".E/x")
    assert inner(tmp_path, "A", "b") == tmp_path / "a"
    assert inner(tmp_path, "b", "A") == tmp_path / "B"
    assert inner(tmp_path, "C", "__MACOSX/D", ".E") is None


def test_a_link_to_the_folder_around_it_ends(tmp_path):
    (tmp_path / "Cropped").mkdir()
    (tmp_path / "Cropped/Cropped").symlink_to(tmp_path / "Cropped")
    assert inner(tmp_path, "Cropped") is not None
    touch(tmp_path, "Cropped/sub01/img1.jpg")
    notes = Notes()
    assert set(frames_below(tmp_path, tmp_path, FRAME, notes)) == {("Cropped", "sub01")}


def test_pictures_of_one_folder_by_their_last_number(tmp_path):
    names = ["img100.jpg", "img99.jpg", "6_img9.JPG", "a.png", "notes.txt", ".img1.jpg"]
    touch(tmp_path, *(f"top/{name}" for name in [*names, "img0009.jpg", f"{10**18}.jpg"]))
    (tmp_path / "top/img1.jpg").mkdir()
    notes = Notes()
    assert list(frames_in(tmp_path, tmp_path / "top", notes).items()) == [
        (9, "top/6_img9.JPG"),
        (99, "top/img99.jpg"),
        (100, "top/img100.jpg"),
    ]
    assert notes.warnings == (
        f"pictures whose names are not those of frames, left out: 2 (top/{10**18}.jpg, top/a.png)",
        "frames that are there twice; the first by name is taken: 1 (top/img0009.jpg)",
    )


@given(st.integers(0, 10**9), st.integers(0, 8))
def test_numbers_of_frames_with_and_without_zeros(tmp_path_factory, number, zeros):
    folder = tmp_path_factory.mktemp("frames")
    for name in (f"reg_img{'0' * zeros}{number}.jpg", f"006_1_2_{'0' * zeros}{number} b.jpg"):
        touch(folder, name)
        assert frames_in(folder, folder, Notes()) == {number: name}
        (folder / name).unlink()


def test_frames_of_each_folder_by_number(tmp_path):
    touch(
        tmp_path,
        *("top/s1/a/img10.jpg", "top/s1/a/img9.jpg", "top/s1/a/reg_img9.jpg"),
        *(
            "top/s1/b/contact.jpg",
            "top/s1/b/img20120704123456.jpg",
            "top/s1/b/notes.txt",
            "top/s1/._a/img1.jpg",
        ),
        *("top/img7.png", "top/s1/a/.img1.jpg", "top/__MACOSX/img1.jpg", "img1.jpg"),
    )
    notes = Notes()
    found = frames_below(tmp_path, tmp_path / "top", FRAME, notes)
    assert found == {
        (): {7: "top/img7.png"},
        ("s1", "a"): {9: "top/s1/a/img9.jpg", 10: "top/s1/a/img10.jpg"},
    }
    assert list(found["s1", "a"]) == [9, 10]
    assert notes.warnings == (
        "frames that are there twice; the first by name is taken: 1 (top/s1/a/reg_img9.jpg)",
        "pictures whose names are not those of frames, left out: 2 (top/s1/b/contact.jpg, "
        "top/s1/b/img20120704123456.jpg)",
    )
    assert frames_below(tmp_path / "top", tmp_path / "top", FRAME, notes)[()] == {7: "img7.png"}


def test_linked_folders_are_read_once(tmp_path):
    touch(tmp_path, "else/img1.jpg", "top/a/img2.jpg")
    (tmp_path / "top/b").symlink_to(tmp_path / "else")
    (tmp_path / "top/c").symlink_to(tmp_path / "else")
    found = frames_below(tmp_path, tmp_path / "top", FRAME, Notes())
    assert found == {("a",): {2: "top/a/img2.jpg"}, ("b",): {1: "top/b/img1.jpg"}}


@pytest.mark.parametrize(
    ("one", "other"),
    [("EP02_01f", "ep2_1F"), ("s1_ne_08", "s01_ne_8"), ("006_1_2", "6-1-2"), ("EP09 f", "EP9f")],
)
def test_names_that_are_the_same(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("EP02_01f", "EP02_10f"), ("EP1_11", "EP11_1"), ("a", "b")]
)
def test_names_that_are_not(one, other):
    assert name_key(one) != name_key(other)


def test_keys_are_matched_exactly_before_loosely():
    def without_letter(key):
        return key.rstrip("fs")

    assert matched(["1f", "1s"], ["1f", "1s"], without_letter) == {"1f": "1f", "1s": "1s"}
    assert matched(["1f", "2f"], ["1", "2s"], without_letter) == {"1f": "1", "2f": "2s"}
    assert matched(["1f", "1s"], ["1f", "1"], without_letter) == {"1f": "1f", "1s": "1"}
    assert matched(["1f", "1s"], ["1"], without_letter) == {}, "as like the one as the other"
    assert matched(["1f"], ["1", "1s"], without_letter) == {}, "either may be meant"
    assert matched(["1f", "1f"], ["1"], without_letter) == {"1f": "1"}


@given(st.lists(st.text("12fs", max_size=3)), st.lists(st.text("12fs", max_size=3)))
def test_no_folder_is_given_twice_and_none_that_is_unlike(wanted, there):
    found = matched(wanted, there, lambda key: key.rstrip("fs"))
    assert len(set(found.values())) == len(found)
    assert set(found) <= set(wanted)
    assert set(found.values()) <= set(there)
    assert all(key.rstrip("fs") == place.rstrip("fs") for key, place in found.items())
    assert all(found[key] == key for key in set(wanted) & set(there))


def test_folders_by_key():
    notes = Notes()
    folders = {("a", "1"): {1: "a/1/1.jpg"}, ("a", "01"): {2: "x"}, (): {3: "y"}, ("b",): {4: "z"}}
    found = keyed(folders, lambda parts: name_key(parts[1]) if len(parts) > 1 else None, notes)
    assert found == {(1,): {1: "a/1/1.jpg"}}
    assert notes.warnings == ("folders of pictures that are no clip's: 3 (a/01, ., b)",)


def test_folders_named_by_classes(tmp_path):
    touch(tmp_path, "sub01/EP01/x")
    assert class_folders(tmp_path) == []
    touch(tmp_path, "by/Happiness/x", "by/others/x", "by/readme/x")
    assert class_folders(tmp_path) == ["Happiness", "others"]
    touch(tmp_path, "fear/x")
    assert class_folders(tmp_path) == ["Happiness", "others"], "one alone may be anything"
    touch(tmp_path, "negative/x")
    assert class_folders(tmp_path) == ["fear", "negative"]


def test_the_error_for_another_folder(tmp_path):
    touch(tmp_path, "photos/1.jpg", "a.txt", "b.txt", "c", "part1.zip", ".DS_Store")
    fault = not_this("CASME II", tmp_path, ("Cropped/", "a sheet")).faults[0]
    assert "CASME II" in fault.what
    assert fault.where == str(tmp_path)
    assert fault.expected == "Cropped/, or a sheet"
    assert fault.got == "photos/; 2 x .txt, 1 x c, 1 x .zip"
    assert fault.do == "unpack part1.zip"
    empty = tmp_path / "photos/empty"
    empty.mkdir()
    fault = not_this("CASME II", empty, "Cropped/", do="look elsewhere").faults[0]
    assert (fault.got, fault.do) == ("an empty folder", "look elsewhere")
    fault = not_this("CASME II", empty, "Cropped/").faults[0]
    assert "name the folder" in fault.do


def test_one_pass_over_a_tree(tmp_path, monkeypatch):
    touch(tmp_path, *(f"top/s{n}/img{k}.jpg" for n in range(5) for k in range(20)))
    looked: list[str] = []
    real = os.stat

    def watched(path, **how):
        looked.append(str(path))
        return real(path, **how)

    monkeypatch.setattr(os, "stat", watched)
    assert len(frames_below(tmp_path, tmp_path / "top", FRAME, Notes())) == 5
    assert not [path for path in looked if path.endswith(".jpg")], "no file is looked at"
