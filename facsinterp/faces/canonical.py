"""One face for all: the mean shape of many, and pictures bent until they have that shape.

Maps of one filter on many faces can be averaged once eyes lie on eyes and lips on lips. A
warp resamples values: each pixel of the mean face takes the value found at its place on the
other face. It does not keep sums: where a part is stretched, its values are repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import Delaunay

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault
from facsinterp.faces.preparing.windows import Window, around_face

OUTLINE: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "jaw": tuple(range(17)),
        "right brow": tuple(range(17, 22)),
        "left brow": tuple(range(22, 27)),
        "nose ridge": tuple(range(27, 31)),
        "nose base": tuple(range(31, 36)),
        "right eye": (*range(36, 42), 36),
        "left eye": (*range(42, 48), 42),
        "outer lips": (*range(48, 60), 48),
        "inner lips": (*range(60, 68), 60),
    }
)
"""Which of the 68 points to join, in order, to draw a face; closed lines end where they began."""

# Points around the picture, four a side, by which the forehead and the surroundings go with
# the face: this share of the picture's side beyond its border.
_BEYOND: Final = 0.25
# Triangles turned inside out by more than this share of their area show nothing.
_FOLDED: Final = 0.1
_MOUTH: Final = tuple(range(48, 68))
_STEPS: Final = 1000
_STILL: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Canonical:
    """A face shape to bend others to: 68 points in a picture of `size` pixels a side.

    `landmarks`: (68, 2), x and y, the centre of the top left pixel being (0, 0).
    """

    landmarks: NDArray[np.float64]
    size: int

    @cached_property
    def mesh(self) -> Mesh:
        """The triangles between its points, and in which of them each pixel lies."""
        points = np.concatenate([self.landmarks, _border(self.size)])
        triangles = Delaunay(points)
        rows, cols = np.mgrid[: self.size, : self.size]
        places = np.stack([cols.ravel(), rows.ravel()], axis=1).astype(np.float64)
        owner = triangles.find_simplex(places)
        affine = triangles.transform[owner]
        first = np.einsum("pij,pj->pi", affine[:, :2], places - affine[:, 2])
        shares = np.concatenate([first, 1 - first.sum(axis=1, keepdims=True)], axis=1)
        return Mesh(points, triangles.simplices.astype(np.int64), owner.astype(np.int64), shares)


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles over the points of a canonical face and its border.

    `points`: (point, 2); `triangles`: (triangle, 3) points; for each pixel, row by row:
    `owner`, its triangle, and `shares`, (pixel, 3), how much of each corner it is.
    """

    points: NDArray[np.float64]
    triangles: NDArray[np.int64]
    owner: NDArray[np.int64]
    shares: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Warp:
    """The way from one face's pictures to a canonical face, for any number of maps at once.

    `matrix`: (canonical pixel, picture pixel), bilinear; each row adds up to 1, or to 0 where
    `seen` (size, size) is False: beyond the picture, or where this face is folded over.
    """

    matrix: csr_array
    seen: NDArray[np.bool_]

    def apply(self, maps: NDArray[np.floating]) -> NDArray[np.floating]:
        """(map, row, col) of this face -> (map, size, size); NaN where nothing is seen."""
        flat = self.matrix @ maps.reshape(len(maps), -1).T
        bent = np.asarray(flat).T.reshape(len(maps), *self.seen.shape)
        return np.where(self.seen, bent, np.asarray(np.nan, bent.dtype))


