"""Which faces stand for each filter: the strongest, and some from every part of its range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.asking.examples import middle, quantile_bins
from facsinterp.activations.asking.ranking import top_order

Slabs = Iterator[tuple[slice, Mapping[str, NDArray[np.generic]]]]
BINS: Final = 4
PER_BIN: Final = 4


@dataclass(frozen=True)
class Strongest:
    """Faces of F filters by their position in the store, -1 where there are fewer."""

    face: NDArray[np.int64]
    """(filter, rank): the highest peaks, highest first, one a sequence."""
    value: NDArray[np.float32]
    """(filter, rank): those peaks."""
    row: NDArray[np.int64]
    """(filter, rank): where on the layer's map each peak lies; -1 where that is not kept."""
    col: NDArray[np.int64]
    """(filter, rank)"""
    largest: NDArray[np.float32]
    """(filter,) the highest peak over the faces looked at."""
    example: NDArray[np.int64]
    """(filter, bin, which): faces near the middle of each part of the range above zero.

    Parts are of equal size, the strongest first; see `ActivationStore.examples`.
    """
    low: NDArray[np.float32]
    """(filter, bin): the least peak of each part; NaN where it is empty."""
    high: NDArray[np.float32]
    """(filter, bin)"""

    @classmethod
    def of(
        cls,
        slabs: Slabs,
        filters: int,
        rows: NDArray[np.int64],
        sequences: NDArray[np.str_],
        count: int,
    ) -> Self:
        """Of `filters` filters over the faces `rows`, each of the sequence of that name."""
        face, row, col = np.full((3, filters, count), -1)
        value = np.zeros((filters, count), np.float32)
        largest = np.zeros(filters, np.float32)
        example = np.full((filters, BINS, PER_BIN), -1)
        low, high = np.full((2, filters, BINS), np.nan, np.float32)
        for part, slab in slabs:
            for offset, place in enumerate(range(part.start, part.stop)):
                peaks = np.asarray(slab["peak"][:, offset], dtype=np.float32)
                largest[place] = peaks.max(initial=0.0)
                top = top_order(peaks, sequences)[:count]
                face[place, : len(top)], value[place, : len(top)] = rows[top], peaks[top]
                if "peak_row" in slab and "peak_col" in slab:
                    row[place, : len(top)] = slab["peak_row"][top, offset]
                    col[place, : len(top)] = slab["peak_col"][top, offset]
                order = top_order(peaks)
                bins = quantile_bins(peaks[order], BINS)
                for number in range(BINS):
                    inside = order[bins == number]
                    if not len(inside):
                        continue
                    low[place, number], high[place, number] = peaks[inside[-1]], peaks[inside[0]]
                    chosen = middle(inside, peaks, PER_BIN, sequences)
                    example[place, number, : len(chosen)] = rows[chosen]
        return cls(face, value, row, col, largest, example, low, high)

    @property
    def shown(self) -> NDArray[np.int64]:
        """Positions, ascending, of every face that stands for some filter."""
        every = np.unique(np.concatenate([self.face.ravel(), self.example.ravel()]))
        return every[every >= 0]
