"""Which units a drawn emotion shows: EMFACS-like prototypes, variants and company.

Each unit of an emotion comes with a chance and a range of intensities, so that units tell
of the emotion without being the same thing. Shares of the emotions follow CK+.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from facsinterp.faces.drawn.units import ONE_SIDED, UNITS, agree

Units = dict[int, tuple[float, float]]
"""Action unit -> FACS intensity on the subject's right and left."""


@dataclass(frozen=True)
class Chance:
    """A unit that an emotion may show."""

    unit: int
    share: float
    low: float = 2.0
    high: float = 5.0


@dataclass(frozen=True)
class Emotion:
    """What an emotion may show, and at least one of which units it must."""

    weight: int
    """Sequences of this emotion in CK+."""
    core: frozenset[int]
    chances: tuple[Chance, ...]
    one_sided: float = 0.0
    """Share of faces that show its one-sided units on one side only."""


EMOTIONS: Final = {
    "anger": Emotion(
        45,
        frozenset({4, 23, 24}),
        (
            Chance(4, 0.95),
            Chance(7, 0.80),
            Chance(23, 0.75),
            Chance(24, 0.60),
            Chance(17, 0.55, 1, 4),
            Chance(5, 0.35, 1, 4),
            Chance(9, 0.10, 1, 3),
            Chance(10, 0.10, 1, 3),
        ),
    ),
    "contempt": Emotion(
        18,
        frozenset({12, 14}),
        (
            Chance(14, 0.88, 2, 5),
            Chance(12, 0.35, 1, 3),
            Chance(2, 0.12, 1, 3),
            Chance(24, 0.12, 1, 3),
            Chance(4, 0.10, 1, 2),
            Chance(7, 0.15, 1, 2),
        ),
        one_sided=0.8,
    ),
    "disgust": Emotion(
        59,
        frozenset({9, 10}),
        (
            Chance(9, 0.80),
            Chance(10, 0.40),
            Chance(17, 0.50, 1, 4),
            Chance(4, 0.50, 1, 4),
            Chance(6, 0.25, 1, 4),
            Chance(7, 0.45, 1, 4),
            Chance(15, 0.25, 1, 4),
            Chance(16, 0.15, 1, 4),
            Chance(25, 0.30, 1, 4),
        ),
    ),
    "fear": Emotion(
        25,
        frozenset({1, 4, 5, 20}),
        (
            Chance(1, 0.92),
            Chance(2, 0.75, 1, 4),
            Chance(4, 0.85, 1, 5),
            Chance(5, 0.75),
            Chance(7, 0.30, 1, 3),
            Chance(20, 0.80),
            Chance(25, 0.80),
            Chance(26, 0.40),
            Chance(27, 0.10),
        ),
    ),
    "happy": Emotion(
        69,
        frozenset({12}),
        (
            Chance(12, 1.0),
            Chance(6, 0.88),
            Chance(25, 0.65),
            Chance(26, 0.20, 1, 4),
            Chance(7, 0.15, 1, 3),
            Chance(1, 0.06, 1, 3),
            Chance(2, 0.06, 1, 3),
        ),
    ),
    "sadness": Emotion(
        28,
        frozenset({1, 15}),
        (
            Chance(1, 0.90),
            Chance(4, 0.80, 1, 5),
            Chance(15, 0.90),
            Chance(17, 0.60, 1, 4),
            Chance(6, 0.12, 1, 3),
            Chance(7, 0.15, 1, 3),
            Chance(25, 0.10, 1, 3),
            Chance(2, 0.12, 1, 2),
        ),
    ),
    "surprise": Emotion(
        83,
        frozenset({1, 2}),
        (
            Chance(1, 0.96),
            Chance(2, 0.94),
            Chance(5, 0.75, 1, 4),
            Chance(27, 0.50, 2, 5),
            Chance(26, 0.40, 2, 5),
            Chance(25, 0.40),
        ),
    ),
}


_COMMON: Final = frozenset(
    (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 18, 20, 22, 23, 24, 25, 26, 27, 28, 34, 43)
)
SHOWN: Final = tuple(unit for unit in UNITS if unit in _COMMON)
"""The units that emotions and requests show; the others of `UNITS` only on request by name."""

# Units that emotions seldom show are asked for twice as often, so that each has its faces.
_SELDOM: Final = frozenset({14, 15, 16, 18, 20, 22, 28, 34, 43})
_WEIGHTS: Final = np.array([2.0 if unit in _SELDOM else 1.0 for unit in SHOWN])


def show(name: str, rng: np.random.Generator) -> Units:
    """The units of one face that shows this emotion of `EMOTIONS`, by lot."""
    return shown_of(EMOTIONS[name], rng)


def shown_of(emotion: Emotion, rng: np.random.Generator) -> Units:
    """The units of one face that shows an emotion, by lot."""
    while True:
        drawn: Units = {}
        one_side = rng.random() < emotion.one_sided
        side = int(rng.integers(2))
        for chance in emotion.chances:
            if rng.random() < chance.share and agree({*drawn, chance.unit}):
                strength = float(rng.uniform(chance.low - 0.45, chance.high))
                alone = one_side and chance.unit in ONE_SIDED
                drawn[chance.unit] = _sides(strength, side if alone else None, rng)
        if emotion.core & drawn.keys():
            return settled(drawn)


def show_units(rng: np.random.Generator) -> Units:
    """One to three units by lot, as a person shows them who is asked for units."""
    while True:
        count = int(rng.choice((1, 2, 3), p=(0.45, 0.35, 0.20)))
        units = [
            int(unit)
            for unit in rng.choice(SHOWN, size=count, replace=False, p=_WEIGHTS / _WEIGHTS.sum())
        ]
        if agree(units):
            break
    drawn: Units = {}
    for unit in units:
        alone = unit in ONE_SIDED and rng.random() < 0.12
        strength = float(rng.uniform(1.0, 5.0))
        drawn[unit] = _sides(strength, int(rng.integers(2)) if alone else None, rng)
    return settled(drawn)


def settled(units: Units) -> Units:
    """The same units with 25 wherever another unit parts the lips, as FACS codes it.

    Units 16, 22, 26 and 27 part them always, 10 from C on; 25 is then at least as strong.
    """
    parting = [max(units[unit]) for unit in (16, 22, 26, 27) if unit in units]
    if 10 in units and max(units[10]) >= 3:
        parting.append(max(units[10]) - 2)
    if not parting or not agree({*units, 25}):
        return units
    strength = max(*parting, *units.get(25, (0.0, 0.0)))
    return units | {25: (strength, strength)}


def _sides(strength: float, side: int | None, rng: np.random.Generator) -> tuple[float, float]:
    """Right and left: one side alone, or both with a little difference."""
    if side is not None:
        return (strength, 0.0) if side == 0 else (0.0, strength)
    other = strength * float(1 - abs(rng.normal(0, 0.06)))
    return (strength, other) if rng.random() < 0.5 else (other, strength)
