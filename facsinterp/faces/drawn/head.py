"""A person's whole head at rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from facsinterp.faces.drawn.parts.attachments import attachments
from facsinterp.faces.drawn.parts.growth import Growth
from facsinterp.faces.drawn.parts.hair import grown, hair
from facsinterp.faces.drawn.spec import HAIR_STYLES, Identity
from facsinterp.faces.drawn.surface.eyelids import EYE
from facsinterp.faces.drawn.surface.identity import warp
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import Floats, Mesh, joined


@dataclass(frozen=True, eq=False)
class Shape:
    """One person's head at rest."""

    identity: Identity
    mesh: Mesh
    """The average head with this person's style of hair: triangles, uv, parts, groups."""
    points: Floats
    """(V, 3): where this person has the mesh's points."""
    eyes: Floats
    """(2, 3): middles of the right and the left eyeball."""
    eye_radius: float


@lru_cache(maxsize=len(HAIR_STYLES))
def average(style: str) -> Mesh:
    """The average person's head with one style of hair, one of `HAIR_STYLES`.

    Where neck and mouth cavity begin on the face's edges, they share its points.
    """
    return _welded(joined([mean_face(), attachments(), hair(style)]))


def _welded(mesh: Mesh) -> Mesh:
    groups = mesh.groups
    pairs = (
        (groups["neck"], groups["neck_skin"][0]),
        (groups["lip_upper_inner"][-1], groups["cavity_upper"][0]),
        (groups["lip_lower_inner"][-1], groups["cavity_lower"][0]),
    )
    number = np.arange(len(mesh.points), dtype=np.int32)
    for edge, rim in pairs:
        _, nearest = cKDTree(mesh.points[edge]).query(mesh.points[rim])
        number[rim] = edge[nearest]
    renumbered = {name: number[group] for name, group in groups.items()}
    return replace(mesh, triangles=number[mesh.triangles], groups=renumbered)


@lru_cache(maxsize=256)
def shape(identity: Identity) -> Shape:
    """The head of this person: skin, attachments and hair of the average one, warped."""
    style = HAIR_STYLES[identity.hair_style]
    mesh = average(style)
    growth = Growth(identity.hairline, identity.hair_peak, identity.texture)
    own = grown(style, growth)
    average_eyes = np.array([EYE * [-1, 1, 1], EYE], np.float32)
    placed = warp(identity, np.concatenate([mesh.points[: -len(own)], own, average_eyes]))
    points, eyes = placed[:-2], placed[-2:]
    balls = [points[mesh.groups[f"eye_{side}"]] for side in ("right", "left")]
    radius = np.mean([np.linalg.norm(b - eye, axis=1) for b, eye in zip(balls, eyes, strict=True)])
    return Shape(identity, mesh, points, eyes, float(radius))
