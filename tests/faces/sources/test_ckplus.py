"""CK+: every way it lies on disk is read alike; what is broken is told, counted or refused."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from facsinterp.errors import DataError
from facsinterp.faces.layouts import ckplus as laid
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import write
from facsinterp.faces.sources.ckplus import CONSENTED, SOURCE, CkPlusOptions
from facsinterp.faces.sources.ckplus.checks import PUBLISHED, PUBLISHED_OLDER
from facsinterp.faces.sources.ckplus.files import _codes
from facsinterp.faces.sources.reading.files import UnreadableFile
from facsinterp.testing import SourceContract

REAL = Path(__file__).parents[3] / "../shared/data/ictfaces-ck"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 43\n"
OFFICIAL = {
    "image": "cohn-kanade-images",
    "facs": "FACS",
    "emotion": "Emotion",
    "landmarks": "Landmarks",
}


def read(root, **options):
    return SOURCE.read(root, CkPlusOptions(**options))


class Tree:
    """A small data set in the official layout, or with its four folders somewhere else."""

    def __init__(self, root, folders=OFFICIAL, nested=True):
        self.root, self.folders, self.nested = root, folders, nested

    def path(self, kind, stem):
        subject, sequence, _ = stem.split("_")
        inside = Path(self.folders[kind])
        if self.nested:
            inside = inside / subject / sequence
        name = f"{stem}.png" if kind == "image" else f"{stem}_{kind}.txt"
        path = self.root / inside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, kind, stem, text):
        self.path(kind, stem).write_text(text)

    def images(self, sequence, frames, colour=False, points=True):
        for frame in frames:
            stem = f"{sequence}_{frame:08d}"
            shape = (12, 16, 3) if colour else (12, 16)
            Image.fromarray(np.full(shape, frame, np.uint8)).save(self.path("image", stem))
            if points:
                self.write("landmarks", stem, "   1.5000000e+00   2.0000000e+00\n" * 68)

    def labels(self, stem, facs, emotion=None):
        self.write("facs", stem, "".join(f"   {u:.7e}   {i:.7e}\n" for u, i in facs))
        if emotion is not None:
            self.write("emotion", stem, f"   {emotion:.7e}\n")


def fill(tree):
    """Three sequences of two people; only the first has an emotion."""
    tree.images("S005_001", range(1, 12))
    tree.labels("S005_001_00000011", [(9, 4), (17, 0)], emotion=3)
    tree.images("S005_003", range(1, 6), colour=True)
    tree.labels("S005_003_00000005", [(12, 2)])
    tree.images("S052_001", range(1, 6))
    tree.labels("S052_001_00000005", [(12, 5), (25, 3)])
    return tree


@pytest.fixture
def tree(tmp_path):
    return fill(Tree(tmp_path / "CK+"))


def test_the_official_layout(tree):
    faces = read(tree.root)
    assert faces.units == (9, 12, 17, 25)
    assert faces.images[:4].tolist() == [
        "S005_001_00000001",
        "S005_001_00000009",
        "S005_001_00000010",
        "S005_001_00000011",
    ]
    assert faces.column("phase")[:4].tolist() == ["neutral", "onset", "onset", "apex"]
    assert faces.column("expression")[:5].tolist() == ["neutral", *["disgust"] * 3, "neutral"]
    assert faces.column("expression")[5:8].tolist() == ["", "", ""]
    assert set(faces.column("subject")) == {"S005", "S052"}
    assert set(faces.column("sequence")) == {"S005_001", "S005_003", "S052_001"}
    assert faces.data["frame"].values[:4].tolist() == [1, 9, 10, 11]
    assert faces.column("path")[3] == "cohn-kanade-images/S005/001/S005_001_00000011.png"
    assert faces.data["landmarks"].shape == (12, 68, 2)
    assert faces.found.skipped == ()
    assert faces.found.warnings == ()


def test_only_the_peak_is_coded_and_zero_is_present_without_a_score(tree):
    faces = read(tree.root)
    coded = faces.data["coded"].values
    assert coded.all(axis=1).tolist() == [False, False, False, True] * 3
    peak = faces.data.sel(image="S005_001_00000011")
    assert peak["present"].values.tolist() == [True, False, True, False]
    np.testing.assert_array_equal(peak["intensity"].values, [4, 0, np.nan, 0])
    assert np.isnan(faces.data["intensity"].values[~coded]).all()


def test_the_last_frames_inherit_when_asked(tree):
    faces = read(tree.root, inherit=True, last=2)
    assert faces.data["coded"].values.all(axis=1).tolist() == [False, True, True] * 3
    assert faces.data.sel(image="S005_001_00000010")["present"].values.tolist()[0]


def test_the_neutral_frame_never_inherits(tree):
    faces = read(tree.root, inherit=True, last=50)
    first = faces.column("phase") == "neutral"
    np.testing.assert_array_equal(faces.data["coded"].values.all(axis=1), ~first)


@pytest.mark.parametrize(
    ("options", "frames"),
    [
        ({}, [1, 9, 10, 11]),
        ({"last": 1}, [1, 11]),
        ({"neutral": False}, [9, 10, 11]),
        ({"frames": "peak"}, [1, 11]),
        ({"frames": "peak", "neutral": False}, [11]),
        ({"frames": "all"}, [*range(1, 12)]),
        ({"frames": "all", "neutral": False}, [*range(2, 12)]),
        ({"last": 50}, [*range(1, 12)]),
    ],
)
def test_frames(tree, options, frames):
    data = read(tree.root, **options).data
    assert data["frame"].values[data["sequence"].values == "S005_001"].tolist() == frames


def test_only_the_last_frames_of_all_carry_the_emotion(tree):
    faces = read(tree.root, frames="all", last=2)
    assert faces.column("expression")[:11].tolist() == ["neutral", *[""] * 8, *["disgust"] * 2]


@pytest.mark.parametrize("wrong", [{"last": 0}, {"frames": "middle"}, {"frame": "all"}])
def test_options_without_a_meaning_are_refused(wrong):
    with pytest.raises(ValidationError):
        CkPlusOptions(**wrong)


@pytest.mark.parametrize(
    ("folders", "nested"),
    [
        ({**OFFICIAL, "emotion": "Emotion_labels", "facs": "FACS_labels"}, True),
        ({**OFFICIAL, "emotion": "Emotion_labels/Emotion", "facs": "FACS_labels/FACS"}, True),
        ({**OFFICIAL, "image": "extended-cohn-kanade-images/cohn-kanade-images"}, True),
        ({kind: folder.upper() for kind, folder in OFFICIAL.items()}, True),
        ({kind: f"{folder}/{folder}" for kind, folder in OFFICIAL.items()}, True),
        (dict.fromkeys(OFFICIAL, "all"), True),
        (dict.fromkeys(OFFICIAL, "."), False),
        (OFFICIAL, False),
    ],
)
def test_every_way_of_unpacking_reads_alike(tree, tmp_path, folders, nested):
    other = fill(Tree(tmp_path / "other", folders, nested))
    faces, same = read(tree.root), read(other.root)
    assert same.fingerprint == faces.fingerprint
    assert same.found.counts == faces.found.counts
    assert same.found.warnings == ()
    if len(set(folders.values())) > 1:
        assert f"FACS codes in {folders['facs']}" in same.found.layout


def test_a_link_to_the_images_is_followed(tree, tmp_path):
    elsewhere = tmp_path / "disk2"
    shutil.move(tree.root / "cohn-kanade-images", elsewhere)
    (tree.root / "cohn-kanade-images").symlink_to(elsewhere)
    (elsewhere / "loop").symlink_to(tree.root)
    faces = read(tree.root)
    assert len(faces) == 12
    assert faces.found.warnings == ()


def test_what_systems_leave_behind_is_no_frame(tree):
    folder = tree.path("image", "S005_001_00000001").parent
    for name in (".DS_Store", "._S005_001_00000001.png", "Thumbs.db", "desktop.ini", "note.txt"):
        (folder / name).write_bytes(b"x")
    doubled = tree.root / "__MACOSX/cohn-kanade-images/S005/001"
    doubled.mkdir(parents=True)
    (doubled / "S005_001_00000000.png").write_bytes(b"x")
    faces = read(tree.root)
    assert faces.found.warnings == ()
    assert len(faces) == 12
    assert faces.data["frame"].values[0] == 1


def test_the_first_frame_need_not_be_one(tree):
    tree.images("S060_002", range(4, 9))
    tree.labels("S060_002_00000008", [(1, 2)])
    faces = read(tree.root)
    mine = faces.column("sequence") == "S060_002"
    assert faces.data["frame"].values[mine].tolist() == [4, 6, 7, 8]
    assert faces.column("phase")[mine].tolist() == ["neutral", "onset", "onset", "apex"]


def test_a_label_frame_without_image_falls_back_to_the_frame_before(tree):
    tree.path("image", "S005_001_00000011").unlink()
    faces = read(tree.root)
    assert faces.data["frame"].values[:4].tolist() == [1, 8, 9, 10]
    assert faces.data["coded"].values[3].all()
    (warning,) = faces.found.warnings
    assert "S005_001 frame 11, for it 10" in warning


def test_frames_far_before_the_peak_do_not_stand_for_lost_ones(tree):
    for frame in range(3, 11):
        tree.path("image", f"S005_001_{frame:08d}").unlink()
    faces = read(tree.root, frames="all")
    mine = faces.column("sequence") == "S005_001"
    assert faces.data["frame"].values[mine].tolist() == [1, 2, 11]
    assert faces.column("expression")[mine].tolist() == ["neutral", "", "disgust"]
    assert read(tree.root).data["frame"].values[:3].tolist() == [1, 11, 1]
    (warning,) = faces.found.warnings
    assert "missing between" in warning
    assert "S005_001 8 of 11" in warning


@pytest.mark.parametrize("options", [{}, {"frames": "all"}, {"frames": "peak"}])
def test_a_late_first_frame_is_not_neutral(tree, options):
    for frame in range(1, 8):
        tree.path("image", f"S005_001_{frame:08d}").unlink()
    faces = read(tree.root, **options)
    mine = faces.column("sequence") == "S005_001"
    assert "neutral" not in faces.column("phase")[mine]
    assert "neutral" not in faces.column("expression")[mine]
    assert faces.data["frame"].values[mine][-1] == 11
    (warning,) = faces.found.warnings
    assert "S005_001 at 8" in warning


@pytest.mark.parametrize("kept", [[1], [1, 2, 8], [1, 2, 13]])
def test_no_frame_far_from_the_labelled_one_is_coded(tree, kept):
    for frame in {*range(1, 12)} - {*kept}:
        tree.path("image", f"S005_001_{frame:08d}").unlink()
    tree.images("S005_001", [frame for frame in kept if frame > 11])
    faces = read(tree.root, frames="all", inherit=True)
    mine = faces.column("sequence") == "S005_001"
    assert set(faces.column("expression")[mine]) <= {"neutral", ""}
    assert "apex" not in faces.column("phase")[mine]
    assert not faces.data["coded"].values[mine].any()
    assert any("S005_001 frame 11" in w and "neither coded" in w for w in faces.found.warnings)
    assert faces.found.counts["emotion labels"] == 0


@pytest.mark.parametrize("kind", ["facs", "emotion", "image"])
def test_copies_of_a_file_are_compared(tree, kind):
    faces = read(tree.root)
    first = tree.path(kind, "S005_001_00000011")
    (tree.root / "again").mkdir()
    again = tree.root / "again" / first.name
    shutil.copy(first, again)
    same = read(tree.root)
    assert same.fingerprint == faces.fingerprint
    assert len(same.found.warnings) == 1
    again.write_text("   1.2000000e+01\n" if kind == "emotion" else "   12   1\n")
    torn = read(tree.root)
    assert any(
        "differ" in w and f"again/{first.name}" in w and " and " in w and ": 1 (" in w
        for w in torn.found.warnings
    )
    assert torn.data["coded"].values[3].all() == (kind != "facs")
    assert torn.column("expression")[3] == ("" if kind == "emotion" else "disgust")
    assert torn.column("phase")[3] == "apex"


@pytest.mark.parametrize("suffix", ["jpg", "JPEG", "tif", "bmp"])
def test_pictures_of_another_format_are_counted(tree, suffix):
    for path in (tree.root / "cohn-kanade-images").rglob("*.png"):
        path.rename(path.with_suffix(f".{suffix}"))
    with pytest.raises(DataError, match="21 pictures of another format") as raised:
        read(tree.root)
    assert "PNG" in str(raised.value)
    assert "4 label files without images" in str(raised.value)


@pytest.mark.parametrize(("place", "value", "told"), [(6, 1, "encrypted"), (8, 77, "packed by")])
def test_an_archive_of_landmarks_that_is_locked_is_told(tree, place, value, told):
    """Bytes of the header of one member, there and in the list at the end of the archive."""
    archive = packed(tree)
    content = bytearray(archive.read_bytes())
    name = b"Landmarks/S005/001/S005_001_00000009_landmarks.txt"
    here = content.index(name)
    listed = content.index(name, content.index(b"PK\1\2"))
    content[here - 30 + place] = content[listed - 46 + place + 2] = value
    archive.write_bytes(bytes(content))
    faces = read(tree.root)
    assert [told in reason for _, reason in faces.found.skipped] == [True]
    missing = np.isnan(faces.data["landmarks"].values).any(axis=(1, 2))
    assert faces.images[missing].tolist() == ["S005_001_00000009"]


def test_images_after_the_labelled_peak_are_left_out(tree):
    tree.images("S005_001", [12, 13])
    faces = read(tree.root, frames="all")
    assert faces.data["frame"].values[:11].tolist() == [*range(1, 12)]
    assert faces.column("sequence")[11] == "S005_003"
    assert any("S005_001 after frame 11 to 13" in warning for warning in faces.found.warnings)


def test_a_sequence_of_one_image_is_its_peak(tree):
    tree.images("S060_002", [7])
    tree.labels("S060_002_00000007", [(1, 2)], emotion=7)
    face = read(tree.root).data.sel(image="S060_002_00000007")
    assert face["phase"].item() == "apex"
    assert face["expression"].item() == "surprise"
    assert face["coded"].values.all()


def test_without_emotions_the_codes_are_read(tree):
    shutil.rmtree(tree.root / "Emotion")
    faces = read(tree.root)
    assert set(faces.column("expression")) == {"", "neutral"}
    assert faces.found.counts["emotion labels"] == 0
    assert "no emotions" in faces.found.layout


def test_an_empty_emotion_folder_is_an_unlabelled_sequence(tree):
    (tree.root / "Emotion/S005/003").mkdir(parents=True)
    assert read(tree.root).found.counts["emotion labels"] == 1


def test_a_face_without_landmarks_leaves_those_of_the_others(tree):
    tree.path("landmarks", "S005_003_00000002").unlink()  # not one of the frames taken
    assert read(tree.root).found.warnings == ()
    tree.path("landmarks", "S005_003_00000001").unlink()
    faces = read(tree.root)
    missing = np.isnan(faces.data["landmarks"].values).any(axis=(1, 2))
    assert faces.images[missing].tolist() == ["S005_003_00000001"]
    assert faces.found.warnings == ("landmarks of 1 of 12 faces are missing",)
    shutil.rmtree(tree.root / "Landmarks")
    assert "landmarks" not in read(tree.root).data
    assert read(tree.root).found.warnings == ()


@pytest.mark.parametrize("text", ["1.0 2.0\n" * 67, "a b\n" * 68, POINTER, ""])
def test_a_broken_landmark_file_is_told(tree, text):
    tree.write("landmarks", "S005_001_00000011", text)
    faces = read(tree.root)
    missing = np.isnan(faces.data["landmarks"].values).all(axis=(1, 2))
    assert faces.images[missing].tolist() == ["S005_001_00000011"]
    assert faces.found.skipped[0][0].endswith("S005_001_00000011_landmarks.txt")


def packed(tree, prefix="Landmarks/"):
    """The landmarks of a tree moved into an archive."""
    folder = tree.root / "Landmarks"
    archive = tree.root / "Landmarks.zip"
    with zipfile.ZipFile(archive, "w") as book:
        for path in sorted(folder.rglob("*_landmarks.txt")):
            book.write(path, prefix + path.relative_to(folder).as_posix())
            book.writestr(f"__MACOSX/{prefix}._{path.name}", b"\0")
    shutil.rmtree(folder)
    return archive


@pytest.mark.parametrize("prefix", ["Landmarks/", "", "Landmarks/Landmarks/"])
def test_landmarks_are_read_out_of_their_archive(tree, prefix):
    faces = read(tree.root)
    packed(tree, prefix)
    same = read(tree.root)
    assert same.fingerprint == faces.fingerprint
    assert same.found.warnings == ()
    assert "landmarks in Landmarks.zip" in same.found.layout


def test_a_broken_archive_of_landmarks_is_told(tree):
    archive = packed(tree)
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) // 2])
    faces = read(tree.root)
    assert "landmarks" not in faces.data
    ((path, reason),) = faces.found.skipped
    assert path == "Landmarks.zip"
    assert "cannot be read" in reason
    spoilt = bytearray(content)
    place = content.index(b"S005_001_00000009_landmarks.txt") + 60
    spoilt[place : place + 40] = b"\xff" * 40
    archive.write_bytes(bytes(spoilt))
    faces = read(tree.root)
    missing = np.isnan(faces.data["landmarks"].values).any(axis=(1, 2))
    assert faces.images[missing].tolist() == ["S005_001_00000009"]
    assert faces.found.skipped[0][0].startswith("Landmarks.zip/Landmarks/S005/001")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("   9.0e+00   4.0e+00\n   abc   1\n", "'abc' is not a number"),
        ("   1.2e+00   0.0e+00\n", "1.2e+00 is not the number of an action unit"),
        ("   9   7\n", "7 is not an intensity"),
        ("   9   -1\n", "-1 is not an intensity"),
        ("   nan   1\n", "'nan' is not a number"),
        ("\n \n", "lists no action unit"),
        ("   3.0000000e+00\n", "is it an emotion file?"),
        ("   1_2   1\n", "is not a number"),
        (POINTER, "git LFS pointer"),
        ("<!DOCTYPE html><html></html>", "web page"),
        ("", "empty"),
    ],
)
def test_a_broken_facs_file_leaves_its_sequence_uncoded(tree, text, reason):
    """Units that are not listed count as absent, so half a file would make false absences."""
    tree.write("facs", "S005_001_00000011", text)
    faces = read(tree.root)
    assert not faces.data["coded"].values[:4].any()
    assert faces.data["coded"].values[4:].any()
    assert faces.column("expression")[3] == "disgust"
    ((path, told),) = faces.found.skipped
    assert path == "FACS/S005/001/S005_001_00000011_facs.txt"
    assert reason in told
    assert faces.found.warnings == ("1 of 3 sequences have no FACS codes (S005_001)",)


@pytest.mark.parametrize("text", ["8", "-1", "2.5", "happy", "1 0", "1 0\n2 3", POINTER, "", "\n"])
def test_a_broken_emotion_file_leaves_the_codes(tree, text):
    tree.write("emotion", "S005_001_00000011", text)
    faces = read(tree.root)
    assert faces.column("expression")[3] == ""
    assert faces.data["coded"].values[3].all()
    assert len(faces.found.skipped) == 1


def test_more_columns_blank_lines_and_repeats_are_read(tree):
    tree.write("facs", "S005_001_00000011", "\n 9e0 4e0 0 0\n\n17\n 9 2\n9\n")
    peak = read(tree.root).data.sel(image="S005_001_00000011")
    assert peak["intensity"].sel(au=9).item() == 4
    assert peak["present"].sel(au=17).item()
    assert np.isnan(peak["intensity"].sel(au=17).item())


def test_units_that_facs_does_not_know_are_reported(tree):
    tree.labels("S005_001_00000011", [(9, 4), (99, 1), (3, 2), (54, 0)])
    faces = read(tree.root)
    assert faces.units == (9, 12, 25, 54)
    assert faces.data["coded"].values[3].all()
    assert [w.split(" is")[0] for w in faces.found.warnings] == ["AU3", "AU99"]


def test_labels_without_images_are_reported_and_counted(tree):
    tree.labels("S099_001_00000011", [(12, 1)], emotion=5)
    faces = read(tree.root)
    assert [path.rpartition("/")[2] for path, _ in faces.found.skipped] == [
        "S099_001_00000011_facs.txt",
        "S099_001_00000011_emotion.txt",
    ]
    assert faces.found.counts["sequences"] == 3
    assert faces.found.warnings == (
        "labels of 1 sequences have no images (S099_001): were the images unpacked whole?",
    )


def test_images_without_labels_are_faces_that_nobody_coded(tree):
    tree.images("S099_001", range(1, 5))
    faces = read(tree.root)
    assert not faces.data["coded"].values[faces.column("subject") == "S099"].any()
    assert faces.found.counts == {
        **dict.fromkeys(PUBLISHED, 0),
        "sequences": 4,
        "subjects": 3,
        "images": 25,
        "FACS files": 3,
        "emotion labels": 1,
        "disgust": 1,
    }
    assert faces.found.expected == PUBLISHED


def test_files_that_are_there_twice_count_once(tree):
    copy = tree.root / "backup"
    shutil.copytree(tree.root / "FACS", copy / "FACS")
    faces = read(tree.root)
    (warning,) = faces.found.warnings
    assert "files that are there twice" in warning
    assert ": 3 (backup/FACS/S005/001/S005_001_00000011_facs.txt, " in warning


def test_a_sequence_with_two_label_files_is_coded_by_the_later(tree):
    tree.labels("S005_001_00000010", [(1, 1)])
    faces = read(tree.root)
    assert 1 not in faces.units
    ((path, reason),) = faces.found.skipped
    assert path.endswith("S005_001_00000010_facs.txt")
    assert "a later FACS file" in reason


def test_labels_that_name_different_frames_are_told(tree):
    tree.path("emotion", "S005_001_00000011").unlink()
    tree.write("emotion", "S005_001_00000010", "   3.0000000e+00\n")
    faces = read(tree.root)
    assert faces.column("expression")[3] == "disgust"
    (warning,) = faces.found.warnings
    assert "S005_001 frames 10 and 11" in warning


@given(st.text(alphabet="0123456789.e+- \n\tx_", max_size=40))
def test_any_facs_file_is_read_whole_or_not_at_all(text):
    """The units of a file are the first numbers of its lines, all of them or none."""
    try:
        codes = _codes(text)
    except UnreadableFile:
        return
    lines = [line.split() for line in text.splitlines() if line.strip()]
    assert set(codes) == {float(line[0]) for line in lines}
    for unit, coding in codes.items():
        scores = [float((*line, "0")[1]) for line in lines if float(line[0]) == unit]
        np.testing.assert_equal(coding.intensity, max(scores) or np.nan)


def test_swapped_label_files_are_refused_with_what_they_look_like(tree):
    for facs in sorted(tree.root.rglob("*_facs.txt")):
        facs.write_text("   3.0000000e+00\n")
    with pytest.raises(DataError, match=r"is it an emotion file\?"):
        read(tree.root)


def test_names_of_odd_sequences_are_grouped(tree):
    for k in range(30):
        tree.images(f"S1{k:02d}_001", [1, 2], points=False)
        tree.labels(f"S1{k:02d}_001_00000003", [(12, 1)])
    faces = read(tree.root)
    assert len(faces.found.warnings) == 2
    assert ": 30 (S100_001 frame 3, for it 2" in faces.found.warnings[1]
    assert faces.found.warnings[1].endswith("for it 2, ...)")


def test_crops_by_others_beside_the_originals_are_not_preferred(tree):
    crops = tree.root / "CK+48/anger"
    crops.mkdir(parents=True)
    shutil.copy(tree.path("image", "S005_001_00000011"), crops)
    # A crop of a frame that was not unpacked stands for no frame either.
    shutil.move(tree.path("image", "S005_001_00000010"), crops)
    faces = read(tree.root)
    assert "cohn-kanade" in faces.column("path")[3]
    assert faces.data["frame"].values[:4].tolist() == [1, 9, 11, 1]
    assert "2 images in folders named by emotion are CK+48" in faces.found.warnings[0]


def test_who_may_be_shown(tree):
    terms = read(tree.root).terms
    assert terms.may_show("S052")
    assert not terms.may_show("S005")
    assert len(CONSENTED) == 11
    assert read(tree.root, showable="all").terms.may_show("S005")


@pytest.mark.parametrize("name", ["LICENSE", "licence.txt", "LICENSE-model.txt"])
def test_an_open_licence_in_the_folder_lets_everybody_be_shown(tree, name):
    (tree.root / name).write_text("MIT License\n\nCopyright ...")
    faces = read(tree.root)
    assert faces.terms.may_show("S005")
    assert name in faces.terms.text
    assert any(f"MIT License ({name}) is taken for" in w for w in faces.found.warnings)
    assert not read(tree.root, showable="consented").terms.may_show("S005")


@pytest.mark.parametrize(
    "text",
    [
        "User agreement: no redistribution.",
        "The database is not in the public domain; images must not be published.",
        "Creative Commons BY-NC-ND",
        "This is not the MIT License",
        "",
    ],
)
def test_another_licence_opens_nothing(tree, text):
    (tree.root / "LICENSE").write_text(text)
    (tree.root / "about.txt").write_text("MIT License")
    assert not read(tree.root).terms.may_show("S005")


def test_pictures_open_by_the_path_column(tree):
    faces = read(tree.root)
    opened = list(SOURCE.pictures(tree.root, CkPlusOptions()).open(faces.column("path").tolist()))
    pictures = [picture for picture in opened if isinstance(picture, np.ndarray)]
    assert [picture[0, 0].tolist() for picture in pictures[:4]] == [1, 9, 10, 11]
    assert pictures[4].shape == (12, 16, 3)
    assert len(pictures) == 12


@pytest.mark.parametrize("folder", [None, "missing", "a-file"])
def test_no_folder_is_refused(tmp_path, folder):
    (tmp_path / "a-file").write_text("")
    with pytest.raises(DataError, match="folder"):
        read(folder and tmp_path / folder)


def test_an_empty_folder_and_another_data_set_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"got: +nothing"):
        read(tmp_path)
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n")
    with pytest.raises(DataError, match=r"got: +fer2013\.csv"):
        read(tmp_path)


def test_archives_that_were_not_unpacked_are_named(tmp_path):
    (tmp_path / "cohn-kanade-images.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"do: +unpack cohn-kanade-images\.zip"):
        read(tmp_path)


def test_the_cropped_copy_is_refused_by_name(tmp_path):
    for emotion in ("anger", "happy"):
        (tmp_path / emotion).mkdir()
        (tmp_path / emotion / f"S010_004_000000{len(emotion):02d}.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"CK\+48"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["ckextended.csv", "CK+_extended.csv"])
def test_the_copy_as_a_table_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_text("emotion,pixels,Usage\n6,36 39 35,Training\n")
    with pytest.raises(DataError, match=r"ckextended\.csv, a copy"):
        read(tmp_path)


def test_labels_without_any_image_are_refused(tree):
    shutil.rmtree(tree.root / "cohn-kanade-images")
    with pytest.raises(DataError, match="4 label files without images") as raised:
        read(tree.root)
    assert "S005_001_00000011.png" in str(raised.value)


def test_emotions_that_were_not_unpacked_are_named(tree):
    shutil.rmtree(tree.root / "Emotion")
    (tree.root / "Emotion_labels.zip").write_bytes(b"PK")
    assert (
        "Emotion_labels.zip is not unpacked, so no emotion is known"
        in read(tree.root).found.warnings
    )


def test_images_without_any_codes_are_refused(tree):
    shutil.rmtree(tree.root / "FACS")
    with pytest.raises(DataError, match="no sequence has FACS codes") as raised:
        read(tree.root)
    assert "unpack FACS_labels.zip" in str(raised.value)


def test_all_codes_broken_is_one_error_with_every_file(tree):
    for stem in ("S005_001_00000011", "S005_003_00000005", "S052_001_00000005"):
        tree.write("facs", stem, POINTER)
    with pytest.raises(DataError) as raised:
        read(tree.root)
    assert len(raised.value.faults) == 4
    assert str(raised.value).count("git LFS pointer") == 3


CSV_SHEET = laid.SHEET.replace("xlsx", "csv")


def sheet_tree(tree, text, name=CSV_SHEET):
    """The tree as the first release: a sheet, and neither labels nor landmarks."""
    for kind in ("FACS", "Emotion", "Landmarks"):
        shutil.rmtree(tree.root / kind)
    (tree.root / name).write_text(text)
    return tree.root


HEADER = "Cohn-Kanade\n\n\nSubject #,Session #,FACS Code\n"


def test_quirk_the_sheet_of_the_first_release_as_csv(tree):
    root = sheet_tree(tree, f"{HEADER}5,1,1+R14A+5e\nS005,003,12 or 25\n52,001,12.0\n")
    faces = read(root)
    assert faces.units == (1, 5, 12, 14)
    peak = faces.data.isel(image=[3, 7, 11])
    assert peak["present"].values.tolist() == [
        [True, True, False, True],
        [False] * 4,
        [False, False, True, False],
    ]
    assert peak["coded"].values.tolist() == [[True] * 4, [True, True, False, True], [True] * 4]
    np.testing.assert_array_equal(
        peak["intensity"].values,
        [[np.nan, 5, 0, 1], [0, 0, np.nan, 0], [0, 0, np.nan, 0]],
    )
    assert peak["side"].values[0].tolist() == ["", "", "", "R"]
    assert faces.found.expected == PUBLISHED_OLDER
    assert "FACS codes in Cohn-Kanade Database FACS codes" in faces.found.layout
    assert faces.found.warnings == ()


def test_a_row_of_the_sheet_that_cannot_be_read_codes_nothing(tree):
    rows = "5,1,4+smile\n5,3,12\n5,3,14\n52,1,12+M59\n77,1,9\nx,1,9\n5,1,4+smile\n,,\n"
    faces = read(sheet_tree(tree, HEADER + rows))
    assert faces.data["coded"].values.any(axis=1).tolist() == [False] * 11 + [True]
    assert faces.units == (12,)
    assert faces.found.skipped == (
        (f"{CSV_SHEET}, row 10", "no subject and session number"),
        (f"{CSV_SHEET}, row 9", "no image of S077_001"),
    )
    assert "2 of 3 sequences have no FACS codes (S005_001, S005_003)" in faces.found.warnings
    assert any("different codes" in w and "S005_003" in w for w in faces.found.warnings)
    assert any("cannot be read" in w and "S005_001: smile" in w for w in faces.found.warnings)


def test_a_neutral_row_of_the_sheet_codes_every_unit_absent(tree):
    faces = read(sheet_tree(tree, f"{HEADER}5,1,0\n5,3,12\n"))
    assert faces.data["coded"].values[3].all()
    assert not faces.data["present"].values[3].any()
    assert not faces.data["coded"].values[11].any()


def test_another_sheet_is_refused_with_its_header(tree):
    root = sheet_tree(tree, "Subject,Filename,OnsetFrame\n1,EP02_01f,46\n")
    with pytest.raises(DataError, match="OnsetFrame") as raised:
        read(root)
    assert "session" in raised.value.faults[0].expected


def test_a_sheet_beside_label_files_is_not_read(tree):
    (tree.root / "facs codes.csv").write_text("nothing of it is read")
    (warning,) = read(tree.root).found.warnings
    assert "sheets that are not read" in warning
    assert "facs codes.csv" in warning


def test_only_labelled_sequences_when_asked(tree):
    faces = read(tree.root, sequences="labelled")
    assert set(faces.column("sequence")) == {"S005_001"}
    assert faces.column("expression").tolist() == ["neutral", *["disgust"] * 3]
    assert faces.found.counts["sequences"] == 3
    shutil.rmtree(tree.root / "Emotion")
    with pytest.raises(DataError, match="no sequence has an emotion label"):
        read(tree.root, sequences="labelled")


CAST = Cast(people=2, sequences=4)
EVERY = frozenset(laid.QUIRKS)


def tree_of(tmp_path_factory, quirks):
    return write("ckplus", tmp_path_factory.mktemp("ck") / "CK+", CAST, quirks)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The layout without a quirk, and what was read there."""
    root = tree_of(tmp_path_factory, ())
    return root, read(root)


