"""CK+ as it is laid out: names, sizes and faults of the real tree, the same whenever written."""

import re

import numpy as np
import pytest
from PIL import Image

from facsinterp.errors import InputError
from facsinterp.faces.layouts import ckplus
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.testing.contents import contents

SMALL = Cast(people=2, sequences=2)
PLACE = re.compile(
    r"(cohn-kanade-images|FACS|Emotion|Landmarks)/(S\d{3})/(\d{3})/"
    r"\2_\3_\d{8}(\.png|_facs\.txt|_emotion\.txt|_landmarks\.txt)"
)


def places(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_the_layout_has_its_name():
    assert layout("ckplus") is ckplus.LAYOUT
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in ckplus.QUIRKS)


def test_without_quirks_every_file_lies_in_the_official_place(tmp_path):
    root = write("ckplus", tmp_path / "CK+", SMALL, (), licence=False)
    found = places(root)
    assert all(PLACE.fullmatch(place) for place in found)
    sequences = list(ckplus.shown(SMALL, frozenset()))
    images = [place for place in found if place.endswith(".png")]
    assert len(images) == sum(len(one.numbers) for one in sequences)
    assert sum(place.endswith("_landmarks.txt") for place in found) == len(images)
    assert sum(place.endswith("_facs.txt") for place in found) == 4
    labelled = [one for one in sequences if one.apex.expression]
    assert sum(place.endswith("_emotion.txt") for place in found) == len(labelled)
    with Image.open(root / images[0]) as picture:
        assert (picture.size, picture.mode) == ((640, 490), "L")


def test_sequences_are_of_plausible_length():
    lengths = {len(one.numbers) for one in ckplus.shown(Cast(people=15, sequences=5), frozenset())}
    assert min(lengths) == 10
    assert max(lengths) == 24


def test_labels_say_what_is_drawn(tmp_path):
    root = write("ckplus", tmp_path / "CK+", SMALL, ())
    for one in ckplus.shown(SMALL, frozenset()):
        (facs,) = root.glob(f"FACS/{one.subject}/{one.sequence}/*_facs.txt")
        lines = [tuple(map(float, line.split())) for line in facs.read_text().splitlines()]
        assert {int(unit): int(score) for unit, score in lines} == {
            unit: one.apex.letter(unit) for unit in one.apex.face.units if one.apex.letter(unit)
        }
        assert re.match(r"   \d\.\d{7}e\+0\d   \d\.\d{7}e\+00\n", facs.read_text())


def test_landmarks_lie_on_the_face(tmp_path):
    root = write("ckplus", tmp_path / "CK+", SMALL, ())
    for file in sorted(root.rglob("*_landmarks.txt")):
        points = np.loadtxt(file)
        assert points.shape == (68, 2)
        assert (points[:, 0] > 75).all()
        assert (points[:, 0] < 565).all()


@pytest.mark.parametrize("quirks", [(), None, ("older-release",)])
def test_the_same_bytes_every_time(tmp_path, quirks):
    first = write("ckplus", tmp_path / "one", SMALL, quirks)
    second = write("ckplus", tmp_path / "two", SMALL, quirks)
    assert contents(first) == contents(second)


CAST = Cast(people=2, sequences=4)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """What a tree without quirks holds, beside its empty folders."""
    return written(tmp_path_factory.mktemp("plain") / "CK+", ())


def written(root, quirks):
    write("ckplus", root, CAST, quirks)
    return contents(root), sorted(path.relative_to(root) for path in root.rglob("*"))


@pytest.mark.parametrize("quirk", sorted(ckplus.QUIRKS))
def test_each_quirk_changes_the_tree(tmp_path, plain, quirk):
    if quirk == "missing-emotion-folders":
        plain = written(tmp_path / "empty", {"empty-emotion-folders"})
        assert written(tmp_path / "CK+", {quirk, "empty-emotion-folders"}) != plain
    else:
        assert written(tmp_path / "CK+", {quirk}) != plain


def test_an_unknown_quirk_is_refused(tmp_path):
    with pytest.raises(InputError, match="ds-store"):
        write("ckplus", tmp_path / "CK+", SMALL, {"no-such"})
    assert list(tmp_path.iterdir()) == []
