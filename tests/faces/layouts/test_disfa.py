"""Drawn people laid out as DISFA: the names of its files, the same bytes each time, its quirks."""

import pytest

from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.testing.contents import contents

pytest.importorskip("cv2", reason="OpenCV is not installed: no video can be written")

CAST = Cast(people=2, sequences=2, pixels=48)


def test_files_lie_as_in_disfa(tmp_path):
    root = write("disfa", tmp_path / "DISFA", CAST, ())
    found = set(contents(root))
    assert "ActionUnit_Labels/SN001/SN001_au1.txt" in found
    assert "Videos_LeftCamera/LeftVideoSN002_comp.avi" in found
    assert "Videos_RightCamera/RightVideoSN002_comp.avi" in found
    assert "Landmark_Points/SN001/tmp_frame_lm/SN001_0000_lm.mat" in found
    assert "Landmark_Points/SN001/tmp_frame_lm/SN001_0007_lm.mat" in found
    assert len([name for name in found if name.startswith("ActionUnit_Labels")]) == 24
    text = (root / "ActionUnit_Labels/SN001/SN001_au1.txt").read_text()
    assert [line.split(",")[0] for line in text.splitlines()] == [str(n) for n in range(1, 9)]


def test_the_same_bytes_each_time(tmp_path):
    first, second = (write("disfa", tmp_path / name, CAST) for name in "ab")
    assert contents(first) == contents(second)


@pytest.mark.parametrize("quirk", layout("disfa").quirks)
def test_each_quirk_changes_the_tree(tmp_path, quirk):
    plain = contents(write("disfa", tmp_path / "plain", CAST, ()))
    assert contents(write("disfa", tmp_path / "quirk", CAST, (quirk,))) != plain


def test_people_are_called_as_in_disfa(tmp_path):
    from facsinterp.faces.layouts.disfa import numbered

    names = [numbered(person) for person in range(1, 28)]
    assert names[12:18] == ["SN013", "SN016", "SN017", "SN018", "SN021", "SN023"]
    assert names[-1] == "SN032"
    assert len({numbered(person) for person in range(1, 100)}) == 99
