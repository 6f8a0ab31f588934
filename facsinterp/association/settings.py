"""How associations are computed, checked as a whole."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from facsinterp.association.units import Rows, Unit
from facsinterp.errors import Fault, InputError


@dataclass(frozen=True)
class Settings:
    """How associations are computed. Raises InputError with every value that cannot be used."""

    top_n: int = 10
    """Length of the ranking for precision; shortened to the coded observations of a unit."""
    permutations: int = 10_000
    null: Literal["within-subject", "free"] = "within-subject"
    """A key of `stats.permute.NULLS`, where each says what must be exchangeable."""
    correction: Literal["bh", "by"] = "bh"
    """A key of `stats.multiple.METHODS`."""
    alpha: float = 0.05
    faces: Rows = "held-out"
    """Faces of split "test" (of all splits when none is recorded), or all."""
    unit: Unit = "sequence"
    """What one observation is: the apex frame of a sequence, or the mean of its frames."""
    seed: int = 0
    bins: int = 20
    """Bins of the histograms of the KL divergence."""
    pseudo_count: float = 1.0
    """What is added to each of these bins."""
    min_units: int = 5
    """Observations with, and without, an action unit that is to be tested."""

    def __post_init__(self) -> None:
        InputError.raise_any(self._faults())

    def _faults(self) -> Iterator[Fault]:
        for name, least in (("top_n", 1), ("bins", 2), ("min_units", 1), ("seed", 0)):
            value = getattr(self, name)
            if value < least:
                yield Fault("a setting is too small", name, f"at least {least}", str(value))
        if not self.pseudo_count > 0:
            yield Fault(
                "an empty bin would make the divergence infinite",
                "pseudo_count",
                "above 0",
                str(self.pseudo_count),
            )
        if not 0 < self.alpha < 1:
            yield Fault("alpha is no level", "alpha", "between 0 and 1", str(self.alpha))
        elif (self.permutations + 1) * self.alpha < 1:
            least = math.ceil(1 / self.alpha) - 1
            yield Fault(
                "too few shuffles for any p-value to reach alpha",
                "permutations",
                f"at least {least}",
                str(self.permutations),
            )
