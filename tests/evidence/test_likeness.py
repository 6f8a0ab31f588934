"""Likeness of pictures, told again slowly, and compared with scipy and kornia."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kornia.metrics import ssim as kornia_ssim
from scipy.stats import spearmanr

from facsinterp.errors import InputError
from facsinterp.evidence.weights.likeness import likeness, rank_correlation, ssim

DRAWS = np.random.default_rng(3)


def pictures(*shape):
    return DRAWS.normal(size=shape)


def whole(pairs):
    return np.tile([0, 0, *pairs.shape[1:]], (len(pairs), 1))


def slow_ssim(first, second):
    """Wang et al. 2004 with loops: equation 13, in every window that fits."""
    side = min(11, *first.shape)
    side -= side % 2 == 0
    middle = side // 2
    weights = np.array(
        [
            [
                math.exp(-((row - middle) ** 2 + (col - middle) ** 2) / (2 * 1.5**2))
                for col in range(side)
            ]
            for row in range(side)
        ]
    )
    weights /= weights.sum()
    found = []
    for top in range(first.shape[0] - side + 1):
        for left in range(first.shape[1] - side + 1):
            x = first[top : top + side, left : left + side]
            y = second[top : top + side, left : left + side]
            mx, my = (weights * x).sum(), (weights * y).sum()
            vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
            both = (weights * (x - mx) * (y - my)).sum()
            c1, c2 = 0.01**2, 0.03**2
            found.append(
                (2 * mx * my + c1) * (2 * both + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
            )
    return np.mean(found)


@pytest.mark.parametrize("shape", [(5, 5), (14, 14), (9, 20), (6, 4), (1, 3), (32, 32)])
def test_ssim_is_that_of_the_paper(shape):
    first, second = DRAWS.random((2, 3, *shape))
    slow = [slow_ssim(one, other) for one, other in zip(first, second, strict=True)]
    assert ssim(first, second) == pytest.approx(slow, abs=1e-12)


@pytest.mark.parametrize(("shape", "window"), [((32, 32), 11), ((14, 20), 11), ((7, 9), 7)])
def test_ssim_is_that_of_kornia(shape, window):
    first, second = DRAWS.random((2, 4, *shape))
    maps = kornia_ssim(
        torch.from_numpy(first)[:, None], torch.from_numpy(second)[:, None], window, padding="valid"
    )
    assert ssim(first, second) == pytest.approx(maps.mean(dim=(1, 2, 3)).numpy(), abs=1e-9)


def test_rank_correlation_is_that_of_scipy_with_ties():
    first, second = DRAWS.integers(-3, 4, (2, 6, 8, 5)).astype(float)
    slow = [
        spearmanr(one.ravel(), other.ravel()).statistic
        for one, other in zip(first, second, strict=True)
    ]
    assert rank_correlation(first, second) == pytest.approx(slow, abs=1e-12)


def test_measures_of_a_pair_are_those_of_its_box_alone():
    first, second = pictures(2, 12, 12), pictures(2, 12, 12)
    boxes = np.array([[2, 3, 9, 8], [0, 0, 12, 6]])
    found = likeness(first, second, boxes)
    for pair, (top, left, bottom, right) in enumerate(boxes):
        one, other = (x[pair, top:bottom, left:right] for x in (first, second))
        assert found.signed[pair] == pytest.approx(spearmanr(one.ravel(), other.ravel()).statistic)
        one, other = np.abs(one), np.abs(other)
        expected = spearmanr(one.ravel(), other.ravel()).statistic
        assert found.absolute[pair] == pytest.approx(expected)
        assert found.structure[pair] == pytest.approx(
            slow_ssim(one / one.max(), other / other.max())
        )


def test_a_copy_has_1_whatever_its_scale():
    first = pictures(3, 14, 14)
    found = likeness(first, 7 * first, whole(first))
    for values in (found.absolute, found.signed, found.structure):
        assert values == pytest.approx(np.ones(3))


def test_turned_signs_are_told_by_the_signed_measure_only():
    first = pictures(1, 14, 14)
    found = likeness(first, -first, whole(first))
    assert found.signed[0] == pytest.approx(-1)
    assert found.absolute[0] == found.structure[0] == pytest.approx(1)


def test_unrelated_pictures_have_about_0():
    first, second = pictures(400, 14, 14), pictures(400, 14, 14)
    found = likeness(first, second, whole(first))
    # The mean of 400 correlations of 196 independent pixels: four Monte Carlo errors.
    assert abs(found.signed.mean()) < 4 / math.sqrt(400 * 195)
    assert abs(found.absolute.mean()) < 4 / math.sqrt(400 * 195)


def test_zeros_outside_the_box_would_make_unrelated_pictures_alike():
    first, second = np.zeros((2, 50, 48, 48))
    first[:, 10:24, 10:24], second[:, 10:24, 10:24] = pictures(2, 50, 14, 14)
    inside = likeness(first, second, np.tile([10, 10, 24, 24], (50, 1)))
    outside = likeness(first, second, whole(first))
    assert abs(inside.absolute.mean()) < 0.05
    assert outside.absolute.mean() > 0.9
    assert outside.structure.mean() > inside.structure.mean() + 0.5


def test_a_field_that_fades_makes_unsigned_values_alike_and_signed_ones_not():
    fading = np.outer(np.hanning(16), np.hanning(16))
    first, second = (pictures(200, 16, 16) * fading for _ in range(2))
    found = likeness(first, second, whole(first))
    assert found.absolute.mean() > 0.2
    assert abs(found.signed.mean()) < 0.05


def test_a_silent_picture_has_no_likeness():
    first, second = pictures(3, 6, 6), pictures(3, 6, 6)
    first[0], second[1] = 0, 5
    found = likeness(first, second, whole(first))
    for values in (found.absolute, found.signed, found.structure):
        assert np.isnan(values).tolist() == [True, True, False]


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_likeness_does_not_depend_on_order_or_company(seed):
    draws = np.random.default_rng(seed)
    first, second = draws.normal(size=(2, 5, 9, 9))
    boxes = np.array([[0, 0, 9, 9], [1, 1, 7, 7], [0, 2, 5, 9], [1, 1, 7, 7], [3, 3, 4, 6]])
    together, turned = likeness(first, second, boxes), likeness(second, first, boxes)
    for pair in range(5):
        one = slice(pair, pair + 1)
        alone = likeness(first[one], second[one], boxes[one])
        for name in ("absolute", "signed", "structure"):
            value = getattr(together, name)[pair]
            assert getattr(alone, name)[0] == pytest.approx(value, nan_ok=True)
            assert getattr(turned, name)[pair] == pytest.approx(value, nan_ok=True)
            assert np.isnan(value) or -1 - 1e-12 <= value <= 1 + 1e-12


def test_refuses_what_does_not_fit():
    first = pictures(2, 6, 6)
    with pytest.raises(InputError, match="do not fit"):
        likeness(first, first[:1], whole(first))
    for box in ([0, 0, 7, 6], [-1, 0, 6, 6], [2, 2, 2, 6]):
        with pytest.raises(InputError, match="does not lie"):
            likeness(first, first, [box, box])
    with pytest.raises(InputError, match="NaN"):
        likeness(first * np.nan, first, whole(first))
