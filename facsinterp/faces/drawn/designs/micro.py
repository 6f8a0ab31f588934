"""Micro-expressions as a design: the clips of `facsinterp.faces.drawn.micro`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from facsinterp.faces.drawn import micro
from facsinterp.faces.drawn.designs.films import Films


@dataclass(frozen=True)
class Micro(Films):
    """Weak, brief movements in clips of 200 frames a second; people are those of a cast."""

    films: Annotated[int, "Clips of each person."] = 4

    name: ClassVar[str] = "micro"
    question: ClassVar[str] = "Are weak, brief movements seen? Micro-expressions at 200 frames/s."

    def film(self, person: int, number: int) -> micro.MicroClip:
        """One clip."""
        return micro.clip(person, number, self.seed)
