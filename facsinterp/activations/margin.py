"""Which images must be scored again in float32 after a sweep in bfloat16.

A score of the sweep is off by an unknown error. On the images that were scored again the
error is known, and the largest one seen, times MULTIPLE, is taken to bound that of the others
(docs/design/03-the-sweep.md derives with which probability it does). An image that even
with that error could not reach a filter's list is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.toplist import TopLists

# Of the largest error seen on a filter. Raising it costs time, never exactness.
MULTIPLE: Final = 4.0
# Images spread over all, so that errors are not seen on strong answers alone.
SPREAD: Final = 64


@dataclass(frozen=True)
class Margin:
    """What is known of each filter from the images that were scored twice: (filter)."""

    error: NDArray[np.float64]
    """The largest difference seen between the score of the sweep and that in float32."""
    last: NDArray[np.float64]
    """The last value of the filter's full list in float32; -inf while the list is not full."""

    def reached_by(self, score: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which images could be in the list of some filter. `score`: (image, filter).

        An image is out of a list when it stays below its last value, and when it stays at
        zero or below, for that is no answer.
        """
        most = score + MULTIPLE * self.error
        return np.asarray(((most > 0) & (most >= self.last)).any(axis=1))


class Twice:
    """Collects images that have both scores, block by block, and tells the margin."""

    def __init__(self, filters: int, ranks: int) -> None:
        self._lists = TopLists(filters, ranks)
        self._error = np.zeros(filters)

    def add(
        self,
        score: NDArray[np.float32],
        precise: NDArray[np.float32],
        positions: NDArray[np.int64],
    ) -> Self:
        """Take in images with both scores, (image, filter), at `positions`, which only grow."""
        if len(positions):
            off = np.abs(score.astype(np.float64) - precise).max(axis=0)
            np.maximum(self._error, off, out=self._error)
            self._lists.add(precise, positions)
        return self

    def margin(self) -> Margin:
        """What is known so far."""
        last = self._lists.values[:, -1].astype(np.float64)
        return Margin(self._error, np.where(np.isnan(last), -np.inf, last))


def spread(images: int) -> NDArray[np.int64]:
    """Positions of at most SPREAD images, evenly over all."""
    return np.unique(np.linspace(0, images - 1, min(SPREAD, images)).astype(np.int64))
