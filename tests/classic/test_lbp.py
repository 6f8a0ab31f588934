"""Patterns of pictures beside the definition written slowly, and their histograms beside loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.classic.histograms import in_regions
from facsinterp.classic.lbp import BINS, codes, lbp_histograms
from facsinterp.errors import InputError


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def between(image, row, col):
    """The brightness at a place between pixels, bilinear."""
    top, left = int(np.floor(row)), int(np.floor(col))
    down, across = row - top, col - left
    total = 0.0
    for r, share_r in ((top, 1 - down), (top + 1, down)):
        for c, share_c in ((left, 1 - across), (left + 1, across)):
            if share_r * share_c > 1e-4:
                total += share_r * share_c * image[r, c]
    return total


def slow_pattern(image, row, col, radius):
    """The eight answers around a pixel, or "mixed" where they change more than twice."""
    bits = []
    for point in range(8):
        angle = 2 * np.pi * point / 8
        there = between(image, row - radius * np.sin(angle), col + radius * np.cos(angle))
        bits.append(bool(there >= float(image[row, col]) - 1e-6))
    changes = sum(bits[k] != bits[k - 1] for k in range(8))
    return tuple(bits) if changes <= 2 else "mixed"


@pytest.mark.parametrize("radius", [1, 2, 3])
def test_each_pixel_has_the_pattern_of_the_definition(radius):
    # Smooth pictures have uniform patterns, noise all kinds.
    smooth = (127 + 60 * np.sin(np.arange(24)[:, None] / 3) * np.cos(np.arange(24) / 4)).astype(
        "u1"
    )
    number_of: dict[object, int] = {}
    for image in (smooth, noise(24, 24)):
        found = codes(image[None], radius)[0]
        assert found.shape == (24 - 2 * radius, 24 - 2 * radius)
        for row, col in np.ndindex(found.shape):
            pattern = slow_pattern(image, row + radius, col + radius, radius)
            assert number_of.setdefault(pattern, found[row, col]) == found[row, col]
    assert len(set(number_of.values())) == len(number_of), "two patterns share a number"
    assert number_of["mixed"] == BINS - 1 == 58
    assert len(number_of) > 50


def test_flat_pictures_have_one_pattern_whatever_their_grey():
    greys = np.broadcast_to(np.arange(256, dtype=np.uint8)[:, None, None], (256, 9, 9))
    for radius in (1, 2, 3):
        assert np.unique(codes(greys, radius)).tolist() == [57]


@pytest.mark.parametrize("overlapping", [False, True])
def test_histograms_beside_a_loop(overlapping):
    table = noise(3, 17, 20) % 7
    found = in_regions(table, 7, 4, overlapping=overlapping)
    cells = 5 if overlapping else 4
    rows, cols = (np.linspace(0, side, cells + 1).round().astype(int) for side in (17, 20))
    wide = 2 if overlapping else 1
    for item, down, across in np.ndindex(3, 4, 4):
        region = table[item, rows[down] : rows[down + wide], cols[across] : cols[across + wide]]
        for code in range(7):
            share = np.mean(region == code)
            assert found[item, down, across, code] == pytest.approx(np.sqrt(share), abs=1e-6)


def test_features_go_by_region_then_pattern():
    images = noise(2, 30, 40)
    found = lbp_histograms(images, regions=3)
    assert found.shape == (2, 9 * 59)
    assert found.dtype == np.float32
    by_region = found.reshape(2, 3, 3, 59)
    np.testing.assert_allclose((by_region**2).sum(axis=3), 1, rtol=1e-5)
    # The lower right region sees the lower right half of the picture, and nothing else.
    other = images.copy()
    other[:, :10, :15] = 0
    changed = lbp_histograms(other, regions=3).reshape(2, 3, 3, 59)
    np.testing.assert_array_equal(changed[:, 2, 2], by_region[:, 2, 2])
    assert np.any(changed[:, 0, 0] != by_region[:, 0, 0])


@given(st.integers(0, 100), st.integers(0, 50))
def test_light_added_everywhere_changes_nothing(seed, light):
    image = noise(1, 12, 12, seed=seed) // 2
    np.testing.assert_array_equal(
        lbp_histograms(image, regions=2, radius=1),
        lbp_histograms(image + np.uint8(light), regions=2, radius=1),
    )


def test_pictures_that_cannot_be_described_are_refused():
    with pytest.raises(InputError, match='colour = "grey"'):
        lbp_histograms(noise(2, 20, 20, 3))
    with pytest.raises(InputError, match="uint8"):
        lbp_histograms(np.zeros((2, 20, 20)))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"at least \(13, 13\)"):
        lbp_histograms(noise(2, 12, 20), regions=6, radius=3)
