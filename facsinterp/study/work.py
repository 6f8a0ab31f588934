"""How the steps of a run are done: where networks run, by whom, and who is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from facsinterp.nets.devices import pick
from facsinterp.progress import Progress

if TYPE_CHECKING:
    from facsinterp.activations.sweeping.crew import Crew


@dataclass(frozen=True)
class Work:
    """How the steps are done; it changes no number that they give, but for `device`."""

    device: str
    crew: Crew | None
    progress: Progress

    @classmethod
    def on(cls, device: str, crew: Crew | None, progress: Progress) -> Self:
        """Work on a device that is there. Raises InputError for one that is not."""
        return cls(str(pick(device)), crew, progress)
