"""Drawn people laid out as SMIC: folders, names, the same bytes each time, its quirks."""

import pytest

from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.testing.contents import contents

CAST = Cast(people=2, sequences=2, pixels=24)


def test_files_lie_as_in_smic(tmp_path):
    root = write("smic", tmp_path / "SMIC", CAST, ())
    found = sorted(set(contents(root)) - {"LICENSE.txt"})
    assert len(found) == 24
    parts = found[0].split("/")
    assert parts[:4] == ["SMIC_all_cropped", "HS", "s1", "micro"]
    assert parts[4] in ("negative", "positive", "surprise")
    assert (
        parts[5] == f"s1_{ {'negative': 'ne', 'positive': 'po', 'surprise': 'sur'}[parts[4]] }_01"
    )
    assert parts[6] == "reg_image1001.bmp"


def test_the_same_bytes_each_time(tmp_path):
    first, second = (write("smic", tmp_path / name, CAST) for name in "ab")
    assert contents(first) == contents(second)


@pytest.mark.parametrize("quirk", [name for name in layout("smic").quirks if name != "non-micro"])
def test_each_quirk_changes_the_tree(tmp_path, quirk):
    plain = contents(write("smic", tmp_path / "plain", CAST, ()))
    assert contents(write("smic", tmp_path / "quirk", CAST, (quirk,))) != plain


def test_non_micro_belongs_to_the_raw_pictures(tmp_path):
    raw = contents(write("smic", tmp_path / "raw", CAST, ("raw",)))
    both = contents(write("smic", tmp_path / "both", CAST, ("raw", "non-micro")))
    assert len(both) == len(raw) + 2
