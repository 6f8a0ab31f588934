"""Random numbers by key, and draws by lot."""

from __future__ import annotations

import numpy as np


def lot(*key: int) -> np.random.Generator:
    """A source of random numbers that is the same for the same key."""
    return np.random.Generator(np.random.PCG64(key))


class Lot:
    """Draws that stay inside what a face can be."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def about(self, middle: float, spread: float) -> float:
        """A normal draw, cut at two deviations."""
        return middle + spread * float(np.clip(self._rng.standard_normal(), -2, 2))

    def between(self, low: float, high: float) -> float:
        """A draw from low to high, all equally likely."""
        return float(self._rng.uniform(low, high))

    def chance(self, share: float) -> bool:
        """True in this share of draws."""
        return bool(self._rng.random() < share)
