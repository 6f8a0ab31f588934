"""Meshes of rows and columns, of which everything attached to the face is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.faces.drawn.surface.mesh import Floats, Mesh, Part, Whole

_OTHER: Final = {"right": "left", "left": "right"}


def grid(
    points: NDArray[Any],
    part: Part,
    uv: NDArray[Any],
    *,
    open_: ArrayLike = 1.0,
    ring: bool = False,
    groups: Mapping[str, Whole] | None = None,
) -> Mesh:
    """A mesh of (rows, columns, 3) points whose outside shows columns rightwards, rows down.

    uv is (rows, columns, 2); open_ has any shape that spreads over (rows, columns). A ring's
    last column is joined to its first. Point (i, j) has number i * columns + j.
    """
    rows, columns = points.shape[:2]
    number = np.arange(rows * columns).reshape(rows, columns)
    if ring:
        number = np.concatenate([number, number[:, :1]], axis=1)
    here, right = number[:-1, :-1], number[:-1, 1:]
    below, across = number[1:, :-1], number[1:, 1:]
    triangles = np.concatenate(
        [
            np.stack([here, below, across], -1).reshape(-1, 3),
            np.stack([here, across, right], -1).reshape(-1, 3),
        ]
    )
    return Mesh(
        points.reshape(-1, 3).astype(np.float32),
        triangles.astype(np.int32),
        uv.reshape(-1, 2).astype(np.float32),
        np.full(rows * columns, part, np.uint8),
        np.broadcast_to(open_, (rows, columns)).reshape(-1).astype(np.float32),
        groups or {},
    )


def mirrored(mesh: Mesh) -> Mesh:
    """The same part on the other side of the face, its groups named for that side."""

    def renamed(name: str) -> str:
        *start, side = name.split("_")
        return "_".join([*start, _OTHER[side]])

    across: Floats = np.array([-1, 1, 1], np.float32)
    return replace(
        mesh,
        points=mesh.points * across,
        triangles=np.ascontiguousarray(mesh.triangles[:, ::-1]),
        uv=mesh.uv * across[:2],
        groups={renamed(name): group for name, group in mesh.groups.items()},
    )
