"""DISFA: codes of every frame, two cameras, misspelt names, landmarks that count from zero."""

import shutil
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from facsinterp.errors import DataError
from facsinterp.faces.drawn import landmarks, take
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import write
from facsinterp.faces.pictures import Skip
from facsinterp.faces.sources.disfa import SOURCE, DisfaOptions
from facsinterp.testing import SourceContract

cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed: no video can be written")

CAST = Cast(people=3, sequences=2, pixels=48)
"""Videos of eight frames: the 1st, 3rd, 6th and 8th of two drawn sequences."""
UNITS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)


def read(root, **options):
    return SOURCE.read(root, DisfaOptions(**options))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write("disfa", tmp_path_factory.mktemp("plain") / "DISFA", CAST, ())


@pytest.fixture
def root(plain, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(plain, tmp_path / "DISFA")


def with_quirk(name, tmp_path):
    return write("disfa", tmp_path / "DISFA", CAST, (name,))


def letters(person):
    """(frame, unit): what was drawn, by the drawing alone."""
    shown = [take(person, s, 0, 0.35).frame(n) for s in (1, 2) for n in (1, 3, 6, 8)]
    return np.array([[frame.letter(unit) for unit in UNITS] for frame in shown], np.float32)


def of(faces, sequence, name):
    return faces.data[name].values[faces.column("sequence") == sequence]


class TestContractWithEveryQuirk(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("disfa", tmp_path_factory.mktemp("quirks") / "DISFA", CAST)


class TestContractWithoutQuirks(SourceContract):
    source = SOURCE
    options: ClassVar = {"camera": "both", "every": 2}

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, plain):
        return plain


def test_what_was_drawn_comes_back(plain):
    faces = read(plain)
    assert faces.units == UNITS
    assert faces.images[:2].tolist() == ["SN001_L_00001", "SN001_L_00002"]
    for person in (1, 2, 3):
        name = f"SN{person:03d}_L"
        np.testing.assert_array_equal(of(faces, name, "intensity"), letters(person))
        np.testing.assert_array_equal(of(faces, name, "present"), letters(person) > 0)
        assert of(faces, name, "coded").all()
        assert of(faces, name, "frame").tolist() == list(range(1, 9))
        assert set(of(faces, name, "subject").tolist()) == {f"SN{person:03d}"}
    assert faces.found.counts["coded frames"] == 24
    assert faces.found.counts["AU12 frames"] == sum(
        int((letters(p)[:, 6] > 0).sum()) for p in (1, 2, 3)
    )
    assert faces.found.skipped == ()


def test_each_face_is_the_frame_of_its_number(plain):
    faces = read(plain, camera="both")
    opened = list(SOURCE.pictures(plain, DisfaOptions()).open(faces.column("path").tolist()))
    for row, name in enumerate(faces.images.tolist()):
        subject, camera, number = name.split("_")
        side = {"L": "Videos_LeftCamera/Left", "R": "Videos_RightCamera/Right"}[camera]
        capture = cv2.VideoCapture(str(plain / f"{side}Video{subject}_comp.avi"))
        for _ in range(int(number)):
            _, expected = capture.read()
        np.testing.assert_array_equal(opened[row], expected[:, :, ::-1])


def test_cameras_are_sequences_of_one_subject(plain):
    both = read(plain, camera="both")
    assert len(both) == 48
    assert len(set(both.images.tolist())) == 48
    assert set(both.column("sequence").tolist()) == {f"SN00{p}_{c}" for p in "123" for c in "LR"}
    assert set(both.column("subject").tolist()) == {"SN001", "SN002", "SN003"}
    np.testing.assert_array_equal(
        of(both, "SN002_L", "intensity"), of(both, "SN002_R", "intensity")
    )
    assert both.found.counts["coded frames"] == 24, "cameras do not add to what was coded"
    right = read(plain, camera="right")
    assert set(right.column("sequence").tolist()) == {"SN001_R", "SN002_R", "SN003_R"}


def test_landmarks_are_those_of_the_left_camera(plain):
    both = read(plain, camera="both")
    assert np.isfinite(of(both, "SN001_L", "landmarks")).all()
    assert np.isnan(of(both, "SN001_R", "landmarks")).all()
    assert "landmarks" not in read(plain, camera="right").data


def test_66_points_become_68_and_say_so(plain):
    from dataclasses import replace

    faces = read(plain)
    points = of(faces, "SN001_L", "landmarks")
    frame = take(1, 2, 0, 0.35).frame(3)
    setting = replace(frame.face.setting, yaw=frame.face.setting.yaw + 0.25)
    truth = landmarks([replace(frame.face, setting=setting)], 48)[0] + [8, 0]  # on 64 x 48
    others = [k for k in range(68) if k not in (60, 64)]
    np.testing.assert_allclose(points[5][others], truth[others], atol=1e-3)
    np.testing.assert_array_equal(points[5][[60, 64]], points[5][[48, 54]])
    assert any("66 points made 68" in warning for warning in faces.found.warnings)


def test_subjects_with_bad_landmarks_are_named(plain):
    (warning,) = [w for w in read(plain).found.warnings if "miss the face" in w]
    assert "SN001, SN002;" in warning


def test_every_nth_frame_counts_from_the_first(plain):
    assert of(read(plain, every=3), "SN001_L", "frame").tolist() == [1, 4, 7]
    assert read(plain, every=3).found.counts["coded frames"] == 24


def test_quirk_video_names(tmp_path, plain):
    root = with_quirk("video-names", tmp_path)
    assert (root / "Video_RightCamera/RightVideoSN001_Comp.avi").is_file()
    faces = read(root, camera="both")
    assert faces.fingerprint == read(plain, camera="both").fingerprint
    assert faces.column("path")[-1] == "Video_RightCamera/RightVideoSN003_Comp.avi#8"


def test_quirk_landmark_names(tmp_path, plain):
    root = with_quirk("landmark-names", tmp_path)
    assert (root / "Landmark_Points/SN002/tmp_frame_lm/l00000_lm.mat").is_file()
    assert read(root).fingerprint == read(plain).fingerprint


def test_quirk_extra_landmarks(tmp_path, plain):
    faces = read(with_quirk("extra-landmarks", tmp_path))
    assert faces.fingerprint == read(plain).fingerprint
    assert any("beyond the last coded frame" in w and "SN001 1" in w for w in faces.found.warnings)


def test_quirk_doubled_landmarks(tmp_path, plain):
    root = with_quirk("doubled-landmarks", tmp_path)
    assert (root / "Landmark_Points/Landmark_Points/SN001").is_dir()
    assert read(root).fingerprint == read(plain).fingerprint


def test_quirk_lengths(tmp_path):
    faces = read(with_quirk("lengths", tmp_path))
    coded = of(faces, "SN001_L", "coded")
    assert coded[:7].all()
    assert coded[7].tolist() == [unit != 2 for unit in UNITS], "not coded, and not absent"
    (warning,) = [w for w in faces.found.warnings if "different lengths" in w]
    assert "SN001 AU2 7, AU1 8" in warning


def test_quirk_extracted_frames(tmp_path, plain):
    root = with_quirk("extracted-frames", tmp_path)
    faces = read(root)
    assert faces.fingerprint == read(plain).fingerprint
    assert of(faces, "SN002_L", "path")[0] == "Videos_LeftCamera/SN002/00001.png"
    assert of(faces, "SN001_L", "path")[0] == "Videos_LeftCamera/LeftVideoSN001_comp.avi#1"
    assert "#" in of(read(root, camera="both"), "SN002_R", "path")[0]


def test_quirk_spoilt_lines(tmp_path):
    faces = read(with_quirk("spoilt-lines", tmp_path))
    coded = of(faces, "SN001_L", "coded")
    assert [(int(r), UNITS[c]) for r, c in np.argwhere(~coded)] == [(1, 9), (2, 9)]
    (warning,) = [w for w in faces.found.warnings if "code nothing" in w]
    assert "SN001_au9.txt (2,9, 3,none)" in warning


def test_quirk_doubled_labels(tmp_path, plain):
    root = with_quirk("doubled-labels", tmp_path)
    assert (root / "ActionUnit_Labels/SN003/SN003/SN003_au1.txt").is_file()
    faces = read(root)
    assert faces.fingerprint == read(plain).fingerprint
    assert faces.found.skipped == ()


def test_quirk_labels_from_zero(tmp_path, plain):
    root = with_quirk("labels-from-zero", tmp_path)
    faces = read(root)
    assert faces.fingerprint == read(plain).fingerprint
    (told,) = [w for w in faces.found.warnings if "labels that begin at 0" in w]
    assert "ActionUnit_Labels/SN002" in told
    file = root / "ActionUnit_Labels/SN002/SN002_au1.txt"
    file.write_text("\n".join(f"{number},0" for number in range(1, 9)))
    reason = "some label files begin at frame 0 and others do not"
    assert read(root).found.skipped == (("ActionUnit_Labels/SN002", reason),)


def test_quirk_lost_landmark(tmp_path, plain):
    root = with_quirk("lost-landmark", tmp_path)
    faces = read(root)
    whole = of(read(plain), "SN003_L", "landmarks")
    assert np.isnan(of(faces, "SN003_L", "landmarks")[0]).all()
    np.testing.assert_array_equal(of(faces, "SN003_L", "landmarks")[1:], whole[1:])
    assert any("first files are missing: 1 (SN003)" in w for w in faces.found.warnings)
    (root / "Landmark_Points/SN003/tmp_frame_lm/SN003_0007_lm.mat").unlink()
    faces = read(root)
    assert np.isnan(of(faces, "SN003_L", "landmarks")).all(), "1 to 6 of 8: nobody can tell"
    (told,) = [w for w in faces.found.warnings if "not known to which frames" in w]
    assert "SN003: 1 to 6, frames to 8" in told


def test_quirk_second_video(tmp_path, plain):
    faces = read(with_quirk("second-video", tmp_path))
    assert faces.column("path").tolist() == read(plain).column("path").tolist()
    reason = "there is another video of this subject and camera"
    assert faces.found.skipped == (("Videos_LeftCamera/SN001.avi", reason),)


def test_two_folders_of_extracted_frames(root):
    for name in ("SN002", "LeftVideoSN002_comp"):
        (root / "Videos_LeftCamera" / name).mkdir()
        for number in range(1, 9):
            Image.new("L", (4, 4)).save(root / f"Videos_LeftCamera/{name}/{number}.png")
    faces = read(root)
    assert set(of(faces, "SN002_L", "path").tolist()) == {
        f"Videos_LeftCamera/LeftVideoSN002_comp/{number}.png" for number in range(1, 9)
    }
    reason = "frames of this subject and camera lie in another folder"
    assert faces.found.skipped == (("Videos_LeftCamera/SN002", reason),)


def test_subjects_with_one_half_alone_are_told(root):
    for file in (root / "ActionUnit_Labels/SN001").iterdir():
        file.unlink()
    shutil.rmtree(root / "ActionUnit_Labels/SN002")
    faces = read(root)
    assert set(faces.column("subject").tolist()) == {"SN003"}
    assert faces.found.skipped == (
        ("ActionUnit_Labels/SN001", "no label files such as SN001_au1.txt"),
    )
    (told,) = [w for w in faces.found.warnings if "without a folder of labels" in w]
    assert told.endswith(": 1 (SN002)")


def test_a_unit_counts_from_the_intensity_that_is_asked_for(plain):
    faces = read(plain, occurrence=2)
    drawn = letters(1)
    assert (drawn == 1).any()
    np.testing.assert_array_equal(of(faces, "SN001_L", "present"), drawn >= 2)
    assert of(faces, "SN001_L", "coded").all()
    expected = np.where(drawn == 1, np.float32(np.nan), drawn)
    np.testing.assert_array_equal(of(faces, "SN001_L", "intensity"), expected)
    total = sum(int((letters(p)[:, 6] >= 2).sum()) for p in (1, 2, 3))
    assert faces.found.counts["AU12 frames"] == total


def test_many_landmark_files_that_cannot_be_read_are_one_line(root):
    for file in (root / "Landmark_Points/SN001/tmp_frame_lm").iterdir():
        file.write_bytes(b"<html>sign in</html>")
    ((name, reason),) = read(root).found.skipped
    assert name == "Landmark_Points/SN001/tmp_frame_lm/SN001_0000_lm.mat and 7 more"
    assert "web page" in reason


def test_quirk_label_noise(tmp_path):
    faces = read(with_quirk("label-noise", tmp_path))
    found = np.concatenate([of(faces, f"SN00{p}_L", "intensity") for p in (1, 2, 3)])
    off = found - np.concatenate([letters(p) for p in (1, 2, 3)])
    assert set(np.unique(off).tolist()) <= {-1, 0, 1}
    assert 0 < (off != 0).mean() < 0.15


def test_extracted_frames_that_begin_at_zero(root):
    folder = root / "Videos_LeftCamera/LeftVideoSN002_comp"
    folder.mkdir()
    for number in range(8):
        Image.fromarray(np.full((4, 4), number, np.uint8)).save(folder / f"frame-{number}.jpg")
    faces = read(root)
    assert of(faces, "SN002_L", "path")[[0, 7]].tolist() == [
        f"Videos_LeftCamera/LeftVideoSN002_comp/frame-{n}.jpg" for n in (0, 7)
    ]
    assert of(faces, "SN002_L", "frame").tolist() == list(range(1, 9))
    assert any("begin at 0" in w and "SN002" in w for w in faces.found.warnings)


def test_coded_frames_without_a_picture_are_left_out_and_told(root):
    folder = root / "Videos_LeftCamera/SN002"
    folder.mkdir()
    for number in (2, 5):
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / f"{number:05d}.png")
    faces = read(root)
    assert of(faces, "SN002_L", "frame").tolist() == [2, 5]
    np.testing.assert_array_equal(of(faces, "SN002_L", "intensity"), letters(2)[[1, 4]])
    (skipped,) = faces.found.skipped
    assert skipped == (
        "ActionUnit_Labels/SN002",
        "6 coded frames have no picture of the left camera",
    )


