"""How associations are computed, checked as a whole."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from facsinterp.association.rows import Rows, Unit
from facsinterp.errors import Fault, InputError

Marginal = Literal["within-subject", "free", "whole-subject", "time-courses", "subject-flips"]
Beyond = Literal["within-emotion", "within-subject-and-emotion", "subject-flips", "none"]
# Nulls that do not move single rows: frames of one take are not exchangeable.
OF_FRAMES: Final = {
    "null": ("time-courses", "subject-flips"),
    "beyond": ("subject-flips", "none"),
}


@dataclass(frozen=True)
class Settings:
    """How associations are computed. Raises InputError with every value that cannot be used."""

    top_n: int = 10
    """Length of the ranking for precision; shortened to the coded observations of a unit."""
    permutations: int = 10_000
    null: Marginal = "within-subject"
    """A key of `stats.nulls.NULLS`, where each says what must be exchangeable."""
    beyond: Beyond = "within-emotion"
    """The null of the claim that a filter knows more of a unit than the emotion tells."""
    sides: Literal["one", "two"] = "one"
    """One: higher when present, what a detector is. Two: silenced filters count as well."""
    correction: Literal["bh", "by", "hierarchical"] = "bh"
    """A key of `stats.multiple.METHODS`, or by filters first (`multiple.hierarchical`)."""
    alpha: float = 0.05
    faces: Rows = "held-out"
    """Faces of split "test" (of all splits when none is recorded), or all."""
    unit: Unit = "sequence"
    """What one observation is: the apex of a sequence, the mean of its frames, or a frame."""
    seed: int = 0
    atom_bins: int = 11
    """Bins of the KL divergence: one for a filter's minimum, the others of equal counts."""
    bins: int = 20
    """Bins of equal width, of the papers' form of the KL divergence."""
    pseudo_count: float = 1.0
    """What is added to each bin of equal width."""
    min_units: int = 5
    """Observations with, and without, an action unit that is to be tested."""

    def __post_init__(self) -> None:
        InputError.raise_any([*self._sizes(), *self._level(), *self._nulls()])

    def _sizes(self) -> Iterator[Fault]:
        least_of = {"top_n": 1, "atom_bins": 2, "bins": 2, "min_units": 1, "seed": 0}
        for name, least in least_of.items():
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

    def _level(self) -> Iterator[Fault]:
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

    def _nulls(self) -> Iterator[Fault]:
        if self.unit == "frame":
            for name, able in OF_FRAMES.items():
                if getattr(self, name) not in able:
                    yield Fault(
                        "frames of one take may not change places singly",
                        name,
                        " or ".join(able),
                        getattr(self, name),
                        'choose one of these, or unit = "sequence"',
                    )
        elif self.null == "time-courses":
            yield Fault(
                "whole takes can be moved only where each frame is an observation",
                "null",
                "within-subject or another null of sequences",
                self.null,
                'choose unit = "frame", or another null',
            )
