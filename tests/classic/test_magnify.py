"""Movements of known size before and after magnification."""

import numpy as np
import pytest

from facsinterp.classic.magnify import Magnification, expand, laplacian_pyramid, magnify
from facsinterp.errors import InputError

# Five waves across the picture, no two of whose pixels are alike: rounding evens out.
RATE, FRAMES, WAVE = 50.0, 100, 96 / 5


def grating(shift):
    """A clip of a grating whose frames are moved by these numbers of pixels."""
    across = np.arange(96) - np.asarray(shift)[:, None]
    picture = 127.5 + 60 * np.cos(2 * np.pi * across / WAVE)
    return np.rint(np.repeat(picture[:, None], 96, axis=1)).astype(np.uint8)


def shifts(clip):
    """Where the grating of each frame lies, in pixels, by its phase."""
    carrier = np.exp(2j * np.pi * np.arange(96) / WAVE)
    phase = np.angle((clip.astype(float) - 127.5).mean(axis=1) @ carrier)
    return np.unwrap(phase) * WAVE / (2 * np.pi)


def swing(hertz, size):
    """A movement that the cosine transform of the clip knows as one number."""
    return size * np.cos(2 * np.pi * hertz * (np.arange(FRAMES) + 0.5) / RATE)


@pytest.mark.parametrize("alpha", [2.0, 5.0, 8.0])
def test_a_small_movement_grows_by_one_plus_alpha(alpha):
    moved = swing(5.0, 0.1)
    found = shifts(magnify(grating(moved), RATE, Magnification(4, 6, alpha, shortest=2)))
    # The level of the longest waves, left as it is, holds a little of the grating.
    slope = np.polyfit(moved, found, 1)[0]
    assert slope == pytest.approx(1 + alpha, rel=0.06)


def test_movements_in_the_band_grow_and_others_do_not():
    slow, fast = swing(2.0, 0.2), swing(10.0, 0.1)
    clip = grating(slow + fast)
    for low, high, gains in ((8, 12, (1, 6)), (1, 3, (6, 1))):
        found = shifts(magnify(clip, RATE, Magnification(low, high, 5, shortest=2)))
        design = np.stack([slow, fast], axis=1)
        measured = np.linalg.lstsq(design, found - found.mean(), rcond=None)[0]
        np.testing.assert_allclose(measured, gains, rtol=0.12)


@pytest.mark.parametrize("rate", [25.0, 200.0])
def test_the_band_is_in_hertz(rate):
    """The same frames taken faster move faster: 5 Hz of 50 is 2.5 of 25 and 20 of 200."""
    clip, hertz = grating(swing(5.0, 0.1)), 5.0 * rate / RATE
    inside = magnify(clip, rate, Magnification(0.9 * hertz, 1.1 * hertz, 5, shortest=2))
    outside = magnify(clip, rate, Magnification(1.5 * hertz, 2 * hertz, 5, shortest=2))
    assert np.ptp(shifts(inside)) > 5 * np.ptp(shifts(clip))
    # Grey levels are rounded, and that has all frequencies.
    assert np.ptp(shifts(outside)) == pytest.approx(np.ptp(shifts(clip)), rel=0.1)


def test_a_still_clip_stays_still():
    still = np.random.default_rng(0).integers(0, 256, (1, 33, 40), dtype=np.uint8)
    clip = np.repeat(still, 30, axis=0)
    np.testing.assert_array_equal(magnify(clip, 200, Magnification(1, 99, 50, 2)), clip)


def test_a_clip_that_ends_elsewhere_does_not_jump_back():
    """A step from 0 to 0.5 px grows without a swing at the ends: nothing is joined to the start."""
    moved = 0.25 * (1 + np.tanh((np.arange(FRAMES) - 50) / 8))
    found = shifts(magnify(grating(moved), RATE, Magnification(0.2, 24, 4, shortest=2)))
    assert found[-1] - found[0] == pytest.approx(5 * (moved[-1] - moved[0]), rel=0.15)
    assert np.ptp(found[:20]) < 0.35
    assert np.ptp(found[-20:]) < 0.35


def test_alpha_falls_with_the_wavelength_as_in_equation_14():
    how = Magnification(1, 2, alpha=9, shortest=20)
    # (1 + alpha) delta = lambda / 8 with the delta for which `shortest` bears all of alpha.
    delta = 20 / 8 / 10
    for wavelength in (2.5, 5.0, 12.0, 20.0):
        assert (1 + how.alpha_of(wavelength)) * delta == pytest.approx(wavelength / 8)
    assert how.alpha_of(2.0) == how.alpha_of(1.0) == 0
    assert how.alpha_of(40.0) == 9


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 33, 50), (1, 97, 64)])
def test_a_pyramid_adds_up_to_the_clip(shape):
    clip = np.random.default_rng(1).random(shape, np.float32) * 255
    *levels, total = laplacian_pyramid(clip)
    for level in reversed(levels):
        total = expand(total, level.shape) + level
    np.testing.assert_allclose(total, clip, atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 9, 12), (1, 16, 7)])
def test_even_brightness_stays_even_when_expanded(shape):
    half = np.full((1, (shape[1] + 1) // 2, (shape[2] + 1) // 2), 3, np.float32)
    np.testing.assert_allclose(expand(half, shape), 3, rtol=1e-6)


def test_what_cannot_be_magnified_is_refused():
    clip = np.zeros((20, 16, 16), np.uint8)
    for low, high in ((0, 2), (3, 3), (4, 2), (1, np.inf), (np.nan, 2)):
        with pytest.raises(InputError, match="no band"):
            Magnification(low, high)
    with pytest.raises(InputError, match="unusable alpha"):
        Magnification(1, 2, alpha=0)
    with pytest.raises(InputError, match=r"multiples of 2\.5 up to 50"):
        magnify(clip, 100, Magnification(1, 2))
    with pytest.raises(InputError, match="no frame rate"):
        magnify(clip, 0, Magnification(1, 2))
    with pytest.raises(InputError, match="too small"):
        magnify(clip[:, :6], 100, Magnification(5, 20))
    with pytest.raises(InputError, match="frame, row, col"):
        magnify(clip.astype(float), 100, Magnification(5, 20))