def test_landmarks_that_begin_at_one_count_like_the_frames(root, plain):
    folder = root / "Landmark_Points/SN003/tmp_frame_lm"
    for file in sorted(folder.iterdir(), reverse=True):
        number = int(file.name.split("_")[1]) + 1
        file.rename(folder / f"SN003_{number:04d}_lm.mat")
    faces = read(root)
    assert faces.fingerprint == read(plain).fingerprint
    assert any("begin at 1" in w and "SN003" in w for w in faces.found.warnings)


def test_landmark_files_that_cannot_be_read_are_skipped(root):
    folder = root / "Landmark_Points/SN001/tmp_frame_lm"
    (folder / "SN001_0000_lm.mat").write_bytes(b"<html>sign in</html>")
    savemat(folder / "SN001_0001_lm.mat", {"points": np.zeros((66, 2))})
    savemat(folder / "SN001_0002_lm.mat", {"pts": np.zeros((5, 2))})
    (folder / "SN001_0003_lm.mat").write_bytes(b"MATLAB 5.0 and nothing")
    savemat(folder / "SN001_0004_lm.mat", {"pts": "words"})
    (folder / "SN001_0006_lm.mat").unlink()
    faces = read(root)
    points = of(faces, "SN001_L", "landmarks")
    finite = np.isfinite(points).all(axis=(1, 2)).tolist()
    assert finite == [False, False, False, False, False, True, False, True]
    reasons = dict(faces.found.skipped)
    place = "Landmark_Points/SN001/tmp_frame_lm/SN001_000"
    assert "web page" in reasons[f"{place}0_lm.mat"]
    assert "no variable pts, but points" in reasons[f"{place}1_lm.mat"]
    assert "(5, 2)" in reasons[f"{place}2_lm.mat"]
    assert "not a MATLAB file" in reasons[f"{place}3_lm.mat"]
    assert f"{place}4_lm.mat" in reasons
    assert any("frames without landmarks: 1 (SN001 1" in w for w in faces.found.warnings)


