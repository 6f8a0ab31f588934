"""SMIC: clips in folders named by emotion; no codes, no apex, three cameras, two spellings."""

import shutil
from collections import Counter
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from facsinterp.errors import DataError
from facsinterp.faces.drawn import render, take
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import write
from facsinterp.faces.pictures import Skip
from facsinterp.faces.sources.smic import SOURCE, SmicOptions
from facsinterp.testing import SourceContract

CAST = Cast(people=3, sequences=2, pixels=32)
COURSE = (1, 4, 7, 8, 6, 3)


def read(root, **options):
    return SOURCE.read(root, SmicOptions(**options))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write("smic", tmp_path_factory.mktemp("plain") / "SMIC", CAST, ())


@pytest.fixture
def root(plain, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(plain, tmp_path / "SMIC")


def with_quirks(tmp_path, *names):
    return write("smic", tmp_path / "SMIC", CAST, names)


def expected_clips():
    """Name of each clip -> (label, person, sequence), by the drawing alone."""
    clips = {}
    for person in (1, 2, 3):
        count: Counter[str] = Counter()
        for sequence in (1, 2):
            shown = take(person, sequence, 0, 0.35).expression
            label = {"happy": "positive", "surprise": "surprise"}.get(shown, "negative")
            count[label] += 1
            clips[f"s{person:02d}_{label[:2]}_{count[label]:02d}"] = (label, person, sequence)
    return clips


class TestContractWithEveryQuirk(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("smic", tmp_path_factory.mktemp("quirks") / "SMIC", CAST)


class TestContractWithoutQuirks(SourceContract):
    source = SOURCE
    options: ClassVar = {"apex": "middle", "frames": "onset+apex+offset"}

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, plain):
        return plain


def test_what_was_drawn_comes_back(plain):
    faces = read(plain)
    clips = expected_clips()
    assert set(faces.column("sequence").tolist()) == set(clips)
    assert len({label for label, _, _ in clips.values()}) > 1
    opened = list(SOURCE.pictures(plain, SmicOptions()).open(faces.column("path").tolist()))
    for name, (label, person, sequence) in clips.items():
        rows = np.flatnonzero(faces.column("sequence") == name)
        assert faces.data["frame"].values[rows].tolist() == list(range(1001, 1007))
        assert set(faces.column("expression")[rows].tolist()) == {label}
        assert set(faces.column("subject")[rows].tolist()) == {f"s{person:02d}"}
        shown = take(person, sequence, 0, 0.35)
        pictures = render([shown.frame(n).face for n in COURSE], 32)
        for row, picture in zip(rows, pictures, strict=True):
            np.testing.assert_array_equal(opened[row], picture)
    assert faces.found.counts["clips"] == 6
    assert faces.found.counts["images on disk"] == 36
    assert faces.found.skipped == ()
    assert faces.found.warnings == ()


def test_nobody_coded_units(plain):
    faces = read(plain)
    assert faces.units == ()
    assert faces.data["present"].shape == (36, 0)


def test_an_apex_is_not_known_unless_asked_for(plain):
    faces = read(plain)
    assert set(faces.data["clip_apex"].values.tolist()) == {-1}
    assert set(faces.data["clip_onset"].values.tolist()) == {1001}
    assert set(faces.data["clip_offset"].values.tolist()) == {1006}
    assert faces.column("phase")[:6].tolist() == ["onset", "", "", "", "", "offset"]
    middle = read(plain, apex="middle")
    assert set(middle.data["clip_apex"].values.tolist()) == {1004}
    assert middle.column("phase")[:6].tolist() == ["onset"] * 3 + ["apex"] + ["offset"] * 2
    assert any("nobody coded" in warning for warning in middle.found.warnings)


def test_frames_asked_for(plain):
    ends = read(plain, frames="onset+apex+offset")
    assert ends.data["frame"].values[:2].tolist() == [1001, 1006]
    assert len(read(plain, frames="onset+apex+offset", apex="middle")) == 18
    assert len(read(plain, frames="apex", apex="middle")) == 6
    with pytest.raises(DataError, match='apex = "middle"'):
        read(plain, frames="apex")


def test_quirk_three_cameras(tmp_path, plain):
    root = with_quirks(tmp_path, "three-cameras")
    assert read(root).fingerprint == read(plain).fingerprint
    near_infrared = read(root, camera="NIR")
    assert near_infrared.data["frame"].values[:2].tolist() == [1001, 1004]
    assert near_infrared.found.expected == {}, "the published counts are those of HS"
    assert near_infrared.column("path")[0].startswith("SMIC_all_cropped/NIR/s1/micro/")
    assert read(root).found.expected["clips"] == 164


def test_quirk_raw(tmp_path, plain):
    root = with_quirks(tmp_path, "raw")
    cropped, raw = read(root), read(root, pictures="raw")
    assert raw.images.tolist() == cropped.images.tolist(), "s01 of one is s1 of the other"
    assert raw.column("path")[0].startswith("SMIC_all_raw/HS/s01/micro/")
    (picture,) = SOURCE.pictures(root, SmicOptions()).open(raw.column("path")[:1].tolist())
    assert isinstance(picture, np.ndarray)
    assert picture.shape == (32, 42)


def test_quirk_non_micro(tmp_path, plain):
    root = with_quirks(tmp_path, "raw", "non-micro")
    assert (root / "SMIC_all_raw/HS/s01/non_micro/s01_non_01/image0001.bmp").is_file()
    faces = read(root, pictures="raw")
    assert faces.images.tolist() == read(plain).images.tolist()
    (warning,) = [w for w in faces.found.warnings if "non_micro" in w]
    assert "left out: 3 (SMIC_all_raw/HS/s01/non_micro/s01_non_01" in warning


def test_quirk_short_numbers(tmp_path, plain):
    root = with_quirks(tmp_path, "short-numbers")
    assert any(path.name.endswith("_1") for path in root.rglob("s2_*"))
    faces = read(root)
    assert faces.fingerprint == read(plain).fingerprint
    assert faces.column("path").tolist() != read(plain).column("path").tolist()


def test_quirk_damaged_picture(tmp_path):
    root = with_quirks(tmp_path, "damaged-picture")
    faces = read(root)
    opened = list(SOURCE.pictures(root, SmicOptions()).open(faces.column("path").tolist()))
    (skip,) = [one for one in opened if isinstance(one, Skip)]
    assert "truncated" in skip.reason


def test_quirk_gaps(tmp_path):
    faces = read(with_quirks(tmp_path, "gaps"))
    first = next(name for name, (_, *key) in expected_clips().items() if key == [1, 1])
    assert 1004 not in faces.data["frame"].values[faces.column("sequence") == first]
    (warning,) = faces.found.warnings
    assert warning == f"clips with frames missing between their first and last: 1 ({first})"


@pytest.mark.parametrize("inside", ["SMIC_all_cropped", "."])
def test_the_folder_of_an_archive_may_be_named(root, plain, inside):
    faces = read(root / inside)
    assert faces.fingerprint == read(plain).fingerprint


def test_doubled_folders(root, plain):
    archive = root / "SMIC_all_cropped"
    archive.rename(root / "x")
    (root / "x").rename(root.parent / "y")
    archive.mkdir()
    (root.parent / "y").rename(archive / "SMIC_all_cropped")
    assert read(root).fingerprint == read(plain).fingerprint


def test_folders_that_are_no_clips_are_skipped(root):
    other = root / "SMIC_all_cropped/HS/s1/micro/negative/extra"
    other.mkdir(parents=True)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(other / "reg_image1.bmp")
    copy = root / "SMIC_all_cropped/HS/s1/micro/negative/s1_ne_1"
    shutil.copytree(next(root.rglob("s1_ne_01")), copy) if list(root.rglob("s1_ne_01")) else None
    faces = read(root)
    skipped = dict(faces.found.skipped)
    assert "not that of a clip" in skipped["SMIC_all_cropped/HS/s1/micro/negative/extra"]
    if copy.exists():
        assert any("another folder holds a clip s01_ne_01" in why for why in skipped.values())
    assert len(faces) == 36


def refused(root, **options):
    with pytest.raises(DataError) as raised:
        read(root, **options)
    return str(raised.value)


def test_clips_in_the_folder_of_another_emotion_are_refused(root):
    top = root / "SMIC_all_cropped/HS/s1/micro"
    clip = next(path for path in sorted(top.glob("*/*")))
    wrong = "positive" if clip.parent.name != "positive" else "negative"
    (top / wrong).mkdir(exist_ok=True)
    clip.rename(top / wrong / clip.name)
    told = refused(root)
    assert "a clip lies in the folder of another emotion or subject" in told
    assert f"s1/micro/{wrong}" in told


def test_clips_in_the_folder_of_another_subject_are_refused(root):
    top = root / "SMIC_all_cropped/HS"
    (top / "s1").rename(top / "x")
    (top / "s2").rename(top / "s1")
    (top / "x").rename(top / "s2")
    told = refused(root)
    assert "4 faults" in told
    assert "under s2" in told


def test_a_version_or_camera_that_is_not_there(root, tmp_path):
    told = refused(root, pictures="raw")
    assert "SMIC_all_raw/HS/s01/micro" in told
    assert 'set pictures = "cropped", which is here' in told
    assert "got:      SMIC_all_cropped/" in told
    assert "SMIC_all_cropped/VIS" in refused(root, camera="VIS")
    (tmp_path / "half").mkdir()
    (tmp_path / "half/SMIC_all_cropped.zip").write_bytes(b"PK")
    assert "unpack SMIC_all_cropped.zip" in refused(tmp_path / "half")


def test_a_camera_without_clips_is_refused(root):
    for file in root.rglob("*.bmp"):
        file.unlink()
    assert "this is not SMIC" in refused(root)


def test_nobody_may_be_shown_without_a_licence(root):
    assert read(root).terms.may_show("s01")
    (root / "LICENSE.txt").unlink()
    assert not read(root).terms.may_show("s01")
    assert read(root, showable="all").terms.may_show("s01")


@pytest.mark.parametrize(("own", "other"), [("cropped", "raw"), ("raw", "cropped")])
def test_the_folder_of_one_version_is_never_read_as_the_other(tmp_path, own, other):
    root = write("smic", tmp_path / "SMIC", Cast(2, 1, 16), ("raw",)) / f"SMIC_all_{own}"
    faces = read(root, pictures=own)
    assert f"{own} pictures in HS" in faces.found.layout
    with pytest.raises(DataError, match=f"SMIC with its {other} pictures") as raised:
        read(root, pictures=other)
    assert f'pictures = "{own}", which is here' in raised.value.faults[0].do
