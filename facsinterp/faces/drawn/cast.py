"""A cast of drawn people, each with several sequences from neutral to apex.

Every subject, sequence and frame follows from its numbers and the seed alone, so one frame
can be drawn again without the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from facsinterp.faces.drawn import emotions
from facsinterp.faces.drawn.actors import CAST, actor
from facsinterp.faces.drawn.emotions import EMOTIONS, Units, show, show_units
from facsinterp.faces.drawn.lot import lot
from facsinterp.faces.drawn.moving import eased
from facsinterp.faces.drawn.rooms import draw_setting, stir
from facsinterp.faces.drawn.sensor import sensor
from facsinterp.faces.drawn.spec import Face, Identity, Setting
from facsinterp.faces.drawn.units import ONE_SIDED

SHOWN: Final = emotions.SHOWN
"""The units that people of a cast show, and that tables of them code."""

FRAMES: Final = 8
"""Frames of a sequence; the first is neutral, the last the apex."""

# What a random number is drawn for beside person and room; part of its seed.
_TAKE, _FRAME = 2, 3


@dataclass(frozen=True)
class Frame:
    """One picture to draw, with its exact labels."""

    subject: str
    sequence: str
    number: int
    """Its place in the sequence."""
    phase: str
    expression: str
    face: Face
    path: str
    """A text from which the picture can be drawn again, with the seed."""
    told: Units | None = None
    """The units that the labels tell of, where these are not those that the face shows."""
    time: float = math.nan
    """Seconds since the sequence began; NaN for what is no film."""
    split: str = ""

    @property
    def image(self) -> str:
        """The identifier of the picture."""
        return f"{self.sequence}_{self.number:08d}"

    def strength(self, unit: int) -> float:
        """FACS intensity of a unit (0 to 5), the stronger side."""
        return max(self._told.get(unit, (0.0, 0.0)))

    def letter(self, unit: int) -> int:
        """Intensity in whole FACS letters, 1 (A) to 5 (E); 0 when absent."""
        strength = self.strength(unit)
        return 0 if strength <= 0 else max(1, round(strength))

    def side(self, unit: int) -> str:
        """`R` or `L` (the subject's) when a unit is shown on one side alone."""
        right, left = self._told.get(unit, (0.0, 0.0))
        if unit not in ONE_SIDED or (right > 0) == (left > 0):
            return ""
        return "R" if right > 0 else "L"

    @property
    def _told(self) -> Mapping[int, tuple[float, float]]:
        return self.face.units if self.told is None else self.told


@dataclass(frozen=True)
class Take:
    """One sequence: who, what is shown at the apex, and under which seed."""

    subject: int
    sequence: int
    seed: int
    expression: str
    identity: Identity
    setting: Setting
    apex: Units
    delay: dict[int, float]

    def frame(self, number: int) -> Frame:
        """One frame, 1 to FRAMES."""
        rng = lot(self.seed, _FRAME, self.subject, self.sequence, number)
        setting = stir(self.setting, rng)
        time = (number - 1) / (FRAMES - 1)
        units = {
            unit: (right * share, left * share)
            for unit, (right, left) in self.apex.items()
            if (share := _course(time, self.delay[unit])) > 0
        }
        noise = sensor(CAST, self.seed, self.subject, _TAKE, self.sequence, number)
        subject = f"S{self.subject:03d}"
        return Frame(
            subject=subject,
            sequence=f"{subject}_{self.sequence:03d}",
            number=number,
            phase="neutral" if number == 1 else "apex" if time > 0.8 else "onset",
            expression="neutral" if number == 1 else self.expression,
            face=Face(self.identity, setting, units, noise),
            path=f"drawn/{subject}/{self.sequence:03d}/{number:08d}",
        )


def _course(time: float, delay: float) -> float:
    """Share of a unit's apex strength at a time from 0 to 1: slow, fast, slow."""
    return eased((time - delay) / (1 - delay))


def person(subject: int, seed: int) -> tuple[Identity, Setting]:
    """A subject (1, 2, ...) and the room it is filmed in."""
    return actor(CAST, seed, subject)


@lru_cache(maxsize=4096)
def take(subject: int, sequence: int, seed: int, without_emotion: float) -> Take:
    """A sequence (1, 2, ...) of a subject."""
    identity, room = person(subject, seed)
    rng = lot(seed, _TAKE, subject, sequence)
    names = list(EMOTIONS)
    weights = np.array([EMOTIONS[name].weight for name in names], float)
    emotional = rng.random() >= without_emotion
    expression = str(rng.choice(names, p=weights / weights.sum())) if emotional else ""
    apex = show(expression, rng) if emotional else show_units(rng)
    return Take(
        subject,
        sequence,
        seed,
        expression,
        identity,
        draw_setting(room, identity.skin, rng),
        apex,
        {unit: float(rng.uniform(0, 0.25)) for unit in apex},
    )


def kept(last: int) -> tuple[int, ...]:
    """Numbers of the frames kept of each sequence: the first and the last few."""
    return (1, *range(FRAMES - min(last, FRAMES - 1) + 1, FRAMES + 1))


def cast(
    subjects: int, sequences: int, seed: int, *, last: int = 2, without_emotion: float = 0.35
) -> Iterator[Frame]:
    """Every kept frame of every sequence, by subject, sequence and number.

    `last`: frames kept at the end of each sequence, beside the neutral first one.
    `without_emotion`: share of sequences that show units but no emotion.
    """
    for subject in range(1, subjects + 1):
        for sequence in range(1, sequences + 1):
            shown = take(subject, sequence, seed, without_emotion)
            for number in kept(last):
                yield shown.frame(number)
