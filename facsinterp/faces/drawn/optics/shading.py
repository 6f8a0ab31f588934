"""Light: how bright every pixel of the head is."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from pathlib import Path
from typing import Final, cast

import numba
import numpy as np

from facsinterp.faces.drawn.compiled import piece
from facsinterp.faces.drawn.optics import strands
from facsinterp.faces.drawn.optics.eye import globe
from facsinterp.faces.drawn.optics.lamps import Lamps, Point, along, gloss, matt, unit
from facsinterp.faces.drawn.optics.raster import weights
from facsinterp.faces.drawn.optics.scene import Fixed, Scene
from facsinterp.faces.drawn.optics.shadow import lit
from facsinterp.faces.drawn.optics.sheet import texel
from facsinterp.faces.drawn.surface.mesh import Floats, Part, Whole
from facsinterp.provenance import fingerprint

_SKIN, _EYE, _TEETH, _GUMS, _TONGUE, _CAVITY, _LASH, _HAIR, _CLOTHES = (int(p) for p in Part)
_TONES: Final = (0.0, 0.0, 0.55, 0.20, 0.22, 0.02, 0.0, 0.0, 0.0)
"""Reflectance of each part that has but one."""

_STEP: Final = 0.08
"""Depths within a pixel that differ by more are of two stretches of surface."""

Pair = tuple[float, float]
Edges = tuple[Point, Point, Pair, Pair]
Layers = tuple[Whole, Whole]
Kernel = Callable[[Fixed, Scene, Lamps, Layers, Floats, Floats], None]


@piece
def _mixed(values: Floats, triangle: Whole, share: Point) -> Point:
    a, b, c = triangle[0], triangle[1], triangle[2]
    return (
        share[0] * values[a, 0] + share[1] * values[b, 0] + share[2] * values[c, 0],
        share[0] * values[a, 1] + share[1] * values[b, 1] + share[2] * values[c, 1],
        share[0] * values[a, 2] + share[1] * values[b, 2] + share[2] * values[c, 2],
    )


@piece
def _edges(scene: Scene, fixed: Fixed, triangle: Whole) -> Edges:
    """A triangle's two edges in camera coordinates, and how s and t change along them."""
    a, b, c = triangle[0], triangle[1], triangle[2]
    p, uv = scene.points, fixed.uv
    one = (p[b, 0] - p[a, 0], p[b, 1] - p[a, 1], p[b, 2] - p[a, 2])
    two = (p[c, 0] - p[a, 0], p[c, 1] - p[a, 1], p[c, 2] - p[a, 2])
    du = (uv[b, 0] - uv[a, 0], uv[c, 0] - uv[a, 0])
    dv = (uv[b, 1] - uv[a, 1], uv[c, 1] - uv[a, 1])
    return one, two, du, dv


@piece
def _cross(a: Point, b: Point) -> Point:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@piece
def _bent(edges: Edges, n: Point, s: float, t: float) -> Point:
    """The normal on a relief that rises by s and t a unit of the sheet (Blinn 1978)."""
    one, two, du, dv = edges
    flat = _cross(one, two)
    over = 1 / (flat[0] ** 2 + flat[1] ** 2 + flat[2] ** 2 + 1e-18)
    f = (s * du[0] + t * dv[0]) * over
    g = (s * du[1] + t * dv[1]) * over
    p, q = _cross(two, flat), _cross(flat, one)
    x, y, z = f * p[0] + g * q[0], f * p[1] + g * q[1], f * p[2] + g * q[2]
    # A torn or pinched triangle must not tip the normal over.
    steep = 1 / max(sqrt(x * x + y * y + z * z) / 1.5, 1.0)
    return unit(n[0] - x * steep, n[1] - y * steep, n[2] - z * steep)


@piece
def _along(edges: Edges) -> Point:
    """The unit vector along which only v grows: along a strand."""
    one, two, du, dv = edges
    area = du[0] * dv[1] - du[1] * dv[0]
    sign = 1.0 if area >= 0 else -1.0
    f, g = -sign * du[1], sign * du[0]
    return unit(
        f * one[0] + g * two[0], f * one[1] + g * two[1], f * one[2] + g * two[2]
    )  # fmt: skip


@piece
def _skin(
    lamps: Lamps,
    paint: tuple[float, float, float, float],
    n: Point,
    uv: tuple[float, float],
    shadow: float,
    sky: float,
) -> float:
    """Skin: light wraps round by scattering, grooves see less sky, a little grease shines."""
    hollow = 1 / (1 + 0.035 * max(paint[3], 0.0))
    light = matt(lamps, n, shadow, sky * hollow, 0.22)
    lips = (uv[0] / 0.34) ** 2 + ((uv[1] - 0.985) / 0.12) ** 2
    middle = 1 / (1 + (uv[0] / 0.3) ** 2)
    wet = 0.10 if lips < 1 else 0.0
    rim = 1 - max(n[2], 0.0)
    broad = gloss(lamps, n, shadow, 3) * (1 + 3 * rim * rim)
    sharp = gloss(lamps, n, shadow, 6)
    shine = (0.05 + 0.03 * middle) * broad + (0.03 + 0.06 * middle * middle + wet) * sharp
    return paint[0] * light + sky * hollow * shine


