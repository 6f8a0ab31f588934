"""Pixels: decoded once, opened again without decoding, nothing half-written left behind."""

import os
import pickle
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures, Skip
from facsinterp.faces.preparing import decoded as decoded_module
from facsinterp.faces.preparing import prepare as prepare_module
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.preparing.windows import central
from facsinterp.faces.table import FaceTable
from facsinterp.provenance import fingerprint

rng = np.random.default_rng(11)
SHOWN = rng.integers(0, 256, (6, 20, 20), dtype=np.uint8)
SMALL = Preparation(10)


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, picture in enumerate(SHOWN):
        Image.fromarray(picture).save(folder / f"{i}.png")
    return FilePictures(folder)


def table(landmarks=None, names="abcdef"):
    return FaceTable.from_arrays(
        list(names),
        [12],
        np.zeros((len(names), 1)),
        path=[f"{i}.png" for i in range(len(names))],
        landmarks=landmarks,
    )


class Unopenable:
    """Pictures whose content is known but which must not be decoded."""

    def __init__(self, files):
        self.fingerprint = files.fingerprint

    def open(self, paths):
        raise AssertionError


def test_decoded_pictures_are_those_of_the_files(files, tmp_path):
    pixels = Pixels.decode(table(), files, Preparation(20), tmp_path / "cache")
    np.testing.assert_array_equal(pixels.array, SHOWN)
    assert pixels.images.tolist() == list("abcdef")
    assert isinstance(pixels.array, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        pixels.array[0] = 0


def test_the_second_call_decodes_nothing(files, tmp_path):
    first = Pixels.decode(table(), files, SMALL, tmp_path / "cache")
    again = Pixels.decode(table(), Unopenable(files), SMALL, tmp_path / "cache")
    assert again.fingerprint == first.fingerprint
    np.testing.assert_array_equal(again.array, first.array)


def test_other_pictures_preparation_or_faces_are_decoded_anew(files, tmp_path):
    cache = tmp_path / "cache"
    first = Pixels.decode(table(), files, SMALL, cache)
    seen = {first.fingerprint}
    for faces, preparation in [
        (table(), Preparation(11)),
        (table(), Preparation(10, "rgb")),
        (table(), Preparation(10, crop="centre", zoom=1.5)),
        (table(names="abcdeg"), SMALL),
        (table().select([1, 0, 2, 3, 4, 5]), SMALL),
    ]:
        seen.add(Pixels.decode(faces, files, preparation, cache).fingerprint)
    Image.fromarray(255 - SHOWN[3]).save(files.root / "3.png")
    seen.add(Pixels.decode(table(), files, SMALL, cache).fingerprint)
    assert len(seen) == 7
    assert len(list(cache.iterdir())) == 7


def some_landmarks():
    points = rng.uniform(0, 20, (6, 68, 2))
    points[:, [36, 39]], points[:, [42, 45]], points[:, 33] = (4, 8), (14, 8), (9, 13)
    return points


def test_other_landmarks_are_decoded_anew_but_are_no_part_of_the_content(files, tmp_path):
    cache = tmp_path / "cache"
    points = some_landmarks()
    moved = points + 1
    first = Pixels.decode(table(points), files, SMALL, cache)
    other = Pixels.decode(table(moved), files, SMALL, cache)
    none = Pixels.decode(table(), files, SMALL, cache)
    assert len(list(cache.iterdir())) == 3
    assert first.fingerprint == other.fingerprint == none.fingerprint
    assert first.landmarks is not None
    assert other.landmarks is not None
    np.testing.assert_allclose(other.landmarks - first.landmarks, 0.5, atol=1e-5)
    assert none.landmarks is None
    by_face = Preparation(10, crop="landmarks")
    one = Pixels.decode(table(points), files, by_face, cache)
    two = Pixels.decode(table(moved), files, by_face, cache)
    assert one.fingerprint != two.fingerprint


def test_landmarks_lie_in_the_prepared_pictures_row_by_row(files, tmp_path):
    (files.root / "1.png").unlink()
    points = some_landmarks()
    points[3] = np.nan
    faces = table(points).select([5, 1, 3, 0])
    preparation = Preparation(40, crop="centre", zoom=1.25)
    for pictures in (files, Unopenable(files)):
        pixels = Pixels.decode(faces, pictures, preparation, tmp_path / "cache")
        assert pixels.images.tolist() == list("fda")
        assert len(pixels.skipped) == 1
        assert pixels.landmarks is not None
        assert pixels.landmarks.dtype == np.float32
        assert np.isnan(pixels.landmarks[1]).all()
        for row, face in ((0, 5), (2, 0)):
            expected = central((20, 20), 1.25).placed(points[face], 40)
            np.testing.assert_allclose(pixels.landmarks[row], expected, atol=1e-4)
        there = pickle.loads(pickle.dumps(pixels))
        np.testing.assert_array_equal(there.landmarks, pixels.landmarks)
        with pytest.raises(ValueError, match="read-only"):
            there.landmarks[0] = 0


def test_other_schemes_of_points_are_left_aside(files, tmp_path):
    pixels = Pixels.decode(table(some_landmarks()[:, :66]), files, SMALL, tmp_path / "cache")
    assert pixels.landmarks is None


def test_pictures_that_cannot_be_decoded_are_left_out_and_listed(files, tmp_path):
    (files.root / "2.png").write_bytes((files.root / "2.png").read_bytes()[:80])
    (files.root / "5.png").unlink()
    for pictures in (files, Unopenable(files)):
        pixels = Pixels.decode(table(), pictures, Preparation(20), tmp_path / "cache")
        assert pixels.images.tolist() == list("abde")
        np.testing.assert_array_equal(pixels.array, SHOWN[[0, 1, 3, 4]])
        assert [skip.path for skip in pixels.skipped] == ["2.png", "5.png"]
        assert all(isinstance(skip, Skip) and skip.reason for skip in pixels.skipped)
    assert pixels.fingerprint == Pixels.from_array(list("abde"), pixels.array).fingerprint


def test_a_face_without_usable_landmarks_is_left_out(files, tmp_path):
    points = np.full((6, 68, 2), np.nan)
    points[0, [36, 39]], points[0, [42, 45]], points[0, 33] = (4, 8), (14, 8), (9, 13)
    pixels = Pixels.decode(table(points), files, Preparation(10, crop="landmarks"), tmp_path / "c")
    assert pixels.images.tolist() == ["a"]
    assert len(pixels.skipped) == 5


def test_a_crop_by_landmarks_needs_a_table_with_landmarks(files, tmp_path):
    with pytest.raises(DataError, match="no landmarks"):
        Pixels.decode(table(), files, Preparation(crop="landmarks"), tmp_path / "c")


def test_no_usable_picture_is_an_error_that_leaves_nothing(tmp_path):
    with pytest.raises(DataError, match="none of 6 pictures") as raised:
        Pixels.decode(table(), FilePictures(tmp_path), SMALL, tmp_path / "cache")
    assert len(raised.value.faults) == 6  # the first five are told one by one
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_crash_on_the_way_leaves_nothing(files, tmp_path):
    class Failing(Unopenable):
        def open(self, paths):
            yield SHOWN[0]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Pixels.decode(table(), Failing(files), SMALL, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("part", ["pixels.npy", "pixels.json", "landmarks.npy"])
@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"{}")])
def test_a_damaged_folder_is_made_anew(files, tmp_path, part, damage):
    faces = table(some_landmarks())
    first = Pixels.decode(faces, files, SMALL, tmp_path / "cache")
    damage(next((tmp_path / "cache").iterdir()) / part)
    again = Pixels.decode(faces, files, SMALL, tmp_path / "cache")
    assert again.fingerprint == first.fingerprint
    np.testing.assert_array_equal(again.array, [*again.array])
    np.testing.assert_array_equal(again.landmarks, first.landmarks)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_progress_counts_every_picture(files, tmp_path):
    class Counting:
        def __init__(self):
            self.done, self.said = 0, []

        def step(self, title, total):
            assert total == 6
            return self

        def __enter__(self):
            return lambda parts: setattr(self, "done", self.done + parts)

        def __exit__(self, *_):
            pass

        def say(self, text):
            self.said.append(text)

    progress = Counting()
    Pixels.decode(table(), files, SMALL, tmp_path / "cache", progress)
    assert (progress.done, progress.said) == (6, [])
    Pixels.decode(table(), files, SMALL, tmp_path / "cache", progress)
    assert (progress.done, len(progress.said)) == (6, 1)