@pytest.fixture
def quirk(tmp_path_factory):
    """The layout with some quirks, as read, and what was laid out there."""

    def made(*quirks, **options):
        root = tree_of(tmp_path_factory, quirks)
        return read(root, **options), list(laid.shown(CAST, frozenset(quirks)))

    return made


class TestContract(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return tree_of(tmp_path_factory, ())


class TestContractWithEveryQuirk(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return tree_of(tmp_path_factory, EVERY)


class TestContractOfTheFirstRelease(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return tree_of(tmp_path_factory, {"older-release"})


def same_as_drawn(faces, sequences, scored=True):
    """The peaks and labels of a table are what was drawn, by the drawing's own account."""
    for one in sequences:
        rows = np.flatnonzero(faces.column("sequence") == one.stem)
        assert faces.data["frame"].values[rows].tolist() == [
            one.numbers[0],
            *one.numbers[-3:],
        ]
        assert set(faces.column("subject")[rows]) == {one.subject}
        assert faces.column("expression")[rows].tolist() == [
            "neutral",
            *[one.apex.expression] * 3,
        ]
        peak = faces.data.isel(image=rows[-1])
        for unit in faces.units:
            letter = one.apex.letter(unit)
            cell = peak.sel(au=unit)
            assert cell["coded"].item()
            assert cell["present"].item() == (letter > 0)
            if scored or not letter:
                assert cell["intensity"].item() == letter


def test_what_was_drawn_comes_back(plain):
    root, faces = plain
    sequences = list(laid.shown(CAST, frozenset()))
    same_as_drawn(faces, sequences)
    assert faces.found.skipped == ()
    assert faces.found.warnings == ()
    assert faces.found.counts["sequences"] == 8
    assert faces.found.counts["images"] == sum(len(one.numbers) for one in sequences)
    drawn_units = {u for one in sequences for u in laid.peak(one, frozenset())}
    assert set(faces.units) == drawn_units
    pictures = list(SOURCE.pictures(root, CkPlusOptions()).open(faces.column("path").tolist()))
    assert {np.asarray(picture).shape for picture in pictures} == {(490, 640)}
    landmarks = faces.data["landmarks"].values
    assert (landmarks > 0).all()
    assert (landmarks[..., 0] < 640).all()


def reads_as_without(plain, quirk, name):
    """Whether a quirk changes nothing that is read."""
    faces, sequences = quirk(name)
    same_as_drawn(faces, sequences)
    # The places of landmarks follow the height of the pictures.
    same = name == "mixed-sizes" or faces.fingerprint == plain[1].fingerprint
    noted = faces.found.warnings + faces.found.skipped
    return same and not noted and faces.found.counts == plain[1].found.counts


def test_quirk_mixed_sizes(plain, quirk):
    assert reads_as_without(plain, quirk, "mixed-sizes")


def test_quirk_zipped_landmarks(plain, quirk):
    assert reads_as_without(plain, quirk, "zipped-landmarks")


def test_quirk_renamed_label_folders(plain, quirk):
    assert reads_as_without(plain, quirk, "renamed-label-folders")


def test_quirk_doubled_image_folder(plain, quirk):
    assert reads_as_without(plain, quirk, "doubled-image-folder")


def test_quirk_flattened(plain, quirk):
    assert reads_as_without(plain, quirk, "flattened")


def test_quirk_empty_emotion_folders(plain, quirk):
    assert reads_as_without(plain, quirk, "empty-emotion-folders")


def test_quirk_ds_store(plain, quirk, tmp_path_factory):
    assert reads_as_without(plain, quirk, "ds-store")
    root = tree_of(tmp_path_factory, {"ds-store"})
    assert len(list(root.rglob(".DS_Store"))) == 8
    assert read(root).data["frame"].values[0] == 1


def test_quirk_missing_emotion_folders(plain, tmp_path_factory):
    root = tree_of(tmp_path_factory, {"empty-emotion-folders", "missing-emotion-folders"})
    folders = list((root / "Emotion").glob("*/*"))
    empty = [folder for folder in folders if not any(folder.iterdir())]
    faces = read(root)
    assert empty
    assert len(folders) < 8
    assert faces.found.counts["emotion labels"] == len(folders) - len(empty)
    assert faces.fingerprint == plain[1].fingerprint


def test_quirk_label_without_image(plain, quirk):
    faces, _ = quirk("label-without-image")
    assert faces.fingerprint == plain[1].fingerprint
    (warning,) = faces.found.warnings
    assert "S001_002 frame" in warning
    assert ": 1 (" in warning


def test_quirk_first_frame_not_one(quirk):
    faces, sequences = quirk("first-frame-not-one")
    same_as_drawn(faces, sequences)
    assert 4 in faces.data["frame"].values[faces.column("phase") == "neutral"]


def rows_of(faces, sequence):
    return np.flatnonzero(faces.column("sequence") == sequence)


def test_quirk_frames_missing(quirk):
    faces, sequences = quirk("frames-missing")
    (one,) = [one for one in sequences if one.index % 8 == 6]
    mine = rows_of(faces, one.stem)
    kept = [one.numbers[0], *one.numbers[-2:]]
    assert faces.data["frame"].values[mine].tolist() == kept
    assert faces.column("expression")[mine].tolist() == ["neutral", *[one.apex.expression] * 2]
    same_as_drawn(faces, [other for other in sequences if other is not one])
    (warning,) = faces.found.warnings
    assert one.stem in warning


def test_quirk_start_missing(quirk):
    faces, sequences = quirk("start-missing")
    (one,) = [one for one in sequences if one.index % 8 == 7]
    mine = rows_of(faces, one.stem)
    assert faces.data["frame"].values[mine].tolist() == [*one.numbers[-3:]]
    assert faces.column("expression")[mine].tolist() == [one.apex.expression] * 3
    assert faces.column("phase")[mine].tolist() == ["onset", "onset", "apex"]
    same_as_drawn(faces, [other for other in sequences if other is not one])
    (warning,) = faces.found.warnings
    assert one.stem in warning


def test_quirk_peak_missing(quirk):
    faces, sequences = quirk("peak-missing")
    (one,) = [one for one in sequences if one.index % 8 == 0]
    mine = rows_of(faces, one.stem)
    assert faces.column("expression")[mine].tolist() == ["neutral"]
    assert not faces.data["coded"].values[mine].any()
    same_as_drawn(faces, [other for other in sequences if other is not one])
    assert any(one.stem in warning for warning in faces.found.warnings)


def test_quirk_facs_twice(quirk):
    faces, sequences = quirk("facs-twice")
    (one,) = [one for one in sequences if one.index % 8 == 4]
    mine = rows_of(faces, one.stem)
    assert not faces.data["coded"].values[mine].any()
    assert faces.column("expression")[mine].tolist() == ["neutral", *[one.apex.expression] * 3]
    same_as_drawn(faces, [other for other in sequences if other is not one])
    assert any("differ" in w and one.stem in w for w in faces.found.warnings)


def test_quirk_extra_columns_and_blank_lines(plain, quirk):
    faces, _ = quirk("extra-columns-and-blank-lines")
    assert faces.fingerprint == plain[1].fingerprint


def test_quirk_intensity_zero(quirk):
    faces, sequences = quirk("intensity-zero")
    same_as_drawn(faces, sequences, scored=False)
    bare = 0
    for one in sequences:
        peak = faces.data.isel(image=np.flatnonzero(faces.column("sequence") == one.stem)[-1])
        for unit, score in laid.peak(one, frozenset({"intensity-zero"})).items():
            np.testing.assert_equal(peak["intensity"].sel(au=unit).item(), score or np.nan)
            bare += score == 0
    assert bare


def test_quirk_unknown_codes(quirk):
    faces, _ = quirk("unknown-codes")
    assert 54 in faces.units
    assert 99 not in faces.units
    assert faces.found.warnings == ("AU99 is not a FACS code; left out of 2 sequences",)
    assert faces.data["present"].sel(au=54).values.sum() == 2


def test_quirk_mixed_colour(plain, quirk, tmp_path_factory):
    assert reads_as_without(plain, quirk, "mixed-colour")
    root = tree_of(tmp_path_factory, {"mixed-colour", "mixed-sizes"})
    faces = read(root)
    pictures = SOURCE.pictures(root, CkPlusOptions()).open(faces.column("path").tolist())
    shapes = {np.asarray(picture).shape for picture in pictures}
    assert shapes == {(490, 640), (490, 640, 3), (480, 640), (480, 640, 3)}


def test_quirk_not_contiguous(quirk):
    faces, sequences = quirk("not-contiguous")
    same_as_drawn(faces, sequences)
    assert sorted(set(faces.column("subject"))) == ["S005", "S010"]
    assert "S005_007" in faces.column("sequence")


def test_quirk_missing_landmarks(quirk):
    faces, _ = quirk("missing-landmarks")
    missing = np.isnan(faces.data["landmarks"].values).any(axis=(1, 2))
    assert set(faces.column("sequence")[missing]) == {"S002_002"}
    assert faces.found.warnings == ("landmarks of 4 of 32 faces are missing",)


def test_quirk_ck48_beside(plain, quirk):
    faces, _ = quirk("ck48-beside")
    assert faces.fingerprint == plain[1].fingerprint
    (warning,) = faces.found.warnings
    assert "CK+48" in warning


def test_quirk_older_release(quirk):
    faces, sequences = quirk("older-release")
    assert set(faces.column("expression")) == {"", "neutral"}
    for one in sequences:
        peak = faces.data.isel(image=np.flatnonzero(faces.column("sequence") == one.stem)[-1])
        for unit in faces.units:
            letter = one.apex.letter(unit)
            cell = peak.sel(au=unit)
            assert cell["present"].item() == (letter > 0)
            # The sheet leaves out the letter of a trace.
            np.testing.assert_equal(cell["intensity"].item(), np.nan if letter == 1 else letter)
            assert (cell["side"].item() if "side" in cell else "") == one.apex.side(unit)
    assert faces.found.expected == PUBLISHED_OLDER


def test_quirk_every_one_at_once(quirk):
    faces, sequences = quirk(*EVERY)
    assert len(faces) == 32 - 1 - 1 - 3  # frames, the start and the peak of a sequence each
    assert [w.partition(":")[0] for w in faces.found.warnings if "sheets" in w] == [
        "sheets that are not read, for the codes are there already"
    ]
    assert {one.subject for one in sequences} == set(faces.column("subject"))


@pytest.mark.real
def test_the_rendered_set_is_read_unchanged():
    if not REAL.is_dir():
        pytest.skip("shared/data/ictfaces-ck is not present")
    faces = read(REAL, showable="all")
    counts = faces.found.counts
    assert (counts["sequences"], counts["subjects"], counts["emotion labels"]) == (300, 60, 204)
    assert (counts["images"], counts["FACS files"]) == (3000, 300)
    assert (counts["anger"], counts["contempt"], counts["surprise"]) == (28, 11, 52)
    assert len(faces) == 1200
    assert faces.found.skipped == ()
    (said,) = faces.found.warnings
    assert said.startswith("MIT License (LICENSE-ICT-FaceKit.txt) is taken for the licence")
    assert "landmarks" in faces.data
    per_unit = dict(zip(faces.units, faces.data["present"].values.sum(axis=0), strict=True))
    assert len(per_unit) == 24
    assert (per_unit[1], per_unit[12], per_unit[25], per_unit[22]) == (106, 60, 138, 1)
    assert faces.data["coded"].values.all(axis=1).sum() == 300
    labelled = read(REAL, sequences="labelled")
    assert len(labelled) == 204 * 4
    assert labelled.terms.may_show("S005"), "the folder has an open licence"
