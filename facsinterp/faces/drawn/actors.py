"""Who is drawn and how they are filmed, each by numbers alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from facsinterp.faces.drawn.lot import lot
from facsinterp.faces.drawn.people import draw_identity
from facsinterp.faces.drawn.rooms import draw_room
from facsinterp.faces.drawn.spec import Identity, Setting

CAST: Final = (0, 1)
DESIGN: Final = (16, 17)
"""What a person and a room are drawn for; part of their seeds, and so is no other number that
one of the two draws by: nobody of a design is ever one of a cast, whatever the seeds are."""


@lru_cache(maxsize=4096)
def actor(of: tuple[int, int], seed: int, number: int) -> tuple[Identity, Setting]:
    """A person of `CAST` or of `DESIGN`, 1, 2, ..., and the room that they are filmed in."""
    person, room = of
    return draw_identity(lot(seed, person, number)), draw_room(lot(seed, room, number))