@piece
def _point(fixed: Fixed, scene: Scene, lamps: Lamps, t: int, x: int, y: int) -> Pair:
    """Brightness and cover of what triangle t shows at the sample (x, y)."""
    triangle, part = fixed.triangles[t], fixed.part[t]
    share = weights(scene.places, triangle, x, y)
    a, b, c = triangle[0], triangle[1], triangle[2]
    u = share[0] * fixed.uv[a, 0] + share[1] * fixed.uv[b, 0] + share[2] * fixed.uv[c, 0]
    v = share[0] * fixed.uv[a, 1] + share[1] * fixed.uv[b, 1] + share[2] * fixed.uv[c, 1]
    if part == _LASH:
        return 0.01, strands.lash(u, v)
    nx, ny, nz = _mixed(scene.normals, triangle, share)
    n = unit(nx, ny, nz)
    if n[2] < 0 and part == _HAIR:
        n = (-n[0], -n[1], -n[2])
    point = _mixed(scene.points, triangle, share)
    shadow = lit(lamps, point, n) if along(lamps.key, n) > -0.2 else 1.0
    sky = share[0] * scene.sky[a] + share[1] * scene.sky[b] + share[2] * scene.sky[c]
    if part == _SKIN:
        paint = texel(scene.sheet, u, v)
        n = _bent(_edges(scene, fixed, triangle), n, paint[1], paint[2])
        return _skin(lamps, paint, n, (u, v), shadow, sky), 1.0
    if part == _EYE:
        return globe(lamps, scene, _mixed(scene.head, triangle, share), n, shadow), 1.0
    if part == _HAIR:
        way = _along(_edges(scene, fixed, triangle))
        light = strands.strand(lamps, scene.tones[0], (u, v), way, n, (shadow, sky, scene.fine))
        return light, strands.cover(u, v, scene.fine)
    if part == _CLOTHES:
        return scene.tones[1] * matt(lamps, n, shadow, sky, 0.0), 1.0
    wet = 0.10 * sky * gloss(lamps, n, shadow, 5) if part != _CAVITY else 0.0
    return _TONES[part] * matt(lamps, n, shadow, sky, 0.2) + wet, 1.0


@piece
def _sample(fixed: Fixed, scene: Scene, lamps: Lamps, shown: Layers, at: tuple[int, int]) -> Pair:
    """Brightness times cover, and cover, of what a sample shows: a veil and what is behind."""
    x, y = at
    bright, hides = 0.0, 0.0
    for layer in range(2):
        t = shown[1][y, x] if layer == 0 else shown[0][y, x]
        if hides == 1 or t < 0:
            continue
        if layer == 0:
            t += fixed.solid
        own, over = _point(fixed, scene, lamps, t, x, y)
        bright += (1 - hides) * over * own
        hides += (1 - hides) * over
    return bright, hides


@piece
def _plain(fixed: Fixed, scene: Scene, shown: Layers, at: tuple[int, int, int]) -> bool:
    """Whether all samples of a pixel lie on one stretch of surface: half of them then do."""
    x, y, each = at
    first = shown[0][y, x]
    if first < 0:
        return False
    part, away = fixed.part[first], scene.places[fixed.triangles[first, 0], 2]
    for i in range(each * each):
        t = shown[0][y + i // each, x + i % each]
        if t < 0 or shown[1][y + i // each, x + i % each] >= 0 or fixed.part[t] != part:
            return False
        if abs(scene.places[fixed.triangles[t, 0], 2] - away) > _STEP:
            return False
    return True


def _compiled(code: str) -> Kernel:
    """The kernel; kept on disk under the fingerprint of all that it calls.

    numba looks at the file that a function stands in and at what the function closes over,
    not at what it calls.
    """

    @numba.njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
    def shade(
        fixed: Fixed, scene: Scene, lamps: Lamps, shown: Layers, light: Floats, cover: Floats
    ) -> None:
        assert code
        size = len(light)
        each = len(shown[0]) // size
        for y in range(size):
            for x in range(size):
                thin = _plain(fixed, scene, shown, (x * each, y * each, each))
                share = 1 / ((each * each + 1) // 2 if thin else each * each)
                for i in range(each * each):
                    if thin and (i // each + i % each) % 2 == 1:
                        continue
                    at = (x * each + i % each, y * each + i // each)
                    bright, hides = _sample(fixed, scene, lamps, shown, at)
                    light[y, x] += share * bright
                    cover[y, x] += share * hides

    return cast("Kernel", shade)


_FOLDER: Final = Path(__file__).parent
_CALLED: Final = (
    *_FOLDER.glob("*.py"),
    _FOLDER.parent / "compiled.py",
    _FOLDER.parent / "surface" / "sheet.py",
    _FOLDER.parent / "surface" / "mesh.py",
)
_KERNEL: Final = _compiled(fingerprint(*(file.read_bytes() for file in sorted(_CALLED))))


def shade(
    fixed: Fixed, scene: Scene, lamps: Lamps, shown: Layers, size: int
) -> tuple[Floats, Floats]:
    """(size, size) each: brightness of the head times its cover, and its cover of the pixel.

    shown: the triangles that the samples show, the solid ones and those of the veil (hair and
    lashes, counted from the first of them); lamps with the key light's map.
    """
    light, cover = np.zeros((2, size, size), np.float32)
    _KERNEL(fixed, scene, lamps, shown, light, cover)
    return light, cover
