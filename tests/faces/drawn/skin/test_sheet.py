"""Tests of the sheet: places and texels are two names of one thing."""

import numpy as np
import pytest

from facsinterp.faces.drawn.skin.grain import grain, shifted
from facsinterp.faces.drawn.surface import sheet


@pytest.mark.parametrize("level", range(sheet.LEVELS))
def test_places_and_texels_agree(level):
    s, t = sheet.places(level)
    rows, columns = sheet.texels(level)
    assert (t.shape, s.shape) == ((rows, 1), (1, columns))
    uv = np.stack(np.broadcast_arrays(s, t), -1)
    down, right = np.indices((rows, columns))
    np.testing.assert_allclose(sheet.texel(uv, level), np.stack([right, down], -1), atol=2e-3)


def test_texels_are_square_and_fill_the_sheet():
    rows, columns = sheet.texels(0)
    assert rows * sheet.pitch(0) == pytest.approx(sheet.HEIGHT)
    assert columns * sheet.pitch(0) == pytest.approx(sheet.WIDTH)
    assert all(side % (1 << (sheet.LEVELS - 1)) == 0 for side in (rows, columns))


def test_coarser_is_the_mean_of_two_by_two():
    fine = np.arange(16, dtype=np.float32).reshape(4, 4)
    np.testing.assert_array_equal(sheet.coarser(fine), [[2.5, 4.5], [10.5, 12.5]])


def test_grain_has_no_seam():
    noise = grain(0.07)
    steps = np.abs(np.diff(noise, axis=1))
    seam = np.abs(noise[:, 0] - noise[:, -1])
    assert seam.max() <= steps.max() * 1.2
    assert noise.mean() == pytest.approx(0, abs=1e-4)
    assert noise.std() == pytest.approx(1, abs=1e-3)


def test_shifted_noise_is_the_same_at_all_levels():
    def at(level):
        return shifted(np.random.default_rng(3), level, 0.05)

    np.testing.assert_allclose(sheet.coarser(at(0)), at(1), atol=1e-6)
    np.testing.assert_allclose(sheet.coarser(at(1)), at(2), atol=1e-6)
