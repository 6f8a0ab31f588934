"""Displacement of the average head's skin by each unit, right and left: sparse fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from facsinterp.faces.drawn.muscles.mouth import Mouth, mouth
from facsinterp.faces.drawn.muscles.placed import MIDDLE, PAIRED, Muscle, Pull, Push, Roll, Squeeze
from facsinterp.faces.drawn.muscles.places import seen
from facsinterp.faces.drawn.muscles.waters import Array, bulge, falloff, linear, sphincter, step
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import MILLIMETRES, Floats, Mesh, Whole
from facsinterp.faces.drawn.units import UNITS

_LEAST = 1e-5
"""Movement below this (a thousandth of a millimetre) is none: fields stay sparse."""


@dataclass(frozen=True, eq=False)
class Fields:
    """Field of unit u and side s: entries starts[2 u + s] to starts[2 u + s + 1]."""

    starts: Whole
    """(2 * unit + 1,)"""
    points: Whole
    """(n,): point numbers."""
    vectors: Floats
    """(n, 3): displacement at intensity E, in head units of the average head."""


@lru_cache(maxsize=1)
def fields() -> Fields:
    """The fields of all `UNITS` on `mean_face`, in their order, right before left."""
    mesh = mean_face()
    whole = _dense(mesh)
    numbers = [np.flatnonzero(np.abs(field).max(axis=1) > _LEAST) for field in whole]
    starts = np.cumsum([0, *(len(n) for n in numbers)])
    return Fields(
        starts.astype(np.int32),
        np.concatenate(numbers).astype(np.int32),
        np.concatenate([field[n] for field, n in zip(whole, numbers, strict=True)]).astype(
            np.float32
        ),
    )


def _dense(mesh: Mesh) -> list[Array]:
    """(V, 3) for each unit and side."""
    lips = mouth(mesh)
    still = _lids(mesh)
    left_half = step(-0.12, 0.12, lips.points[:, 0])
    found: list[Array] = []
    for unit in UNITS:
        middle = _sum(MIDDLE.get(unit, ()), lips, mesh)
        for left in (False, True):
            paired = _sum(PAIRED.get(unit, ()), lips, mesh, mirrored=not left)
            half = left_half if left else 1 - left_half
            found.append((paired + middle * half[:, None]) * still[:, None])
    return found


def _sum(muscles: Sequence[Muscle], lips: Mouth, mesh: Mesh, *, mirrored: bool = False) -> Array:
    """(V, 3): displacement in head units by muscles placed on the left, or their mirror image."""
    flip = np.array([-1.0 if mirrored else 1.0, 1.0, 1.0])
    total = np.zeros_like(lips.points)
    for muscle in muscles:
        if isinstance(muscle, Roll):
            total += _rolled(muscle, lips)
            continue
        moved = _plain(muscle, lips.points * flip, mesh) * flip
        lip = "" if isinstance(muscle, Squeeze) else muscle.lip
        if lip:
            above = lips.above(0.25)
            moved *= (above if lip == "upper" else 1 - above)[:, None]
        total += moved
    return total


def _plain(muscle: Pull | Push | Squeeze, points: Array, mesh: Mesh) -> Array:
    """(V, 3): displacement of points by a muscle placed on a mesh's front."""
    if isinstance(muscle, Pull):
        angle = np.radians(muscle.degrees)
        insertion = seen(mesh, [muscle.insertion]).on(mesh.points)[0]
        pull = linear(points, muscle.attachment, insertion, angle, muscle.fade)
        return np.asarray(pull * muscle.mm / MILLIMETRES)
    if isinstance(muscle, Push):
        centre = seen(mesh, [muscle.centre]).on(mesh.points)[0]
        weight = bulge(points, centre, muscle.radii)
        return np.asarray(weight[:, None] * np.array(muscle.mm) / MILLIMETRES)
    return np.asarray(sphincter(points, muscle.centre, muscle.radii) * np.array(muscle.share))


def _rolled(roll: Roll, lips: Mouth) -> Array:
    """(V, 3): displacement in head units when a lip rolls, parts or is hidden."""
    rows, inner = lips.rows[roll.lip], lips.inner[roll.lip]
    part = lips.profile(roll.lip, roll.wide)[:, None]
    outwards = np.array([0.0, -1.0 if roll.lip == "upper" else 1.0, 0.0])
    forwards = np.array([0.0, 0.0, 1.0])
    red = lips.points[rows] - lips.points[rows[0]]
    to = np.linspace(0.0, 1.0, len(rows))[:, None, None]
    edge, border = (
        (outwards * mm[0] + forwards * mm[1]) / MILLIMETRES for mm in (roll.edge, roll.border)
    )
    closer = red * np.array([0.0, -roll.hide, 0.0])
    shift = closer + part * ((1 - to) * edge + to * border)
    total = np.zeros_like(lips.points)
    along = lips.along(roll.lip)
    far = along.distance > 0
    total[along.points[far]] = (
        _between(shift[-1], along.column[far]) * falloff(along.distance[far])[:, None]
    )
    total[inner] = shift[0]
    total[rows] = shift
    return total


def _between(columns: Array, place: Array) -> Array:
    """(n, 3): values of columns at fractional places."""
    low = np.minimum(place.astype(int), len(columns) - 2)
    share = (place - low)[:, None]
    return np.asarray(columns[low] * (1 - share) + columns[low + 1] * share)


def _lids(mesh: Mesh) -> Array:
    """(V,): 1 but on the lids, where skin gives way less and less towards the edge.

    The edge itself lies on the eyeball and is moved by the lids alone.
    """
    share = np.ones(len(mesh.points))
    for name, group in mesh.groups.items():
        if name.startswith("lid_"):
            rows = len(group)
            part = np.zeros(rows) if name.endswith("inner") else np.linspace(0, 1, rows)
            share[group] = np.minimum(share[group], part[:, None])
    return share
