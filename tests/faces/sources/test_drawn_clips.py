"""Drawn micro-expressions as a source."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

from facsinterp.faces.clips import clips
from facsinterp.faces.drawn import micro
from facsinterp.faces.drawn.cast import SHOWN
from facsinterp.faces.pictures import Skip
from facsinterp.faces.sources.drawn_clips import SOURCE, DrawnClipsOptions
from facsinterp.testing import SourceContract

OPTIONS = DrawnClipsOptions(subjects=2, clips=2, seed=5)


class TestContract(SourceContract):
    source = SOURCE
    options: ClassVar[Mapping[str, Any]] = {"subjects": 1, "clips": 1}


@pytest.fixture(scope="module")
def faces():
    return SOURCE.read(None, OPTIONS)


def test_every_frame_of_every_clip_is_there_with_its_marks(faces):
    drawn = list(micro.clips(2, 2, 5))
    read = clips(faces)
    assert [one.name for one in read] == [one.name for one in drawn]
    for one, other in zip(read, drawn, strict=True):
        assert (one.onset, one.apex, one.offset) == (other.onset, other.apex, other.offset)
        assert one.frames.tolist() == list(range(1, other.length + 1))
        assert one.expression == other.expression


def test_a_unit_too_weak_to_be_seen_is_neither_present_nor_absent(faces):
    frames = [
        one.frame(number) for one in micro.clips(2, 2, 5) for number in range(1, one.length + 1)
    ]
    strength = np.array([[frame.strength(unit) for unit in SHOWN] for frame in frames])
    data = faces.data
    assert np.array_equal(data["present"].values, strength >= 0.5)
    assert np.array_equal(data["coded"].values, (strength == 0) | (strength >= 0.5))
    assert ((strength > 0) & (strength < 0.5)).any()
    scored = data["intensity"].values
    assert np.isnan(scored[(strength > 0) & (strength < 0.5)]).all()
    assert np.abs(scored - strength)[strength >= 0.5].max() <= 0.5


def test_three_frames_of_each_clip(faces):
    some = SOURCE.read(None, OPTIONS.model_copy(update={"frames": "onset+apex+offset"}))
    assert len(some) == 4 * 3
    assert some.column("phase").tolist() == ["onset", "apex", "offset"] * 4
    whole = set(faces.images.tolist())
    assert set(some.images.tolist()) <= whole


def test_pictures_come_from_their_paths_alone(faces):
    pictures = SOURCE.pictures(None, OPTIONS)
    paths = faces.column("path").tolist()
    one, other = map(np.asarray, pictures.open([paths[40], paths[3]]))
    (again,) = map(np.asarray, pictures.open([paths[3]]))
    assert one.shape == (48, 48)
    assert np.array_equal(other, again)
    assert not np.array_equal(one, other)


def test_a_foreign_path_is_left_out_with_the_reason():
    paths = ["drawn/S001/001/00000001", "clip/S001/001/00009999", "clip/S000/001/00000001"]
    answers = list(SOURCE.pictures(None, OPTIONS).open(paths))
    reasons = [one.reason for one in answers if isinstance(one, Skip)]
    assert len(reasons) == 3
    assert "frames 1 to" in reasons[1]
