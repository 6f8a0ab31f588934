"""Where shuffled sums are made and counted: one tile of filters and action units.

Every engine gives the same whole numbers, since sums of whole numbers are exact in what they
multiply with; which one is used is a matter of speed alone.
"""

from __future__ import annotations

from typing import Any, Final, Protocol, final

import numpy as np
from numpy.typing import NDArray

from facsinterp.stats.shuffling.standard import standard_rows

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Numbers = NDArray[Any]

# Numbers in the sums of some shuffles: they stay in a second-level cache.
PRODUCT: Final = 1 << 18


class Block(Protocol):
    """Sums of one tile, counted against the observed ones as shuffles come."""

    step: int
    """How many shuffles are best given at a time."""

    def count(self, moved: NDArray[np.int32]) -> Floats | None:
        """Count some shuffles (k, n); the largest standardised sums (k, J) where asked for."""
        ...

    @property
    def reached(self) -> Positions:
        """(J, U) shuffles with at least the observed sum."""
        ...

    @property
    def below(self) -> Positions:
        """(J, U) shuffles with at most the observed sum; zeros unless asked for."""
        ...


class Maker(Protocol):
    """Makes a block of weights (n, J) and labels (n, U), both of one floating type."""

    def __call__(
        self,
        weights: Numbers,
        labels: Numbers,
        standard: tuple[Floats, Floats] | None,
        *,
        both: bool,
    ) -> Block: ...


def block_on(device: str) -> Maker:
    """What makes blocks on "cpu", or on a device of torch such as "cuda"."""
    if device == "cpu":
        return AddedBlock
    from functools import partial

    from facsinterp.stats.shuffling.accelerator import TorchBlock

    return partial(TorchBlock, device=device)


@final
class AddedBlock:
    """On a processor: rows that have a unit are added up, then one pass counts the sums.

    Most action units are rare: adding the rows of the rarer kind takes a fifth of the
    operations of a product of matrices, for the base rates of CK+.
    """

    def __init__(
        self,
        weights: Numbers,
        labels: Numbers,
        standard: tuple[Floats, Floats] | None,
        *,
        both: bool,
    ) -> None:
        from facsinterp.stats.shuffling.counting import WIDTH

        count, self._filters = weights.shape
        units = labels.shape[1]
        tiles = -(-self._filters // WIDTH)
        # Filled up with filters of weight 0, which are never asked about.
        padded = np.zeros((count, tiles * WIDTH), dtype=weights.dtype)
        padded[:, : self._filters] = weights
        self._tiles = np.ascontiguousarray(padded.reshape(count, tiles, WIDTH).transpose(1, 0, 2))
        present = labels != 0
        self._rest = present.mean(axis=0) > 0.5 if count else np.zeros(units, dtype=bool)
        rarer = [np.flatnonzero(present[:, u] != self._rest[u]) for u in range(units)]
        self._rows = np.concatenate([*rarer, np.zeros(0, dtype=np.int64)]).astype(np.uint32)
        self._start = np.cumsum([0, *map(len, rarer)], dtype=np.int64)
        self._observed = np.ascontiguousarray(labels.T @ padded)
        self._standard = None if standard is None else self._filled(standard_rows(standard))
        self._reached = np.zeros(self._observed.shape, dtype=np.int64)
        self._below = np.zeros_like(self._reached) if both else None
        self.step = max(1, PRODUCT // max(1, units * max(count, self._observed.shape[1])))
        self._sums = np.empty((self.step, *self._observed.shape), dtype=weights.dtype)

    def _filled(self, rows: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        mean, sd = np.full(self._observed.shape, np.inf), np.ones(self._observed.shape)
        mean[:, : self._filters], sd[:, : self._filters] = rows
        return mean, sd

    def count(self, moved: NDArray[np.int32]) -> Floats | None:
        """Count some shuffles (k, n), k at most `step`."""
        from facsinterp.stats.shuffling import counting

        sums = self._sums[: len(moved)]
        counting.add_up(self._tiles, moved, self._rows, self._start, self._rest, sums)
        best = np.full((len(moved), self._observed.shape[1]), -np.inf)
        mean, sd = self._standard or (None, None)
        counting.tally(sums, self._observed, self._reached, self._below, mean, sd, best)
        return None if self._standard is None else best[:, : self._filters]

    @property
    def reached(self) -> Positions:
        """(J, U) shuffles with at least the observed sum."""
        return self._reached[:, : self._filters].T

    @property
    def below(self) -> Positions:
        """(J, U) shuffles with at most the observed sum; zeros unless asked for."""
        counted = np.zeros_like(self._reached) if self._below is None else self._below
        return counted[:, : self._filters].T