def canonical(landmarks: NDArray[np.floating], size: int) -> Canonical:
    """The mean shape of faces, framed in its picture as they are in theirs on average.

    `landmarks`: (image, 68, 2) in pixels of pictures of `size` pixels a side; faces with points
    that are not finite, or all in one place, do not count. Shapes are freed of place, size and
    turn by generalised Procrustes analysis (Gower 1975, Psychometrika 40, 33-51; full fits as
    in Dryden and Mardia 2016, Statistical Shape Analysis, section 7.3). Raises DataError when
    no face counts.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    shapes = points[np.isfinite(points).all(axis=(1, 2))]
    shapes = shapes[np.ptp(shapes, axis=1).max(axis=1) > 1e-6]
    if not len(shapes):
        fault = Fault("no face has landmarks to take a mean of", got=amount(len(points), "face"))
        raise DataError(fault)
    z = shapes[..., 0] + 1j * shapes[..., 1]
    centres = z.mean(axis=1, keepdims=True)
    mean = _mean_shape(z - centres)
    # How large, and how far turned, the mean shape is in each picture.
    fits = (z - centres) @ mean.conj()
    turn = fits.mean() / np.abs(fits.mean())
    placed = centres.mean() + np.exp(np.log(np.abs(fits)).mean()) * turn * mean
    return Canonical(np.stack([placed.real, placed.imag], axis=1), size)


def outline(landmarks: NDArray[np.floating]) -> dict[str, NDArray[np.floating]]:
    """The lines of `OUTLINE` on one face (68, 2): (point, 2) for each."""
    return {name: landmarks[list(points)] for name, points in OUTLINE.items()}


def warp(landmarks: NDArray[np.floating], target: Canonical, shape: tuple[int, int]) -> Warp:
    """How pictures (row, col) of `shape` of one face become pictures of the canonical one.

    `landmarks`: (68, 2) in pixels of the pictures. Piecewise affine over the triangles of
    `Canonical.mesh`, bilinear between pixels. A face without finite landmarks, or whose
    landmarks show no face, is seen nowhere; where the canonical points show none, ValueError is
    raised. What lies between two pixels is all that is
    looked at: a picture much finer than the canonical one is picked from, not averaged.
    """
    mesh, size = target.mesh, target.size
    points = np.asarray(landmarks, dtype=np.float64)
    own = around_face(target.landmarks)
    try:
        border = _carried(_border(size), own, around_face(points))
    except ValueError:
        border = np.full((1, 2), np.nan)
    corners = np.concatenate([points, border])
    if not np.isfinite(corners).all():
        nowhere = np.zeros(size * size, bool)
        empty = _bilinear(np.zeros((size * size, 2)), nowhere, shape)
        return Warp(empty, nowhere.reshape(size, size))
    places = np.einsum("pk,pkj->pj", mesh.shares, corners[mesh.triangles[mesh.owner]])
    x, y = places.T
    inside = (x >= -0.5) & (y >= -0.5) & (x <= shape[1] - 0.5) & (y <= shape[0] - 0.5)
    seen = inside & ~_folded(mesh, corners)[mesh.owner]
    return Warp(_bilinear(places, seen, shape), seen.reshape(size, size))


def to_canonical(
    images: NDArray[np.floating], landmarks: NDArray[np.floating], target: Canonical
) -> NDArray[np.floating]:
    """Pictures or maps (image, row, col), each bent to the canonical face: (image, size, size).

    `landmarks`: (image, 68, 2) in their pixels. NaN where a face shows nothing of it (see
    `Warp`), so a mean over faces is `numpy.nanmean`.
    """
    bent = [
        warp(points, target, image.shape).apply(image[None])[0]
        for image, points in zip(images, landmarks, strict=True)
    ]
    kind = np.result_type(images.dtype, np.float32)
    return np.array(bent, kind).reshape(len(images), target.size, target.size)


def _mean_shape(centred: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """The full Procrustes mean (68,), of length 1, of shapes (face, 68) about their centres.

    With points as complex numbers, the best turn and scale of a shape z of length 1 to a mean
    m is the number <z, m>: fit all, take the mean, and again until it stands still.
    """
    z = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    mean: NDArray[np.complex128] = z[0]
    for _ in range(_STEPS):
        fitted = z * (z.conj() @ mean)[:, None]
        new = fitted.mean(axis=0) / np.linalg.norm(fitted.mean(axis=0))
        moved = np.linalg.norm(new - mean)
        mean = new
        if moved < _STILL:
            break
    return mean


def _border(size: int) -> NDArray[np.float64]:
    """(16, 2): points on a square around a picture of `size`, four a side."""
    low, high = -0.5 - _BEYOND * size, size - 0.5 + _BEYOND * size
    middle = (size - 1) / 2
    side = np.stack([np.linspace(low, high, 5)[:-1], np.full(4, low)], axis=1) - middle
    quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    turned = [side @ np.linalg.matrix_power(quarter, turns) for turns in range(4)]
    return np.concatenate(turned) + middle


def _carried(places: NDArray[np.float64], source: Window, face: Window) -> NDArray[np.float64]:
    """Places (place, 2) about one face, where they lie about another: by eyes and nose."""
    axes = np.stack([source.across, source.down])
    others = np.stack([face.across, face.down])
    shares = (places - source.corner) @ axes.T / (source.across @ source.across)
    return np.asarray(shares @ others + face.corner)


def _folded(mesh: Mesh, corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(triangle,): turned inside out on this face, as the far side of a turned head may be.

    The mouth is not asked: the landmarks of pressed lips often cross by a trifle, and what
    lies between them is then the line of the lips.
    """
    here, there = _areas(corners, mesh.triangles), _areas(mesh.points, mesh.triangles)
    scale = np.abs(here).sum() / np.abs(there).sum()
    mouth = np.isin(mesh.triangles, _MOUTH).all(axis=1)
    return np.asarray((here * np.sign(there) < -_FOLDED * scale * np.abs(there)) & ~mouth)


def _areas(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.float64]:
    """Twice the area of each triangle, negative where it runs the other way round."""
    a, b, c = (points[triangles[:, i]] for i in range(3))
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    return np.asarray(ux * vy - uy * vx)


def _bilinear(
    places: NDArray[np.float64], seen: NDArray[np.bool_], shape: tuple[int, int]
) -> csr_array:
    """(place, pixel): the shares of four pixels at each place that is seen."""
    last = np.array(shape)[::-1] - 1
    at = np.clip(places[seen], 0, last)
    low = np.minimum(np.floor(at).astype(np.int64), np.maximum(last - 1, 0))
    high = np.minimum(low + 1, last)
    (right, down), (left, up) = (at - low).T, (1 - at + low).T
    shares = np.stack([up * left, up * right, down * left, down * right], axis=1)
    first, second = low[:, 1] * shape[1], high[:, 1] * shape[1]
    (x, nx) = low[:, 0], high[:, 0]
    pixels = np.stack([first + x, first + nx, second + x, second + nx], axis=1)
    ends = np.concatenate([[0], 4 * np.cumsum(seen)])
    return csr_array(
        (shares.astype(np.float32).ravel(), pixels.ravel(), ends),
        shape=(len(places), shape[0] * shape[1]),
    )
