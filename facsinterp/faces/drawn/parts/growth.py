"""What is a person's own about the hair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facsinterp.faces.drawn.parts.smooth import Field


@dataclass(frozen=True)
class Growth:
    """How one person's hair grows within a style."""

    lift: float = 0.0
    """How much higher than the average the hairline is over the forehead."""
    peak: float = 0.0
    """How far it comes down in the middle."""
    texture: int = 0
    """Seed of what chance decides: tufts, locks, fullness, parting."""

    def lots(self, count: int) -> Field:
        """(count,): this person's numbers, evenly from -1 to 1, always the same."""
        rng = np.random.Generator(np.random.PCG64((self.texture, 9)))
        return rng.uniform(-1, 1, count)
