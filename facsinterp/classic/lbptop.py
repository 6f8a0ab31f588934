"""LBP-TOP: how a clip looks and moves, as patterns on three planes through each of its pixels.

XY is the picture; XT and YT cut it along time. On each plane, points on an ellipse around a
pixel are compared with it, and patterns with at most two changes around the ellipse are
counted one by one, all others together. Zhao & Pietikäinen, "Dynamic texture recognition
using local binary patterns with an application to facial expressions", IEEE TPAMI 29(6), 2007.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.classic.checks import grey_faults, too_small
from facsinterp.classic.histograms import in_regions
from facsinterp.errors import Fault, InputError

# Axes of a clip (frame, row, col) that each plane spans: where a point at angle 0 lies, and
# where one at 90 degrees.
_PLANES: Final = ((2, 1), (2, 0), (1, 0))  # XY, XT, YT


@dataclass(frozen=True)
class LbpTop:
    """What is counted: `regions` x `regions` blocks of the face, each through the whole clip.

    5 x 5 x 1 blocks, radii of 1 px and 2 to 4 frames, and 4 or 8 points are usual for CASME II
    (Yan et al., "CASME II", PLoS ONE 9(1), e86041, 2014), whose clips have 200 frames a second.
    Radii are in pixels and frames. Raises InputError for settings without a meaning.
    """

    regions: int = 5
    points: int = 8
    radius: int = 1
    frames: int = 4

    def __post_init__(self) -> None:
        InputError.raise_any(self._faults())

    @property
    def bins(self) -> int:
        """Patterns that are told apart on a plane: 59 for 8 points, 15 for 4."""
        return self.points * (self.points - 1) + 3

    def _faults(self) -> Iterator[Fault]:
        # 12 points have 135 patterns; more would not be told apart in 8 bits.
        most = {"points": 12}
        for name, low in (("regions", 1), ("points", 3), ("radius", 1), ("frames", 1)):
            value = getattr(self, name)
            if not low <= value <= most.get(name, value):
                yield Fault(
                    f"LBP-TOP cannot have this number of {name}",
                    name,
                    expected=f"{low} to {most[name]}" if name in most else f"at least {low}",
                    got=str(value),
                )


def lbptop_histograms(clip: NDArray[np.uint8], how: LbpTop | None = None) -> NDArray[np.float32]:
    """(plane * region * region * bin,) square roots of shares: XY first, then XT, then YT.

    `clip` is (frame, row, col) grey, of any length that holds a pixel with all its neighbours.
    Pixels nearer to an end of the clip or to an edge of the picture than the radii are only
    neighbours. Bins of a plane are numbered by pattern; the last counts all that are not
    uniform. Raises InputError for a clip that is not grey or too small.
    """
    how = how or LbpTop()
    clip = np.asarray(clip)
    InputError.raise_any(grey_faults(clip, "frame, row, col", "clip"))
    least = (2 * how.frames + 1, *[2 * how.radius + how.regions] * 2)
    InputError.raise_any(too_small(clip.shape, least, "clip"))
    bins = uniform_bins(how.points)
    planes = [bins[codes_on(clip, how, plane)] for plane in _PLANES]
    return in_regions(np.stack(planes), how.bins, how.regions).ravel()


def codes_on(clip: NDArray[np.uint8], how: LbpTop, plane: tuple[int, int]) -> NDArray[np.uint16]:
    """(frame, row, col) code of every pixel that has all its neighbours on every plane.

    Bit p of a code tells whether point p, at angle 2 pi p / points, is as bright as the pixel
    or brighter; between pixels the brightness is interpolated.
    """
    radii = (how.frames, how.radius, how.radius)
    values = clip.astype(np.float32)
    centre = _between(values, radii, (0, 0, 0))
    codes = np.zeros(centre.shape, np.uint16)
    for point in range(how.points):
        angle = 2 * np.pi * point / how.points
        way = [0.0, 0.0, 0.0]
        # Rounded, so that a quarter turn lies on the axis and flat areas stay flat.
        way[plane[0]] = round(radii[plane[0]] * float(np.cos(angle)), 6)
        way[plane[1]] = round(radii[plane[1]] * float(np.sin(angle)), 6)
        codes |= (_between(values, radii, tuple(way)) >= centre).astype(np.uint16) << point
    return codes


def uniform_bins(points: int) -> NDArray[np.uint8]:
    """(2 ** points,) the bin of each code: one for each uniform pattern, the last for the rest."""
    codes = np.arange(2**points)
    turned = (codes >> 1) | ((codes & 1) << (points - 1))
    changes = np.bitwise_count(codes ^ turned)
    uniform = changes <= 2
    bins = np.full(len(codes), points * (points - 1) + 2, np.uint8)
    bins[uniform] = np.arange(int(uniform.sum()))
    return bins


def _between(
    values: NDArray[np.float32], radii: tuple[int, int, int], way: tuple[float, ...]
) -> NDArray[np.float32]:
    """The brightness at `way` from each inner pixel, linear from pixel to pixel on each axis.

    Written as steps between neighbours: where they are equal, so is what lies between them.
    """
    for axis, step in enumerate(way):
        whole = math.floor(step)
        if step != whole:
            near = _between(values, radii, (*way[:axis], whole, *way[axis + 1 :]))
            far = _between(values, radii, (*way[:axis], whole + 1, *way[axis + 1 :]))
            return near + np.float32(step - whole) * (far - near)
    inner = (
        slice(reach + int(step), length - reach + int(step))
        for reach, step, length in zip(radii, way, values.shape, strict=True)
    )
    return values[tuple(inner)]
