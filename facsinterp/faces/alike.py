"""Which pictures show the same: copies of one another, and frames of one moment.

Where no sequence is known, pictures of one moment are one observation, not many. Pictures
are compared by a difference hash (64 bits), and those whose hashes are near by the
correlation of small grey pictures. Both know nothing of brightness and contrast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from facsinterp.errors import DataError, Fault

Groups = NDArray[np.int64]

# Of 64. Copies stored as JPEG of quality 30, at half the size, or with noise of 5 grey levels
# differ by up to 7 bits. Aligned faces of different people can agree in all 64, so that the
# hash only spares comparisons.
NEAR: Final = 8
# Of pictures of GRID x GRID. Different people reach 0.951 in 3,000 rendered faces, 0.965 in 540
# drawn ones and 0.975 in 204 photographs under one light; a smile and the neutral face of one
# person 0.984. Copies of 128 px, changed as above, keep 0.993.
SAME: Final = 0.99
GRID: Final = 24

# Length of a small picture taken as a vector of whole numbers. Products of two, and all parts of
# their sums, are below its square, hence below 2**24 and exact in float32 in any order.
_LENGTH: Final = 4000
# Pairs of pictures that are looked at at a time, and values of pictures that are made small.
_PAIRS: Final = 1 << 22
_VALUES: Final = 1 << 22
# Parts of red, green and blue in grey (ITU-R BT.601), in thousandths.
_LUMA: Final = (299, 587, 114)


def alike_groups(pixels: NDArray[np.uint8]) -> Groups:
    """Number of the group of pictures that show the same, (n,); 0 is the first picture's.

    `pixels`: uint8, (n, row, col) grey or (n, row, col, 3) RGB. Two pictures are alike when
    their difference hashes differ in at most 8 of 64 bits and their small grey pictures
    correlate by 0.99 or more; a group is what a chain of such pairs connects. Copies that
    were compressed, made smaller, brightened without clipping or lightly disturbed are
    found; mirrored, turned, shifted (by 1 % of the width) and cropped ones are not.
    Pictures without any contrast are alike. Frames next to each other in a recording are
    mostly alike.

    The result does not depend on memory, processor or threads. Time grows with n**2: seconds
    for 30,000 pictures. Raises DataError when these are no pictures.
    """
    _refuse_what_is_no_picture(pixels)
    count = len(pixels)
    label = np.arange(count)
    hashes, small = _hashes_and_small(pixels)
    length = np.sqrt((small.astype(np.float64) ** 2).sum(axis=1))
    step = max(1, _PAIRS // max(count, 1))
    for start in range(0, count, step):
        rows = np.arange(start, min(start + step, count))
        differing = np.bitwise_count(hashes[rows, None] ^ hashes[None, start:])
        # What is connected already need not be compared: of many copies only the first are.
        open_pairs = (differing <= NEAR) & (label[rows, None] != label[None, start:])
        first, second = np.flatnonzero(open_pairs.any(axis=1)), np.flatnonzero(open_pairs.any(0))
        product = small[rows[first]].astype(np.float32) @ small[start + second].astype(np.float32).T
        one, other = length[rows[first], None], length[None, start + second]
        same = (product >= SAME * one * other) & ((one > 0) == (other > 0))
        one, other = np.nonzero(same & open_pairs[np.ix_(first, second)])
        label = _joined(label, rows[first[one]], start + second[other])
    return _by_first_member(label)


def equal_groups(prints: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Positions that have one print, where there are two or more; ascending, by the first."""
    places: dict[str, list[int]] = {}
    for place, one in enumerate(prints):
        places.setdefault(one, []).append(place)
    return tuple(tuple(same) for same in places.values() if len(same) > 1)


def _hashes_and_small(
    pixels: NDArray[np.uint8],
) -> tuple[NDArray[np.uint64], NDArray[np.int16]]:
    """Difference hash (n,) and small picture (n, GRID * GRID) of each picture.

    A bit of the hash tells whether the right one of two neighbours in 8 rows of 9 areas is
    brighter. Small pictures have mean 0 and length 4000, rounded to whole numbers.
    """
    hashes = np.empty(len(pixels), np.uint64)
    small = np.empty((len(pixels), GRID * GRID), np.int16)
    step = max(1, _VALUES // max(pixels[0].size, 1)) if len(pixels) else 1
    for start in range(0, len(pixels), step):
        block = slice(start, start + step)
        grey = _grey(np.asarray(pixels[block]))
        areas = _areas(grey, 8, 9)
        bits = areas[:, :, 1:] > areas[:, :, :-1]
        hashes[block] = np.packbits(bits.reshape(len(grey), 64), axis=1).view("<u8")[:, 0]
        values = _areas(grey, GRID, GRID).reshape(len(grey), -1)
        centred = values * values.shape[1] - values.sum(axis=1, keepdims=True)
        length = np.sqrt((centred**2).sum(axis=1, keepdims=True))
        small[block] = np.rint(centred * (_LENGTH / np.where(length > 0, length, 1.0)))
    return hashes, small


def _grey(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Grey in whole numbers, (n, row, col)."""
    if pictures.ndim == 3:
        return pictures.astype(np.float64)
    return np.asarray(pictures.astype(np.float64) @ np.array(_LUMA, dtype=np.float64))


def _areas(grey: NDArray[np.float64], rows: int, cols: int) -> NDArray[np.float64]:
    """Brightness of each of rows x cols equal areas, times a number that all pictures share.

    All are whole numbers below 2**53, so that areas of one brightness are equal exactly.
    """
    down, across = _overlaps(grey.shape[1], rows), _overlaps(grey.shape[2], cols)
    return np.asarray(down @ grey @ across.T)


def _overlaps(size: int, cells: int) -> NDArray[np.float64]:
    """(cells, size): how much of each pixel lies in each cell, in parts of 1 / cells."""
    cell, pixel = np.arange(cells)[:, None], np.arange(size)[None]
    end = np.minimum((cell + 1) * size, (pixel + 1) * cells)
    start = np.maximum(cell * size, pixel * cells)
    return np.asarray(np.maximum(0, end - start), dtype=np.float64)


def _joined(label: Groups, one: Groups, other: Groups) -> Groups:
    """Labels after each pair of pictures (one, other) was put into one group."""
    if not len(one):
        return label
    edges: Any = coo_array(
        (np.ones(len(one), np.int8), (label[one], label[other])), shape=[len(label)] * 2
    )
    _, component = connected_components(edges, directed=False)
    return np.asarray(component[label], dtype=np.int64)


def _by_first_member(label: Groups) -> Groups:
    """Groups numbered in the order of their first members, which scipy does not promise."""
    _, first, group = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[group.ravel()], dtype=np.int64)


def _refuse_what_is_no_picture(pixels: ArrayLike) -> None:
    given = np.asanyarray(pixels)
    shaped = given.ndim in (3, 4) and given.shape[3:] in ((), (3,)) and 0 not in given.shape[1:]
    if given.dtype != np.uint8 or not shaped:
        raise DataError(
            Fault(
                "pictures of another kind",
                expected="uint8 of shape (image, row, col) or (image, row, col, 3)",
                got=f"{given.dtype} of shape {given.shape}",
            )
        )
