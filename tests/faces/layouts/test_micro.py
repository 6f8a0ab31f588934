"""The layouts of CASME II and SAMM: names and sizes of the real sets, the same bytes each time."""

import numpy as np
import pytest
from openpyxl import load_workbook
from PIL import Image

from facsinterp.faces.layouts.clips import movements
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.testing.contents import contents

CAST = Cast(people=3, sequences=4, pixels=24)


@pytest.mark.parametrize("name", ["casme2", "samm"])
@pytest.mark.parametrize("quirks", [(), None])
def test_the_same_bytes_each_time(name, quirks, tmp_path):
    one = write(name, tmp_path / "one", CAST, quirks)
    other = write(name, tmp_path / "other", CAST, quirks)
    assert contents(one) == contents(other)


@pytest.mark.parametrize("name", ["casme2", "samm"])
def test_each_quirk_changes_the_tree(name, tmp_path, monkeypatch):
    # Drawing is not what this is about.
    monkeypatch.setattr(
        "facsinterp.faces.layouts.clips.drawn",
        lambda some, _: np.zeros((len(some), 1, 1), np.uint8),
    )
    monkeypatch.setattr("facsinterp.faces.layouts.clips._jpeg", lambda _: b"jpeg")
    plain = contents(write(name, tmp_path / "plain", CAST, ()))
    for quirk in layout(name).quirks:
        assert contents(write(name, tmp_path / quirk, CAST, (quirk,))) != plain, quirk


def test_casme2_as_its_owners_ship_it(tmp_path):
    root = write("casme2", tmp_path / "t", CAST, ("blank-columns", "missing-apex"), licence=False)
    assert sorted(entry.name for entry in root.iterdir()) == [
        *("CASME2-ObjectiveClasses.xlsx", "CASME2-coding-20140508.xlsx", "Cropped")
    ]
    header, first, second, *_ = load_workbook(root / "CASME2-coding-20140508.xlsx")["Sheet1"].values
    assert header == (
        *("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None),
        *("Action Units", "Estimated Emotion"),
    )
    clip = next(movements(CAST))
    assert first[:6] == (1, "EP02_01s", None, clip.onset, clip.apex, clip.offset)
    assert second[4] == "/"
    with Image.open(root / f"Cropped/sub01/EP02_01s/reg_img{clip.onset}.jpg") as picture:
        assert picture.size == (280, 340)
    folders = [entry for entry in (root / "Cropped").glob("*/*") if entry.is_dir()]
    assert len(folders) == 12


def test_samm_as_its_owners_ship_it(tmp_path):
    root = write("samm", tmp_path / "t", CAST, (), licence=False)
    rows = list(load_workbook(root / "SAMM_Micro_FACS_Codes_v2.xlsx")["Sheet1"].values)
    assert rows[13][:3] == ("Subject", "Filename", "Inducement Code")
    clip = next(movements(CAST, 500))
    assert rows[14][:2] == ("006", "006_1_2")
    with Image.open(root / f"SAMM/006/006_1_2/006_{clip.apex:05d}.jpg") as picture:
        assert picture.mode == "L"
