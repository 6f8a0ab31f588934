"""The skin's sheet as the shading reads it."""

import numpy as np
import pytest

from facsinterp.faces.drawn.optics.sheet import painted, texel
from facsinterp.faces.drawn.surface.sheet import LEFT, TOP, pitch, texels

LEVEL = 3


def sheets():
    rng = np.random.default_rng(1)
    return rng.random((2, *texels(LEVEL)), np.float32)


def test_slope_and_hollows_are_those_of_the_relief():
    tone, relief = sheets()
    made = painted(tone, relief)
    step = pitch(LEVEL)
    down, across = np.gradient(relief.astype(np.float64), step)
    inner = np.s_[1:-1, 1:-1]
    assert np.array_equal(made[..., 0], tone)
    assert made[..., 1][inner] == pytest.approx(across[inner], abs=1e-3)
    assert made[..., 2][inner] == pytest.approx(down[inner], abs=1e-3)
    around = relief[1:-1, 2:] + relief[1:-1, :-2] + relief[2:, 1:-1] + relief[:-2, 1:-1]
    hollow = (around - 4 * relief[1:-1, 1:-1]) / step**2
    assert made[..., 3][inner] == pytest.approx(hollow, rel=1e-3, abs=0.1)


def test_texels_are_read_at_their_middles_and_mixed_between():
    made = painted(*sheets())
    step = pitch(LEVEL)
    s, t = LEFT + step * 7.5, TOP + step * 20.5
    assert texel(made, s, t) == pytest.approx(made[20, 7], abs=1e-4)
    assert texel(made, s + step / 2, t) == pytest.approx((made[20, 7] + made[20, 8]) / 2, abs=1e-3)


def test_the_sheet_goes_on_in_its_mirror_image():
    made = painted(*sheets())
    step = pitch(LEVEL)
    assert texel(made, LEFT - 3.5 * step, TOP + 9.5 * step) == pytest.approx(made[9, 4], abs=1e-3)
    assert np.isfinite(texel(made, 50.0, -50.0)).all()
