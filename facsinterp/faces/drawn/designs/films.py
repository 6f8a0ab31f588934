"""Designs that are films: sequences of frames, each with its own beginning and length."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Annotated, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault
from facsinterp.faces.drawn.cast import Frame
from facsinterp.faces.drawn.designs.contract import Design
from facsinterp.faces.drawn.micro import VISIBLE


class Film(Protocol):
    """One sequence, its frames numbered from 1."""

    @property
    def length(self) -> int:
        """How many frames it has."""
        ...

    @property
    def marks(self) -> tuple[int, int, int]:
        """Numbers of the frames of onset, apex and offset; -1 where there is not one of each."""
        ...

    def frame(self, number: int) -> Frame:
        """One frame."""
        ...


@dataclass(frozen=True)
class Films(Design):
    """Films by person and number, their frames one after another."""

    films: Annotated[int, "Films of each person."] = 3

    visible: ClassVar[float] = VISIBLE

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        yield from self.outside("films", self.films, 1, 999)

    @abstractmethod
    def film(self, person: int, number: int) -> Film:
        """One film, both numbered from 1."""

    def __len__(self) -> int:
        return self._ends[-1]

    def made(self, number: int) -> Frame:
        film, at = self._place(number)
        return replace(film.frame(at), path=self.path(number))

    def clips(self) -> NDArray[np.int32]:
        """(frame, 3): onset, apex and offset of the film of each frame."""
        films = [self._film(which) for which in range(len(self._ends))]
        marks = np.array([film.marks for film in films], np.int32)
        return np.repeat(marks, [film.length for film in films], axis=0)

    def _place(self, number: int) -> tuple[Film, int]:
        which = bisect_right(self._ends, number)
        return self._film(which), number - (self._ends[which - 1] if which else 0) + 1

    def _film(self, which: int) -> Film:
        return _found(self, which // self.films + 1, which % self.films + 1)

    @cached_property
    def _ends(self) -> list[int]:
        """After how many frames of the design each film ends."""
        lengths = [self._film(which).length for which in range(self.people * self.films)]
        return [int(end) for end in np.cumsum(lengths)]


@lru_cache(maxsize=4096)
def _found(design: Films, person: int, number: int) -> Film:
    return design.film(person, number)
