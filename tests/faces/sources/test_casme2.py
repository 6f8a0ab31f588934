"""CASME II: drawn clips laid out like it come back; its faults are told, masked or refused."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from facsinterp.errors import DataError
from facsinterp.faces.drawn.micro import clip as drawn_clip
from facsinterp.faces.layouts.casme2 import objective
from facsinterp.faces.layouts.clips import movements
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.faces.layouts.sheets import write_csv, write_workbook
from facsinterp.faces.sources.casme2 import PATCHES, PUBLISHED, SOURCE, Casme2Options
from facsinterp.testing.source import SourceContract

CAST = Cast(people=3, sequences=4, pixels=24)
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 43\n"
HEADER = (
    *("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame"),
    *("Action Units", "Estimated Emotion"),
)


def read(root, **options):
    return SOURCE.read(root, Casme2Options(**options))


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    """Trees with some quirks, each written once; tests do not change them."""
    written = {}

    def tree(*quirks):
        if quirks not in written:
            root = tmp_path_factory.mktemp("casme2") / "CASME2"
            written[quirks] = write("casme2", root, CAST, quirks, licence=False)
        return written[quirks]

    return tree


class TestContractWithEveryQuirk(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("casme2", tmp_path_factory.mktemp("all") / "CASME2", CAST)


class TestContractWithoutQuirks(SourceContract):
    source = SOURCE
    options = {"frames": "all", "inherit": True}  # noqa: RUF012

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("casme2", tmp_path_factory.mktemp("plain") / "CASME2", CAST, ())


def clips_of(faces):
    """The rows of each sequence, in order."""
    names = faces.column("sequence")
    return {name: np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())}


def peak_of(clip):
    micro = drawn_clip(clip.person, clip.number, CAST.seed)
    return micro.frame(micro.apex)


def apex_row(faces, place):
    """Position of the apex of the clip that is the place-th in the drawing."""
    clip = list(movements(CAST))[place - 1]
    (name,) = [
        n for n in clips_of(faces) if n.startswith(f"sub{clip.person:02d}_EP{clip.number + 1:02d}")
    ]
    rows = clips_of(faces)[name]
    return rows[faces.data["frame"].values[rows] == clip.apex][0]


def clip_of(faces, place):
    """Clip name of the place-th clip of the drawing, and its rows."""
    clip = list(movements(CAST))[place - 1]
    prefix = f"sub{clip.person:02d}_EP{clip.number + 1:02d}"
    (name,) = [n for n in clips_of(faces) if n.startswith(prefix)]
    return name, clips_of(faces)[name], clip


def warned(faces, *words):
    return [line for line in faces.found.warnings if all(word in line for word in words)]


def assert_as_drawn(faces, units_of=peak_of):
    """Numbers, units, sides and emotions are those that were drawn."""
    rows_of = list(clips_of(faces).values())
    drawn = list(movements(CAST))
    assert len(rows_of) == len(drawn)
    for rows, clip in zip(rows_of, drawn, strict=True):
        part = faces.select(rows)
        assert part.data["frame"].values.tolist() == [clip.onset, clip.apex, clip.offset]
        assert part.column("phase").tolist() == ["onset", "apex", "offset"]
        assert set(part.column("subject").tolist()) == {f"sub{clip.person:02d}"}
        for name in ("onset", "apex", "offset"):
            assert set(part.data[f"clip_{name}"].values) == {getattr(clip, name)}
        peak = units_of(clip)
        at = part.data.isel(image=1)
        shown = {u for u in part.units if at["present"].sel(au=u)}
        assert shown == set(peak.face.units)
        assert {u: str(at["side"].sel(au=u).values) if "side" in at else "" for u in shown} == {
            u: peak.side(u) for u in shown
        }
        assert at["coded"].values.all()
        assert not part.data["coded"].values[[0, 2]].any(), "only the apex was coded"
        assert set(part.column("expression").tolist()) == {peak.expression}
    present = faces.data["present"].values
    assert np.isnan(faces.data["intensity"].values[present]).all(), "no letters, so not scored"


def test_what_was_drawn_comes_back(trees):
    faces = read(trees())
    assert_as_drawn(faces)
    assert faces.found.warnings == ()
    assert faces.found.skipped == ()
    assert faces.found.counts["rows"] == faces.found.counts["clips"] == 12
    assert faces.found.counts["subjects"] == 3
    assert faces.found.expected == PUBLISHED
    paths = faces.column("path").tolist()
    clip = next(movements(CAST))
    assert paths[0] == f"Cropped/sub01/EP02_01s/reg_img{clip.onset}.jpg"
    assert faces.images[0] == f"sub01_EP02_01s_{clip.onset:05d}"
    with Image.open(trees() / paths[0]) as picture:
        assert picture.size == (280, 340)


def test_all_frames_in_the_order_of_their_numbers(trees):
    faces = read(trees(), frames="all")
    for rows, clip in zip(clips_of(faces).values(), movements(CAST), strict=True):
        numbers = faces.data["frame"].values[rows].tolist()
        assert numbers == list(range(clip.onset, clip.offset + 1)), "97, 98, 99, 100"
        coded = faces.data["coded"].values[rows].any(axis=1)
        assert np.array(numbers)[coded].tolist() == [clip.apex]
        phases = faces.column("phase")[rows].tolist()
        assert phases.count("onset") == clip.apex - clip.onset
        assert phases.count("offset") == clip.offset - clip.apex


def test_inherited_codes_are_those_of_the_apex(trees):
    faces = read(trees(), frames="all", inherit=True)
    assert faces.data["coded"].values.all()
    for rows in clips_of(faces).values():
        assert (np.ptp(faces.data["present"].values[rows].astype(int), axis=0) == 0).all()


def test_only_the_apex(trees):
    faces = read(trees(), frames="apex")
    assert faces.data["frame"].values.tolist() == [clip.apex for clip in movements(CAST)]
    assert faces.data["coded"].values.all()


def test_objective_classes_take_the_place_of_emotions(trees):
    faces = read(trees(), labels="objective", frames="apex")
    names = [name.partition("_")[2] for name in faces.column("sequence").tolist()]
    assert faces.column("expression").tolist() == [f"class {objective(name)}" for name in names]
    assert faces.found.expected["class 6"] == 1
    assert sum(v for k, v in faces.found.counts.items() if k.startswith("class ")) == 12


def test_two_people_may_never_be_shown(trees):
    for showable in ("licence", "all"):
        terms = read(trees(), showable=showable).terms
        assert not terms.may_show("sub12")
        assert not terms.may_show("sub22")
        assert terms.may_show("sub01")
        assert not terms.redistributable


def test_two_people_may_not_be_shown_by_the_licence_of_a_copy_either(tmp_path):
    root = write("casme2", tmp_path / "t", Cast(1, 1, 24), (), licence=False)
    (root / "LICENSE").write_text("MIT License\n")
    faces = read(root)
    assert not faces.terms.may_show("sub12")
    assert faces.terms.may_show("sub01")
    assert any("MIT License (LICENSE)" in warning for warning in faces.found.warnings)


def test_drawn_faces_with_a_licence_may_all_be_shown(tmp_path):
    root = write("casme2", tmp_path / "t", Cast(1, 1, 24), ())
    assert read(root).terms.may_show("sub12")


@pytest.mark.slow
def test_a_tree_of_real_size(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "facsinterp.faces.layouts.clips.drawn",
        lambda some, _: np.zeros((len(some), 1, 1), np.uint8),
    )
    monkeypatch.setattr("facsinterp.faces.layouts.clips._jpeg", lambda _: b"jpeg")
    root = write(
        "casme2", tmp_path / "t", Cast(people=26, sequences=10, pixels=24), ("csv-export",)
    )
    faces = read(root, frames="all", inherit=True)
    assert faces.found.counts["rows"] == 260
    assert faces.found.counts["subjects"] == 26
    assert len(faces) == faces.found.counts["images on disk"] > 15_000


# Each quirk


def test_quirk_blank_columns(trees):
    assert_as_drawn(read(trees("blank-columns")))


def test_quirk_renamed_sheet(trees):
    faces = read(trees("renamed-sheet"))
    assert_as_drawn(faces)
    assert "CASME2-coding-20190701 - V2.xlsx" in faces.found.layout


def test_quirk_csv_export(trees):
    faces = read(trees("csv-export"))
    assert_as_drawn(faces)
    assert "CASME2-coding-20140508.csv" in faces.found.layout


def test_quirk_numbers_as_text(trees):
    faces = read(trees("numbers-as-text"))
    assert_as_drawn(faces)
    assert faces.fingerprint == read(trees()).fingerprint


def test_quirk_spelling_of_emotions(trees):
    assert_as_drawn(read(trees("spelling-of-emotions")))


def test_quirk_missing_apex(trees):
    faces = read(trees("missing-apex"), frames="all", inherit=True)
    name, rows, clip = clip_of(faces, 2)
    part = faces.select(rows)
    assert set(part.data["clip_apex"].values) == {-1}
    assert not part.data["coded"].values.any(), "not even by inheriting"
    assert part.column("phase").tolist()[1:-1] == [""] * (clip.offset - clip.onset - 1)
    assert part.column("phase").tolist()[:: clip.offset - clip.onset] == ["onset", "offset"]
    assert warned(faces, "without an apex", ": 1 ", name)
    assert faces.found.counts["clips with an apex"] == 11
    assert name not in read(trees("missing-apex"), frames="apex").column("sequence")


def test_quirk_offset_zero(trees):
    faces = read(trees("offset-zero"), frames="all", inherit=True)
    name, rows, clip = clip_of(faces, 3)
    part = faces.select(rows)
    assert set(part.data["clip_offset"].values) == {-1}
    coded = part.data["coded"].values.any(axis=1)
    assert part.data["frame"].values[coded].max() == clip.apex, "what comes after is not known"
    assert warned(faces, "offset is 0", name)


def test_quirk_apex_at_onset(trees):
    faces = read(trees("apex-at-onset"), frames="all")
    name, rows, _ = clip_of(faces, 4)
    assert set(faces.data["clip_apex"].values[rows]) == {-1}
    assert not faces.data["coded"].values[rows].any()
    assert warned(faces, "apex is not between onset and offset", name)


def test_quirk_apex_after_offset(trees):
    faces = read(trees("apex-after-offset"), frames="all")
    name, rows, _ = clip_of(faces, 5)
    assert set(faces.data["clip_apex"].values[rows]) == {-1}
    assert not faces.data["coded"].values[rows].any()
    assert warned(faces, "apex is not between onset and offset", name)


def test_quirk_apex_not_on_disk(trees):
    faces = read(trees("apex-not-on-disk"), frames="all")
    name, rows, clip = clip_of(faces, 6)
    assert clip.apex not in faces.data["frame"].values[rows]
    assert set(faces.data["clip_apex"].values[rows]) == {clip.apex}
    assert not faces.data["coded"].values[rows].any(), "no other frame takes its place"
    assert warned(faces, "apex frame is not on disk", f"{name}: {clip.apex}")
    assert warned(faces, "frames missing between onset and offset", name)


def test_quirk_frames_around(trees):
    faces = read(trees("frames-around"), frames="all", inherit=True)
    name, rows, clip = clip_of(faces, 7)
    part = faces.select(rows)
    numbers = part.data["frame"].values
    outside = (numbers < clip.onset) | (numbers > clip.offset)
    assert outside.sum() == 9
    assert set(part.column("phase")[outside].tolist()) == {""}
    assert set(part.column("expression")[outside].tolist()) == {""}
    assert not part.data["coded"].values[outside].any()
    assert part.data["coded"].values[~outside].all()
    assert warned(faces, "before their onset or after their offset", name)


def test_quirk_clip_not_on_disk(trees):
    faces = read(trees("clip-not-on-disk"))
    assert len(clips_of(faces)) == 11
    ((name, reason),) = faces.found.skipped
    assert name == "sub02_EP05f"
    assert "row 9" in reason
    assert "no frames" in reason
    assert (faces.found.counts["rows"], faces.found.counts["clips"]) == (12, 11)


def test_quirk_doubtful_codes(trees):
    faces = read(trees("doubtful-codes"), frames="apex")
    row = apex_row(faces, 9)
    at = {u: bool(faces.data["coded"].values[row, i]) for i, u in enumerate(faces.units)}
    assert not at[4]
    assert not at[5]
    assert at[12], "4 or 5 says that there is no 12"
    row = apex_row(faces, 10)
    place = faces.units.index(39)
    assert not faces.data["coded"].values[row, place]
    assert faces.data["coded"].values[row].sum() == len(faces.units) - 1
    assert warned(faces, "doubtful", ": 2 ")


def test_quirk_unreadable_codes(trees):
    faces = read(trees("unreadable-codes"), frames="apex")
    assert not faces.data["coded"].values[apex_row(faces, 11)].any()
    assert warned(faces, "cannot be read", "frown")


def test_quirk_names_differ(trees):
    faces = read(trees("names-differ"))
    assert_as_drawn(faces)
    assert "Cropped/sub01/EP02_01/" in faces.column("path")[0], "the sheet says EP02_01s"


def test_quirk_objective_names_differ(trees):
    faces = read(trees("objective-names-differ"), labels="objective", frames="apex")
    same = read(trees(), labels="objective", frames="apex")
    assert faces.column("expression").tolist() == same.column("expression").tolist()
    assert faces.found.warnings == ()


def test_quirk_resampled_too(trees, tmp_path):
    faces = read(trees("resampled-too"))
    assert faces.fingerprint == read(trees()).fingerprint
    assert warned(faces, "resampled in time", "CASME2_TIM10")
    alone = tmp_path / "CASME2"
    shutil.copytree(trees("resampled-too"), alone)
    shutil.rmtree(alone / "Cropped")
    with pytest.raises(DataError, match=r"resampled in time \(TIM\)") as raised:
        read(alone)
    assert raised.value.faults[0].got == "CASME2_TIM10"
    with pytest.raises(DataError, match="resampled in time"):
        read(alone / "CASME2_TIM10")


def test_quirk_doubled_folders(trees):
    faces = read(trees("doubled-folders"))
    assert_as_drawn(faces)
    assert faces.column("path")[0].startswith("Cropped/Cropped/sub01/")


def test_quirk_class_folders(trees):
    assert read(trees("class-folders")).fingerprint == read(trees()).fingerprint


def test_quirk_selected_only(trees):
    faces = read(trees("selected-only"))
    assert_as_drawn(faces)
    assert faces.found.layout.startswith("selected frames in CASME2_RAW_selected")
    with pytest.raises(DataError, match="not here as cropped frames") as raised:
        read(trees("selected-only"), version="cropped")
    assert "CASME2_RAW_selected (selected)" in raised.value.faults[0].got


def test_quirk_raw_too(trees):
    root = trees("raw-too")
    assert_as_drawn(read(root))
    faces = read(root, version="raw", frames="all", inherit=True)
    assert len(clips_of(faces)) == 1
    clip = next(movements(CAST))
    rows = next(iter(clips_of(faces).values()))
    assert faces.data["frame"].values[rows].tolist() == list(range(1, clip.clip.length + 1))
    assert not warned(faces, "before their onset"), "whole videos begin before it"
    coded = faces.data["frame"].values[rows][faces.data["coded"].values[rows].any(axis=1)]
    assert (coded.min(), coded.max()) == (clip.onset, clip.offset)


def test_quirk_videos_too(trees):
    assert read(trees("videos-too")).fingerprint == read(trees()).fingerprint


def test_quirk_lock_file(trees):
    faces = read(trees("lock-file"))
    assert_as_drawn(faces)
    assert faces.found.skipped == faces.found.warnings == ()


def test_every_quirk_has_its_test():
    for quirk in layout("casme2").quirks:
        assert f"test_quirk_{quirk.replace('-', '_')}" in globals()


# What no writer builds in


def frames_of(folder, numbers, stem="reg_img"):
    folder.mkdir(parents=True)
    for number in numbers:
        Image.new("L", (4, 4)).save(folder / f"{stem}{number}.jpg")


def by_hand(root, rows, name="CASME2-coding-20140508.xlsx"):
    write_workbook(root / name, [HEADER, *rows])
    return root


def test_a_sheet_with_every_kind_of_row(tmp_path):
    root = by_hand(
        tmp_path / "CASME2",
        [
            (1, "EP02_01f", 46, 59, 86, "4+7", "happiness"),
            (1, "EP02_01f", 1, 2, 3, "12", "others"),
            (1, "EP03", "forty", 59, 86, 12.0, "Others"),
            (None, None, None, None, None, "Notes: see readme", None),
            ("", "x", 1, 2, 3, "", ""),
            (2, "EP01", 1, 2, 3, None, "/"),
        ],
    )
    frames_of(root / "Cropped/sub01/EP02_01f", (46, 59, 86))
    frames_of(root / "Cropped/sub01/EP03", (59,))
    frames_of(root / "Cropped/sub02/EP01", (1, 2, 3))
    frames_of(root / "Cropped/sub02/EP99", (1,))
    frames_of(root / "Cropped/sub02/notes", (1,))
    Image.new("L", (4, 4)).save(root / "Cropped/sub01/EP03/contact sheet.jpg")
    Image.new("L", (4, 4)).save(root / "Cropped/sub01/EP03/img59.jpg")
    faces = read(root)
    assert faces.units == (4, 7, 12)
    skipped = dict(faces.found.skipped)
    assert "row 2 codes a clip of this name" in skipped["sub01_EP02_01f"]
    assert set(skipped) == {"sub01_EP02_01f", "row 5 of the sheet", "row 6 of the sheet"}
    assert warned(faces, "hold no frame number", "sub01_EP03: forty")
    assert warned(faces, "without an onset", "sub01_EP03")
    assert warned(faces, "without codes", "sub02_EP01")
    assert warned(faces, "no row of the sheet codes", "Cropped/sub02/EP99")
    assert warned(faces, "are no clip's", "sub02/notes")
    assert warned(faces, "names are not those of frames", "contact sheet.jpg")
    assert warned(faces, "there twice", "reg_img59.jpg")
    assert faces.column("path")[3] == "Cropped/sub01/EP03/img59.jpg"
    assert faces.column("expression").tolist() == ["happy"] * 3 + ["others"] + [""] * 3
    assert len(faces.found.warnings) == 9


def test_two_clips_as_like_one_folder_take_it_neither(tmp_path):
    rows = [(1, f"EP09{letter}", 1, 2, 3, "4", "others") for letter in ("f", "s")]
    root = by_hand(tmp_path, [*rows, (2, "EP09f", 1, 2, 3, "4", "others")])
    for subject in ("sub01", "sub02"):
        frames_of(root / "Cropped" / subject / "EP9", (1, 2, 3))
    faces = read(root)
    assert set(faces.column("sequence").tolist()) == {"sub02_EP09f"}
    assert warned(faces, "no row of the sheet codes", "Cropped/sub01/EP9")


def patchable(root, **changed):
    """A sheet of 255 rows that is the one the patches are for, but for what is changed."""
    rows = []
    for row in range(255):
        apex = "/" if row in PATCHES.no_apex else 20
        offset = 8 if row == 60 else 30
        rows.append([1 + row // 10, f"EP{row % 10 + 1:02d}", 10, apex, offset, "4", "others"])
    for (row, column), value in changed.get("cells", {}).items():
        rows[row][column] = value
    by_hand(root, rows[: changed.get("rows", 255)])
    frames_of(root / "Cropped/sub07/EP01", (10, 20, 91))
    return root


def test_patches_are_applied_only_when_asked_for(tmp_path):
    root = patchable(tmp_path)
    plain = read(root)
    assert set(plain.data["clip_offset"].values) == {-1}, "8 is before the onset"
    patched = read(root, patches=True)
    assert set(patched.data["clip_offset"].values) == {91}
    assert patched.data["frame"].values.tolist() == [10, 91]
    assert warned(patched, "patched after", "meb", "sub07_EP01: offset 8 -> 91")
    assert warned(patched, "without an apex", ": 21 ")
    assert not warned(plain, "patched")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"rows": 254}, "254 rows"),
        ({"cells": {(29, 3): 20}}, "row 29 below the header"),
        ({"cells": {(60, 4): 91}}, "offset 91"),
        ({"cells": {(60, 2): 95}}, "onset 95"),
    ],
)
def test_patches_of_another_sheet_are_refused(tmp_path, changed, words):
    root = patchable(tmp_path, **changed)
    assert len(read(root, frames="all"))
    with pytest.raises(DataError, match="another version of the coding sheet") as raised:
        read(root, patches=True)
    assert words in str(raised.value)
    assert "leave patches off" in str(raised.value)


_CELL = st.one_of(
    st.none(),
    st.integers(-(10**13), 10**13),
    st.floats(),
    st.sampled_from(
        ["01", "sub1", "EP02_01f", "ep2", "/", "nan", "inf", "1e9", "4 or 5", "R12+", "9" * 30]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(*[_CELL] * 7), max_size=4), first=st.booleans())
def test_whatever_rows_say_one_good_row_is_read(rows, first):
    good = [("sub1", "EP5", 1, 2, 3, "4", "others")]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        frames_of(root / "Cropped/sub01/EP05", (1, 2, 3))
        frames_of(root / "Cropped/sub01/EP02_01f", (1, 2, 3))
        write_csv(root / "coding.csv", [HEADER, *(good if first else []), *rows, *good], ";")
        faces = read(root)
    of_good = faces.select(faces.column("sequence") == "sub01_EP5")
    assert of_good.data["frame"].values.tolist() == [1, 2, 3]
    assert of_good.data["present"].sel(au=4).values.tolist() == [False, True, False]


# What is not the data set


def test_clips_sorted_into_classes_by_others(tmp_path):
    for name in ("disgust", "happiness"):
        frames_of(tmp_path / name / "EP02_01f", (1, 2))
    with pytest.raises(DataError, match="by somebody else") as raised:
        read(tmp_path)
    assert raised.value.faults[0].got == "folders disgust, happiness"
    within = tmp_path / "whole"
    by_hand(within, [(1, "EP02_01f", 1, 2, 3, "4", "others")])
    for name in ("disgust", "happiness"):
        frames_of(within / "Cropped" / name / "EP02_01f", (1, 2))
    with pytest.raises(DataError, match="by somebody else"):
        read(within)


def test_pictures_without_a_sheet(tmp_path):
    frames_of(tmp_path / "Cropped/sub01/EP02_01f", (1, 2))
    with pytest.raises(DataError, match="CASME2-coding-20140508") as raised:
        read(tmp_path)
    assert "Cropped/" in raised.value.faults[0].got


def test_a_sheet_without_pictures(tmp_path):
    by_hand(tmp_path, [(1, "EP02_01f", 1, 2, 3, "4", "others")])
    (tmp_path / "Cropped.zip").write_bytes(b"PK\3\4")
    with pytest.raises(DataError, match="not CASME II") as raised:
        read(tmp_path)
    assert "unpack Cropped.zip" in raised.value.faults[0].do
    (tmp_path / "Cropped/sub01").mkdir(parents=True)
    with pytest.raises(DataError, match="no clip of the coding sheet") as raised:
        read(tmp_path)
    assert "1 rows, the first for sub01_EP02_01f" in raised.value.faults[0].got


def test_the_sheet_of_another_data_set(tmp_path):
    by_hand(tmp_path, [("006", "006_1_2", 1, 2, 3, "4", "others")])
    frames_of(tmp_path / "Cropped/sub01/EP02_01f", (1, 2))
    with pytest.raises(DataError, match="another data set") as raised:
        read(tmp_path)
    assert raised.value.faults[0].got == "006 006_1_2"


def test_every_unusable_sheet_is_told(tmp_path):
    frames_of(tmp_path / "Cropped/sub01/EP02_01f", (1, 2))
    (tmp_path / "CASME2-coding-20140508.xlsx").write_text(POINTER)
    write_csv(tmp_path / "people.csv", [("Name", "Age"), ("A", 20)])
    with pytest.raises(DataError) as raised:
        read(tmp_path)
    assert len(raised.value.faults) == 2
    assert "git LFS pointer" in raised.value.faults[0].got
    assert raised.value.faults[1].got == "Name, Age"
    by_hand(tmp_path, [(1, "EP02_01f", 1, 2, 3, "4", "others")], "CASME2-coding-B.xlsx")
    faces = read(tmp_path)
    assert faces.found.skipped[0][0] == "CASME2-coding-20140508.xlsx"
    assert warned(faces, "sheets not read", "people.csv")


def test_no_frame_of_those_asked_for(tmp_path):
    by_hand(tmp_path, [(1, "EP02_01f", 1, "/", 3, "4", "others")])
    frames_of(tmp_path / "Cropped/sub01/EP02_01f", (1, 2, 3))
    assert len(read(tmp_path)) == 2
    with pytest.raises(DataError, match="no frame of those asked for") as raised:
        read(tmp_path, frames="apex")
    assert "1 clips with 3 frames, 0 of them with an apex" in raised.value.faults[0].got


def test_objective_classes_that_are_not_there(tmp_path):
    by_hand(tmp_path, [(1, "EP02_01f", 1, 2, 3, "4", "others")])
    frames_of(tmp_path / "Cropped/sub01/EP02_01f", (1, 2))
    with pytest.raises(DataError, match="objective classes of CASME II are not here"):
        read(tmp_path, labels="objective")
    write_workbook(
        tmp_path / "CASME2-ObjectiveClasses.xlsx",
        [("Subject", "Filename", "Objective Class"), ("01", "EP2_1f", "VII"), (1, "EP05", 9)],
    )
    faces = read(tmp_path, labels="objective")
    assert faces.column("expression").tolist() == ["class 7", "class 7"]
    assert warned(faces, "objective classes that cannot be used", "row 3: 1 EP05 9")


def test_objective_classes_that_are_missing_or_contradict_each_other(tmp_path):
    names = ("EP02_01f", "EP02_01s", "EP03", "EP04")
    root = by_hand(tmp_path, [(1, name, 1, 2, 3, "4", "others") for name in names])
    for name in names:
        frames_of(root / "Cropped/sub01" / name, (1, 2, 3))
    rows = [(1, "EP02_01", 2), (1, "EP03", 3), (1, "EP3", 4), (1, "EP03", 3), (9, "EP1", 5)]
    write_workbook(
        root / "CASME2-ObjectiveClasses.xlsx", [("Subject", "Filename", "Objective Class"), *rows]
    )
    faces = read(root, labels="objective", frames="apex")
    assert set(faces.column("expression").tolist()) == {""}, "01 may be f or s, EP03 is 3 and 4"
    without = "sub01_EP02_01f, sub01_EP02_01s, sub01_EP04"
    assert warned(faces, "without a row of objective classes: 3", without)
    assert warned(faces, "another objective class", "row 4: 1 EP3 4")
    assert warned(faces, "the coding sheet lacks: 2", "row 2: 1 EP02_01 2", "row 6: 9 EP1 5")


def test_a_clip_named_twice_in_two_spellings_is_one(tmp_path):
    rows = [(1, name, 1, 2, 3, "4", "others") for name in ("EP02_01s", "EP2_1s")]
    root = by_hand(tmp_path, rows)
    frames_of(root / "Cropped/sub01/EP02_01s", (1, 2, 3))
    faces = read(root)
    assert set(faces.column("sequence").tolist()) == {"sub01_EP02_01s"}
    assert "row 2 codes a clip" in dict(faces.found.skipped)["sub01_EP2_1s"]


def test_a_folder_around_the_data_set(trees, tmp_path):
    shutil.copytree(trees(), tmp_path / "CASME2")
    faces = read(tmp_path)
    assert_as_drawn(faces)
    assert faces.column("path")[0].startswith("CASME2/Cropped/")
