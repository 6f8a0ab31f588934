"""How alike two pictures of attributions are, inside the field of the unit that they explain.

Outside the field of its unit every attribution is zero, whatever the weights: those pixels
say nothing, and agree perfectly. All measures are taken inside the box.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import correlate1d
from scipy.stats import rankdata

from facsinterp.errors import Fault, InputError

Floats = NDArray[np.float64]

# Wang et al. 2004: a Gaussian window of 11 x 11 with this deviation, and these constants.
WINDOW: Final = 11
SIGMA: Final = 1.5
LUMINANCE: Final = 0.01**2
CONTRAST: Final = 0.03**2


@dataclass(frozen=True)
class Likeness:
    """Likeness of pairs of pictures, each (pair,): 1 is the same, 0 unrelated, NaN unknown."""

    absolute: Floats
    """Rank correlation (Spearman) of how strongly each pixel counts, its sign left out."""
    signed: Floats
    """Rank correlation of the attributions as they are."""
    structure: Floats
    """SSIM of the absolute attributions, each divided by its own maximum in the box."""


def likeness(first: ArrayLike, second: ArrayLike, boxes: ArrayLike) -> Likeness:
    """How alike the pictures of each pair are inside the box of the pair.

    `first`, `second`: (pair, row, col); `boxes`: (pair, 4) whole pixels: first row, first
    column, end row, end column (not included). NaN where a picture says nothing in its box:
    it is 0 everywhere (the filter is silent), or holds one value only.
    Measures of Adebayo et al. (2018), section 3; SSIM of Wang et al. (2004), equation 13,
    averaged over the windows that lie inside the box (the largest odd one that fits, at most
    11 x 11). Raises InputError when shapes do not fit or a box leaves the picture.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    places = np.asarray(boxes, np.int64)
    _check(one, other, places)
    found = Likeness(*np.full((3, len(one)), np.nan))
    sizes = places[:, 2:] - places[:, :2]
    for size in np.unique(sizes, axis=0):
        pairs = np.flatnonzero((sizes == size).all(axis=1))
        inside = _cut(one[pairs], places[pairs]), _cut(other[pairs], places[pairs])
        strong = np.abs(inside[0]), np.abs(inside[1])
        known = _speaks(inside[0]) & _speaks(inside[1])
        found.absolute[pairs] = np.where(known, rank_correlation(*strong), np.nan)
        found.signed[pairs] = np.where(known, rank_correlation(*inside), np.nan)
        found.structure[pairs] = np.where(
            known, ssim(_scaled(strong[0]), _scaled(strong[1])), np.nan
        )
    return found


def rank_correlation(first: Floats, second: Floats) -> Floats:
    """Spearman's correlation of each pair of pictures, (pair,), equal values sharing a rank.

    NaN where all values of a picture are equal.
    """
    ranks = [rankdata(one.reshape(len(one), -1), axis=1) for one in (first, second)]
    one, other = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    spread = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    found: Floats = np.divide(
        (one * other).sum(axis=1), spread, out=np.full(len(spread), np.nan), where=spread > 0
    )
    return found


def ssim(first: Floats, second: Floats) -> Floats:
    """Structural similarity of each pair of pictures with values in [0, 1], (pair,).

    Wang et al. (2004), equation 13, averaged over every place where the window fits.
    """
    means = _windowed(first), _windowed(second)
    squares = _windowed(first**2), _windowed(second**2)
    joint = _windowed(first * second) - means[0] * means[1]
    spread = squares[0] - means[0] ** 2 + squares[1] - means[1] ** 2
    same = (2 * means[0] * means[1] + LUMINANCE) * (2 * joint + CONTRAST)
    most = (means[0] ** 2 + means[1] ** 2 + LUMINANCE) * (spread + CONTRAST)
    averaged: Floats = (same / most).mean(axis=(1, 2))
    return averaged


def _windowed(pictures: Floats) -> Floats:
    """Gaussian means, (pair, row, col), at the places where the whole window fits."""
    fitting = min(WINDOW, *pictures.shape[1:])
    reach = (fitting - 1) // 2
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * SIGMA**2))
    weights /= weights.sum()
    for axis in (1, 2):
        pictures = correlate1d(pictures, weights, axis=axis)
    rows, cols = (slice(reach, size - reach) for size in pictures.shape[1:])
    return pictures[:, rows, cols]


def _cut(pictures: Floats, boxes: NDArray[np.int64]) -> Floats:
    return np.stack(
        [
            picture[top:bottom, left:right]
            for picture, (top, left, bottom, right) in zip(pictures, boxes, strict=True)
        ]
    )


def _speaks(pictures: Floats) -> NDArray[np.bool_]:
    spread: NDArray[np.bool_] = pictures.max(axis=(1, 2)) > pictures.min(axis=(1, 2))
    return spread


def _scaled(strong: Floats) -> Floats:
    most = strong.max(axis=(1, 2), keepdims=True)
    return strong / np.where(most > 0, most, 1.0)


def _check(first: Floats, second: Floats, boxes: NDArray[np.int64]) -> None:
    InputError.raise_any(_faults(first, second, boxes))


def _faults(first: Floats, second: Floats, boxes: NDArray[np.int64]) -> Iterator[Fault]:
    if first.ndim != 3 or first.shape != second.shape or boxes.shape != (len(first), 4):
        yield Fault(
            "pictures and boxes do not fit together",
            expected="(pair, row, col) twice, and (pair, 4)",
            got=f"{first.shape}, {second.shape} and {boxes.shape}",
        )
        return
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        yield Fault("an attribution is NaN or infinite")
    ends = np.array(first.shape[1:])
    wrong = (boxes[:, :2] < 0) | (boxes[:, 2:] > ends) | (boxes[:, :2] >= boxes[:, 2:])
    if wrong.any():
        bad = boxes[wrong.any(axis=1)][0]
        yield Fault(
            "a box does not lie in its picture",
            expected=f"within {tuple(ends)}",
            got=str(tuple(bad.tolist())),
        )
