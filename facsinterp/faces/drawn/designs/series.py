"""Series: one face without a unit and with it at rising intensities, all else equal.

All else is equal in a series: person, light, head, gaze, camera, sensor noise, the other units
and the crop. So a difference between its pictures is the doing of the unit.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, ClassVar

import numpy as np

from facsinterp.errors import Fault
from facsinterp.faces.drawn.cast import Frame
from facsinterp.faces.drawn.designs import scenes
from facsinterp.faces.drawn.designs.contract import Design, named
from facsinterp.faces.drawn.pairs import Pair, pair
from facsinterp.faces.drawn.spec import Face
from facsinterp.faces.drawn.units import UNITS


@dataclass(frozen=True)
class Series(Design):
    """For each person, context and unit one face without the unit and one at each intensity,
    on both sides, in this order: see `shape`."""

    contexts: Annotated[
        int, "Settings of each person: the first neutral, the others an emotion by lot."
    ] = 2
    units: Annotated[tuple[int, ...], "The units that are switched."] = UNITS

    split: ClassVar[str] = ""

    @property
    @abstractmethod
    def strengths(self) -> tuple[float, ...]:
        """The FACS intensities of a series, rising, without the 0 that it begins with."""

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        yield from self.outside("contexts", self.contexts, 1, 99)
        yield from self.unknown("units", self.units)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """People, contexts, units and steps."""
        return self.people, self.contexts, len(self.units), 1 + len(self.strengths)

    def __len__(self) -> int:
        return int(np.prod(self.shape))

    def series(self, person: int, context: int, unit: int) -> tuple[Face, ...]:
        """One face without the unit and one at each intensity. `person`: 1, 2, ...; `context`: 0,
        1, ....

        Units that cannot be shown with it are in none of them. Where it parts the lips at the
        greatest intensity, unit 25 is in all of them, as strong as it must be there; units
        that part the lips are in none where 25 itself is switched or cannot be shown with it.
        """
        return _series(self.seed, person, context, unit, self.strengths)

    def expression(self, person: int, context: int) -> str:
        """The emotion of a context; it keeps its name where units of it cannot be shown here."""
        return scenes.context(self.seed, person, context)[0]

    def made(self, number: int) -> Frame:
        person, context, unit, step = self._place(number)
        return Frame(
            subject=scenes.name_of(person),
            sequence=f"{scenes.name_of(person)}_{context}_{named(unit)}",
            number=step,
            phase="",
            expression=self.expression(person, context),
            face=self.series(person, context, unit)[step],
            path=self.path(number),
            split=self.split,
        )

    def held(self, number: int) -> Face:
        """The face without the unit: a unit moves some of the points that a crop follows, and the
        crop must not move with it."""
        return self.series(*self._place(number)[:3])[0]

    def pair(self, number: int) -> Pair:
        """Without the unit and as it is; of a frame without it, without and at its strongest."""
        *where, unit, step = self._place(number)
        series = self.series(where[0], where[1], unit)
        return Pair(unit, series[0], series[step or -1])

    def _place(self, number: int) -> tuple[int, int, int, int]:
        person, context, unit, step = map(int, np.unravel_index(number, self.shape))
        return person + 1, context, self.units[unit], step


@dataclass(frozen=True)
class Pairs(Series):
    """One unit off and on."""

    intensity: Annotated[float, "How strong the unit is, 0.2 to 5 (1 is A, 5 is E)."] = 5.0

    name: ClassVar[str] = "pairs"
    question: ClassVar[str] = "What does one unit do, all else equal? Off and on."

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        yield from self.outside("intensity", self.intensity, 0.2, 5)

    @property
    def strengths(self) -> tuple[float, ...]:
        return (self.intensity,)


@dataclass(frozen=True)
class Ladders(Series):
    """One unit from absent to E, by letters or finer."""

    finer: Annotated[int, "Steps to each letter, 1 to 10."] = 1

    name: ClassVar[str] = "ladders"
    question: ClassVar[str] = "How does an answer grow with a unit? Absent, A to E."

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        yield from self.outside("finer", self.finer, 1, 10)

    @property
    def strengths(self) -> tuple[float, ...]:
        return tuple(step / self.finer for step in range(1, 5 * self.finer + 1))


@lru_cache(maxsize=256)
def _series(
    seed: int, person: int, context: int, unit: int, strengths: tuple[float, ...]
) -> tuple[Face, ...]:
    face = scenes.context(seed, person, context)[1]
    without = pair(face, unit, strengths[-1]).without
    return without, *(without.with_unit(unit, strength) for strength in strengths)
