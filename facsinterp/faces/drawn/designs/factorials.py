"""Factorials: a unit crossed with another unit, with the person, or with an emotion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Final, Literal, get_args

import numpy as np

from facsinterp.errors import Fault
from facsinterp.faces.drawn.cast import Frame
from facsinterp.faces.drawn.designs import scenes
from facsinterp.faces.drawn.designs.contract import Design, named
from facsinterp.faces.drawn.emotions import EMOTIONS, settled
from facsinterp.faces.drawn.pairs import PARTED, Pair, compatible
from facsinterp.faces.drawn.spec import Face
from facsinterp.faces.drawn.units import UNITS, agree, impossible, sides

Against = Literal["unit", "identity", "emotion"]
_EMOTIONS = (scenes.NEUTRAL, *EMOTIONS)
_UNUSED: Final[dict[str, tuple[str, ...]]] = {
    "unit": ("units",),
    "identity": ("combinations",),
    "emotion": ("combinations", "contexts"),
}
"""The numbers that decide nothing of a crossing."""


@dataclass(frozen=True)
class Factorials(Design):
    """Every cell of a crossing, all else equal between its cells.

    `against` "unit": for each person, context and combination (a, b) the four cells neither, b
    alone, a alone, both. "identity": for each setting and unit everybody without and with it, in
    the same light, pose and noise. "emotion": for each person and unit the neutral face and the
    seven emotions, without and with it. Units that cannot be shown with a factor are in no cell
    of its crossing; 25 is in all of them where a factor parts the lips.
    """

    against: Annotated[Against, "What a unit is crossed with: unit, identity or emotion."] = "unit"
    combinations: Annotated[
        tuple[tuple[int, int], ...], "Against unit: two units each, as 1+4,6+12."
    ] = ((1, 2), (1, 4), (4, 7), (6, 12), (9, 17), (10, 17), (12, 15), (15, 17), (17, 23))
    units: Annotated[tuple[int, ...], "Against identity and emotion."] = (1, 4, 6, 9, 12, 15)
    contexts: Annotated[
        int, "Settings: against unit of each person, the first neutral; not for emotion."
    ] = 1
    intensity: Annotated[float, "How strong the units are, 0.2 to 5."] = 4.0

    name: ClassVar[str] = "factorials"
    question: ClassVar[str] = "Do two act apart? A unit crossed with a unit, person or emotion."

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        if self.against not in get_args(Against):
            yield self.fault("against", ", ".join(get_args(Against)), self.against)
        yield from self.outside("contexts", self.contexts, 1, 99)
        yield from self.outside("intensity", self.intensity, 0.2, 5)
        for name in _UNUSED.get(self.against, ()):
            if getattr(self, name) != getattr(Factorials, name):
                do = f"leave it out against {self.against}, which it decides nothing of"
                yield self.fault(name, "what it is if not given", getattr(self, name), do)
        if self.against != "unit":
            yield from self.unknown("units", self.units)
            return
        if not self.combinations or len(set(self.combinations)) < len(self.combinations):
            yield self.fault("combinations", "some, each once", self.combinations)
        for first, second in self.combinations:
            yield from self._uncrossed(first, second)

    def _uncrossed(self, first: int, second: int) -> Iterator[Fault]:
        """Why a combination has not all four cells."""
        got = f"{first}+{second}"
        if not {first, second} <= set(UNITS) or first == second:
            yield self.fault("combinations", f"two of {', '.join(map(str, UNITS))}", got)
        for _, _, why in impossible((first, second)):
            yield self.fault("combinations", "units that a face can show together", got, why)
        if PARTED in (first, second):
            other = first if second == PARTED else second
            if PARTED in settled({other: sides(other, self.intensity)}) and other != PARTED:
                words = f"AU{other} parts the lips: there is no cell of it without AU25"
                yield self.fault("combinations", "units that are free of each other", got, words)

    @property
    def settings(self) -> dict[str, Any]:
        """The design as JSON has it, without the numbers that decide nothing."""
        told = super().settings
        return {name: told[name] for name in told if name not in _UNUSED[self.against]}

    @property
    def shape(self) -> tuple[int, ...]:
        """The frames as an array: the factors last, the unit off and on."""
        if self.against == "unit":
            return self.people, self.contexts, len(self.combinations), 2, 2
        if self.against == "identity":
            return self.contexts, len(self.units), self.people, 2
        return self.people, len(self.units), len(_EMOTIONS), 2

    def __len__(self) -> int:
        return int(np.prod(self.shape))

    def made(self, number: int) -> Frame:
        person, expression, what, cell = self._labels(number)
        return Frame(
            subject=scenes.name_of(person),
            sequence=f"{scenes.name_of(person)}_{what}",
            number=cell,
            phase="",
            expression=expression,
            face=self._faces(number)[-1],
            path=self.path(number),
        )

    def held(self, number: int) -> Face:
        """The face without any factor."""
        return self._faces(number)[0]

    def pair(self, number: int) -> Pair:
        """Without the first unit and with it, whatever the other factor is in this frame."""
        unit, without, shown, _ = self._switch(number)
        return Pair(unit, without, shown)

    def _at(self, number: int) -> tuple[int, ...]:
        return tuple(map(int, np.unravel_index(number, self.shape)))

    def _labels(self, number: int) -> tuple[int, str, str, int]:
        """Person, expression, the rest of the sequence's name, and the cell in it."""
        at = self._at(number)
        if self.against == "unit":
            person, context, which, first, second = at
            what = f"{context}_{'+'.join(map(named, self.combinations[which]))}"
            expression = scenes.context(self.seed, person + 1, context)[0]
            return person + 1, expression, what, 2 * first + second
        if self.against == "identity":
            setting, unit, person, on = at
            return person + 1, scenes.NEUTRAL, f"{setting}_{named(self.units[unit])}", on
        person, unit, emotion, on = at
        expression = _EMOTIONS[emotion]
        return person + 1, expression, f"{expression}_{named(self.units[unit])}", on

    def _faces(self, number: int) -> tuple[Face, Face]:
        """The face of the crossing without any factor, and the frame's own."""
        _, without, shown, bare = self._switch(number)
        return bare, shown if self._on(number) else without

    def _on(self, number: int) -> bool:
        return bool(self._at(number)[-2 if self.against == "unit" else -1])

    def _switch(self, number: int) -> tuple[int, Face, Face, Face]:
        """The first unit, the faces of this cell without and with it, and one without factors."""
        at = self._at(number)
        if self.against == "unit":
            person, context, which, _, second = at
            first, other = self.combinations[which]
            full = self._full(scenes.context(self.seed, person + 1, context)[1], first, other)
            bare = full.with_unit(first, 0).with_unit(other, 0)
            shown = full if second else full.with_unit(other, 0)
            return first, shown.with_unit(first, 0), shown, bare
        if self.against == "identity":
            setting, which, person, _ = at
            face = scenes.alike(self.seed, person + 1, setting)
        else:
            person, which, emotion, _ = at
            face = scenes.feeling(self.seed, person + 1, _EMOTIONS[emotion])
        unit = self.units[which]
        shown = self._full(face, unit)
        without = shown.with_unit(unit, 0)
        return unit, without, shown, without

    def _full(self, face: Face, *factors: int) -> Face:
        """The face with all factors, what goes with them, and without what cannot."""
        kept = compatible(face, *factors)
        strong = {unit: sides(unit, self.intensity) for unit in factors}
        units = settled(kept | strong)
        return replace(face, units=units if agree(units) else kept | strong)
