"""How often each code occurs in each region of pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def in_regions(
    codes: NDArray[np.uint8], bins: int, regions: int, *, overlapping: bool = False
) -> NDArray[np.float32]:
    """(item, regions, regions, bins) square roots of each code's share of its region.

    `codes` is (item, ..., row, col), below `bins`. The regions are equal parts, as nearly as
    whole pixels allow, of all that lies between the first axis and the last two; where
    `overlapping`, each shares a half with the next. The squares of a region's numbers sum to
    1, so that the product of two regions is their Bhattacharyya coefficient: it compares
    histograms better than the product of the shares themselves (Vedaldi & Zisserman, IEEE
    TPAMI 34(3), 2012).
    """
    counts = _cells(codes, bins, regions + overlapping)
    if overlapping:  # a region is two cells high and wide
        counts = counts[:, 1:] + counts[:, :-1]
        counts = counts[:, :, 1:] + counts[:, :, :-1]
    shares = counts / counts.sum(axis=3, keepdims=True)
    return np.asarray(np.sqrt(shares), np.float32)


def _cells(codes: NDArray[np.uint8], bins: int, cells: int) -> NDArray[np.int64]:
    """(item, cells, cells, bins) how often each code occurs in each cell of a grid."""
    items, (height, width) = len(codes), codes.shape[-2:]
    rows = np.linspace(0, height, cells + 1).round().astype(int)
    cols = np.linspace(0, width, cells + 1).round().astype(int)
    own = np.arange(items)[:, None] * bins
    found = np.empty((items, cells, cells, bins), np.int64)
    for down in range(cells):
        for across in range(cells):
            part = codes[..., rows[down] : rows[down + 1], cols[across] : cols[across + 1]]
            flat = (part.reshape(items, -1) + own).ravel()
            found[:, down, across] = np.bincount(flat, minlength=items * bins).reshape(items, bins)
    return found
