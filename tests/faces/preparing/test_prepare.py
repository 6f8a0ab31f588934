"""Preparation: the crops land where they should, without bias, alias or a moving frame."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.faces.preparing.prepare import (
    Preparation,
    grey,
    prepare,
    rgb,
    sight,
)
from facsinterp.faces.preparing.windows import around_face

rng = np.random.default_rng(5)
NOISE = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)


def aligned_crop(picture, points, *, size, zoom=1.0):
    return prepare(picture, Preparation(size, "rgb", "landmarks", zoom), points)


def alignment(points, *, zoom=1.0):
    window = around_face(points, zoom)
    return window.corner, window.across


def placed(points, preparation, shape):
    window = sight(np.zeros(shape, np.uint8), preparation, points).window
    return window.placed(points, preparation.size)


def face(scale=30.0, turn=0.0, at=(100.0, 90.0), jaw=0.0):
    """68 points of a schematic face: eyes, nose base, chin; the rest in one place."""
    points = np.zeros((68, 2))
    points[[36, 39]] = [[-0.7, 0.0], [-0.3, 0.0]]
    points[[42, 45]] = [[0.3, 0.0], [0.7, 0.0]]
    points[33] = [0.0, 0.75]
    points[8] = [0.0, 1.75 + jaw]
    points[48:68] = [0.0, 1.25 + jaw / 2]
    c, s = np.cos(turn), np.sin(turn)
    return points @ (scale * np.array([[c, s], [-s, c]])) + at


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 0},
        {"zoom": 0.0},
        {"zoom": float("nan")},
        {"zoom": 2.0},
        {"crop": "centre", "zoom": 0.5},
    ],
)
def test_settings_without_a_meaning_are_refused(wrong):
    with pytest.raises(ValueError, match=r"size|zoom"):
        Preparation(**wrong)


@pytest.mark.parametrize("colour", ["grey", "rgb"])
@pytest.mark.parametrize("crop", ["none", "centre", "landmarks"])
@pytest.mark.parametrize("picture", [NOISE, NOISE[:, :, 0], NOISE.transpose(1, 0, 2)])
def test_every_preparation_gives_its_shape(picture, colour, crop):
    preparation = Preparation(24, colour, crop)
    out = prepare(picture, preparation, face(scale=10, at=(20, 15)))
    assert out.shape == preparation.shape == ((24, 24) if colour == "grey" else (24, 24, 3))
    assert out.dtype == np.uint8


def test_grey_is_the_luma_of_itu_601():
    luma = NOISE @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey(NOISE) - luma).max() <= 1
    np.testing.assert_array_equal(grey(NOISE[:, :, 0]), NOISE[:, :, 0])
    np.testing.assert_array_equal(rgb(NOISE[:, :, 0]), np.stack([NOISE[:, :, 0]] * 3, axis=2))


def test_the_right_size_is_left_alone():
    square = NOISE[:, :40, 0]
    np.testing.assert_array_equal(prepare(square, Preparation(40)), square)
    np.testing.assert_array_equal(
        prepare(square, Preparation(20, crop="centre", zoom=2)), square[10:30, 10:30]
    )


def test_the_central_crop_is_the_middle_square():
    middle = Preparation(40, "rgb", "centre"), Preparation(10, "rgb", "centre", zoom=4)
    np.testing.assert_array_equal(prepare(NOISE, middle[0]), NOISE[:, 10:50])
    np.testing.assert_array_equal(prepare(NOISE, middle[1]), NOISE[15:25, 25:35])


@pytest.mark.parametrize("crop", ["none", "centre", "landmarks"])
def test_reducing_does_not_alias(crop):
    """Grain far finer than a pixel of the result averages out instead of being picked from."""
    grain = rng.integers(0, 256, (200, 200), dtype=np.uint8)
    out = prepare(grain, Preparation(24, crop=crop), face(scale=40))
    assert out[4:-4, 4:-4].std() < grain.std() / 3


@settings(max_examples=40, deadline=None)
@given(
    st.floats(10, 60),
    st.floats(-0.6, 0.6),
    st.tuples(st.floats(60, 140), st.floats(60, 140)),
    st.sampled_from([16, 48, 96]),
    st.floats(0.7, 2.0),
)
def test_the_aligned_crop_samples_the_place_it_says(scale, turn, at, size, zoom):
    """Against a ramp: each pixel shows its own place, to rounding, with no shift."""
    ramp = np.tile(np.arange(220, dtype=np.uint8), (200, 1))
    points = face(scale, turn, at)
    corner, across = alignment(points, zoom=zoom)
    down = np.array([-across[1], across[0]])
    share = (np.arange(size) + 0.5) / size
    x = corner[0] + share[None, :] * across[0] + share[:, None] * down[0]
    edge = 4 + np.hypot(*across) / size  # a pixel's own width from where the ramp bends
    seen = (x > edge) & (x < 219 - edge)
    out = aligned_crop(ramp, points, size=size, zoom=zoom)[:, :, 0].astype(float)
    assert np.abs(out - x)[seen].max(initial=0) <= 0.51


def test_the_face_lands_in_one_place():
    """However the head is moved, turned or sized: eyes level, their middle at one point."""
    for points in (face(), face(50), face(20, 0.4), face(20, -0.4, (60, 120))):
        corner, across = alignment(points)
        side = np.hypot(*across)
        axes = np.array([across, [-across[1], across[0]]]) / side**2
        inside = (points - corner) @ axes.T
        right, left = inside[[36, 39]].mean(axis=0), inside[[42, 45]].mean(axis=0)
        np.testing.assert_allclose(right, [1 / 3, 0.3], atol=1e-9)
        np.testing.assert_allclose(left, [2 / 3, 0.3], atol=1e-9)


def test_a_jaw_drop_does_not_change_the_crop():
    shut, open_ = alignment(face()), alignment(face(jaw=0.6))
    np.testing.assert_array_equal(shut, open_)


def test_an_open_mouth_is_still_inside():
    corner, across = alignment(face(jaw=0.3))
    assert (corner + across)[1] < 90  # the top edge lies above the eyes
    assert face(jaw=0.3)[8, 1] < corner[1] + np.hypot(*across)


def test_a_turned_head_keeps_more_of_its_size_than_the_eyes_say():
    turned = face()
    turned[36:48, 0] = 100 + (turned[36:48, 0] - 100) * 0.8
    ratio = np.hypot(*alignment(turned)[1]) / np.hypot(*alignment(face())[1])
    assert ratio == pytest.approx(0.9)


def test_zoom_brings_the_face_closer():
    near, far = alignment(face(), zoom=2)[1], alignment(face())[1]
    np.testing.assert_allclose(near * 2, far)


def test_beyond_the_picture_its_border_goes_on():
    out = aligned_crop(np.full((50, 50), 77, np.uint8), face(scale=30, at=(10, 10)), size=32)
    np.testing.assert_array_equal(out, 77)


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((68, 2)),
        np.full((68, 2), np.nan),
        np.zeros((66, 2)),
        face() * [1, -1],
    ],
)
def test_landmarks_that_show_no_face_are_refused(points):
    with pytest.raises(ValueError, match=r"points|eyes|nose|no landmarks"):
        aligned_crop(NOISE, points, size=24)


def test_the_crop_by_landmarks_needs_landmarks():
    with pytest.raises(ValueError, match="landmarks"):
        prepare(NOISE, Preparation(crop="landmarks"))


def dot(shape, at, wide):
    """A dark picture with one bright spot, `wide` pixels from its middle to its flank."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    spot = np.exp(-((cols - at[0]) ** 2 + (rows - at[1]) ** 2) / (2 * wide**2))
    return np.rint(250 * spot).astype(np.uint8)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(["none", "centre", "landmarks"]),
    st.sampled_from([(90, 90), (60, 110), (130, 70)]),
    st.sampled_from([16, 33, 48, 96, 160]),
    st.floats(1.0, 2.5),
    st.floats(-0.5, 0.5),
    st.tuples(st.floats(-0.5, 0.5), st.floats(0.1, 1.2)),
    st.booleans(),
)
def test_landmarks_land_on_the_dots_they_mark(crop, shape, size, zoom, turn, at, coloured):
    """Each crop, enlarged and reduced, portrait and landscape, grey and RGB: within 0.5 px."""
    points = face(16.0, turn, (shape[1] / 2 + 1.3, shape[0] / 2 - 8.7))
    c, s = np.cos(turn), np.sin(turn)
    points[30] = np.array(at) @ (16 * np.array([[c, s], [-s, c]])) + points[[36, 45]].mean(axis=0)
    preparation = Preparation(
        size, "rgb" if coloured else "grey", crop, zoom if crop != "none" else 1.0
    )
    target = placed(points, preparation, shape)
    levers = np.ptp(target, axis=0) / np.ptp(points, axis=0)
    per_pixel = float(levers.min())  # prepared pixels of one of these
    picture = dot(shape, points[30], max(1.2, 1.2 / per_pixel))
    picture = rgb(picture) if coloured else picture
    seen = prepare(picture, preparation, points).astype(float)
    seen = seen.mean(axis=2) if coloured else seen
    assert target.shape == (68, 2)
    reach = 5 * max(1.2, 1.2 * levers.max())
    if (target[30] < reach).any() or (target[30] > size - 1 - reach).any():
        return  # the crop cuts the spot
    rows, cols = np.mgrid[:size, :size]
    middle = np.array([(seen * cols).sum(), (seen * rows).sum()]) / seen.sum()
    assert np.abs(middle - target[30]).max() < 0.25


def test_places_in_a_prepared_picture_count_from_the_middle_of_its_first_pixel():
    """Halved: pixels 0 and 1 make the new pixel 0, whose middle lies at 0.5 of the old."""
    points = np.full((68, 2), 0.5)
    np.testing.assert_allclose(placed(points, Preparation(20), (40, 40)), 0)
    np.testing.assert_allclose(placed(points, Preparation(80), (40, 40)), 1.5)
    np.testing.assert_allclose(placed(points, Preparation(40), (40, 20))[0], [1.5, 0.5])
    np.testing.assert_allclose(
        placed(points, Preparation(40, crop="centre"), (40, 60))[0], [-9.5, 0.5]
    )


def test_a_point_without_a_place_has_none_in_the_prepared_picture():
    points = face()
    points[20] = np.nan
    for crop in ("none", "centre", "landmarks"):
        out = placed(points, Preparation(48, crop=crop), (200, 200))
        assert np.isnan(out[20]).all()
        assert np.isfinite(np.delete(out, 20, axis=0)).all()