def test_a_tree_without_landmarks(root):
    shutil.rmtree(root / "Landmark_Points")
    faces = read(root)
    assert "landmarks" not in faces.data
    assert "no landmarks" in faces.found.layout
    assert not any("66 points" in w for w in faces.found.warnings)


def test_a_unit_without_a_file_is_not_coded(root):
    (root / "ActionUnit_Labels/SN001/SN001_au12.txt").unlink()
    faces = read(root)
    assert of(faces, "SN001_L", "coded").all(axis=0).tolist() == [unit != 12 for unit in UNITS]
    assert not of(faces, "SN001_L", "present")[:, UNITS.index(12)].any()
    assert any("without a label file" in w and "SN001 AU12" in w for w in faces.found.warnings)


def test_a_frame_told_twice_differently_is_not_coded(root):
    file = root / "ActionUnit_Labels/SN001/SN001_au1.txt"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines, "4,5" if lines[3] != "4,5" else "4,0", lines[0]]))
    faces = read(root)
    assert not of(faces, "SN001_L", "coded")[3, 0]
    assert of(faces, "SN001_L", "coded")[0, 0], "the same told twice is no contradiction"


def test_a_spoilt_label_file_is_skipped(root):
    file = root / "ActionUnit_Labels/SN001/SN001_au1.txt"
    file.write_text("version https://git-lfs.github.com/spec/v1\n")
    faces = read(root)
    assert "git LFS" in dict(faces.found.skipped)["ActionUnit_Labels/SN001/SN001_au1.txt"]
    assert not of(faces, "SN001_L", "coded")[:, 0].any()


