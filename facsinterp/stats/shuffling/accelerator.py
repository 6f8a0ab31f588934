"""Shuffled sums on a device of torch: the whole numbers that numpy gives, sooner on a large GPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from facsinterp.stats.shuffling.standard import standard_rows

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

# Numbers in one product on the device: 256 MB in float32.
PRODUCT: Final = 1 << 26


@final
class TorchBlock:
    """One product of torch for some shuffles at a time; see `engine.Block`."""

    def __init__(
        self,
        weights: NDArray[Any],
        labels: NDArray[Any],
        standard: tuple[Floats, Floats] | None,
        *,
        both: bool,
        device: str,
    ) -> None:
        self._weights, self._labels = (
            torch.from_numpy(values).to(device) for values in (weights, labels)
        )
        with _exact():
            self._observed = self._labels.T @ self._weights
        self._standard = standard and tuple(
            torch.from_numpy(values).to(device) for values in standard_rows(standard)
        )
        self._reached = torch.zeros(self._observed.shape, dtype=torch.int64, device=device)
        self._below = torch.zeros_like(self._reached)
        self._both = both
        units, filters = self._observed.shape
        self.step = max(1, PRODUCT // max(1, units * max(len(labels), filters)))

    def count(self, moved: NDArray[np.int32]) -> Floats | None:
        """Count some shuffles (k, n)."""
        index = torch.from_numpy(moved).to(self._labels.device, torch.int64)
        # (k, n, U) to (k, U, n): one product a shuffle, all in one call.
        drawn = self._labels[index].transpose(1, 2)
        with _exact():
            sums = drawn @ self._weights
        self._reached += (sums >= self._observed).sum(dim=0)
        if self._both:
            self._below += (sums <= self._observed).sum(dim=0)
        if not self._standard:
            return None
        mean, sd = self._standard
        z = (sums.double() - mean) / sd
        if self._both:  # by size; pairs without a spread have -inf on either side
            z = torch.where(torch.isinf(z), z, z.abs())
        return z.amax(dim=1).cpu().numpy()

    @property
    def reached(self) -> Positions:
        """(J, U) shuffles with at least the observed sum."""
        return self._reached.T.cpu().numpy()

    @property
    def below(self) -> Positions:
        """(J, U) shuffles with at most the observed sum; zeros unless asked for."""
        return self._below.T.cpu().numpy()


@contextmanager
def _exact() -> Iterator[None]:
    """No TF32 in products of float32: its ten bits would round whole numbers."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
