"""Gabor magnitudes beside a sum over the window written out, and on gratings."""

import numpy as np
import pytest

from facsinterp.classic.gabor import ORIENTATIONS, WIDTH, gabor_magnitudes, transfer
from facsinterp.errors import InputError


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def slow_magnitude(image, row, col, wave, angle):
    """|sum of picture x window x wave| around a pixel, the picture mirrored beyond its edges."""
    image = (image - image.mean()) / image.std()
    sigma, reach = WIDTH * wave, int(4 * WIDTH * wave)
    wide = np.pad(image, reach, mode="symmetric")
    along, across = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    window = np.exp(-(along**2 + across**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2)
    carrier = np.exp(2j * np.pi * (across * np.cos(angle) + along * np.sin(angle)) / wave)
    filtered = window * (carrier - (window * carrier).sum() / window.sum())
    patch = wide[row : row + 2 * reach + 1, col : col + 2 * reach + 1]
    return abs((patch * np.conj(filtered)).sum())


@pytest.mark.parametrize("wave", [6.0, 9.5])
def test_magnitudes_are_those_of_the_window_written_out(wave):
    image = noise(37, 44)
    found = gabor_magnitudes(image[None], samples=5, wavelengths=[wave])
    places = found.reshape(ORIENTATIONS, 5, 5)
    rows = ((np.arange(5) + 0.5) * 37 / 5 - 0.5).round().astype(int)
    cols = ((np.arange(5) + 0.5) * 44 / 5 - 0.5).round().astype(int)
    for k, i, j in np.ndindex(ORIENTATIONS, 5, 5):
        # At the edges the picture goes on mirrored only as far as most of the window reaches.
        tolerance = 0.01 if 0 < i < 4 and 0 < j < 4 else 0.1
        expected = slow_magnitude(image, rows[i], cols[j], wave, k * np.pi / ORIENTATIONS)
        assert places[k, i, j] == pytest.approx(expected, rel=tolerance, abs=0.02)


@pytest.mark.parametrize("orientation", [0, 1, 4, 6])
@pytest.mark.parametrize("scale", [1, 3])
def test_a_grating_is_seen_by_the_filter_that_is_like_it(orientation, scale):
    waves = [4.0, 5.7, 8.0, 11.3, 16.0]
    angle = np.pi * orientation / ORIENTATIONS
    row, col = np.mgrid[:64, :64]
    phase = 2 * np.pi * (col * np.cos(angle) + row * np.sin(angle)) / waves[scale]
    image = (128 + 90 * np.cos(phase)).astype(np.uint8)
    found = gabor_magnitudes(image[None], samples=8, wavelengths=waves)
    inner = found.reshape(5, ORIENTATIONS, 8, 8)[:, :, 3:5, 3:5].mean(axis=(2, 3))
    assert np.unravel_index(inner.argmax(), inner.shape) == (scale, orientation)
    # A cosine of standard deviation 1 has the amplitude sqrt(2), half of it at each sign.
    assert inner.max() == pytest.approx(np.sqrt(2) / 2, rel=0.03)


def test_light_and_contrast_change_nothing_and_a_flat_picture_has_nothing():
    image = noise(1, 30, 30) // 4
    found = gabor_magnitudes(image, samples=6)
    np.testing.assert_allclose(gabor_magnitudes(image * 3 + 20, samples=6), found, atol=1e-5)
    assert np.all(gabor_magnitudes(np.full((1, 30, 30), 90, np.uint8)) == 0)


def test_filters_pass_nothing_of_a_constant_and_all_of_their_own_wave():
    bank = transfer((48, 48), [4.0, 8.0, 12.0])
    np.testing.assert_allclose(bank[:, 0, 0], 0, atol=1e-7)
    # The wave of 4 px along the columns has the frequency 12 of 48.
    assert bank[0, 0, 12] == pytest.approx(1, abs=1e-4)
    assert bank[4, 12, 0] == pytest.approx(1, abs=1e-4)


def test_a_picture_is_described_alike_alone_and_in_a_crowd():
    images = noise(70, 20, 24)
    found = gabor_magnitudes(images, samples=4, wavelengths=[4, 8])
    assert found.shape == (70, 2 * 8 * 16)
    assert found.dtype == np.float32
    np.testing.assert_allclose(
        gabor_magnitudes(images[66:67], samples=4, wavelengths=[4, 8]), found[66:67], atol=1e-6
    )


@pytest.mark.parametrize("side", [48, 96])
def test_waves_are_as_long_in_the_face_whatever_its_size(side):
    image = noise(1, side, side)
    pixels = [side / 24 * 2 ** (step / 2) for step in range(5)]
    np.testing.assert_array_equal(
        gabor_magnitudes(image), gabor_magnitudes(image, wavelengths=pixels)
    )


def test_what_cannot_be_described_is_refused():
    with pytest.raises(InputError, match='colour = "grey"'):
        gabor_magnitudes(noise(2, 20, 20, 3))
    with pytest.raises(InputError, match=r"at least \(16, 16\)"):
        gabor_magnitudes(noise(2, 12, 20))
    for waves in ([], [1.5, 4], [np.inf], [np.nan]):
        with pytest.raises(InputError, match="wavelengths"):
            gabor_magnitudes(noise(1, 20, 20), wavelengths=waves)
