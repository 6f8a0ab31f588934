"""Local binary patterns: how each pixel compares with those around it, counted by region.

Shan, Gong & McOwan, "Facial expression recognition based on local binary patterns", Image and
Vision Computing 27(6), 2009, count 59 patterns of 8 points at 2 px in 42 regions (6 x 7, each
18 x 21 px) of faces of 110 x 150 px. Here faces are square and of any size: the regions are
squares of a sixth of the side, as wide in the face as theirs, and lie half over each other,
which named more validation faces right at 48 and at 96 px than regions side by side.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from skimage.feature import local_binary_pattern

from facsinterp.classic.checks import grey_faults, too_small
from facsinterp.classic.histograms import in_regions
from facsinterp.errors import InputError

POINTS: Final = 8
BINS: Final = POINTS * (POINTS - 1) + 3
"""58 patterns with at most two changes around the circle, and one for all others."""


def lbp_histograms(
    images: NDArray[np.uint8], *, regions: int = 11, radius: float = 2
) -> NDArray[np.float32]:
    """(image, feature) square roots of the share of each of 59 patterns in each region.

    `images` is (image, row, col) grey, 0 to 255. `regions` x `regions` squares overlap by
    half, so that the side of each is 2 / (regions + 1) of the picture's; `radius` is in
    pixels. Features go by region along rows, then pattern. Pixels nearer to an edge than the
    radius are only neighbours. Raises InputError for pictures that are not grey or too small.
    """
    images = np.asarray(images)
    InputError.raise_any(grey_faults(images, "image, row, col", "images"))
    side = 2 * math.ceil(radius) + regions + 1
    InputError.raise_any(too_small(images.shape[1:], (side, side), "images"))
    found = in_regions(codes(images, radius), BINS, regions, overlapping=True)
    return found.reshape(len(images), -1)


def codes(images: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    """(image, row, col) pattern of each pixel that has all its neighbours, 0 to 58."""
    edge = math.ceil(radius)
    height, width = images.shape[1] - 2 * edge, images.shape[2] - 2 * edge
    found = np.empty((len(images), height, width), np.uint8)
    for patterns, image in zip(found, images, strict=True):
        whole = local_binary_pattern(image, POINTS, radius, method="nri_uniform")
        patterns[:] = whole[edge : edge + height, edge : edge + width]
    return found
