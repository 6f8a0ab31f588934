"""Drawn people laid out as DISFA+: the names of its files, the same bytes each time, its quirks."""

import pytest

from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.disfaplus import numbered
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.testing.contents import contents

CAST = Cast(people=2, sequences=2, pixels=24)


def test_files_lie_as_in_disfaplus(tmp_path):
    root = write("disfaplus", tmp_path / "DISFA+", CAST, ())
    found = set(contents(root))
    assert "Images/SN001/A1_AU1_TrailNo_1/000.jpg" in found
    assert "Labels/SN003/A2_AU2_TrailNo_1/AU26.txt" in found
    assert len(found) == 4 * (5 + 12) + 1
    text = (root / "Labels/SN001/A1_AU1_TrailNo_1/AU1.txt").read_text()
    assert text.splitlines()[0].startswith("000.jpg   ")


def test_the_same_bytes_each_time(tmp_path):
    first, second = (write("disfaplus", tmp_path / name, CAST) for name in "ab")
    assert contents(first) == contents(second)


@pytest.mark.parametrize("quirk", layout("disfaplus").quirks)
def test_each_quirk_changes_the_tree(tmp_path, quirk):
    plain = contents(write("disfaplus", tmp_path / "plain", CAST, ()))
    assert contents(write("disfaplus", tmp_path / "quirk", CAST, (quirk,))) != plain


def test_people_are_called_as_in_disfaplus():
    names = [numbered(person) for person in range(1, 10)]
    assert names == [f"SN{n:03d}" for n in (1, 3, 4, 7, 9, 10, 13, 25, 27)]
    assert len({numbered(person) for person in range(1, 100)}) == 99
