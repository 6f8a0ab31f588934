"""Which images must be scored again in float32 after a sweep in bfloat16.

A score of the sweep is off by an unknown error. On the images that were scored again the
error is known, and the largest one seen, times MULTIPLE, is taken to bound that of the others
(docs/design/03-the-sweep.md derives with which probability it does). An image that even
with that error could not reach a filter's list is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.keeping.layout import ranks

# Of the largest error seen on a filter. Raising it costs time, never exactness.
MULTIPLE: Final = 4.0
# Images spread over all, so that errors are not seen on strong answers alone.
SPREAD: Final = 64


class Twice(NamedTuple):
    """Images of a block that have both scores: each (image, filter)."""

    positions: NDArray[np.int64]
    """(image) on the image axis, which only grow from one block to the next."""
    score: NDArray[np.float32]
    precise: NDArray[np.float32]


@dataclass(frozen=True)
class Margin:
    """What is known of each filter from the images that were scored twice: (filter)."""

    error: NDArray[np.float64]
    """The largest difference seen between the score of the sweep and that in float32."""
    last: NDArray[np.float64]
    """The last value of the filter's full list in float32; -inf while the list is not full."""

    @classmethod
    def seen(cls, found: Iterable[Twice], filters: int, images: int) -> Self:
        """What the images that were scored twice say, block by block.

        `filters`, `images`: how many the store has.
        """
        # Compiled code that opening a store can do without.
        from facsinterp.activations.keeping.toplist import TopLists

        lists, error = TopLists(filters, ranks(images)), np.zeros(filters)
        for positions, score, precise in found:
            if len(positions):
                np.maximum(error, largest_error(score, precise), out=error)
                lists.add(precise, positions)
        last = lists.values[:, -1].astype(np.float64)
        return cls(error, np.where(np.isnan(last), -np.inf, last))

    def within_reach(self, score: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(image, filter) whether an image could be in the filter's list. `score`: likewise.

        An image is out of a list when it stays below its last value, and when it stays at
        zero or below, for that is no answer.
        """
        most = score + MULTIPLE * self.error
        # Said the other way round, so that what is not known (NaN) is within reach.
        return np.asarray(~((most <= 0) | (most < self.last)))


def largest_error(
    score: NDArray[np.floating], precise: NDArray[np.floating]
) -> NDArray[np.float64]:
    """The largest difference over the first axis, of images that have both scores."""
    apart = np.abs(score.astype(np.float64) - precise)
    return np.asarray(apart.max(axis=0), dtype=np.float64)


def scored_twice(precise: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(image) which were scored in float32 too. `precise`: (image, filter)."""
    return np.asarray(np.isfinite(precise).all(axis=1))


def spread(images: int) -> NDArray[np.int64]:
    """Positions of at most SPREAD images, evenly over all."""
    return np.unique(np.linspace(0, images - 1, min(SPREAD, images)).astype(np.int64))
