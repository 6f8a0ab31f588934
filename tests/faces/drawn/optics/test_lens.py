"""Lens and sensor: blur, tone and noise."""

from dataclasses import replace

import numpy as np
import pytest

from facsinterp.faces.drawn.optics.lens import develop, reach, wall
from facsinterp.faces.drawn.spec import Face, Setting


def taken(light, **setting):
    return develop(np.asarray(light, np.float32), Face(setting=Setting(noise=0, **setting)))


def test_grey_is_the_root_of_light():
    light = np.full((8, 8), 0.25)
    assert (taken(light) == round(255 * 0.5)).all()
    assert (taken(light, exposure=1.44) == round(255 * 0.6)).all()
    assert (taken(10 * light) == 255).all()


@pytest.mark.parametrize(("blur", "size"), [(0.0, 48), (0.25, 96), (0.9, 48)])
def test_light_spreads_no_further_than_told(blur, size):
    light = np.zeros((size, size))
    light[size // 2, size // 2] = 0.9
    rows, columns = np.nonzero(taken(light, blur=blur))
    far = reach(Setting(blur=blur), size)
    assert np.abs(np.concatenate([rows, columns]) - size // 2).max() <= far
    assert (far == 0) == (blur == 0)


def test_blur_has_the_variance_asked_for():
    light = np.zeros((48, 48))
    light[24, 24] = 1.0
    spread = (taken(light, blur=1.0).astype(float) / 255) ** 2
    row = (np.mgrid[:48, :48][0] - 24) ** 2
    assert (row * spread).sum() / spread.sum() == pytest.approx(1.0, rel=0.1)


def test_noise_follows_its_seed_alone():
    face = Face(setting=Setting(noise=3.0), noise=(4, 5))
    dark, bright = (develop(np.full((32, 32), v, np.float32), face) for v in (0.2, 0.5))
    grain = [one.astype(int) - np.median(one).astype(int) for one in (dark, bright)]
    assert np.abs(grain[0] - grain[1]).max() <= 1
    assert grain[0].std() == pytest.approx(3, rel=0.1)
    other = develop(np.full((32, 32), 0.2, np.float32), replace(face, noise=(4, 6)))
    assert (other != dark).mean() > 0.5


def test_frames_of_one_take_have_one_wall():
    face = Face(noise=(1, 2, 3))
    assert np.array_equal(wall(face, 48), wall(replace(face, noise=(1, 2, 9)), 48))
    assert not np.array_equal(wall(face, 48), wall(replace(face, noise=(1, 3, 3)), 48))
