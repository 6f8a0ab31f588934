"""Switched faces: new people, each seen with one unit off and on at several intensities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from facsinterp.errors import Fault
from facsinterp.faces.drawn.cast import SHOWN
from facsinterp.faces.drawn.designs.series import Series


@dataclass(frozen=True)
class Switched(Series):
    """The corpus of the causal study: a series for each person, context and unit.

    Pictures follow each other by person, context, unit and step, the face without the unit
    being step 0, so that an array over them takes the shape `shape`. All are of split "test",
    as no network learnt from these people. Raises InputError for numbers that make no corpus.
    """

    people: Annotated[int, "How many people."] = 40
    units: Annotated[tuple[int, ...], "The units that are switched."] = SHOWN
    intensities: Annotated[tuple[int, ...], "Some of 1 (A) to 5 (E), rising."] = (1, 2, 3, 4, 5)

    name: ClassVar[str] = "switched"
    question: ClassVar[str] = "Which unit moves a filter?"
    split: ClassVar[str] = "test"

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        letters = list(self.intensities)
        if letters != sorted({*letters} & {1, 2, 3, 4, 5}) or not letters:
            yield self.fault("intensities", "some of 1 to 5, rising", letters)

    @property
    def strengths(self) -> tuple[float, ...]:
        return tuple(map(float, self.intensities))

    @property
    def coded(self) -> tuple[int, ...]:
        """Those of the cast, and those that are switched."""
        return tuple(sorted({*SHOWN, *self.units}))
