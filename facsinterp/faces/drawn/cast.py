"""A cast of drawn people, each with several sequences from neutral to apex.

Every subject, sequence and frame follows from its numbers and the seed alone, so one frame
can be drawn again without the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from facsinterp.faces.drawn.emotions import EMOTIONS, Units, show, show_units
from facsinterp.faces.drawn.people import draw_identity, draw_room, draw_setting, stir
from facsinterp.faces.drawn.spec import Face, Identity, Setting
from facsinterp.faces.drawn.units import ONE_SIDED

FRAMES: Final = 8
"""Frames of a sequence; the first is neutral, the last the apex."""

# What a random number is drawn for; part of its seed.
_PERSON, _ROOM, _TAKE, _FRAME = range(4)


@dataclass(frozen=True)
class Frame:
    """One picture to draw, with its exact labels."""

    subject: str
    sequence: str
    number: int
    """1 (neutral) to FRAMES (apex)."""
    phase: str
    expression: str
    face: Face

    @property
    def path(self) -> str:
        """A text from which the picture can be drawn again, with the seed."""
        _, take = self.sequence.split("_")
        return f"drawn/{self.subject}/{take}/{self.number:08d}"

    def strength(self, unit: int) -> float:
        """FACS intensity of a unit (0 to 5), the stronger side."""
        return max(self.face.units.get(unit, (0.0, 0.0)))

    def letter(self, unit: int) -> int:
        """Intensity in whole FACS letters, 1 (A) to 5 (E); 0 when absent."""
        strength = self.strength(unit)
        return 0 if strength <= 0 else max(1, round(strength))

    def side(self, unit: int) -> str:
        """`R` or `L` (the subject's) when a unit is shown on one side alone."""
        right, left = self.face.units.get(unit, (0.0, 0.0))
        if unit not in ONE_SIDED or (right > 0) == (left > 0):
            return ""
        return "R" if right > 0 else "L"


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
        rng = _rng(self.seed, _FRAME, self.subject, self.sequence, number)
        setting = stir(self.setting, rng)
        time = (number - 1) / (FRAMES - 1)
        units = {
            unit: (right * share, left * share)
            for unit, (right, left) in self.apex.items()
            if (share := _course(time, self.delay[unit])) > 0
        }
        noise = (self.seed, self.subject, self.sequence, number)
        return Frame(
            subject=f"S{self.subject:03d}",
            sequence=f"S{self.subject:03d}_{self.sequence:03d}",
            number=number,
            phase="neutral" if number == 1 else "apex" if time > 0.8 else "onset",
            expression="neutral" if number == 1 else self.expression,
            face=Face(self.identity, setting, units, noise),
        )


def _course(time: float, delay: float) -> float:
    """Share of a unit's apex strength at a time from 0 to 1: slow, fast, slow."""
    s = min(max((time - delay) / (1 - delay), 0.0), 1.0)
    return s * s * (3 - 2 * s)


def _rng(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(key))


@lru_cache(maxsize=4096)
def person(subject: int, seed: int) -> tuple[Identity, Setting]:
    """A subject (1, 2, ...) and the room it is filmed in."""
    return draw_identity(_rng(seed, _PERSON, subject)), draw_room(_rng(seed, _ROOM, subject))


@lru_cache(maxsize=4096)
def take(subject: int, sequence: int, seed: int, without_emotion: float) -> Take:
    """A sequence (1, 2, ...) of a subject."""
    identity, room = person(subject, seed)
    rng = _rng(seed, _TAKE, subject, sequence)
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
