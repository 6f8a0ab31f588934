"""Drawn faces as FER2013: the files have the shape of the real ones, the same every time."""

import csv

import pytest

from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.testing.contents import contents


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    return write("fer2013", tmp_path_factory.mktemp("every") / "tree")


def rows(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_the_same_bytes_every_time(every, tmp_path):
    assert contents(write("fer2013", tmp_path / "again")) == contents(every)
    assert contents(write("fer2013", tmp_path / "other", Cast(seed=1))) != contents(every)


def test_a_row_a_picture(tmp_path):
    root = write("fer2013", tmp_path / "tree", Cast(people=8, sequences=5), ())
    header, *body = rows(root / "fer2013.csv")
    assert header == ["emotion", "pixels", "Usage"]
    assert len(body) == 40
    assert all(len(pixels.split(" ")) == 2304 for _, pixels, _ in body)
    assert [usage for _, _, usage in body[::31]] == ["Training", "Training"]
    assert {usage for _, _, usage in body} == {"Training", "PublicTest", "PrivateTest"}
    assert len({pixels for _, pixels, _ in body}) == 40
    votes = rows(root / "fer2013new.csv")[1:]
    assert [row[0] for row in votes] == [usage for _, _, usage in body]
    assert all(sum(map(int, row[2:])) == 10 for row in votes)


def test_more_pictures_than_faces_are_all_different(tmp_path):
    """The least number of rows is above what this cast draws."""
    root = write("fer2013", tmp_path / "tree", Cast(people=2, sequences=2), ())
    body = rows(root / "fer2013.csv")[1:]
    assert len(body) == len({pixels for _, pixels, _ in body}) == 24


@pytest.mark.parametrize("quirk", sorted(layout("fer2013").quirks))
def test_each_quirk_changes_the_tree(quirk, tmp_path):
    needs = {"ids-reused": ["folder-version"]}.get(quirk, [])
    cast = Cast(people=3, sequences=2, pixels=24)
    without = contents(write("fer2013", tmp_path / "without", cast, needs))
    assert contents(write("fer2013", tmp_path / "with", cast, [*needs, quirk])) != without


@pytest.mark.parametrize("cast", [Cast(1, 1, 24), Cast(1, 30, 24), Cast(60, 1, 24)])
def test_any_cast_has_room_for_every_quirk(tmp_path, cast):
    root = write("fer2013", tmp_path / "tree", cast)
    assert len(rows(root / "icml_face_data.csv")) == 1 + max(cast.people * cast.sequences, 24)
