"""Tests of a person's whole head at rest."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.faces.drawn.head import average, shape
from facsinterp.faces.drawn.parts.attachments import attachments
from facsinterp.faces.drawn.parts.hair import hair
from facsinterp.faces.drawn.people import draw_identity
from facsinterp.faces.drawn.spec import HAIR_STYLES, Identity
from facsinterp.faces.drawn.surface.eyelids import EYE, RADIUS
from facsinterp.faces.drawn.surface.mean import mean_face


@pytest.mark.parametrize("style", range(len(HAIR_STYLES)))
def test_the_average_person_has_the_meshes_as_they_are(style):
    person = shape(Identity(hair_style=style))
    meshes = (mean_face(), attachments(), hair(HAIR_STYLES[style]))
    np.testing.assert_allclose(
        person.points, np.concatenate([mesh.points for mesh in meshes]), atol=1e-5
    )
    assert len(person.mesh.triangles) == sum(len(mesh.triangles) for mesh in meshes)
    np.testing.assert_allclose(person.eyes, [EYE * [-1, 1, 1], EYE], atol=1e-5)
    assert person.eye_radius == pytest.approx(RADIUS, abs=1e-4)


def test_neck_and_mouth_are_sewn_to_the_face():
    mesh = average("cropped")
    sides = Counter(
        tuple(sorted(pair))
        for triangle in mesh.triangles.tolist()
        for pair in zip(triangle, triangle[1:] + triangle[:1], strict=True)
    )
    seams = [mesh.groups["neck_skin"][0]]
    seams += [mesh.groups[f"cavity_{lip}"][0] for lip in ("upper", "lower")]
    for seam in seams:
        pairs = [tuple(sorted(pair)) for pair in pairwise(seam)]
        assert [sides[pair] for pair in pairs] == [2] * len(pairs)


def test_groups_go_on_naming_the_same_points():
    mesh, parts = average("short"), attachments()
    for name, group in parts.groups.items():
        np.testing.assert_array_equal(mesh.points[mesh.groups[name]], parts.points[group])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_every_person_has_a_whole_head(seed):
    person = shape(draw_identity(np.random.default_rng(seed)))
    assert person.points.dtype == np.float32
    assert person.points.shape == person.mesh.points.shape
    assert np.isfinite(person.points).all()
    assert np.abs(person.points - person.mesh.points).max() < 0.6
    assert 0.15 < person.eye_radius < 0.22


def test_a_hairline_moves_nothing_but_the_hair():
    first, second = shape(Identity()), shape(replace(Identity(), hairline=0.1, hair_peak=0.05))
    own = len(hair(HAIR_STYLES[Identity().hair_style]).points)
    np.testing.assert_array_equal(first.points[:-own], second.points[:-own])
    assert np.abs(first.points[-own:] - second.points[-own:]).max() > 0.05
