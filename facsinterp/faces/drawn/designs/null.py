"""Null faces: labels that have nothing to do with what is seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, ClassVar, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault
from facsinterp.faces.drawn.cast import Frame
from facsinterp.faces.drawn.designs import scenes
from facsinterp.faces.drawn.designs.contract import Design
from facsinterp.faces.drawn.emotions import Units
from facsinterp.faces.drawn.lot import lot

How = Literal["permuted", "drawn"]
_SHUFFLE: Final = 24  # what a random number is drawn for, beside those of `scenes`
_FEW: Final = 20
"""Pictures among which labels are dealt, at least: one in so many keeps its own, on average."""
_FEW_OWN: Final = 10
"""The same, of one person."""


@dataclass(frozen=True)
class Null(Design):
    """Posed faces as of a cast, whose expressions and codes are those of other faces.

    "permuted": dealt out anew among all pictures, or among those of each person, so that they
    are the same labels; by chance one in as many as are dealt gets its own. "drawn": other
    labels, by the same chances. What a face truly shows is its `face.units`. Nothing that is
    found in such a set is true.
    """

    faces: Annotated[int, "Pictures of each person."] = 30
    how: Annotated[How, "Labels permuted, or drawn anew."] = "permuted"
    within: Annotated[bool, "Permute the labels of each person by themselves."] = False

    name: ClassVar[str] = "null"
    question: ClassVar[str] = "What is found where there is nothing? Labels independent of faces."

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        yield from self.outside("faces", self.faces, 1, 9999)
        if self.how not in get_args(How):
            yield self.fault("how", ", ".join(get_args(How)), self.how)
        if self.within and self.how == "drawn":
            do = "labels that are drawn anew belong to nobody"
            yield self.fault("within", "no, where labels are drawn", self.within, do)
        dealt, few = (self.faces, _FEW_OWN) if self.within else (self.people * self.faces, _FEW)
        if self.how == "permuted" and 0 < dealt < few:
            do = f"of {dealt} labels too many go back to their own faces"
            yield self.fault("faces", f"so many that {few} labels are dealt", self.faces, do)

    def __len__(self) -> int:
        return self.people * self.faces

    def made(self, number: int) -> Frame:
        person, face = number // self.faces + 1, number % self.faces
        expression, told = self._label(number)
        return Frame(
            subject=scenes.name_of(person),
            sequence=f"{scenes.name_of(person)}_{face:04d}",
            number=0,
            phase="",
            expression=expression,
            face=scenes.posed(self.seed, person, face)[1],
            path=self.path(number),
            told=told,
        )

    def _label(self, number: int) -> tuple[str, Units]:
        person, face = number // self.faces + 1, number % self.faces
        if self.how == "drawn":
            return scenes.relabelled(self.seed, person, face)
        other = int(_dealt(self.seed, self.people, self.faces, self.within)[number])
        expression, seen = scenes.posed(self.seed, other // self.faces + 1, other % self.faces)
        return expression, dict(seen.units)


@lru_cache(maxsize=8)
def _dealt(seed: int, people: int, faces: int, within: bool) -> NDArray[np.int64]:
    """Whose labels each picture gets."""
    rng, places = lot(seed, _SHUFFLE), np.arange(people * faces).reshape(people, faces)
    if within:
        return np.concatenate([rng.permutation(one) for one in places])
    return rng.permutation(places.ravel())
