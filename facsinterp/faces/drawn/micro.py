"""Drawn micro-expressions: short clips at 200 frames a second of weak, brief movements.

A clip begins and ends neutral. Between onset and offset, 0.2 to 0.5 seconds, its units rise
to traces or slight contractions (A to C) and go again; the head drifts a little. Every
frame follows from its numbers and the seed alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from facsinterp.faces.drawn.actors import CAST
from facsinterp.faces.drawn.cast import Frame, person
from facsinterp.faces.drawn.emotions import EMOTIONS, Chance, Emotion, Units, show_units, shown_of
from facsinterp.faces.drawn.lot import lot
from facsinterp.faces.drawn.moving import between, eased, scaled
from facsinterp.faces.drawn.rooms import draw_setting, stir
from facsinterp.faces.drawn.sensor import sensor
from facsinterp.faces.drawn.spec import Face, Setting

RATE: Final = 200
"""Frames a second."""
VISIBLE: Final = 0.5
"""FACS intensity from which a unit counts as seen; below it nobody could say (A is 1)."""
SHORTEST, LONGEST = 0.2, 0.5
"""Seconds from onset to offset."""
_AROUND: Final = (10, 30)
"""Fewest and most neutral frames before the onset, and after the offset."""
_STRONGEST: Final = (0.8, 2.6)
"""FACS intensity that the strongest unit of a clip reaches."""
_APEX: Final = (0.3, 0.6)
"""Share of the movement's time at which it is strongest."""

_REPRESSION: Final = Emotion(
    27,
    frozenset({14, 15, 17, 24}),
    (
        Chance(14, 0.40),
        Chance(15, 0.35),
        Chance(17, 0.45, 1, 4),
        Chance(24, 0.35),
        Chance(4, 0.15, 1, 3),
    ),
)
_NAMES: Final = ("happy", "disgust", "surprise", "repression", "sadness", "fear", "others")
# Clips of each emotion in CASME II.
_COUNTS: Final = np.array([32.0, 63.0, 25.0, 27.0, 7.0, 2.0, 99.0])
_CLIP: Final = 8  # what a random number is drawn for, beside those of the cast


@dataclass(frozen=True)
class MicroClip:
    """One clip: who, what is shown, and when. Frames are numbered from 1."""

    subject: int
    number: int
    seed: int
    expression: str
    onset: int
    """The first frame that moves."""
    apex: int
    offset: int
    """The last frame that moves."""
    length: int
    units: Units
    """Units at the apex, with their strengths on the right and left."""
    settings: tuple[Setting, Setting]
    """How the first and the last frame are taken; the head drifts from one to the other."""

    @property
    def name(self) -> str:
        """Unique over subjects: `S001_C003`."""
        return f"S{self.subject:03d}_C{self.number:03d}"

    @property
    def marks(self) -> tuple[int, int, int]:
        """Onset, apex and offset."""
        return self.onset, self.apex, self.offset

    def frame(self, number: int) -> Frame:
        """One frame, 1 to `length`."""
        share = self._share(number)
        moving = self.onset <= number <= self.offset
        units = scaled(self.units, share) if share > 0 else {}
        identity, _ = person(self.subject, self.seed)
        setting = between(*self.settings, (number - 1) / (self.length - 1))
        noise = sensor(CAST, self.seed, self.subject, _CLIP, self.number, number)
        return Frame(
            subject=f"S{self.subject:03d}",
            sequence=self.name,
            number=number,
            phase=self._phase(number),
            expression=self.expression if moving else "neutral",
            face=Face(identity, setting, units, noise),
            path=f"clip/S{self.subject:03d}/{self.number:03d}/{number:08d}",
            time=(number - 1) / RATE,
        )

    def _phase(self, number: int) -> str:
        if not self.onset <= number <= self.offset:
            return "neutral"
        return "onset" if number < self.apex else "apex" if number == self.apex else "offset"

    def _share(self, number: int) -> float:
        """Share of the apex strength: up from before the onset, down until after the offset."""
        if number <= self.apex:
            return eased((number - self.onset + 1) / (self.apex - self.onset + 1))
        return eased((self.offset - number + 1) / (self.offset - self.apex + 1))


@lru_cache(maxsize=4096)
def clip(subject: int, number: int, seed: int) -> MicroClip:
    """A clip (1, 2, ...) of a subject (1, 2, ...)."""
    rng = lot(seed, _CLIP, subject, number)
    identity, room = person(subject, seed)
    expression = str(rng.choice(_NAMES, p=_COUNTS / _COUNTS.sum()))
    units = _weak(_units(expression, rng), rng)
    moving = round(RATE * rng.uniform(SHORTEST, LONGEST))
    onset = 1 + int(rng.integers(_AROUND[0], _AROUND[1] + 1))
    first = draw_setting(room, identity.skin, rng)
    return MicroClip(
        subject,
        number,
        seed,
        expression,
        onset,
        onset + round(moving * rng.uniform(*_APEX)),
        onset + moving,
        onset + moving + int(rng.integers(_AROUND[0], _AROUND[1] + 1)),
        units,
        (first, stir(first, rng)),
    )


def clips(subjects: int, each: int, seed: int) -> Iterator[MicroClip]:
    """Every clip of every subject, by subject and number."""
    for subject in range(1, subjects + 1):
        for number in range(1, each + 1):
            yield clip(subject, number, seed)


def _units(expression: str, rng: np.random.Generator) -> Units:
    if expression == "others":
        return show_units(rng)
    return shown_of(_REPRESSION if expression == "repression" else EMOTIONS[expression], rng)


def _weak(units: Units, rng: np.random.Generator) -> Units:
    """The same units, all weaker by one factor."""
    factor = rng.uniform(*_STRONGEST) / max(max(sides) for sides in units.values())
    return scaled(units, factor)
