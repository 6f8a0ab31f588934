"""Which filters answer alike over the faces looked at: for each the few that go with it most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.asking.similar import HELD, TILE, Tile, settled, standardised

Reader = Callable[[slice], NDArray[np.floating]]
MOST: Final = 5


@dataclass(frozen=True)
class Alike:
    """For each of F filters its most correlated others, as `ActivationStore.correlated` tells."""

    other: NDArray[np.int64]
    """(filter, rank): places of filters, the most alike first; -1 where there are fewer."""
    correlation: NDArray[np.float64]
    """(filter, rank): Spearman's, of the midranks; NaN where there is none."""

    @classmethod
    def of(cls, peaks: Reader, filters: int, faces: int, count: int = MOST) -> Self:
        """Over `faces` faces; `peaks` gives (face, filter) of a part of the filters.

        Dead and constant filters go with none. Tiles of correlations are made one at a time,
        each for the filters of both its sides, so that memory does not grow with F squared.
        """
        found = cls(np.full((filters, count), -1), np.full((filters, count), np.nan))
        for first, second in _tiles(peaks, filters, faces) if faces else ():
            product = settled(first.columns.T @ second.columns)
            if first is second:
                np.fill_diagonal(product, -np.inf)
            else:
                found._merge(second.filters, first.filters, product.T)
            found._merge(first.filters, second.filters, product)
        return found

    def _merge(
        self, filters: NDArray[np.int64], others: NDArray[np.int64], product: NDArray[np.float64]
    ) -> None:
        """Keep the best of what is known of `filters` and of `product` (filter, other)."""
        best = _largest(product, self.other.shape[1])
        value = np.take_along_axis(product, best, axis=1)
        other = np.where(np.isneginf(value), -1, others[best])
        value = np.where(other < 0, np.nan, value)
        value = np.concatenate([self.correlation[filters], value], axis=1)
        other = np.concatenate([self.other[filters], other], axis=1)
        order = np.lexsort((other, -value))[:, : self.other.shape[1]]  # NaN comes last
        self.other[filters] = np.take_along_axis(other, order, axis=1)
        self.correlation[filters] = np.take_along_axis(value, order, axis=1)


def _largest(product: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """(filter, rank) columns of the largest of each row, in no order; of equals the first ones."""
    columns = product.shape[1]
    if columns <= count:
        return np.broadcast_to(np.arange(columns), product.shape)
    best = np.argpartition(product, columns - count, axis=1)[:, columns - count :]
    least = np.take_along_axis(product, best, axis=1).min(axis=1)
    # Where more are equal than have a place, which of them were taken was left to chance.
    for row in np.flatnonzero((product >= least[:, None]).sum(axis=1) > count):
        best[row] = np.argsort(-product[row], kind="stable")[:count]
    return best


def _tiles(peaks: Reader, filters: int, faces: int) -> Iterator[tuple[Tile, Tile]]:
    """Every two parts of the filters, each part also with itself; read once where they fit."""
    width = min(TILE, max(1, HELD // faces))
    parts = [slice(start, min(start + width, filters)) for start in range(0, filters, width)]
    kept: dict[int, Tile] = {}

    def tile(number: int) -> Tile:
        if number in kept:
            return kept[number]
        part = parts[number]
        made = standardised(peaks(part), np.arange(part.start, part.stop), "spearman")
        if filters * faces <= HELD:
            kept[number] = made
        return made

    for one in range(len(parts)):
        first = tile(one)
        yield first, first
        for two in range(one + 1, len(parts)):
            yield first, tile(two)
