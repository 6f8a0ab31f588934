"""How many drawn faces a second are rendered, and where the time goes.

    python benchmarks/drawing.py [--faces 200]

Prints one line of JSON a size: faces a second with all cores allowed (OMP_NUM_THREADS limits
them) and in one thread, the milliseconds that each stage of a face takes (median), and beside
the compiled rasteriser and normals the same in plain numpy, with the share of samples that
both rasterisers give to the same triangle.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn import Face, cast, render
from facsinterp.faces.drawn.head import shape
from facsinterp.faces.drawn.muscles.deform import moved
from facsinterp.faces.drawn.optics import scene as scenes
from facsinterp.faces.drawn.optics import shadow
from facsinterp.faces.drawn.optics.lamps import lamps
from facsinterp.faces.drawn.optics.lens import develop, wall
from facsinterp.faces.drawn.optics.raster import raster
from facsinterp.faces.drawn.optics.shading import shade
from facsinterp.faces.drawn.optics.taking import level, samples, shadow_side
from facsinterp.faces.drawn.skin.textures import relief
from facsinterp.faces.drawn.spec import shares
from facsinterp.faces.drawn.surface import mesh


class Watch:
    """Times calls by name."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = defaultdict(list)

    def __call__(self, name: str, step: Callable[..., Any], *inputs: Any) -> Any:
        start = time.perf_counter()
        made = step(*inputs)
        self.taken[name].append(time.perf_counter() - start)
        return made

    def table(self) -> dict[str, float]:
        """Milliseconds a call (median)."""
        return {name: round(1e3 * float(np.median(t)), 3) for name, t in self.taken.items()}


def stages(faces: Sequence[Face], size: int) -> dict[str, float]:
    """Milliseconds of each stage of a face; `scene` includes the four before it."""
    watch = Watch()
    for face in faces:
        rest, units, setting = scenes.fixed(face.identity), shares(face), face.setting
        gaze = (setting.gaze_x, setting.gaze_y)
        points = watch("moved", moved, shape(face.identity), units, gaze)
        watch("normals", scenes.vertex_normals, points, rest.triangles)
        watch("relief", relief, face.identity, units, level(size))
        seen = watch("scene", scenes.scene, face, size, samples(size), level(size))
        room = watch("lamps", lamps, setting)
        near = watch("shadow", shadow.cast, seen.points, rest.casting, room.aim, shadow_side(size))
        depth = np.zeros((size * samples(size),) * 2, np.float32)
        front, back = rest.triangles[: rest.solid], rest.triangles[rest.solid :]
        solid = watch("raster", raster, seen.places, front, False, depth)
        veil = watch("veil", raster, seen.places, back, True, depth)
        room = room._replace(near=near)
        light, cover = watch("shade", shade, rest, seen, room, (solid, veil), size)
        behind = watch("wall", wall, face, size)
        watch("develop", develop, light + behind * (1 - cover), face)
    return watch.table()


def plainly(face: Face, size: int) -> dict[str, float]:
    """The same normals and rasteriser in plain numpy: milliseconds, and how far they agree."""
    watch = Watch()
    rest = scenes.fixed(face.identity)
    seen = scenes.scene(face, size, samples(size), level(size))
    watch("normals", mesh.normals, seen.points, rest.triangles)
    front = rest.triangles[: rest.solid]
    side = size * samples(size)
    slow = watch("raster", plain_raster, seen.places, front, side)
    fast = raster(seen.places, front, False, np.zeros((side, side), np.float32))
    return {**watch.table(), "same": float((slow == fast).mean())}


def plain_raster(places: NDArray[Any], triangles: NDArray[Any], side: int) -> NDArray[np.int64]:
    """(side, side): the nearest triangle of every sample, one triangle after the other."""
    shown, near = np.full((side, side), -1), np.zeros((side, side))
    for t, corners in enumerate(places[triangles].astype(np.float64)):
        (ax, ay), (bx, by), (cx, cy) = corners[:, :2]
        area = (cx - ax) * (by - ay) - (cy - ay) * (bx - ax)
        low = np.maximum(np.ceil(corners[:, :2].min(axis=0)), 0).astype(int)
        high = np.minimum(np.floor(corners[:, :2].max(axis=0)), side - 1).astype(int)
        if area <= 0 or (low > high).any():
            continue
        y, x = np.mgrid[low[1] : high[1] + 1, low[0] : high[0] + 1]
        b = ((cx - ax) * (y - ay) - (cy - ay) * (x - ax)) / area
        c = ((by - ay) * (x - ax) - (bx - ax) * (y - ay)) / area
        depth = (1 - b - c) / corners[0, 2] + b / corners[1, 2] + c / corners[2, 2]
        part = np.s_[low[1] : high[1] + 1, low[0] : high[0] + 1]
        front = (b >= 0) & (c >= 0) & (b + c <= 1) & (depth > near[part])
        shown[part][front] = t
        near[part][front] = depth[front]
    return shown


def speed(faces: Sequence[Face], size: int) -> float:
    """Faces a second, after a short warm-up."""
    render(faces[:8], size)
    start = time.perf_counter()
    render(faces, size)
    return round(len(faces) / (time.perf_counter() - start), 1)


def main() -> None:
    """Measure at 48, 96 and 128 pixels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=200)
    count = parser.parse_args().faces
    faces = [frame.face for frame in islice(cast(4, 10, 0), count)]
    for size in (48, 96, 128):
        told: dict[str, Any] = {"size": size, "faces/s": speed(faces, size)}
        before = os.environ.get("OMP_NUM_THREADS")
        os.environ["OMP_NUM_THREADS"] = "1"
        told["faces/s in one thread"] = speed(faces[: max(count // 2, 8)], size)
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before
        told |= {"ms": stages(faces[:40], size), "plain ms": plainly(faces[0], size)}
        print(json.dumps(told))


if __name__ == "__main__":
    main()
