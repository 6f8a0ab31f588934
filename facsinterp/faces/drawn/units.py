"""The action units that a drawn face can show, and how far each intensity moves them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

UNITS: Final = (
    *(1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20),
    *(22, 23, 24, 25, 26, 27, 28, 29, 30, 32, 33, 34, 35, 43, 45),
)

# Units that a person can show on one side of the face alone. Of 30 (jaw sideways) the side is
# the one that the jaw goes to.
ONE_SIDED: Final = frozenset({1, 2, 4, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 20, 30, 33, 34, 35})

# Units of the first list cannot be shown with units of the second, and why. What FACS lists as
# seen together is left out, such as 7+43, 26+28 (sucked lips need a lowered jaw) and 25+32.
_RIVALS: Final = (
    ((26,), (27,), "two degrees of one movement: the jaw drops, or is stretched open"),
    ((5,), (43, 45), "the upper lid is raised, or comes down"),
    ((43,), (45,), "closed eyes cannot blink"),
    ((12,), (11, 13), "the corners are drawn by one muscle or the other: three forms of one"),
    ((11,), (13,), "the corners are drawn by one muscle or the other: three forms of one"),
    ((24,), (16, 25, 26, 27), "the lips are pressed together, or apart"),
    ((24,), (22,), "the lips are pressed, or flared"),
    ((23,), (27,), "the lips are tight, or stretched open"),
    ((18,), (12, 13, 20), "the mouth is drawn together, or apart"),
    ((22,), (12, 13, 20), "the mouth is drawn together, or apart"),
    ((18,), (22,), "the lips are puckered, or flared"),
    ((18,), (27,), "the lips are puckered, or stretched open"),
    ((28,), (16, 22, 25, 27), "the lips are sucked in and closed, or apart"),
    ((28,), (10, 18, 23, 24, 32), "sucked lips have no red left to show another movement"),
    ((32,), (16, 17, 18, 22, 23, 24, 26, 27), "a lip held by the teeth cannot move otherwise"),
    ((27,), (29, 30), "a jaw stretched wide open cannot go forwards or sideways"),
    ((34, 35), (10, 16, 22, 25, 26, 27, 28, 32), "blown or sucked cheeks need closed lips"),
    ((33,), (10, 16, 22, 24, 25, 26, 27, 28, 32), "blowing needs lips that are just apart"),
    ((33, 34, 35), (12, 13, 14, 18, 20), "the cheeks' muscle is slack, or drawn"),
    ((33, 34, 35), (33, 34, 35), "air goes out, stays in, or is sucked in"),
    ((34,), (24,), "pressed lips and puffed cheeks: one hides the other"),
)


def _pairs() -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    for first, second, reason in _RIVALS:
        for a, b in product(first, second):
            if a != b:
                found.setdefault((min(a, b), max(a, b)), reason)
    return dict(sorted(found.items()))


_REASONS: Final = _pairs()

EXCLUSIVE: Final = tuple(_REASONS)
"""Pairs that cannot be shown together: one opens what the other closes, or they are two
forms or degrees of one movement."""

_SIDEWAYS: Final = 30

STRONGEST: Final = 5
"""FACS intensity E."""

# A trace to maximum: the share of the full movement (0 is rest).
_SHARES: Final = (0.0, 0.20, 0.38, 0.60, 0.82, 1.0)


def movement(intensity: ArrayLike) -> NDArray[np.float32]:
    """The share (0 to 1) of a unit's full movement at FACS intensities 0 to 5 (E).

    Letters give 20, 38, 60, 82 and 100 %; between letters the share is linear.
    """
    return np.interp(np.asarray(intensity, np.float64), range(6), _SHARES).astype(np.float32)


def intensity(share: ArrayLike) -> NDArray[np.float32]:
    """The FACS intensity (0 to 5) that moves a unit by these shares: `movement` turned round."""
    return np.interp(np.asarray(share, np.float64), _SHARES, range(6)).astype(np.float32)


def agree(units: Iterable[int]) -> bool:
    """Whether one face can show these units together."""
    shown = set(units)
    return not any(first in shown and second in shown for first, second in EXCLUSIVE)


def sides(unit: int, strength: float) -> tuple[float, float]:
    """Strengths on the right and left of a unit that is shown: on both sides alike.

    Of what goes to one side or the other (30), to the left: to both it goes nowhere.
    """
    return (0.0, strength) if unit == _SIDEWAYS else (strength, strength)


def impossible(units: Iterable[int]) -> list[tuple[int, int, str]]:
    """The pairs among these units that one face cannot show together, each with the reason."""
    shown = set(units)
    return [(a, b, why) for (a, b), why in _REASONS.items() if a in shown and b in shown]