def test_an_array_at_hand_is_taken_as_it_is():
    pixels = Pixels.from_array(list("abcdef"), SHOWN)
    assert len(pixels) == 6
    assert not pixels.array.flags.writeable
    assert SHOWN.flags.writeable
    assert pixels.fingerprint == fingerprint(list("abcdef"), [fingerprint(p) for p in SHOWN])
    assert pixels.fingerprint != Pixels.from_array(list("abcdeg"), SHOWN).fingerprint
    assert pixels.fingerprint != Pixels.from_array(list("abcdef"), 255 - SHOWN).fingerprint


@pytest.mark.parametrize(
    ("images", "array", "told"),
    [
        (list("ab"), SHOWN, "identifiers"),
        (list("aacdef"), SHOWN, "repeated"),
        (list("abcdef"), SHOWN / 255, "float64"),
        (list("abcdef"), SHOWN[0], "shape"),
        (list("ab"), np.zeros((2, 8, 8, 4), np.uint8), "shape"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(images, array, told):
    with pytest.raises(DataError, match=told):
        Pixels.from_array(images, array)


@pytest.mark.parametrize("shape", [(5, 68, 2), (6, 66, 2), (6, 2, 68), (6, 136)])
def test_landmarks_that_do_not_fit_are_refused(shape):
    with pytest.raises(DataError, match="landmarks do not fit"):
        Pixels.from_array(list("abcdef"), SHOWN, np.zeros(shape))


def test_decoded_pixels_travel_as_the_name_of_their_folder(files, tmp_path):
    pixels = Pixels.decode(table(), files, Preparation(20), tmp_path / "cache")
    sent = pickle.dumps(pixels)
    assert len(sent) < pixels.array.nbytes / 4
    there = pickle.loads(sent)
    assert isinstance(there.array, np.memmap)
    assert there.images.tolist() == pixels.images.tolist()
    assert (there.fingerprint, there.skipped) == (pixels.fingerprint, pixels.skipped)
    np.testing.assert_array_equal(there.take(np.array([5, 2])), SHOWN[[5, 2]])


@pytest.mark.parametrize(("lost", "got"), [(True, "nothing"), (False, r"got: +[0-9a-f]{16}")])
def test_pixels_that_are_not_where_they_were_sent_are_refused(files, tmp_path, lost, got):
    sent = pickle.dumps(Pixels.decode(table(), files, SMALL, tmp_path / "cache"))
    (folder,) = (tmp_path / "cache").iterdir()
    shutil.rmtree(folder)
    if not lost:
        other = Pixels.decode(table(names="abcdeg"), files, SMALL, tmp_path / "other")
        assert isinstance(other.array, np.memmap)
        Path(other.array.filename or "").parent.rename(folder)
    with pytest.raises(DataError, match="let all workers reach this folder") as caught:
        pickle.loads(sent)
    assert re.search(got, str(caught.value))


def test_pixels_at_hand_travel_whole():
    points = some_landmarks()
    pixels = Pixels.from_array(list("abcdef"), SHOWN, points)
    assert points.flags.writeable
    there = pickle.loads(pickle.dumps(pixels))
    np.testing.assert_array_equal(there.array, SHOWN)
    np.testing.assert_array_equal(there.landmarks, points.astype(np.float32))
    assert not there.landmarks.flags.writeable
    assert there.fingerprint == pixels.fingerprint
    assert not there.array.flags.writeable


class Counting(FilePictures):
    """Counts how often each file is read."""

    read: dict[str, int]

    def one(self, path):
        self.read[path] = self.read.get(path, 0) + 1
        return super().one(path)

    def _digest(self, path):
        self.read[path] = self.read.get(path, 0) + 1
        return super()._digest(path)


def counting(root):
    pictures = Counting(root)
    object.__setattr__(pictures, "read", {})
    return pictures


def test_a_file_is_read_once_to_prepare_it_and_once_to_know_it_again(files, tmp_path):
    pictures = counting(files.root)
    first = Pixels.decode(table(), pictures, SMALL, tmp_path / "cache")
    assert set(pictures.read.values()) == {1}
    again = Pixels.decode(table(), pictures, SMALL, tmp_path / "cache")
    assert set(pictures.read.values()) == {2}
    assert isinstance(again.array, np.memmap)
    assert again.fingerprint == first.fingerprint


def test_changed_bytes_are_noticed_whatever_the_clock_says(files, tmp_path):
    first = Pixels.decode(table(), files, SMALL, tmp_path / "cache")
    file = files.root / "3.png"
    before, stat = file.read_bytes(), file.stat()
    Image.fromarray(SHOWN[3] ^ 1).save(file)
    changed = file.read_bytes()
    file.write_bytes(changed + b"x" * max(0, len(before) - len(changed)))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert Pixels.decode(table(), files, SMALL, tmp_path / "cache").fingerprint != first.fingerprint


def test_pictures_that_come_in_a_row_are_prepared_like_those_that_come_one_by_one(files, tmp_path):
    class Row:
        fingerprint = files.fingerprint
        open = files.open

    one = Pixels.decode(table(), files, SMALL, tmp_path / "a")
    row = Pixels.decode(table(), Row(), SMALL, tmp_path / "b")
    assert one.fingerprint == row.fingerprint
    assert [path.name for path in (tmp_path / "a").iterdir()] == [
        path.name for path in (tmp_path / "b").iterdir()
    ]


def test_one_bad_face_is_left_out_with_its_reason_and_the_others_are_made(files, tmp_path):
    points = np.tile(some_landmarks()[0], (6, 1, 1))
    points[1] = np.nan
    points[2, 36] = np.nan
    points[3] *= 1e6
    points[4, :, 0] = 5
    points[5] += 1e30
    preparation = Preparation(10, crop="landmarks")
    pixels = Pixels.decode(table(points), files, preparation, tmp_path / "cache")
    assert pixels.images.tolist() == ["a"]
    reasons = {skip.path: skip.reason for skip in pixels.skipped}
    assert reasons["1.png"] == "this face has no landmarks"
    assert "finite places" in reasons["2.png"]
    assert "outside the picture" in reasons["3.png"]
    assert len(reasons) == 5


@pytest.mark.parametrize("error", [RuntimeError("(-215) !empty()"), OverflowError(), TypeError()])
def test_whatever_one_picture_raises_the_others_are_made(error, files, tmp_path, monkeypatch):
    cut = prepare_module.shown

    def odd(picture, *given):
        if np.array_equal(picture, SHOWN[0]):
            raise error
        return cut(picture, *given)

    monkeypatch.setattr(decoded_module, "shown", odd)
    pixels = Pixels.decode(table(), files, SMALL, tmp_path / "cache")
    ((path, reason),) = [(skip.path, skip.reason) for skip in pixels.skipped]
    assert path == "0.png"
    assert reason == f"the picture cannot be prepared: {str(error) or type(error).__name__}"


@pytest.mark.parametrize("error", [MemoryError(), DataError(Fault("the model is gone"))])
def test_what_is_not_the_fault_of_a_picture_ends_the_run(error, files, tmp_path, monkeypatch):
    def broken(*_given):
        raise error

    monkeypatch.setattr(decoded_module, "shown", broken)
    with pytest.raises(type(error)):
        Pixels.decode(table(), files, SMALL, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_pictures_are_prepared_by_several_threads(files, tmp_path, monkeypatch):
    seen = set()
    cut = prepare_module.shown

    def watched(*given):
        seen.add(threading.current_thread().name.partition("_")[0])
        return cut(*given)

    monkeypatch.setattr(decoded_module, "shown", watched)
    Pixels.decode(table(), files, SMALL, tmp_path / "cache")
    assert seen == {"pictures"}
