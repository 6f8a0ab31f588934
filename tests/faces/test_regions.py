"""Regions of units: move with the face, mirror, stay inside, and hold what the unit changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_dilation, binary_erosion

from facsinterp.errors import InputError
from facsinterp.faces.drawn import UNITS as DRAWN
from facsinterp.faces.drawn import Face, cast, landmarks, pair
from facsinterp.faces.drawn.pairs import changes
from facsinterp.faces.places import MIRRORED, PLACES
from facsinterp.faces.regions import AREAS, LOCATED, _paint, area_of, regions_of
from facsinterp.facs import UNITS

units = st.sampled_from(LOCATED)
FRONTAL = landmarks([Face()], 64)


def warped(mask, turn, scale, shift, size):
    """A mask turned and scaled about the middle of its picture, then moved: nearest pixel."""
    middle = (np.array(mask.shape) - 1) / 2
    rows, cols = np.mgrid[:size, :size]
    back = np.stack([cols, rows], axis=-1) - middle - shift
    c, s = np.cos(turn), np.sin(turn)
    source = back @ np.array([[c, -s], [s, c]]) / scale + middle
    x, y = np.rint(source).astype(int).transpose(2, 0, 1)
    inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    out = np.zeros((size, size), bool)
    out[inside] = mask[y[inside], x[inside]]
    return out


@settings(max_examples=60, deadline=None)
@given(
    units,
    st.floats(-0.6, 0.6),
    st.floats(0.6, 1.5),
    st.tuples(st.floats(-6, 6), st.floats(-6, 6)),
)
def test_a_region_turns_scales_and_moves_with_its_face(unit, turn, scale, shift):
    size = 128
    points = landmarks([Face()], size)[0].astype(float) * 0.5 + (size - 1) / 4
    middle = (size - 1) / 2
    c, s = np.cos(turn), np.sin(turn)
    moved = scale * (points - middle) @ np.array([[c, s], [-s, c]]) + middle + np.array(shift)
    still, there = regions_of(np.stack([points, moved]), unit, size)
    expected = warped(still, turn, scale, np.array(shift), size)
    near = binary_dilation(expected, iterations=2)  # whole pixels are moved, and rounded twice
    assert there[binary_erosion(expected, iterations=2)].all()
    assert not there[~near].any()


@settings(max_examples=40, deadline=None)
@given(units, st.integers(0, 40), st.sampled_from([32, 48, 96]))
def test_a_mirrored_face_has_the_mirrored_region(unit, which, size):
    points = landmarks([frame.face for frame in cast(5, 3, 3)], size)[which].astype(float)
    mirrored = points[list(MIRRORED)] * [-1, 1] + [size - 1, 0]
    one, other = regions_of(np.stack([points, mirrored]), unit, size)
    assert (one[:, ::-1] != other).sum() <= 2  # a pixel's centre on the very edge
    assert one.any()


def test_mirroring_landmarks_twice_changes_nothing():
    assert sorted(MIRRORED) == list(range(68))
    assert [MIRRORED[i] for i in MIRRORED] == list(range(68))
    assert np.abs(FRONTAL[0][list(MIRRORED)] * [-1, 1] + [63, 0] - FRONTAL[0]).max() < 0.1


@pytest.mark.parametrize("unit", LOCATED)
@pytest.mark.parametrize("size", [8, 32, 96])
def test_a_frontal_face_has_every_region_and_none_is_the_whole_face(unit, size):
    region = regions_of(landmarks([Face()], size), unit, size)
    assert region.shape == (1, size, size)
    assert region.dtype == bool
    assert region.any()
    assert size == 8 or region.mean() < 0.2


def test_a_face_without_landmarks_has_no_region_and_others_keep_theirs():
    points = np.repeat(landmarks([Face()], 48), 4, axis=0).astype(float)
    points[1] = np.nan
    points[2, 30] = np.nan
    points[3] += 1000
    found = regions_of(points, 12, 48)
    assert found.any(axis=(1, 2)).tolist() == [True, False, False, False]
    assert not regions_of(np.zeros((1, 68, 2)), 12, 48).any()
    assert regions_of(points[:0], 12, 48).shape == (0, 48, 48)


def test_a_face_has_its_region_whoever_is_beside_it():
    points = landmarks([frame.face for frame in cast(24, 3, 3)], 40)
    assert len(points) > 64
    together = regions_of(points, 9, 40)
    alone = np.concatenate([regions_of(one[None], 9, 40) for one in points])
    np.testing.assert_array_equal(together, alone)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-16, 80), st.integers(-16, 80)), min_size=3, max_size=7, unique=True
    ),
    st.sampled_from([0.0, 0.7, 1.9, 4.1]),
)
def test_painting_is_winding_number_and_distance(corners, margin):
    """Pixel by pixel: angles that the corners sweep, and the way to the nearest edge."""
    corner = np.array(corners) / 4 + 0.13
    outline = corner[:, None, :].astype(np.float32)
    painted = np.zeros((1, 16, 16), bool)
    _paint(painted, outline, np.array([margin], np.float32))
    ends = np.roll(corner, -1, axis=0)
    for y in range(16):
        for x in range(16):
            here = np.array([x, y], float)
            way = min(_way(here, a, b) for a, b in zip(corner, ends, strict=True))
            if abs(way - margin) < 1e-3 or way < 1e-3:
                continue  # on the edge; either answer will do
            a, b = corner - here, ends - here
            swept = np.arctan2(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], (a * b).sum(axis=1)).sum()
            assert painted[0, y, x] == (abs(swept) > np.pi or way <= margin)


def _way(point, start, end):
    along = end - start
    share = min(max((point - start) @ along / (along @ along), 0), 1)
    return np.hypot(*(point - start - share * along))


def test_every_main_unit_of_the_face_has_a_region_and_one_area():
    main = {n for n, unit in UNITS.items() if unit.group == "main" and unit.region != "neck"}
    assert main <= set(LOCATED)
    assert sorted(u for shared in AREAS.values() for u in shared) == sorted(LOCATED)
    assert area_of(12) == area_of(25) == area_of(27) == "mouth"
    for unit in (21, 51, 99):
        with pytest.raises(InputError, match="does not show at one place"):
            regions_of(FRONTAL, unit, 64)
        with pytest.raises(InputError, match="does not show at one place"):
            area_of(unit)


def test_places_are_ordered_by_unit_and_use_the_right_half():
    assert list(PLACES) == sorted(PLACES)
    right = {i for i in range(68) if FRONTAL[0, i, 0] < 32.5}
    used = {anchor.point for shown in PLACES.values() for p in shown for anchor in p.anchors}
    assert used <= right


@pytest.mark.parametrize("unit", sorted(set(DRAWN) & set(LOCATED)))
def test_a_region_holds_what_the_unit_changes(unit):
    """Against drawn faces, where each changed pixel is known, on people not looked at before."""
    frames = [frame.face for frame in cast(8, 2, 31)][2::3]
    pairs = [pair(face, unit) for face in frames]
    change = changes(pairs, 64).astype(float)
    region = regions_of(landmarks([one.shown for one in pairs], 64), unit, 64)
    held = (change * region).sum(axis=(1, 2)) / change.sum(axis=(1, 2))
    assert held.mean() > 0.75
    assert region.mean() < 0.2
    assert held.mean() > 4 * region.mean(axis=(1, 2)).max()
