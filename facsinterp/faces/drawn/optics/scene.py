"""One face in front of the camera: everything that the shading of a picture needs."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.compiled import kernel
from facsinterp.faces.drawn.head import shape
from facsinterp.faces.drawn.muscles.deform import moved
from facsinterp.faces.drawn.optics import camera
from facsinterp.faces.drawn.optics.sheet import painted
from facsinterp.faces.drawn.skin.textures import albedo, relief
from facsinterp.faces.drawn.spec import Face, Identity, Setting, shares
from facsinterp.faces.drawn.surface.mesh import Floats, Mesh, Part, Whole

_LID: Final = 24
"""Places along a lid's edge at which its height is kept."""
_MOUTH: Final = (Part.TEETH, Part.GUMS, Part.TONGUE, Part.CAVITY)


class Fixed(NamedTuple):
    """What never changes about a person's head."""

    triangles: Whole
    """(T, 3): first the solid ones, then hair and lashes."""
    solid: int
    """How many triangles are solid."""
    casting: Whole
    """(., 3): triangles that cast the shadow."""
    part: NDArray[np.uint8]
    """(T,): `Part` of each triangle."""
    uv: Floats
    open: Floats
    still: Floats
    """(V,): how much a point keeps out of the head's turn (neck and shoulders)."""
    inside: NDArray[np.bool_]
    """(V,): points in the mouth, whose light depends on how far it is open."""
    lids: tuple[tuple[Whole, Whole], tuple[Whole, Whole]]
    """Points of the upper and lower lid's edge by rising x, right and left."""
    lips: tuple[int, int]
    """The middle of the upper and of the lower lip where they meet."""
    eyes: Floats
    """(2, 4): centres and radius, right and left."""


class Scene(NamedTuple):
    """What follows from the face that is drawn."""

    head: Floats
    """(V, 3): points in head coordinates, moved by the units."""
    points: Floats
    """(V, 3): the same in camera coordinates."""
    normals: Floats
    """(V, 3): in camera coordinates."""
    places: Floats
    """(V, 3): x and y in samples, distance."""
    sky: Floats
    """(V,): share of the sky that each point sees."""
    sheet: Floats
    """The skin as `sheet.painted`."""
    eyes: Floats
    """(2, 4): centres and radius, right and left."""
    lids: Floats
    """(2, 2, n, 2): x and y of the edges of the upper and the lower lid, right and left."""
    gaze: Floats
    """(3,): where the eyes look, in head coordinates."""
    turn: Floats
    """(3, 3): the rotation from head to camera coordinates."""
    tones: Floats
    """(3,): reflectance of hair, clothes and iris."""
    fine: float
    """0 to 1: how much of the finest strands the picture resolves."""


@lru_cache(maxsize=64)
def fixed(identity: Identity) -> Fixed:
    """The unchanging side of a person."""
    person = shape(identity)
    mesh = person.mesh
    part = mesh.part[mesh.triangles].max(axis=1)
    veil = np.isin(part, (Part.LASH, Part.HAIR))
    order = np.argsort(veil, kind="stable")
    casts = part != Part.LASH
    inside = np.isin(mesh.part, _MOUTH)
    for name in ("lip_upper_inner", "lip_lower_inner"):
        if name in mesh.groups:
            inside[mesh.groups[name][1:]] = True
    down = np.clip((mesh.points[:, 1] - 1.66) / 0.5, 0, 1)
    down[(mesh.part == Part.SKIN) & (mesh.points[:, 2] > 0.6)] = 0  # the chin is the skull's
    radius = np.full((2, 1), person.eye_radius, np.float32)
    return Fixed(
        np.ascontiguousarray(mesh.triangles[order]),
        int((~veil).sum()),
        np.ascontiguousarray(mesh.triangles[casts]),
        part[order],
        mesh.uv,
        mesh.open,
        (down * down * (3 - 2 * down)).astype(np.float32),
        inside,
        (_lids(mesh, "right"), _lids(mesh, "left")),
        _lips(mesh),
        np.column_stack([person.eyes, radius]).astype(np.float32),
    )


def _lids(mesh: Mesh, side: str) -> tuple[Whole, Whole]:
    upper, lower = (mesh.groups[f"lid_{lid}_{side}"][0] for lid in ("upper", "lower"))
    step = -1 if side == "right" else 1
    return upper[::step], lower[::step]


def _lips(mesh: Mesh) -> tuple[int, int]:
    upper, lower = mesh.groups["lip_upper"][0], mesh.groups["lip_lower"][0]
    return int(upper[len(upper) // 2]), int(lower[len(lower) // 2])


@kernel
def vertex_normals(points: Floats, triangles: Whole) -> Floats:
    """(V, 3): `mesh.normals`, compiled."""
    total = np.zeros_like(points)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = points[a, 0], points[a, 1], points[a, 2]
        ux, uy, uz = points[c, 0] - ax, points[c, 1] - ay, points[c, 2] - az
        vx, vy, vz = points[b, 0] - ax, points[b, 1] - ay, points[b, 2] - az
        flat = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
        for v in (a, b, c):
            for i in range(3):
                total[v, i] += flat[i]
    for v in range(len(total)):
        x, y, z = total[v, 0], total[v, 1], total[v, 2]
        length = max(np.sqrt(x * x + y * y + z * z), 1e-12)
        for i in range(3):
            total[v, i] /= length
    return total


def scene(face: Face, size: int, samples: int, level: int) -> Scene:
    """The face as the camera has it, with `samples` by `samples` samples a pixel."""
    units, setting = shares(face), face.setting
    rest = fixed(face.identity)
    head = moved(shape(face.identity), units, (setting.gaze_x, setting.gaze_y))
    head = np.ascontiguousarray(head, np.float32)
    points = camera.bust(head, rest.still, setting)
    places = camera.framed(points, setting, size)
    places[:, :2] = (places[:, :2] + np.float32(0.5)) * samples - np.float32(0.5)
    person = face.identity
    return Scene(
        head,
        points,
        vertex_normals(points, rest.triangles),
        places,
        _sky(rest, head),
        painted(albedo(person, level), relief(person, units, level)),
        rest.eyes,
        _edges(rest, head),
        gaze(setting),
        camera.turn(setting).astype(np.float32),
        np.array([person.hair_tone, setting.clothes, person.iris], np.float32),
        float(np.clip((size - 80) / 120, 0, 1)),
    )


def _sky(rest: Fixed, head: Floats) -> Floats:
    """(V,): `open`, and in the mouth what the parted lips let in."""
    sky = rest.open.copy()
    upper, lower = head[rest.lips[0]], head[rest.lips[1]]
    gap = max(float(lower[1] - upper[1]), 0.0)
    depth = (upper[2] + lower[2]) / 2 - head[rest.inside, 2]
    sky[rest.inside] = gap / (gap + 1.6 * np.maximum(depth, 0.02) + 0.02)
    return sky


def _edges(rest: Fixed, head: Floats) -> Floats:
    edges = np.zeros((2, 2, _LID, 2), np.float32)
    for side, both in enumerate(rest.lids):
        for which, edge in enumerate(both):
            x, y = head[edge, 0], head[edge, 1]
            at = np.linspace(x[0], x[-1], _LID)
            edges[side, which] = np.column_stack([at, np.interp(at, x, y)])
    return edges


def gaze(setting: Setting) -> Floats:
    """(3,): where the eyes look in head coordinates; x and y are angles in radians."""
    x, y = setting.gaze_x, setting.gaze_y
    return np.array([np.sin(x) * np.cos(y), np.sin(y), np.cos(x) * np.cos(y)], np.float32)
