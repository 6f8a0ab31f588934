"""The mesh of a head: points, triangles, and what is where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Whole = NDArray[np.int32]

MILLIMETRES: Final = 70.0
"""Length of the head's unit, half the width of an average face."""


class Part(IntEnum):
    """What a point belongs to; decides how it is coloured."""

    SKIN = 0
    EYE = 1
    TEETH = 2
    GUMS = 3
    TONGUE = 4
    CAVITY = 5
    LASH = 6
    HAIR = 7
    CLOTHES = 8


@dataclass(frozen=True, eq=False)
class Mesh:
    """Points in head units and the triangles between them.

    x runs to the right of the picture (the subject's left), y down, z towards the camera. The
    origin lies between the pupils in x and y, and at the ears (tragion) in z.
    """

    points: Floats
    """(V, 3): the average head at rest."""
    triangles: Whole
    """(T, 3): counter-clockwise as seen from outside; `normals` points outwards."""
    uv: Floats
    """(V, 2): place on the skin's textures: x and y of the average face with its sides
    unrolled, in head units. Points that lie on no skin texture have anything."""
    part: NDArray[np.uint8]
    """(V,): a `Part` each."""
    open: Floats
    """(V,): share of the sky that each point sees at rest, 0 to 1 (ambient occlusion)."""
    groups: Mapping[str, Whole] = field(default_factory=dict)
    """Named points: (rows, columns) for bands such as `lip_upper`, (n,) for lists."""


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of several, numbered one after the other; groups must have different names."""
    starts = np.cumsum([0, *(len(mesh.points) for mesh in meshes)])
    groups: dict[str, Whole] = {}
    for mesh, start in zip(meshes, starts, strict=False):
        for name, group in mesh.groups.items():
            assert name not in groups, name
            groups[name] = (group + start).astype(np.int32)

    def stacked(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(mesh, name) for mesh in meshes])

    triangles = [mesh.triangles + start for mesh, start in zip(meshes, starts, strict=False)]
    return Mesh(
        stacked("points").astype(np.float32),
        np.concatenate(triangles).astype(np.int32),
        stacked("uv").astype(np.float32),
        stacked("part").astype(np.uint8),
        stacked("open").astype(np.float32),
        groups,
    )


def normals(points: Floats, triangles: Whole) -> Floats:
    """(V, 3): unit normals, outwards, each the mean of its triangles' weighted by area."""
    a, b, c = (points[triangles[:, i]] for i in range(3))
    flat = np.cross(c - a, b - a)  # y runs down, so this order points outwards
    total = np.zeros_like(points)
    for i in range(3):
        np.add.at(total, triangles[:, i], flat)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.maximum(length, 1e-12), np.float32)
