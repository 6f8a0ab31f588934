"""Frames of videos: counted from the front, in order, skipped with the reason."""

import sys

import numpy as np
import pytest
from PIL import Image

from facsinterp.errors import DataError
from facsinterp.faces.pictures import FilePictures, Skip
from facsinterp.faces.pictures.videos import VideoPictures

cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed: no video can be written")

LEVELS = [20 * k for k in range(1, 11)]


def write_video(path, levels=LEVELS, size=(64, 48)):
    """A video whose frame n is filled with the n-th grey level, its red channel 50 more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, size)
    for level in levels:
        writer.write(np.full((size[1], size[0], 3), (level, level, level + 50), np.uint8))
    writer.release()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("videos")
    write_video(root / "a/one.avi")
    write_video(root / "two.avi", LEVELS[::-1])
    for number, level in enumerate(LEVELS[:3], start=1):
        Image.fromarray(np.full((48, 64), level, np.uint8)).save(root / f"{number}.png")
    return root


def level(picture):
    assert picture.shape == (48, 64, 3)
    assert picture.dtype == np.uint8
    return round(float(picture[..., 2].mean()))


def levels(root, paths):
    return [
        one.reason if isinstance(one, Skip) else level(one)
        for one in VideoPictures(root).open(paths)
    ]


def near(found, expected):
    return all(abs(a - b) <= 4 for a, b in zip(found, expected, strict=True))


def test_frames_are_counted_from_one(root):
    assert near(levels(root, ["a/one.avi#1", "a/one.avi#2", "a/one.avi#10"]), [20, 40, 200])


def test_every_order_of_frames_gives_the_same_frames(root):
    numbers = [7, 3, 3, 10, 1, 2, 9]
    found = levels(root, [f"a/one.avi#{n}" for n in numbers])
    assert near(found, [20 * n for n in numbers])


def test_colours_come_as_rgb(root):
    (picture,) = VideoPictures(root).open(["a/one.avi#3"])
    assert isinstance(picture, np.ndarray)
    red, _, blue = picture.reshape(-1, 3).mean(axis=0)
    assert red - blue == pytest.approx(50, abs=8)


def test_videos_and_pictures_mix(root):
    found = list(VideoPictures(root).open(["two.avi#1", "2.png", "3.png", "a/one.avi#4"]))
    assert level(found[0]) == pytest.approx(200, abs=4)
    for picture, grey in zip(found[1:3], (40, 60), strict=True):
        assert isinstance(picture, np.ndarray)
        assert picture.shape == (48, 64)
        assert (picture == grey).all()
    assert level(found[3]) == pytest.approx(80, abs=4)


def test_a_frame_behind_the_end_tells_how_many_there_are(root):
    found = levels(root, ["a/one.avi#10", "a/one.avi#11", "a/one.avi#12", "a/one.avi#2"])
    assert near(found[:1], [200])
    assert found[1:3] == ["the video ends after 10 frames"] * 2
    assert near(found[3:], [40])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "there is no such video"),
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git LFS"),
        (b"<!DOCTYPE html>", "web page"),
        (b"RIFF\0\0\0\0AVI nothing behind it", "cannot be opened"),
    ],
)
def test_what_is_no_video_is_skipped_with_the_reason(tmp_path, content, reason):
    if content is not None:
        (tmp_path / "x.avi").write_bytes(content)
    for one in VideoPictures(tmp_path).open(["x.avi#1", "x.avi#2"]):
        assert isinstance(one, Skip)
        assert reason in one.reason


@pytest.mark.parametrize("path", ["a/one.avi", "a/one.avi#0", "a/one.avi#x", "a/one.txt#1", ""])
def test_a_path_that_names_no_frame_is_no_frame(root, path):
    (found,) = VideoPictures(root).open([path])
    assert isinstance(found, Skip)


def test_a_video_is_opened_once_for_frames_in_order(root, monkeypatch):
    opened = []
    real = cv2.VideoCapture

    def counting(name):
        opened.append(name)
        return real(name)

    monkeypatch.setattr(cv2, "VideoCapture", counting)
    list(VideoPictures(root).open([f"a/one.avi#{n}" for n in (1, 1, 4, 8, 10)]))
    assert len(opened) == 1


def test_the_fingerprint_follows_content_and_frames(root, tmp_path):
    pictures = VideoPictures(root)
    first = pictures.fingerprint(["a/one.avi#1", "a/one.avi#2"])
    assert pictures.fingerprint(["a/one.avi#1", "a/one.avi#2"]) == first
    assert pictures.fingerprint(["a/one.avi#2", "a/one.avi#1"]) != first
    assert pictures.fingerprint(["a/one.avi#1", "a/one.avi#3"]) != first
    assert pictures.fingerprint(["two.avi#1", "two.avi#2"]) != first
    (tmp_path / "other.avi").write_bytes((root / "a/one.avi").read_bytes())
    renamed = VideoPictures(tmp_path).fingerprint(["other.avi#1", "other.avi#2"])
    assert renamed == first, "names do not count"


def test_the_fingerprint_of_picture_files_alone_is_theirs(root):
    paths = ["1.png", "2.png"]
    assert VideoPictures(root).fingerprint(paths) == FilePictures(root).fingerprint(paths)
    mixed = VideoPictures(root).fingerprint([*paths, "two.avi#1"])
    assert mixed != VideoPictures(root).fingerprint(["1.png", "3.png", "two.avi#1"])
    assert VideoPictures(root).fingerprint(["gone.avi#1"])


def test_without_opencv_the_error_says_what_to_install(root, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert len(list(VideoPictures(root).open(["1.png"]))) == 1, "pictures need no OpenCV"
    with pytest.raises(DataError, match=r"pip install facsinterp\[opencv\]"):
        list(VideoPictures(root).open(["a/one.avi#1"]))
