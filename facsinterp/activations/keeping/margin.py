"""Which images must be scored again in float32 after a sweep in bfloat16.

A score of the sweep is off by an unknown error. On the images that were scored again the
error is known, and the largest one seen, times MULTIPLE, is taken to bound that of the others
(docs/design/03-the-sweep.md derives with which probability it does). An image that even
with that error could not reach a filter's list is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

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


def spread(images: int) -> NDArray[np.int64]:
    """Positions of at most SPREAD images, evenly over all."""
    return np.unique(np.linspace(0, images - 1, min(SPREAD, images)).astype(np.int64))
