"""Sequences from neutral to the apex and back, each movement with its onset, apex and offset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from facsinterp.errors import Fault
from facsinterp.faces.drawn.actors import DESIGN
from facsinterp.faces.drawn.cast import Frame
from facsinterp.faces.drawn.designs import scenes
from facsinterp.faces.drawn.designs.films import Films
from facsinterp.faces.drawn.emotions import Units
from facsinterp.faces.drawn.lot import lot
from facsinterp.faces.drawn.moving import between, eased, scaled
from facsinterp.faces.drawn.rooms import draw_setting, stir
from facsinterp.faces.drawn.sensor import sensor
from facsinterp.faces.drawn.spec import Face, Identity, Setting

_SEQUENCE: Final = 25  # what a random number is drawn for, beside those of `scenes`
_STRETCH = (0.7, 1.4)
"""Shortest and longest of each part, as shares of the duration that is asked for."""


@dataclass(frozen=True)
class Sequence:
    """One film: neutral, onset, apex, offset, neutral. Frames are numbered from 1."""

    subject: str
    name: str
    expression: str
    key: tuple[int, ...]
    rate: float
    onset: int
    """The first frame that moves."""
    apex: int
    """The first frame at full strength."""
    fall: int
    """The last frame at full strength."""
    offset: int
    """The last frame that moves."""
    length: int
    units: Units
    identity: Identity
    settings: tuple[Setting, Setting]

    @property
    def marks(self) -> tuple[int, int, int]:
        return self.onset, self.apex, self.offset

    def frame(self, number: int) -> Frame:
        share = self._share(number)
        moves = self.onset <= number <= self.offset
        setting = between(*self.settings, (number - 1) / max(1, self.length - 1))
        units = scaled(self.units, share) if share > 0 else {}
        return Frame(
            subject=self.subject,
            sequence=self.name,
            number=number,
            phase=self._phase(number),
            expression=self.expression if moves else scenes.NEUTRAL,
            face=Face(self.identity, setting, units, (*self.key, number)),
            path="",
            time=(number - 1) / self.rate,
        )

    def _share(self, number: int) -> float:
        """Share of the apex strength: up from before the onset, down until after the offset."""
        if number <= self.apex:
            return eased((number - self.onset + 1) / (self.apex - self.onset + 1))
        return eased((self.offset - number + 1) / (self.offset - self.fall + 1))

    def _phase(self, number: int) -> str:
        if not self.onset <= number <= self.offset:
            return "neutral"
        if number < self.apex:
            return "onset"
        return "apex" if number <= self.fall else "offset"


@dataclass(frozen=True)
class Sequences(Films):
    """Films that begin and end neutral, with an emotion or units alone between, as posed.

    The durations are middles: each film has its own, from 70 to 140 % of them. Defaults are those
    of deliberate expressions, whose onsets take about half a second; spontaneous smiles begin
    more slowly (Schmidt, Cohn & Tian 2003; Cohn & Schmidt 2004), and most expressions last
    between half a second and four seconds (Ekman & Friesen 1982). From memory, not looked up.
    """

    rate: Annotated[float, "Frames a second."] = 25.0
    neutral: Annotated[float, "Seconds before the onset, and after the offset."] = 0.3
    onset: Annotated[float, "Seconds from neutral to the apex."] = 0.5
    apex: Annotated[float, "Seconds that the apex is held."] = 0.8
    offset: Annotated[float, "Seconds from the apex back to neutral."] = 0.7

    name: ClassVar[str] = "sequences"
    question: ClassVar[str] = "How does it move? From neutral to the apex and back."

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        yield from self.outside("rate", self.rate, 1, 1000)
        for part in ("neutral", "onset", "apex", "offset"):
            yield from self.outside(part, getattr(self, part), 0.02, 30)

    def film(self, person: int, number: int) -> Sequence:
        """One film."""
        identity, room = scenes.someone(self.seed, person)
        rng = lot(self.seed, _SEQUENCE, person, number)
        expression, units = scenes.acted(rng)
        first = draw_setting(room, identity.skin, rng)
        before, rise, hold, fall, after = (
            max(1, round(self.rate * seconds * float(rng.uniform(*_STRETCH))))
            for seconds in (self.neutral, self.onset, self.apex, self.offset, self.neutral)
        )
        top = before + rise
        name = scenes.name_of(person)
        return Sequence(
            subject=name,
            name=f"{name}_{number:03d}",
            expression=expression,
            key=sensor(DESIGN, self.seed, person, _SEQUENCE, number),
            rate=self.rate,
            onset=before + 1,
            apex=top,
            fall=top + hold - 1,
            offset=top + hold + fall - 2,
            length=top + hold - 1 + fall + after,
            units=units,
            identity=identity,
            settings=(first, stir(first, rng)),
        )
