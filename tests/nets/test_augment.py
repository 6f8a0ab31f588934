"""Augmentation: each change alone against a plain account of it, and the papers' ranges."""

import math

import numpy as np
import pytest
import torch

from facsinterp.errors import InputError
from facsinterp.nets.augment import AUGMENTATIONS, Augmentation, augment, draw_matrices


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def changed(pixels, seed=0, **ranges):
    return augment(pixels, Augmentation(**ranges), generator(seed))


@pytest.fixture
def pixels():
    return torch.rand(6, 1, 12, 12, generator=generator(9))


def test_no_change_is_no_change(pixels):
    assert torch.equal(changed(pixels), pixels)


def test_a_flip_mirrors_columns(pixels):
    assert torch.allclose(changed(pixels, flip=1.0), pixels.flip(3), atol=1e-5)
    flips = draw_matrices(4000, Augmentation(flip=0.3), generator())[:, 0, 0] < 0
    assert flips.float().mean().item() == pytest.approx(0.3, abs=0.03)


def test_a_warp_is_what_the_matrix_says_pixel_by_pixel():
    """Bilinear, zeros outside: written slowly for one image."""
    size = 9
    image = torch.rand(1, 1, size, size, generator=generator(2))
    ranges = Augmentation(rotation=20, scale=(0.8, 1.3), shift=0.2, shear=10, fill="zeros")
    matrix = draw_matrices(1, ranges, generator(4))[0].numpy()
    found = augment(image, ranges, generator(4))[0, 0].numpy()
    original = image[0, 0].numpy()
    for row in range(size):
        for col in range(size):
            place = np.array([2 * col / (size - 1) - 1, 2 * row / (size - 1) - 1, 1])
            across, down = ((matrix @ place)[:2] + 1) * (size - 1) / 2
            value = 0.0
            for r in (math.floor(down), math.floor(down) + 1):
                for c in (math.floor(across), math.floor(across) + 1):
                    if 0 <= r < size and 0 <= c < size:
                        value += original[r, c] * (1 - abs(down - r)) * (1 - abs(across - c))
            assert found[row, col] == pytest.approx(value, abs=1e-5)


def test_scales_turns_and_shears_stay_in_their_ranges():
    ranges = Augmentation(rotation=7, scale=(0.7, 1.4))
    parts = draw_matrices(3000, ranges, generator())[:, :2, :2]
    scale = parts.det().sqrt()
    angle = torch.rad2deg(torch.atan2(parts[:, 1, 0], parts[:, 0, 0]))
    for drawn, low, high in ((scale, 0.7, 1.4), (angle, -7, 7)):
        assert low <= drawn.min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < drawn.max() <= high + 1e-5
        assert drawn.mean().item() == pytest.approx((low + high) / 2, abs=0.03 * (high - low))
    sheared = draw_matrices(500, Augmentation(shear=10), generator())
    assert sheared[:, 0, 1].abs().max().item() == pytest.approx(
        math.tan(math.radians(10)), rel=0.02
    )


def test_a_tied_shift_leaves_a_face_at_full_scale_in_place():
    def reach(scale):
        ranges = Augmentation(scale=(scale, scale), tied_shift=True)
        moved = draw_matrices(4000, ranges, generator())[:, :2, 2].abs().max().item()
        return moved * 96 / 2  # pixels of a face of 96

    assert reach(1.0) == 0
    assert reach(0.7) == pytest.approx(14.4, rel=0.01)
    assert reach(1.4) == pytest.approx(19.2, rel=0.01)


def test_khorrami_is_gamma_and_a_full_stretch(pixels):
    ranges = AUGMENTATIONS["khorrami2015"]
    found = augment(pixels, ranges, generator())
    assert torch.allclose(found.amin(dim=(1, 2, 3)), torch.zeros(6), atol=1e-6)
    assert torch.allclose(found.amax(dim=(1, 2, 3)), torch.ones(6), atol=1e-6)
    powers = changed(torch.full((2000, 1, 1, 1), 0.5), gamma=(0.25, 4.0)).log() / math.log(0.5)
    assert 0.25 <= powers.min() < 0.3
    assert 3.9 < powers.max() <= 4.0 + 1e-4
    assert (ranges.rotation, ranges.scale, ranges.tied_shift) == (5.0, (0.7, 1.4), True)


def test_the_border_or_black_fills_what_lies_outside():
    white = torch.ones(50, 1, 8, 8)
    assert changed(white, scale=(1.4, 1.4), fill="zeros").amin() == 0
    assert torch.allclose(changed(white, scale=(1.4, 1.4), fill="border"), white)


def test_pixels_stay_between_0_and_1_and_colours_move_together(pixels):
    colour = pixels.expand(6, 3, 12, 12)
    for ranges in AUGMENTATIONS.values():
        found = augment(colour, ranges, generator(3))
        assert found.min() >= 0
        assert found.max() <= 1
        assert torch.allclose(found[:, 0], found[:, 2])


def test_the_same_seed_gives_the_same_faces(pixels):
    light = AUGMENTATIONS["light"]
    first, again, other = (augment(pixels, light, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_every_unusable_range_is_told():
    with pytest.raises(InputError) as caught:
        Augmentation(flip=2, rotation=-1, scale=(1.2, 0.8), gamma=(0, 1))
    assert len(caught.value.faults) == 4
