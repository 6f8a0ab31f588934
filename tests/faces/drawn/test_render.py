"""Drawn pictures: the same bytes whatever the batch, and units that show where they should."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from facsinterp.faces.drawn import (
    UNITS,
    Face,
    Identity,
    Setting,
    cast,
    landmarks,
    pair,
    regions,
    render,
)
from facsinterp.faces.drawn.cast import person
from facsinterp.faces.drawn.units import EXCLUSIVE, agree, intensity, movement, sides

# Landmarks beside which most of a unit's change must lie.
BROWS, NOSE, EYES, MOUTH = range(17, 27), range(27, 36), range(36, 48), range(48, 68)
CHEEKS = (*range(2, 15), *MOUTH)
PLACES = dict.fromkeys(UNITS, MOUTH) | {
    **dict.fromkeys((1, 2, 4), BROWS),
    **dict.fromkeys((5, 6, 7, 43, 45), EYES),
    **dict.fromkeys((9, 11), (*NOSE, 48, 54)),
    **dict.fromkeys((13, 29, 30, 33, 34, 35), CHEEKS),
}


def someone(number: int) -> Face:
    identity, room = person(number, 3)
    return Face(identity, room, {}, (number,))


def frames(count: int) -> list[Face]:
    return [frame.face for frame in cast(4, 3, 11)][:count]


@pytest.mark.parametrize("size", [32, 48, 96, 128])
def test_pictures_are_grey_bytes_of_the_size_asked(size):
    pictures = render(frames(2), size)
    assert pictures.dtype == np.uint8
    assert pictures.shape == (2, size, size)
    assert pictures.std() > 20


def test_no_faces_give_no_pictures():
    assert render([], 48).shape == (0, 48, 48)


@pytest.mark.parametrize("size", [48, 96])
def test_a_picture_depends_on_its_own_face_alone(size):
    faces = frames(11)
    together = render(faces, size)
    alone = np.concatenate([render([face], size) for face in faces])
    backwards = render(faces[::-1], size)[::-1]
    assert np.array_equal(together, alone)
    assert np.array_equal(together, backwards)


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_pictures_do_not_depend_on_the_number_of_threads(threads, monkeypatch):
    faces = frames(20)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    expected = render(faces, 48)
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    assert np.array_equal(render(faces, 48), expected)


def test_extreme_people_and_settings_are_drawn_without_a_warning():
    wild = [
        Face(
            Identity(hair_style=style, skin=skin, length=1.06, jaw=-0.15, age=1, stubble=1),
            Setting(yaw=yaw, pitch=0.2, roll=-0.2, noise=4, blur=1.5, light_x=-0.9, light_y=-0.6),
            dict.fromkeys(units, (5.0, 5.0)),
        )
        for style, skin, yaw, units in (
            (0, 0.05, 0.35, (1, 2, 5, 25, 27)),
            (1, 0.8, -0.35, (4, 6, 9, 10, 17, 23)),
            (2, 0.4, 0.3, (12, 14, 15, 20, 16, 25)),
            (3, 0.3, -0.3, (18, 24, 43)),
        )
    ]
    with np.errstate(all="raise", under="ignore"):
        assert render(wild, 48).std(axis=(1, 2)).min() > 10


def test_every_unit_shows_beside_its_landmarks():
    for number in (1, 2):
        pairs = [pair(someone(number), unit) for unit in UNITS]
        without = render([one.without for one in pairs], 64).astype(int)
        shown = render([one.shown for one in pairs], 64).astype(int)
        points = landmarks([one.without for one in pairs], 64)
        for unit, before, after, place in zip(UNITS, without, shown, points, strict=True):
            change = np.abs(after - before)
            assert change.sum() > 500, unit
            near = place[list(PLACES[unit])]
            top, left = near[:, 1].min() - 14, near[:, 0].min() - 10
            bottom, right = near[:, 1].max() + 14, near[:, 0].max() + 10
            rows, cols = np.mgrid[:64, :64]
            inside = (rows > top) & (rows < bottom) & (cols > left) & (cols < right)
            assert change[inside].sum() > 0.72 * change.sum(), unit


def test_a_pair_differs_in_its_region_only():
    pairs = [pair(face, unit) for face, unit in zip(frames(len(UNITS)), UNITS, strict=True)]
    where = regions(pairs, 48)
    without = render([one.without for one in pairs], 48)
    shown = render([one.shown for one in pairs], 48)
    assert np.array_equal(without[~where], shown[~where])
    assert (where.mean(axis=(1, 2)) > 0.01).all()
    assert (where.mean(axis=(1, 2)) < 0.35).all()


def test_a_pair_differs_in_one_unit():
    for face in frames(6):
        for unit in UNITS:
            one = pair(face, unit)
            assert one.shown.units[unit] == sides(unit, 5.0)
            assert one.without.units == {
                u: sides for u, sides in one.shown.units.items() if u != unit
            }
            assert one.shown.noise == one.without.noise == face.noise
            assert agree(one.shown.units)


def test_change_grows_with_intensity():
    face = replace(someone(2), setting=replace(someone(2).setting, noise=0.0))
    for unit in UNITS:
        pairs = [pair(face, unit, strength) for strength in (1, 2, 3, 4, 5)]
        # The company (25 with 26) stays at its strongest, so that one unit alone grows.
        company = pairs[-1].without
        series = [company, *(company.with_unit(unit, k) for k in (1, 2, 3, 4, 5))]
        rest, *shown = render(series, 64).astype(float)
        change = [np.abs(picture - rest).mean() for picture in shown]
        assert all(a < b for a, b in pairwise(change)), (unit, change)


def test_one_sided_units_change_their_side_of_the_face():
    face = replace(someone(2), setting=Setting(noise=0.0))
    for unit in (2, 6, 12, 14):
        rest, right, left = render(
            [face, face.with_unit(unit, 5, 0), face.with_unit(unit, 0, 5)], 64
        ).astype(int)
        # The subject's right is the left of the picture.
        assert np.abs(right - rest)[:, :31].sum() > 9 * np.abs(right - rest)[:, 33:].sum()
        assert np.abs(left - rest)[:, 33:].sum() > 9 * np.abs(left - rest)[:, :31].sum()


def test_letters_move_units_by_the_shares_of_the_scale():
    assert movement([0, 1, 2, 3, 4, 5]).tolist() == pytest.approx([0, 0.2, 0.38, 0.6, 0.82, 1.0])
    assert intensity(movement([0.3, 2.5, 4.9])) == pytest.approx([0.3, 2.5, 4.9], abs=1e-5)
    assert all(a in UNITS and b in UNITS for a, b in EXCLUSIVE)
    assert not agree({26, 27})
    assert agree({6, 12, 25, 26})
