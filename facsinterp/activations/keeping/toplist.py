"""The strongest images of every filter, kept while blocks of answers pass by.

The order rule of facsinterp (value descending, then image position), with memory that does
not grow with the number of images: what `ranking.top_positions` finds in whole columns.
"""

from __future__ import annotations

from typing import Self

import numba
import numpy as np
from numpy.typing import NDArray


class TopLists:
    """`values` and `positions` (filter, rank) of the largest answers so far, best first.

    After the end of a list: NaN and -1. `least` and `most` (filter) are the extremes of all
    answers, `above` (filter) counts those above zero.
    """

    def __init__(self, filters: int, ranks: int) -> None:
        self.values = np.full((filters, ranks), np.nan, np.float32)
        self.positions = np.full((filters, ranks), -1, np.int64)
        self.least = np.full(filters, np.inf, np.float32)
        self.most = np.full(filters, -np.inf, np.float32)
        self.above = np.zeros(filters, np.int64)
        self._held = np.zeros(filters, np.int64)

    def add(self, answers: NDArray[np.float32], positions: NDArray[np.int64]) -> Self:
        """Take in more images: `answers` (image, filter) at `positions`, which only grow.

        An answer must not be NaN.
        """
        if not len(answers):
            return self
        rows = np.ascontiguousarray(answers)
        _insert(rows, positions, self.values, self.positions, self._held)
        np.minimum(self.least, rows.min(axis=0), out=self.least)
        np.maximum(self.most, rows.max(axis=0), out=self.most)
        self.above += (rows > 0).sum(axis=0)
        return self

    def answering(self) -> Self:
        """The lists as the order rule has them: no image whose value is not above zero, and
        no list for a filter that answers the same to all images."""
        silent = ~(self.values > 0) | (self.least == self.most)[:, None]
        self.values[silent] = np.nan
        self.positions[silent] = -1
        return self


@numba.njit(nogil=True)
def _insert(
    answers: NDArray[np.float32],
    positions: NDArray[np.int64],
    values: NDArray[np.float32],
    at: NDArray[np.int64],
    held: NDArray[np.int64],
) -> None:
    """Each answer moves up past the smaller ones, and stays behind its equals."""
    images, filters = answers.shape
    ranks = values.shape[1]
    for image in range(images):
        for one in range(filters):
            answer = answers[image, one]
            rank = held[one]
            if rank == ranks:
                if not answer > values[one, ranks - 1]:
                    continue
                rank -= 1
            else:
                held[one] += 1
            while rank > 0 and answer > values[one, rank - 1]:
                values[one, rank] = values[one, rank - 1]
                at[one, rank] = at[one, rank - 1]
                rank -= 1
            values[one, rank] = answer
            at[one, rank] = positions[image]
