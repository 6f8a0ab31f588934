"""Attributions as colours: each pixel as the words say, on one scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.report.charts.colours import (
    GROUND,
    LOWERING,
    RAISING,
    alone,
    enlarged,
    over,
    resized,
    warmed,
)

NUMBERS = st.floats(-2, 2, width=32)


def slowly(ground, value, scale, densest):
    """One pixel: the ground on the way to the colour, by the share of the scale."""
    if scale == 0 or value == 0:
        return tuple(ground)
    share = min(abs(value) / scale, 1) ** 0.65 * densest
    colour = RAISING if value > 0 else LOWERING
    return tuple(g + share * (c - g) for g, c in zip(ground, colour, strict=True))


@given(NUMBERS, st.floats(0, 3), st.integers(0, 255))
def test_each_pixel_slowly(value, scale, grey):
    attribution = np.array([[value]], np.float32)
    found = alone(attribution, scale)
    assert found.shape == (1, 1, 3)
    assert found[0, 0] == pytest.approx(slowly(GROUND, value, scale, 1), abs=0.51)
    found = over(np.array([[grey]], np.uint8), attribution, scale)
    assert found[0, 0] == pytest.approx(slowly([grey] * 3, value, scale, 0.88), abs=0.51)


def test_brighter_raises_in_orange_and_darker_in_blue():
    found = alone(np.array([[1.0, -1.0, 0.0]], np.float32), 1)
    assert [tuple(pixel) for pixel in found[0]] == [RAISING, LOWERING, GROUND]
    assert RAISING[0] > RAISING[2]
    assert LOWERING[2] > LOWERING[0]


def test_without_a_scale_there_is_only_the_ground():
    values = np.array([[1.0, -1.0]], np.float32)
    face = np.array([[10, 200]], np.uint8)
    assert (alone(values, 0) == GROUND).all()
    assert (over(face, values, 0) == face[..., None]).all()
    assert (warmed(face, np.zeros((1, 2))) == face[..., None]).all()


def test_a_weak_value_is_seen_beside_a_strong_one():
    """A twentieth of the strongest: further from the ground than in proportion."""
    strong, weak = alone(np.array([[1.0, 0.05]], np.float32), 1)[0].astype(int)
    far = np.abs(weak - GROUND).max() / np.abs(strong - GROUND).max()
    assert 0.1 < far < 0.5


def test_beyond_the_scale_colours_are_full_and_the_face_shows_through():
    values = np.array([[1.0, 7.0]], np.float32)
    found = over(np.array([[0, 0]], np.uint8), values, 1)
    assert (found[0, 0] == found[0, 1]).all()
    bright = over(np.array([[255, 255]], np.uint8), values, 1)
    assert (bright.astype(int) - found >= 20).all()


def test_a_coloured_face_keeps_its_colours():
    face = np.array([[[10, 20, 30], [40, 50, 60]]], np.uint8)
    found = over(face, np.array([[0.0, 1.0]], np.float32), 1)
    assert found[0, 0].tolist() == [10, 20, 30]
    assert found[0, 1] == pytest.approx(slowly([40, 50, 60], 1, 1, 0.88), abs=0.51)


def test_shares_are_as_dense_as_the_largest_allows():
    face = np.full((1, 3), 100, np.uint8)
    shares = np.array([[0.0, 0.001, 0.002]])
    assert (warmed(face, shares) == over(face, shares.astype(np.float32) * 500, 1)).all()


def test_sizes():
    values = np.array([[0, 4.0], [-2.0, 1]], np.float32)
    fine = resized(values, 6, 8)
    assert fine.shape == (6, 8)
    assert (fine.min(), fine.max()) == (-2, 4)
    assert fine[0, 0] == 0
    assert enlarged(np.full((2, 3), 9, np.uint8), 4, 9).shape == (4, 9)
    assert enlarged(np.full((2, 3, 3), 9, np.uint8), 4, 9).shape == (4, 9, 3)
