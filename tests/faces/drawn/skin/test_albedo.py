"""Tests of the skin's reflectance: features where the mesh has them, looks as told."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.faces.drawn.people import draw_identity
from facsinterp.faces.drawn.skin.albedo import albedo
from facsinterp.faces.drawn.skin.brows import brows
from facsinterp.faces.drawn.skin.outline import outline, sheet_places
from facsinterp.faces.drawn.spec import Identity
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.sheet import coarser, texel

PERSON = Identity(texture=3)


def at(sheet, uv, level=1):
    """Nearest texels of places (s, t)."""
    column, row = np.round(texel(np.asarray(uv), level)).astype(int).T
    return sheet[row, column]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_reflectance_is_between_black_and_white(seed):
    sheet = albedo(draw_identity(np.random.default_rng(seed)), 3)
    assert sheet.dtype == np.float32
    assert sheet.min() > 0
    assert sheet.max() < 1


def test_a_person_keeps_one_skin():
    first = albedo(PERSON, 2)
    albedo.cache_clear()
    np.testing.assert_array_equal(first, albedo(PERSON, 2))
    assert np.abs(first - albedo(replace(PERSON, texture=4), 2)).max() > 0.02


def test_levels_nearly_are_means_of_the_finer_ones():
    off = np.abs(coarser(albedo(PERSON, 0)) - albedo(PERSON, 1))
    assert off.mean() < 0.002
    assert np.quantile(off, 0.99) < 0.02


@pytest.mark.parametrize("half", ["upper", "lower"])
def test_the_red_of_the_lips_is_where_the_mesh_has_it(half):
    mesh = mean_face()
    band = mesh.groups[f"lip_{half}"]
    middle = slice(8, -8)
    red = at(albedo(PERSON, 1), mesh.uv[band[len(band) // 2, middle]]).mean()
    border = mesh.uv[band[-1, middle]] + np.array([0, 0.05 if half == "lower" else -0.05])
    assert red < 0.85 * at(albedo(PERSON, 1), border).mean()


def test_the_lash_line_is_dark_on_the_upper_lids_edge():
    sheet = albedo(PERSON, 1)
    edge = outline().lid_upper[4:-3]
    above = edge - np.array([0, 0.06])
    assert at(sheet, edge).mean() < 0.6 * at(sheet, above).mean()
    np.testing.assert_allclose(at(sheet, edge * [-1, 1]).mean(), at(sheet, edge).mean(), rtol=0.15)


def test_brows_lie_above_the_eyes_and_move_as_told():
    middle = sheet_places([[0.45, -0.34]])
    cover = brows(PERSON, 2)
    assert at(cover, middle, 2)[0] > 0.3
    assert at(cover, sheet_places([[0.45, -0.1], [0.45, -0.55], [0.0, -0.3]]), 2).max() < 0.02
    rows = np.arange(len(cover))[:, None]

    def height(person):
        here = brows(person, 2)
        return (here * rows).sum() / here.sum()

    lower = replace(PERSON, brow_height=0.04)
    assert height(lower) - height(PERSON) == pytest.approx(0.04 / 0.02, rel=0.05)
    assert brows(replace(PERSON, brow_thick=1.4), 2).sum() > 1.2 * cover.sum()


def test_stubble_darkens_the_jaw_alone():
    change = albedo(replace(PERSON, stubble=0.6), 2) - albedo(PERSON, 2)
    assert at(change, sheet_places([[0.15, 1.4], [0.0, 1.4], [0.2, 0.82]]), 2).max() < -0.05
    assert at(change, sheet_places([[0.0, -0.6], [0.5, 0.3], [0.0, 0.3]]), 2).min() > -0.005


def test_scalp_is_dark_and_follows_the_hairline():
    person = replace(PERSON, hair_tone=0.02)
    forehead = [[0.0, -0.75]]
    assert at(albedo(person, 1), [[0.0, -1.3]])[0] < 0.4 * at(albedo(person, 1), forehead)[0]
    receded = albedo(replace(person, hairline=0.2), 1)
    bared = [[0.3, -1.12]]
    assert at(receded, bared)[0] > 2 * at(albedo(person, 1), bared)[0]
