"""Windows: which part of a picture becomes input, and where its points land there.

Places are (x, y) in pixels of the picture, the centre of its top left pixel being (0, 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.float64]
Sampling = Literal["antialiased", "turned", "bilinear"]

# The 68 points of iBUG / Multi-PIE. The corners of an eye stay where they are when it
# closes; the point under the nose stays where it is when the jaw drops.
_RIGHT_EYE: Final = (36, 39)
_LEFT_EYE: Final = (42, 45)
_NOSE_BASE: Final = 33

# Proportions of an upright face in distances between the eyes: the nose base lies 0.75
# and the tip of the nose 0.47 below the eyes, the forehead 0.9 above and the chin of an
# open mouth 2.1 below them.
EYES_TO_NOSE_BASE: Final = 0.75
EYES_TO_NOSE_TIP: Final = 0.47
_SIDE: Final = 3.0
_EYE_ROW: Final = 0.3


@dataclass(frozen=True, eq=False)
class Window:
    """A parallelogram of a picture: its top left corner, its top edge and its left edge.

    `sampling`: "antialiased" takes all that a pixel covers, for windows that are not turned;
    "turned" does it for those that are; "bilinear" takes four neighbours, however many
    pixels there are to each of the result.
    """

    corner: Places
    across: Places
    down: Places
    sampling: Sampling

    @classmethod
    def box(
        cls, left: float, top: float, right: float, bottom: float, sampling: Sampling
    ) -> Window:
        """The window between edges, counted from the outer edge of the first pixel."""
        return cls(
            np.array([left - 0.5, top - 0.5]),
            np.array([right - left, 0.0]),
            np.array([0.0, bottom - top]),
            sampling,
        )

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of a window that is not turned, as `box` takes them."""
        left, top = (self.corner + 0.5).tolist()
        return left, top, left + float(self.across[0]), top + float(self.down[1])

    def placed(self, points: NDArray[np.floating], size: int) -> Places:
        """Where points of the picture, (point, 2), lie once the window is `size` pixels a side."""
        axes = np.linalg.inv(np.stack([self.across, self.down], axis=1))
        shares = (np.asarray(points, dtype=np.float64) - self.corner) @ axes.T
        return np.asarray(shares * size - 0.5)


def whole(shape: tuple[int, ...]) -> Window:
    """The whole picture, whether it is square or not."""
    return Window.box(0, 0, shape[1], shape[0], "antialiased")


def central(shape: tuple[int, ...], zoom: float) -> Window:
    """The middle square, its side divided by `zoom`."""
    height, width = shape[:2]
    half = min(height, width) / zoom / 2
    x, y = width / 2, height / 2
    return Window.box(x - half, y - half, x + half, y + half, "antialiased")


def around_face(landmarks: NDArray[np.floating], zoom: float = 1.0) -> Window:
    """The upright square around a face with 68 points (68, 2).

    Its side follows the distance between the eyes and that from the eyes to the nose base
    (a turned head shortens the one, a nod the other); no point of the mouth or jaw counts,
    so an open mouth does not shrink the face. Raises ValueError for landmarks that are not
    finite or show no face.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    used = [*_RIGHT_EYE, *_LEFT_EYE, _NOSE_BASE]
    if points.shape == (68, 2) and np.isnan(points).all():
        message = "this face has no landmarks"
        raise ValueError(message)
    if points.shape != (68, 2) or not np.isfinite(points[used]).all():
        message = f"68 points with finite places are needed, got shape {points.shape}"
        raise ValueError(message)
    right = points[list(_RIGHT_EYE)].mean(axis=0)
    left = points[list(_LEFT_EYE)].mean(axis=0)
    return upright(right, left, points[_NOSE_BASE], EYES_TO_NOSE_BASE, zoom)


def upright(right: Places, left: Places, nose: Places, usual: float, zoom: float) -> Window:
    """The square around a face with the eyes level and in its row of eyes.

    `right`, `left`: the middles of the person's eyes; `nose`: a point of the nose that lies
    `usual` distances between the eyes below them. Raises ValueError where that is no face.
    """
    middle = (right + left) / 2
    between = float(np.hypot(*(left - right)))
    if not between >= 1e-6:
        message = "the eyes of the landmarks lie in one place"
        raise ValueError(message)
    level = (left - right) / between
    below = np.array([-level[1], level[0]])
    length = float((nose - middle) @ below)
    if length <= 0:
        message = "the nose of the landmarks lies above the eyes"
        raise ValueError(message)
    side = _SIDE * (between + length / usual) / 2 / zoom
    corner = middle - side / 2 * level - _EYE_ROW * side * below
    return Window(corner, side * level, side * below, "turned")
