"""CAS(ME)^3: clips of long videos joined to frames; sheets that can be read without pictures."""

import shutil
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.drawn import take
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import write
from facsinterp.faces.layouts.sheets import write_csv, write_workbook
from facsinterp.faces.pictures import Skip
from facsinterp.faces.sources.casme3 import SOURCE, Casme3Options, read_annotations
from facsinterp.faces.sources.casme3.sheets import read_part
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.testing import SourceContract

CAST = Cast(people=2, sequences=3, pixels=32, seed=33)
"""Drawn clips of which one has a side and one a single unit."""
COURSE = (1, 2, 4, 6, 5, 3)
FILES = "abc"
SHEET = "annotation/partA/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
HEADER = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion"]
CLIPS = [(person, number) for person in (1, 2) for number in (1, 2, 3)]


def read(root, **options):
    return SOURCE.read(root, Casme3Options(**options))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write("casme3", tmp_path_factory.mktemp("plain") / "CASME3", CAST, ())


@pytest.fixture
def root(plain, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(plain, tmp_path / "CASME3")


def with_quirks(tmp_path, *names):
    return write("casme3", tmp_path / "CASME3", CAST, names)


def name(person, number):
    return f"spNO.{person}_{FILES[number - 1]}_1"


def onset(person, number):
    return 40 * number + person


def peak(person, number):
    """What a clip shows at its apex, by the drawing alone."""
    return take(person, number, 33, 0.35).frame(6)


def rows_of(faces, sequence):
    return np.flatnonzero(faces.column("sequence") == sequence)


def apex_row(faces, sequence):
    (row,) = [r for r in rows_of(faces, sequence) if faces.column("phase")[r] == "apex"]
    return row


def sheet(root, rows, header=HEADER):
    write_workbook(root / SHEET, [header, *rows], "label")


class TestContractWithEveryQuirk(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("casme3", tmp_path_factory.mktemp("quirks") / "CASME3", CAST)


class TestContractWithoutQuirks(SourceContract):
    source = SOURCE
    options: ClassVar = {"frames": "all", "inherit": True}

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, plain):
        return plain


def test_what_was_drawn_comes_back(plain):
    faces = read(plain)
    assert len(faces) == 18
    for person, number in CLIPS:
        rows = rows_of(faces, name(person, number))
        first = onset(person, number)
        assert faces.data["frame"].values[rows].tolist() == [first, first + 3, first + 5]
        assert faces.column("phase")[rows].tolist() == ["onset", "apex", "offset"]
        assert faces.column("path")[rows[0]] == (
            f"partA/spNO.{person}/{FILES[number - 1]}/color/{first}.jpg"
        )
        frame = peak(person, number)
        apex = rows[1]
        present = faces.data["present"].values[apex]
        assert {u for u, p in zip(faces.units, present, strict=True) if p} == set(frame.face.units)
        assert faces.data["coded"].values[apex].all()
        assert not faces.data["coded"].values[rows[[0, 2]]].any(), "codes hold for the apex"
        known = "side" in faces.data
        sides = faces.data["side"].values[apex].tolist() if known else [""] * len(faces.units)
        found = dict(zip(faces.units, sides, strict=True))
        assert all(found[unit] == frame.side(unit) for unit in frame.face.units)
        shown = {"": "others", "contempt": "others"}.get(frame.expression, frame.expression)
        assert set(faces.column("expression")[rows].tolist()) == {shown}
        assert set(faces.column("subject")[rows].tolist()) == {f"spNO.{person}"}
        clip = [faces.data[f"clip_{key}"].values[rows[0]] for key in ("onset", "apex", "offset")]
        assert clip == [first, first + 3, first + 5]
    assert faces.found.counts["rows"] == faces.found.counts["clips"] == 6
    assert (faces.found.skipped, faces.found.warnings) == ((), ())


def test_frames_and_inherited_codes(plain):
    assert len(read(plain, frames="apex")) == 6
    every = read(plain, frames="all", inherit=True)
    assert len(every) == 36
    assert every.data["coded"].values.all()


def test_quirk_several_in_a_file(tmp_path):
    faces = read(with_quirks(tmp_path, "several-in-a-file"))
    names = ["spNO.1_a_1", "spNO.1_a_2", "spNO.1_b_1"]
    assert [n for n in dict.fromkeys(faces.column("sequence").tolist()) if ".1_" in n] == names
    for sequence, number in zip(names, (1, 2, 3), strict=True):
        first = onset(1, number)
        frames = faces.data["frame"].values[rows_of(faces, sequence)].tolist()
        assert frames == [first, first + 3, first + 5]


def test_the_running_number_follows_onsets_and_not_rows(root):
    first = ["spNO.1", "a", 41, 44, 46, "12", "I", "happy"]
    sheet(root, [["spNO.1", "a", 44, 45, 46, "4", "I", "fear"], first])
    faces = read(root)
    assert faces.data["clip_onset"].values[rows_of(faces, "spNO.1_a_1")[0]] == 41
    assert faces.data["clip_onset"].values[rows_of(faces, "spNO.1_a_2")[0]] == 44


def test_quirk_long_videos(tmp_path, plain):
    root = with_quirks(tmp_path, "long-videos")
    assert (root / "partA/spNO.1/a/color/40.jpg").is_file()
    assert (root / "partA/spNO.1/a/color/48.jpg").is_file()
    assert read(root, frames="all").fingerprint == read(plain, frames="all").fingerprint


def test_quirk_late_start(tmp_path):
    faces = read(with_quirks(tmp_path, "late-start"), frames="all")
    first = onset(1, 2)
    rows = rows_of(faces, name(1, 2))
    assert faces.data["frame"].values[rows].tolist() == [first + n for n in (2, 3, 4, 5)]
    assert any(
        "onset frame is not on disk" in w and f"{name(1, 2)}: {first}" in w
        for w in faces.found.warnings
    )
    assert any("missing between onset and offset" in w for w in faces.found.warnings)


def test_quirk_gaps(tmp_path):
    faces = read(with_quirks(tmp_path, "gaps"), frames="all")
    assert onset(1, 3) + 4 not in faces.data["frame"].values[rows_of(faces, name(1, 3))]
    (warning,) = faces.found.warnings
    assert warning == f"clips with frames missing between onset and offset: 1 ({name(1, 3)})"


def test_quirk_dead_apex(tmp_path):
    faces = read(with_quirks(tmp_path, "dead-apex"))
    rows = rows_of(faces, name(2, 1))
    assert not faces.data["coded"].values[rows].any()
    assert faces.data["clip_apex"].values[rows].tolist() == [-1, -1]
    assert any("apex is not between" in w and name(2, 1) in w for w in faces.found.warnings)


def test_an_apex_that_is_not_on_disk_codes_nothing(root):
    (root / f"partA/spNO.1/a/color/{onset(1, 1) + 3}.jpg").unlink()
    faces = read(root)
    assert len(rows_of(faces, name(1, 1))) == 2
    assert not faces.data["coded"].values[rows_of(faces, name(1, 1))].any()
    assert any("apex frame is not on disk" in w and name(1, 1) in w for w in faces.found.warnings)


def test_quirk_offset_zero(tmp_path):
    faces = read(with_quirks(tmp_path, "offset-zero"), frames="all")
    rows = rows_of(faces, name(2, 2))
    assert faces.data["clip_offset"].values[rows[0]] == -1
    assert faces.data["frame"].values[rows].max() == onset(2, 2) + 3, "up to the apex"
    assert faces.data["coded"].values[apex_row(faces, name(2, 2))].all()
    assert any("offset is 0" in w and name(2, 2) in w for w in faces.found.warnings)


def test_quirk_file_not_on_disk(tmp_path):
    faces = read(with_quirks(tmp_path, "file-not-on-disk"))
    assert not len(rows_of(faces, name(2, 3)))
    (skipped,) = faces.found.skipped
    assert skipped == (name(2, 3), "row 7 of the sheet: no frames of this file are here")
    assert (faces.found.counts["rows"], faces.found.counts["clips"]) == (6, 5)


def test_quirk_damaged_picture(tmp_path):
    root = with_quirks(tmp_path, "damaged-picture")
    faces = read(root)
    opened = list(SOURCE.pictures(root, Casme3Options()).open(faces.column("path").tolist()))
    assert [isinstance(one, Skip) for one in opened].index(True) == 0
    assert sum(isinstance(one, Skip) for one in opened) == 1


def test_quirk_depth(tmp_path, plain):
    faces = read(with_quirks(tmp_path, "depth"))
    assert faces.column("path").tolist() == read(plain).column("path").tolist()


def same_but_for_spelling(quirk, tmp_path, plain):
    faces = read(with_quirks(tmp_path, quirk))
    assert faces.fingerprint == read(plain).fingerprint
    assert faces.found.counts == read(plain).found.counts


def test_quirk_numeric_cells(tmp_path, plain):
    same_but_for_spelling("numeric-cells", tmp_path, plain)


def test_quirk_lower_case_sides(tmp_path, plain):
    same_but_for_spelling("lower-case-sides", tmp_path, plain)


def test_quirk_emotion_case(tmp_path, plain):
    same_but_for_spelling("emotion-case", tmp_path, plain)


def test_quirk_repeated_codes(tmp_path):
    faces = read(with_quirks(tmp_path, "repeated-codes"))
    present = faces.data["present"].values[apex_row(faces, name(1, 2))]
    units = {unit for unit, there in zip(faces.units, present, strict=True) if there}
    assert units == set(peak(1, 2).face.units)


def test_quirk_label_noise(tmp_path):
    faces = read(with_quirks(tmp_path, "label-noise"), frames="all")
    off = [
        int(faces.data["clip_apex"].values[rows_of(faces, name(p, n))[0]]) - onset(p, n) - 3
        for p, n in CLIPS
    ]
    assert [abs(n) for n in off] == [0, 0, 1, 0, 0, 1]


def test_quirk_version_1(tmp_path, plain):
    root = with_quirks(tmp_path, "version-1")
    assert read(root).fingerprint == read(plain).fingerprint
    assert "v2" in read(root).found.layout
    (root / SHEET).unlink()
    faces = read(root)
    assert faces.found.counts["rows"] == 7
    assert any("version 1 of the labels" in w for w in faces.found.warnings)
    assert any("earlier row again: 1 (spNO.1_a_2)" in w for w in faces.found.warnings)


def test_quirk_part_c(tmp_path):
    table = read_annotations(with_quirks(tmp_path, "part-c"))
    assert table["part"].value_counts().to_dict() == {"A": 6, "C": 6}
    part_c = table[table["part"] == "C"].reset_index(drop=True)
    for place, (person, number) in enumerate(CLIPS):
        units = set(peak(person, number).face.units)
        row = part_c.loc[place]
        columns = [c for c in map(str, part_c.columns) if c.startswith("AU")]
        assert {int(c[2:]) for c in columns if row[c] is not pd.NA and row[c]} == units
        assert row["onset"] == onset(person, number)
        assert row["apex"] is pd.NA
    assert "，" in part_c["written"][3]
    assert part_c["written"][1].endswith(",")
    assert part_c["written"][2].endswith(",13?")
    assert part_c["AU13"][2] is pd.NA, "doubtful, so neither present nor absent"
    assert part_c["AU13"][0] == False  # noqa: E712 - a cell that may be missing
    assert not (table["unread"] != "").any()


def test_annotations_need_no_pictures(root):
    shutil.rmtree(root / "partA")
    table = read_annotations(root)
    assert len(table) == 6
    assert table["clip"].is_unique
    assert table["expression"].tolist() == [
        {"": "others", "contempt": "others"}.get(e := peak(*clip).expression, e) for clip in CLIPS
    ]
    assert table["objective"].tolist() == ["II", "III", "IV", "V", "VI", "VII"]
    assert read_annotations(root / SHEET).equals(table)
    with pytest.raises(DataError) as raised:
        read(root)
    told = str(raised.value)
    assert "the sheet of CAS(ME)^3 is here, and no frames of its clips" in told
    assert "partA/spNO.1/a/color/138.jpg" in told
    assert "read_annotations" in told


def test_codes_that_cannot_be_read_are_missing_and_not_false(root):
    rows = [["spNO.1", "a", 41, 44, 46, cell, "I", "happy"] for cell in ("12+frown", None, "4", 0)]
    sheet(root, rows)
    table = read_annotations(root)
    assert table["AU4"].astype(object).tolist() == [pd.NA, pd.NA, True, False]
    assert table["unread"].tolist() == ["frown", "", "", ""]
    assert table["written"].tolist() == ["12+frown", "", "4", "0"]


def test_names_of_files_may_differ_in_case(root, plain):
    (root / "partA/spNO.1/a").rename(root / "partA/spNO.1/A")
    (root / "partA/spNO.2").rename(root / "partA/SPNO.2")
    assert read(root).fingerprint == read(plain).fingerprint


def test_csv_exports(root):
    rows = [["spNO.1", "a", "41", "44", "46", "4+L12", "I", "happy"]]
    (root / SHEET).unlink()
    write_csv((root / SHEET).with_suffix(".csv"), [HEADER, *rows], ";")
    faces = read(root)
    row = apex_row(faces, "spNO.1_a_1")
    assert faces.units == (4, 12)
    assert faces.data["side"].values[row].tolist() == ["", "L"]


@pytest.mark.parametrize("inside", ["part_A/data/part_A_split/part_A", "partA/partA", "."])
def test_where_the_frames_may_lie(root, plain, inside):
    (root / "partA").rename(root / "x")
    top = root / inside
    top.mkdir(parents=True, exist_ok=True)
    for folder in (root / "x").iterdir():
        folder.rename(top / folder.name)
    faces = read(root)
    assert faces.fingerprint == read(plain).fingerprint


cells = st.one_of(
    st.none(), st.integers(-5, 10**6), st.floats(allow_nan=False), st.text(max_size=8)
)


@given(rows=st.lists(st.lists(cells, min_size=8, max_size=8), max_size=4))
def test_any_rows_are_read_or_refused(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "cas(me)3_part_A_ME_label.csv"
    write_csv(path, [HEADER, ["spNO.9", "q", 1, 2, 3, "12", "I", "happy"], *rows])
    try:
        read = read_part("A", path, Notes())
    except DataError:
        return
    names = [one.clip.name for one in read]
    assert "spNO.9_q_1" in names


def refused(root):
    with pytest.raises(DataError) as raised:
        read(root)
    return str(raised.value)


def test_a_wrong_sheet_is_refused(root):
    sheet(root, [["1", "x"]], ["name", "value"])
    told = refused(root)
    assert "not the sheet that was looked for" in told
    assert "onset" in told
    (root / SHEET).write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    assert "git LFS" in refused(root)
    (root / SHEET).write_bytes(b"PK\x03\x04 torn")
    assert "cannot be read" in refused(root)
    sheet(root, [[None, None, 3, 4, 5, "12", None, None]])
    assert "names no clip" in refused(root)


def test_frames_without_a_sheet_are_refused(root):
    (root / SHEET).unlink()
    told = refused(root)
    assert "this is not CAS(ME)^3" in told
    assert "part_A_ME_label" in told
    assert "partA/" in told


def test_rows_that_name_no_file_are_skipped(root):
    rows = [[None, "a", 41, 44, 46, "12", "I", "x"], ["spNO.1", "a", 41, 44, 46, "12", "I", "x"]]
    sheet(root, [*rows, ["spNO.1", "b", None, None, None, "12", "I", "x"]])
    reasons = dict(read(root).found.skipped)
    assert "names no subject" in reasons["cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx, row 2"]
    assert "names no frame" in reasons["spNO.1_b_1"]


def test_terms(root):
    assert read(root).terms.may_show("spNO.1")
    (root / "LICENSE.txt").unlink()
    terms = read(root).terms
    assert not terms.may_show("spNO.1")
    assert "testing of commercial systems" in terms.text
    assert not terms.redistributable
