"""Ground truth of drawn faces: depth, normals, parts, pose, gaze, light, and what a unit moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from facsinterp.faces.drawn.optics import camera, strands
from facsinterp.faces.drawn.optics.lamps import lamps
from facsinterp.faces.drawn.optics.lens import reach
from facsinterp.faces.drawn.optics.scene import gaze
from facsinterp.faces.drawn.optics.taking import Taken, samples, taken
from facsinterp.faces.drawn.pairs import Pair
from facsinterp.faces.drawn.spec import Face
from facsinterp.faces.drawn.surface import sheet
from facsinterp.faces.drawn.surface.mesh import MILLIMETRES, Floats, Part

Bools = NDArray[np.bool_]

WALL: Final = 255
"""Stands in `Truth.part` where no part of the head is seen."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What each picture shows, at its pixels' centres; directions in camera coordinates.

    x runs to the right of the picture, y down, z towards the camera. Strands of hair and
    lashes count where they hide at least half of what is behind them.
    """

    depth: Floats
    """(face, size, size): distance from the lens along its axis in mm; NaN off the head."""
    normals: Floats
    """(face, size, size, 3): unit normals of the surface without its finest relief; NaN off it."""
    part: NDArray[np.uint8]
    """(face, size, size): a `Part`, or `WALL`."""
    pose: Floats
    """(face, 3): yaw, pitch and roll of the head in radians."""
    gaze: Floats
    """(face, 2): where the eyes look, seen from the camera: angles to the right and down in
    radians; (0, 0) is straight along the lens's axis."""
    lights: Floats
    """(face, 2, 3): unit vectors to the key light and the second lamp."""


def truth(faces: Sequence[Face], size: int) -> Truth:
    """The ground truth of the pictures that `render(faces, size)` gives."""
    count = len(faces)
    made = Truth(
        np.full((count, size, size), np.nan, np.float32),
        np.full((count, size, size, 3), np.nan, np.float32),
        np.full((count, size, size), WALL, np.uint8),
        np.zeros((count, 3), np.float32),
        np.zeros((count, 2), np.float32),
        np.zeros((count, 2, 3), np.float32),
    )
    for i, face in enumerate(faces):
        setting = face.setting
        seen = _Surface.of(taken(face, size, 1))
        made.depth[i, seen.head] = seen.depth()
        made.normals[i, seen.head] = seen.normals()
        made.part[i, seen.head] = seen.taken.rest.part[seen.triangle]
        x, y, z = camera.turn(setting) @ gaze(setting)
        made.pose[i] = setting.yaw, setting.pitch, setting.roll
        made.gaze[i] = np.arctan2(x, z), np.arcsin(np.clip(y, -1, 1))
        room = lamps(setting)
        made.lights[i] = room.key, room.side
    return made


def displacement(pairs: Sequence[Pair], size: int) -> Floats:
    """(pair, size, size, 2): pixels, to the right and down, by which the unit moves the surface.

    At each pixel's centre of the picture without the unit: where the surface point that is
    seen there lies in the picture with it. 0 on the wall and where nothing moves.
    """
    flow = np.zeros((len(pairs), size, size, 2), np.float32)
    for made, one in zip(flow, pairs, strict=True):
        before = _Surface.of(taken(one.without, size, 1))
        after = taken(one.shown, size, 1).scene.places
        made[before.head] = before.mixed(after - before.taken.scene.places)[:, :2]
    return flow


def moved(pairs: Sequence[Pair], size: int) -> Bools:
    """(pair, size, size): pixels in which the unit moves the surface or changes its relief.

    A pixel counts in either picture if any of its samples lies on such a place, or if the
    lens spreads light from such a pixel to it. Outside, only light and cast shadow differ.
    """
    made = np.zeros((len(pairs), size, size), bool)
    for i, one in enumerate(pairs):
        made[i] = _moved(one, size)
    return made


def _moved(pair: Pair, size: int) -> Bools:
    each = samples(size)
    both = [taken(face, size, each) for face in (pair.without, pair.shown)]
    one, other = (seen.scene for seen in both)
    moving = (one.points != other.points).any(axis=1) | (one.normals != other.normals).any(axis=1)
    corners = moving[both[0].rest.triangles].any(axis=1)
    relief = (one.sheet != other.sheet).any(axis=2)
    touched = np.zeros((size, size), bool)
    for seen in both:
        points = _touched(seen, corners, relief)
        touched |= points.reshape(size, each, size, each).any(axis=(1, 3))
    spread = reach(pair.shown.setting, size)
    return binary_dilation(touched, np.ones((3, 3), bool), spread) if spread else touched


