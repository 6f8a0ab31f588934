"""Patterns of clips: each plane beside the definition written slowly."""

import numpy as np
import pytest

from facsinterp.classic.lbptop import LbpTop, lbptop_histograms, uniform_bins
from facsinterp.errors import InputError


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def between(plane, first, second):
    """The brightness at a place between the numbers of a table, bilinear."""
    a, b = int(np.floor(first)), int(np.floor(second))
    p, q = first - a, second - b
    total = 0.0
    for i, share_i in ((a, 1 - p), (a + 1, p)):
        for j, share_j in ((b, 1 - q), (b + 1, q)):
            if share_i * share_j > 1e-4:
                total += share_i * share_j * float(plane[i, j])
    return total


def slow_bits(plane, place, radii, points):
    """Answers around a place of a 2-d table: at angle 0 along its second axis."""
    centre = float(plane[place])
    bits = []
    for point in range(points):
        angle = 2 * np.pi * point / points
        there = between(
            plane, place[0] + radii[0] * np.sin(angle), place[1] + radii[1] * np.cos(angle)
        )
        bits.append(bool(there >= centre - 1e-4))
    return bits


def slow_bin(bits):
    """Uniform patterns by the number they are in binary; None for the rest."""
    if sum(bits[k] != bits[k - 1] for k in range(len(bits))) > 2:
        return None
    return sum(bit << k for k, bit in enumerate(bits))


def slow_histograms(clip, how):
    """(plane, region, region, bin) shares by loops, each plane cut out as a picture."""
    uniform = [
        code
        for code in range(2**how.points)
        if slow_bin([code >> k & 1 for k in range(how.points)]) is not None
    ]
    number = {code: k for k, code in enumerate(uniform)} | {None: len(uniform)}
    depth, height, width = (
        side - 2 * reach
        for side, reach in zip(clip.shape, (how.frames, how.radius, how.radius), strict=True)
    )
    rows = np.linspace(0, height, how.regions + 1).round().astype(int)
    cols = np.linspace(0, width, how.regions + 1).round().astype(int)
    counts = np.zeros((3, how.regions, how.regions, len(uniform) + 1))
    r, f = how.radius, how.frames
    for t, y, x in np.ndindex(depth, height, width):
        t0, y0, x0 = t + f, y + r, x + r
        cuts = (
            (clip[t0], (y0, x0), (r, r)),
            (clip[:, y0], (t0, x0), (f, r)),
            (clip[:, :, x0], (t0, y0), (f, r)),
        )
        down = np.searchsorted(rows, y, side="right") - 1
        across = np.searchsorted(cols, x, side="right") - 1
        for plane, (table, place, radii) in enumerate(cuts):
            code = slow_bin(slow_bits(table, place, radii, how.points))
            counts[plane, down, across, number[code]] += 1
    return counts / counts.sum(axis=3, keepdims=True)


@pytest.mark.parametrize(
    "how",
    [LbpTop(2, 8, 1, 2), LbpTop(2, 4, 1, 4), LbpTop(3, 8, 2, 1), LbpTop(1, 6, 1, 1)],
    ids=str,
)
def test_each_plane_is_that_of_the_definition(how):
    # Smooth in part, so that uniform patterns are there, too.
    t, y, x = np.mgrid[:12, :11, :13]
    clip = (110 + 60 * np.sin(x / 2 + t / 3) + 40 * np.cos(y / 3 - t / 2)).astype(np.uint8)
    clip[:, 6:] = noise(12, 5, 13)
    found = lbptop_histograms(clip, how)
    assert found.dtype == np.float32
    expected = np.sqrt(slow_histograms(clip, how))
    np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=1e-6)


def test_uniform_patterns_are_59_of_8_points_and_15_of_4():
    for points, bins in ((8, 59), (4, 15)):
        found = uniform_bins(points)
        assert LbpTop(points=points).bins == bins == found.max() + 1
        assert np.bincount(found).tolist() == [1] * (bins - 1) + [2**points - bins + 1]


def test_where_nothing_moves_planes_along_time_see_lines_only():
    clip = np.repeat(noise(1, 20, 20), 9, axis=0)
    how = LbpTop(regions=2, points=4, frames=2)
    planes = lbptop_histograms(clip, how).reshape(3, 2, 2, how.bins)
    still = np.flatnonzero(planes[1:].sum(axis=(0, 1, 2)))
    # Both points along time are as bright as the pixel itself: bits 1 and 3 are set.
    assert set(still) <= set(uniform_bins(4)[[0b1010, 0b1011, 0b1110, 0b1111]])
    assert np.count_nonzero(planes[0].sum(axis=(0, 1))) > 8


def test_flat_clips_have_one_pattern():
    how = LbpTop(regions=1, frames=2)
    for grey in range(0, 256, 5):
        found = lbptop_histograms(np.full((6, 8, 8), grey, np.uint8), how).reshape(3, -1)
        np.testing.assert_array_equal(found[:, uniform_bins(8)[255]], 1)


def test_a_movement_turned_by_a_quarter_changes_the_planes():
    """Rows and columns exchanged: XT and YT change places, region by region."""
    clip = noise(11, 16, 16)
    how = LbpTop(regions=2, points=8, frames=3)
    one = lbptop_histograms(clip, how).reshape(3, 2, 2, -1)
    other = lbptop_histograms(clip.transpose(0, 2, 1), how).reshape(3, 2, 2, -1)
    np.testing.assert_array_equal(one[1], other[2].transpose(1, 0, 2))
    np.testing.assert_array_equal(one[2], other[1].transpose(1, 0, 2))


@pytest.mark.parametrize("frames", [9, 10, 57])
def test_clips_of_any_length_have_as_many_features(frames):
    assert lbptop_histograms(noise(frames, 20, 24)).shape == (3 * 25 * 59,)


def test_what_cannot_be_described_is_refused():
    with pytest.raises(InputError, match=r"at least \(9, 7, 7\)"):
        lbptop_histograms(noise(8, 20, 20))
    with pytest.raises(InputError, match="frame, row, col"):
        lbptop_histograms(noise(20, 20))
    with pytest.raises(InputError, match="2 faults"):
        LbpTop(points=13, frames=0)