def refused(root, **options):
    with pytest.raises(DataError) as raised:
        read(root, **options)
    return str(raised.value)


def test_swapped_label_folders_are_refused(root):
    labels = root / "ActionUnit_Labels"
    (labels / "SN001").rename(labels / "x")
    (labels / "SN002").rename(labels / "SN001")
    (labels / "x").rename(labels / "SN002")
    told = refused(root)
    assert "24 label files lie in the folder of another subject" in told
    assert "ActionUnit_Labels/SN001/SN002_au1.txt" in told


def test_labels_without_pictures_are_refused(root):
    shutil.rmtree(root / "Videos_LeftCamera")
    told = refused(root)
    assert "no pictures of the left camera" in told
    assert "Videos_LeftCamera/LeftVideoSN001_comp.avi" in told
    assert "RightVideoSN001_comp.avi (SN001)" in told
    assert len(read(root, camera="right")) == 24
    both = read(root, camera="both")
    assert len(both) == 24
    assert len(both.found.skipped) == 3
    shutil.rmtree(root / "Videos_RightCamera")
    assert "no videos and no extracted frames" in refused(root, camera="both")


def test_pictures_without_labels_are_refused(root):
    shutil.rmtree(root / "ActionUnit_Labels")
    (root / "ActionUnit_Labels.zip").write_bytes(b"PK")
    told = refused(root)
    assert "this is not DISFA" in told
    assert "unpack ActionUnit_Labels.zip" in told
    (root / "ActionUnit_Labels").mkdir()
    assert "no label file of DISFA can be read" in refused(root)


def test_label_files_without_lines_are_all_named(root):
    for file in (root / "ActionUnit_Labels").rglob("*.txt"):
        file.write_text("# nothing\n")
    told = refused(root)
    assert "no label file of DISFA can be read" in told
    assert "SN001_au1.txt: no line holds a frame and its intensity" in told


def test_nobody_may_be_shown_without_a_licence(root):
    assert read(root).terms.may_show("SN001")
    (root / "LICENSE.txt").unlink()
    assert not read(root).terms.may_show("SN001")
    assert not read(root, showable="all").terms.redistributable


def test_frames_behind_the_end_of_a_video_are_skipped(root):
    for file in (root / "ActionUnit_Labels/SN001").iterdir():
        file.write_text(file.read_text() + "9,0\n")
    faces = read(root)
    row = faces.images.tolist().index("SN001_L_00009")
    (found,) = SOURCE.pictures(root, DisfaOptions()).open([faces.column("path")[row]])
    assert isinstance(found, Skip)
    assert "ends after 8 frames" in found.reason