def _touched(seen: Taken, corners: Bools, relief: Bools) -> Bools:
    """(side, side): samples whose triangle moves or whose texels change."""
    front = _Surface.of(seen, veiled=False)
    touched: Bools = (seen.veil >= 0) & corners[np.maximum(seen.veil, 0) + seen.rest.solid]
    moving = corners[front.triangle]
    uv = front.mixed(seen.rest.uv)
    skin = seen.rest.part[front.triangle] == Part.SKIN
    moving |= skin & _changed(relief, uv)
    touched[front.head] |= moving
    return np.asarray(touched)


def _changed(relief: Bools, uv: Floats) -> Bools:
    """Whether any of the four texels round these places has changed."""
    rows, columns = relief.shape
    level = int(np.log2(sheet.texels(0)[1] // columns))
    at = np.floor(sheet.texel(uv, level)).astype(np.int64)
    column, row = (np.clip(at[:, i], 0, n - 2) for i, n in ((0, columns), (1, rows)))
    return np.asarray(
        relief[row, column]
        | relief[row, column + 1]
        | relief[row + 1, column]
        | relief[row + 1, column + 1]
    )


@dataclass(frozen=True, eq=False)
class _Surface:
    """The points of the surface that samples show."""

    taken: Taken
    head: Bools
    """(side, side): samples that show the head; what follows is in their order."""
    triangle: NDArray[np.int64]
    share: Floats
    """(n, 3): shares of the triangles' corners."""

    @classmethod
    def of(cls, seen: Taken, veiled: bool = True) -> _Surface:
        front = seen.solid.astype(np.int64)
        if veiled:
            front = np.where(_hides(seen), seen.veil + seen.rest.solid, front)
        head = front >= 0
        triangle = front[head]
        y, x = np.nonzero(head)
        corners = seen.scene.places[seen.rest.triangles[triangle]]
        return cls(seen, head, triangle, _shares(corners, x, y))

    def mixed(self, values: Floats) -> Floats:
        """(n, ...): values at the points (V, ...), mixed for the samples."""
        corners = values[self.taken.rest.triangles[self.triangle]]
        return np.asarray((corners * self.share[..., None]).sum(axis=1), np.float32)

    def depth(self) -> Floats:
        """(n,): mm from the lens along its axis."""
        return np.asarray(self.mixed(self.taken.scene.places)[:, 2] * MILLIMETRES, np.float32)

    def normals(self) -> Floats:
        """(n, 3): unit normals in camera coordinates."""
        mean = self.mixed(self.taken.scene.normals)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)


def _hides(seen: Taken) -> Bools:
    """(side, side): samples at which hair or lashes hide at least half of what is behind."""
    hides = seen.veil >= 0
    y, x = np.nonzero(hides)
    triangle = seen.veil[hides] + seen.rest.solid
    corners = seen.rest.triangles[triangle]
    share = _shares(seen.scene.places[corners], x, y)
    uv = (seen.rest.uv[corners] * share[..., None]).sum(axis=1)
    hides[hides] = strands.hidden(uv, seen.rest.part[triangle], seen.scene.fine) >= 0.5
    return hides


def _shares(corners: Floats, x: NDArray[Any], y: NDArray[Any]) -> Floats:
    """(n, 3): shares of triangles' corners (n, 3, place and distance) in what samples show."""
    at = np.stack([x, y], axis=1) - corners[:, 0, :2].astype(np.float64)
    b, c = (corners[:, i, :2].astype(np.float64) - corners[:, 0, :2] for i in (1, 2))
    area = c[:, 0] * b[:, 1] - c[:, 1] * b[:, 0]
    second = (c[:, 0] * at[:, 1] - c[:, 1] * at[:, 0]) / area
    third = (b[:, 1] * at[:, 0] - b[:, 0] * at[:, 1]) / area
    near = np.stack([1 - second - third, second, third], axis=1) / corners[:, :, 2]
    return np.asarray(near / near.sum(axis=1, keepdims=True), np.float32)
