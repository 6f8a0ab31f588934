"""Keys of sensor noise: of nothing else that is drawn by lot."""

from __future__ import annotations

from typing import Final

_PEOPLE: Final = 1024
"""More than there are people, 1 to 999, of a cast or of a design."""


def sensor(of: tuple[int, int], seed: int, person: int, *frame: int) -> tuple[int, ...]:
    """The key of `Face.noise` for one frame of somebody of `actors.CAST` or `actors.DESIGN`.

    `frame`: what the picture is of, and which. The first two numbers stand for the person, whose
    wall is drawn from them; the second is larger than what any lot is drawn for. Else the grain
    of a picture would be drawn from the chances that its labels come from, and tell of them.
    """
    return (seed, (1 + of[0]) * _PEOPLE + person, *frame)
