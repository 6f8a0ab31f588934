"""The drawn faces as a source: no data, exact codes, pictures from their paths."""

import numpy as np
import pytest

from facsinterp.faces.drawn import cast, render
from facsinterp.faces.drawn.cast import SHOWN
from facsinterp.faces.pictures import Skip
from facsinterp.faces.sources.drawn import SOURCE, DrawnOptions

OPTIONS = DrawnOptions(subjects=3, sequences=4, seed=5)


@pytest.fixture(scope="module")
def faces():
    return SOURCE.read(None, OPTIONS)


def opened(paths):
    """The pictures of paths, none of them left out."""
    pictures = list(SOURCE.pictures(None, OPTIONS).open(paths))
    return [picture for picture in pictures if not isinstance(picture, Skip)]


def test_the_table_holds_every_frame_with_every_unit_coded(faces):
    assert len(faces) == 3 * 4 * 3
    assert faces.units == SHOWN
    assert faces.data["coded"].values.all()
    assert not np.isnan(faces.data["intensity"].values).any()
    neutral = faces.column("phase") == "neutral"
    assert neutral.sum() == 12
    assert not faces.data["present"].values[neutral].any()
    assert set(faces.column("expression")[neutral]) == {"neutral"}
    assert faces.data["present"].values[~neutral].any(axis=1).all()
    assert faces.terms.may_show("S001")
    assert faces.data["landmarks"].shape == (36, 68, 2)


def test_codes_are_the_strengths_that_are_drawn(faces):
    frames = list(cast(3, 4, 5))
    assert faces.column("path").tolist() == [frame.path for frame in frames]
    strengths = np.array([[frame.strength(unit) for unit in SHOWN] for frame in frames])
    assert np.array_equal(faces.data["present"].values, strengths > 0)
    error = np.abs(faces.data["intensity"].values - strengths)
    assert error[strengths >= 0.5].max() <= 0.5


def test_pictures_are_drawn_from_their_paths_alone(faces):
    paths = faces.column("path").tolist()
    pictures = opened(paths)
    expected = render([frame.face for frame in cast(3, 4, 5)], OPTIONS.pixels)
    assert np.array_equal(np.stack(pictures), expected)
    some = opened([paths[20], paths[3]])
    assert np.array_equal(np.stack(some), expected[[20, 3]])


def test_a_foreign_path_is_left_out_with_the_reason(faces):
    path = str(faces.column("path")[0])
    answers = list(
        SOURCE.pictures(None, OPTIONS).open(["S005/001/a.png", path, "drawn/S001/001/00000099"])
    )
    assert isinstance(answers[0], Skip)
    assert isinstance(answers[2], Skip)
    assert "drawn/SUBJECT/SEQUENCE/FRAME" in answers[0].reason
    assert not isinstance(answers[1], Skip)


def test_the_fingerprint_covers_what_decides_the_pictures(faces):
    paths = faces.column("path").tolist()

    def mark(**change):
        return SOURCE.pictures(None, OPTIONS.model_copy(update=change)).fingerprint(paths)

    assert mark() == mark()
    others = {mark(), mark(seed=6), mark(pixels=64), mark(without_emotion=0.1)}
    assert len(others) == 4
    assert SOURCE.pictures(None, OPTIONS).fingerprint(paths[1:]) not in others


def test_no_data_folder_is_needed():
    assert not SOURCE.needs_data
