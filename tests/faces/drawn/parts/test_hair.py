"""Tests of the hair: four styles, where it grows, and what it leaves free."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from facsinterp.faces.drawn.parts.cap import COLUMNS, ROWS
from facsinterp.faces.drawn.parts.growth import Growth
from facsinterp.faces.drawn.parts.hair import grown, hair
from facsinterp.faces.drawn.parts.hairline import hairline
from facsinterp.faces.drawn.spec import HAIR_STYLES
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import Part, normals
from tests.faces.drawn.parts.views import nearest


@pytest.mark.parametrize("style", HAIR_STYLES)
def test_each_style_is_hair_of_few_points(style):
    mesh = hair(style)
    assert len(mesh.points) <= 1500
    assert (mesh.part == Part.HAIR).all()
    assert np.isfinite(mesh.points).all()
    assert np.isfinite(mesh.uv).all()


@pytest.mark.parametrize("style", HAIR_STYLES)
def test_hair_faces_outwards_and_lies_on_the_head(style):
    mesh = hair(style)
    high = mesh.points[:, 1] < -0.2
    away = mesh.points - [0, -0.25, 0]
    facing = (normals(mesh.points, mesh.triangles) * away).sum(1) > 0
    assert facing[high].mean() > (0.9 if style != "tied" else 0.8)  # a bun has a far side
    face = mean_face()
    skin = face.points - [0, -0.25, 0]
    far = np.linalg.norm(skin, axis=1)
    _, near = cKDTree(skin / far[:, None]).query(away / np.linalg.norm(away, axis=1)[:, None])
    over = np.linalg.norm(away, axis=1)[high] - far[near][high]
    sunk = 0.1 if style == "tied" else 0.0  # the bun's near side
    assert (over < -0.03).mean() <= sunk
    assert np.median(over) < 0.25


def test_styles_differ():
    tops = {style: hair(style).points for style in HAIR_STYLES}
    assert tops["long"][:, 1].max() > 1.7 > tops["short"][:, 1].max()
    assert tops["short"][:, 1].min() < tops["cropped"][:, 1].min() - 0.05
    assert tops["tied"][:, 2].min() < tops["cropped"][:, 2].min() - 0.2


@pytest.mark.parametrize("style", HAIR_STYLES)
@pytest.mark.parametrize("sign", [-1, 1])
def test_brows_and_eyes_are_free(style, sign):
    mesh = hair(style)
    brow = np.column_stack([np.linspace(0.17, 0.74, 8), np.linspace(-0.36, -0.36, 8)])
    eye = np.column_stack([np.linspace(0.23, 0.65, 6), np.zeros(6)])
    places = np.concatenate([brow, eye]) * [sign, 1]
    covered = nearest(mesh.points, mesh.triangles, places, 2, [0, 1])
    assert (covered < 0.5).all()


@pytest.mark.parametrize("style", HAIR_STYLES)
def test_hair_is_the_same_each_time(style):
    first = hair(style).points
    hair.cache_clear()
    np.testing.assert_array_equal(first, hair(style).points)
    np.testing.assert_array_equal(first, grown(style, Growth()))


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(HAIR_STYLES),
    st.builds(Growth, st.floats(-0.12, 0.2), st.floats(-0.1, 0.15), st.integers(0, 2**31)),
)
def test_a_persons_hair_leaves_the_brows_free(style, growth):
    points = grown(style, growth)
    assert points.shape == hair(style).points.shape
    assert np.isfinite(points).all()
    over_face = points[(np.abs(points[:, 0]) < 0.6) & (points[:, 2] > 0.9)]
    assert over_face[:, 1].max() < -0.5


@pytest.mark.parametrize("style", HAIR_STYLES[:3])
def test_a_raised_hairline_is_higher_by_as_much(style):
    def middle(lift):
        edge = grown(style, Growth(lift))[: ROWS * COLUMNS].reshape(ROWS, COLUMNS, 3)[-1]
        return edge[(np.abs(edge[:, 0]) < 0.3) & (edge[:, 2] > 0.9), 1].mean()

    assert middle(0.0) - middle(0.1) == pytest.approx(0.1, abs=0.02)


def test_the_peak_shows_in_the_middle_only():
    s = np.array([-0.6, 0.0, 0.6])
    moved = hairline(s, 0.0, 0.1) - hairline(s, 0.0, 0.0)
    np.testing.assert_allclose(moved, [0, 0.1, 0], atol=1e-6)


@pytest.mark.parametrize("style", HAIR_STYLES)
def test_people_of_one_style_wear_it_differently(style):
    first, second = (grown(style, Growth(texture=texture)) for texture in (1, 2))
    assert 0.003 < np.abs(first - second).max() < 0.5
