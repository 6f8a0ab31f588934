"""Drawn people laid out as CAS(ME)^3: sheets and frames, the same bytes each time, its quirks."""

import pytest

from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.testing.contents import contents

CAST = Cast(people=2, sequences=3, pixels=24, seed=33)
"""Drawn clips of which one has a side and one a single unit."""


def test_files_lie_as_in_casme3(tmp_path):
    root = write("casme3", tmp_path / "CASME3", CAST, ())
    found = set(contents(root))
    assert "annotation/partA/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx" in found
    assert "partA/spNO.1/a/color/41.jpg" in found
    assert len(found) == 6 * 6 + 2


def test_the_same_bytes_each_time(tmp_path):
    first, second = (write("casme3", tmp_path / name, CAST) for name in "ab")
    assert contents(first) == contents(second)


@pytest.mark.parametrize("quirk", layout("casme3").quirks)
def test_each_quirk_changes_the_tree(tmp_path, quirk):
    plain = contents(write("casme3", tmp_path / "plain", CAST, ()))
    assert contents(write("casme3", tmp_path / "quirk", CAST, (quirk,))) != plain
