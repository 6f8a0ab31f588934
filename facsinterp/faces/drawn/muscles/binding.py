"""How the muscles hold on to a head: what is the same for all people, and for one person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from facsinterp.faces.drawn.muscles.fields import fields
from facsinterp.faces.drawn.muscles.jaw import AXIS, followed, mouth_half
from facsinterp.faces.drawn.muscles.lids import Lids, eye
from facsinterp.faces.drawn.muscles.mouth import LIPS, mouth
from facsinterp.faces.drawn.muscles.waters import Array, falloff, step
from facsinterp.faces.drawn.parts.attachments import attachments
from facsinterp.faces.drawn.spec import Identity
from facsinterp.faces.drawn.surface.identity import warp
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import Floats, Mesh, Part, Whole, joined

_BAG: Final = (1.0, 0.3)
"""How far the first rows of the mouth's inner wall follow the lips."""
_STEP: Final = 0.02
"""Head units between points by which a person's stretch is measured."""


@dataclass(frozen=True, eq=False)
class Rig:
    """What holds for every head."""

    count: int
    """Points that can move: skin and attachments, but not the hair."""
    skin: int
    """The first so many points are the face's skin, which muscles pull."""
    jaw: Array
    """(count,): how far each point follows the jaw."""
    edges: Whole
    """(2, columns): the lines where the upper and the lower lip meet."""
    lips: tuple[tuple[Whole, Floats, Floats], ...]
    """For each lip: skin that goes along, its column, its weight."""
    bag: tuple[tuple[Whole, Whole, Floats], ...]
    """For each lip: points of the mouth's inner wall, the edge's column, weight."""
    eyes: tuple[tuple[Whole, Lids], tuple[Whole, Lids]]
    """Right and left: the lids' edges, and what goes along with them."""
    side: Array
    """(columns,): 0 for the right half of the mouth, 1 for the left, between in the middle."""


@lru_cache(maxsize=1)
def rig() -> Rig:
    """The binding of the average head."""
    face, whole = mean_face(), joined([mean_face(), attachments()])
    lips = mouth(face)
    edges = np.stack([lips.rows[lip][0] for lip in LIPS])
    carried = []
    for lip in LIPS:
        along = lips.along(lip)
        weight = falloff(along.distance).astype(np.float32)
        carried.append((along.points, along.column.astype(np.float32), weight))
    return Rig(
        len(whole.points),
        len(face.points),
        _jaw(whole, len(face.points)),
        edges,
        tuple(carried),
        tuple(_bag(whole, lip) for lip in LIPS),
        (eye(whole, "right"), eye(whole, "left")),
        step(-0.15, 0.15, lips.points[edges[0], 0]),
    )


def _jaw(whole: Mesh, skin: int) -> Array:
    lips = mouth(whole)
    weight = np.zeros(len(whole.points))
    goes = whole.part == Part.SKIN
    goes[skin:] &= whole.points[skin:, 1] > 1.1  # the neck, not the ears
    weight[goes] = followed(lips.points, lips.above(0.01), mouth_half(lips))[goes]
    for lip, share in zip(LIPS, (0.0, 1.0), strict=True):
        weight[whole.groups[f"cavity_{lip}"]] = share
        inner = lips.inner[lip]
        weight[inner] = weight[inner[0]]
    for name in ("teeth_lower", "tongue"):
        weight[whole.groups[name]] = 1.0
    for lip in LIPS:
        wall = whole.groups[f"cavity_{lip}"]
        weight[wall[0]] = 0.0  # these go with the lips instead
        side = np.abs(whole.points[wall[1:-1], 0])
        most = side.max(axis=1, keepdims=True)
        aside = (side / most) ** 3
        own = 0.0 if lip == "upper" else 1.0
        weight[wall[1:-1]] = own + (0.5 - own) * aside
        weight[wall[-1]] = 0.4
    return weight


def _bag(whole: Mesh, lip: str) -> tuple[Whole, Whole, Floats]:
    """The mouth's inner wall: its first row lies on the lips, the further ones follow less."""
    wall = whole.groups[f"cavity_{lip}"][: len(_BAG)]
    columns = np.broadcast_to(np.arange(wall.shape[1], dtype=np.int32), wall.shape)
    share = np.broadcast_to(np.array(_BAG, np.float32)[:, None], wall.shape)
    keep = slice(None) if lip == "upper" else slice(1, -1)  # the corners are in both
    return tuple(part[:, keep].ravel() for part in (wall, columns, share))  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class Held:
    """What holds for one person."""

    stretch: Floats
    """(skin, 3, 3): how the average face's small movements turn into this person's."""
    axis: Array
    """(3,): a point of the jaw's axis."""


@lru_cache(maxsize=256)
def held(identity: Identity) -> Held:
    """The binding of one person's head."""
    points = mean_face().points
    reached = np.unique(fields().points)
    steps = np.concatenate([np.zeros((1, 3)), _STEP * np.eye(3)]).astype(np.float32)
    axis = np.array([AXIS], np.float32)
    probes = [points[reached] + step for step in steps]
    found = warp(identity, np.concatenate([*probes, axis])).astype(np.float64)
    rest, *aside = found[:-1].reshape(4, -1, 3)
    stretch = np.zeros((len(points), 3, 3), np.float32)
    stretch[reached] = np.stack([(side - rest) / _STEP for side in aside], axis=-1)
    return Held(stretch, found[-1])
