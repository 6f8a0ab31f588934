"""CK+: every way it lies on disk is read alike; what is broken is told, counted or refused."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from facsinterp.errors import DataError
from facsinterp.faces.sources.ckplus import CONSENTED, PUBLISHED, SOURCE, CkPlusOptions

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
    assert any("S005_001" in w and "frame 11" in w for w in faces.found.warnings)


def test_images_after_the_labelled_peak_are_left_out(tree):
    tree.images("S005_001", [12, 13])
    faces = read(tree.root, frames="all")
    assert faces.data["frame"].values[:11].tolist() == [*range(1, 12)]
    assert faces.column("sequence")[11] == "S005_003"
    assert any("run on to frame 13" in warning for warning in faces.found.warnings)


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


def test_landmarks_are_used_where_all_faces_have_them(tree):
    tree.path("landmarks", "S005_003_00000002").unlink()  # not one of the frames taken
    assert "landmarks" in read(tree.root).data
    tree.path("landmarks", "S005_003_00000001").unlink()
    faces = read(tree.root)
    assert "landmarks" not in faces.data
    assert "landmarks of 1 of 12 faces are missing" in faces.found.warnings[0]
    shutil.rmtree(tree.root / "Landmarks")
    assert read(tree.root).found.warnings == ()


@pytest.mark.parametrize("text", ["1.0 2.0\n" * 67, "a b\n" * 68, POINTER, ""])
def test_a_broken_landmark_file_is_told(tree, text):
    tree.write("landmarks", "S005_001_00000011", text)
    faces = read(tree.root)
    assert "landmarks" not in faces.data
    assert faces.found.skipped[0][0].endswith("S005_001_00000011_landmarks.txt")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("   9.0e+00   4.0e+00\n   abc   1\n", "'abc' is not a number"),
        ("   1.2e+00   0.0e+00\n", "1.2e+00 is not the number of an action unit"),
        ("   9   7\n", "7 is not an intensity"),
        ("   9   -1\n", "-1 is not an intensity"),
        ("   nan   1\n", "'nan' is not a number"),
        ("\n \n", "lists no action unit"),
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


@pytest.mark.parametrize("text", ["8", "-1", "2.5", "happy", POINTER, "", "\n"])
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
    assert faces.found.warnings == ("3 files are there twice; the first by path is used",)


def test_crops_by_others_beside_the_originals_are_not_preferred(tree):
    crops = tree.root / "CK+48/anger"
    crops.mkdir(parents=True)
    shutil.copy(tree.path("image", "S005_001_00000011"), crops)
    assert "cohn-kanade" in read(tree.root).column("path")[3]


def test_who_may_be_shown(tree):
    terms = read(tree.root).terms
    assert terms.may_show("S052")
    assert not terms.may_show("S005")
    assert len(CONSENTED) == 11
    assert read(tree.root, showable="all").terms.may_show("S005")


@pytest.mark.parametrize("name", ["LICENSE", "licence.txt", "LICENSE-model.txt"])
def test_an_open_licence_in_the_folder_lets_everybody_be_shown(tree, name):
    (tree.root / name).write_text("MIT License\n\nCopyright ...")
    terms = read(tree.root).terms
    assert terms.may_show("S005")
    assert name in terms.text
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
    assert faces.found.warnings == ()
    assert "landmarks" in faces.data
    per_unit = dict(zip(faces.units, faces.data["present"].values.sum(axis=0), strict=True))
    assert len(per_unit) == 24
    assert (per_unit[1], per_unit[12], per_unit[25], per_unit[22]) == (106, 60, 138, 1)
    assert faces.data["coded"].values.all(axis=1).sum() == 300
