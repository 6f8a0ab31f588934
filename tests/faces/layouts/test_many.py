"""Many pictures from few drawn faces: none twice, each what it is said to show."""

import numpy as np

from facsinterp.faces.drawn import render
from facsinterp.faces.layouts import many
from facsinterp.faces.layouts.contract import Cast

CAST = Cast(people=2, sequences=3, pixels=24)


def test_faces_are_taken_again_with_changes():
    parts = list(many.pictures(CAST, 100))
    assert [len(part) for part in parts] == [6] * 16 + [4]
    everything = np.concatenate(parts)
    assert len({picture.tobytes() for picture in everything}) == 100
    np.testing.assert_array_equal(
        parts[0], render([many.shown(CAST, k).face for k in range(6)], 24)
    )


def test_what_is_shown_begins_again_with_the_pictures():
    assert many.shown(CAST, 7) == many.shown(CAST, 1)
    assert [many.shown(CAST, k).subject for k in range(6)] == ["S001"] * 3 + ["S002"] * 3
    assert [many.shown(CAST, k).expression == "neutral" for k in range(5)] == [False] * 4 + [True]


def test_no_more_faces_are_drawn_than_needed(monkeypatch):
    monkeypatch.setattr(many, "DRAWN", 4)
    assert [len(part) for part in many.pictures(CAST, 10)] == [4, 4, 2]
    assert [len(part) for part in many.pictures(CAST, 3)] == [3]


def test_pictures_at_another_size():
    picture = next(many.pictures(CAST, 1))[0]
    assert many.scaled(picture, 48).shape == (48, 48)
    assert many.scaled(picture, 24) is picture
