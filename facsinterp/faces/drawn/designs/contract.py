"""What a design is: numbered frames with exact labels, each drawn again without the others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.faces.drawn.cast import Frame
from facsinterp.faces.drawn.drawings import Drawings, Rows
from facsinterp.faces.drawn.pairs import Pair
from facsinterp.faces.drawn.spec import Face
from facsinterp.faces.drawn.units import UNITS
from facsinterp.faces.pictures import Skip
from facsinterp.faces.terms import Found
from facsinterp.facs import label

if TYPE_CHECKING:
    from facsinterp.faces.table import FaceTable

_READ: Final = 1024
"""Frames whose rows are made together: what one is drawn from is a hundred times its row."""


@dataclass(frozen=True)
class Design(ABC):
    """Frames 0, 1, ... of one experiment, in order. Raises InputError with every fault.

    A note beside the type of a field is what the command line says of it.

    The same numbers give the same frames; people are those of the seed, the same ones in every
    design but `Micro`, and never those of a cast.
    """

    people: Annotated[int, "How many people."] = 20
    pixels: Annotated[int, "Side of the pictures, 24 to 512."] = 72
    seed: Annotated[int, "Other people and other chances for another seed."] = 0

    name: ClassVar[str]
    question: ClassVar[str]
    """What the design is for, in a line."""
    visible: ClassVar[float] = 0.0
    """Intensity from which a unit that moves counts as present; below it, it is not coded."""

    def __post_init__(self) -> None:
        InputError.raise_any(self.faults())

    def faults(self) -> Iterator[Fault]:
        """All that is wrong with the numbers."""
        yield from self.outside("people", self.people, 1, 999)
        yield from self.outside("pixels", self.pixels, 24, 512)
        yield from self.outside("seed", self.seed, 0, 2**31 - 1)

    def outside(self, name: str, got: float, least: float, most: float) -> Iterator[Fault]:
        """A fault where a number is not from `least` to `most`."""
        if not least <= got <= most:
            yield self.fault(name, f"{least:g} to {most:g}", got)

    def fault(self, name: str, expected: str, got: object, do: str = "") -> Fault:
        """What is wrong with one of the numbers."""
        return Fault(f"no design of {self.name}", name, expected, str(got), do)

    def unknown(self, name: str, units: tuple[int, ...]) -> Iterator[Fault]:
        """A fault where units are none, are repeated or cannot be drawn."""
        known = f"some of {', '.join(map(str, UNITS))}, each once"
        if not units or len(set(units)) < len(units) or set(units) - set(UNITS):
            yield self.fault(name, known, ", ".join(map(str, units)) or "none")

    @abstractmethod
    def __len__(self) -> int: ...

    def frame(self, number: int) -> Frame:
        """One frame, 0 to len - 1, made without the others. Raises IndexError for no such one."""
        if not 0 <= number < len(self):
            last = len(self) - 1
            words = f"no frame {number} of {self.name}: it has {last + 1}, 0 to {last}"
            raise IndexError(words)
        return self.made(number)

    @abstractmethod
    def made(self, number: int) -> Frame:
        """What `frame` gives, of a number that there is."""

    def __iter__(self) -> Iterator[Frame]:
        return map(self.frame, range(len(self)))

    @property
    def coded(self) -> tuple[int, ...]:
        """The units that the table has a column of."""
        return UNITS

    def held(self, number: int) -> Face | None:  # noqa: ARG002 - others hold some
        """The face whose landmarks a crop of this frame follows; None for its own."""
        return None

    def pair(self, number: int) -> Pair | None:  # noqa: ARG002 - others have some
        """The two faces whose difference is the mask of a frame; None where there is no mask."""
        return None

    def clips(self) -> NDArray[np.int32] | None:
        """(frame, 3): onset, apex and offset of the sequence of each frame; None without any."""
        return None

    def path(self, number: int) -> str:
        """By which the picture of a frame is found again: `pairs/0000012`."""
        return f"{self.name}/{number:07d}"

    def table(self) -> FaceTable:
        """All frames with their exact codes, intensities not rounded to letters.

        Intensities are those of the stronger side. A unit that moves less than `visible` is not
        coded there; all others are, whether they are moved or not.
        """
        # Here: whoever asks for frames alone need not wait until xarray is loaded.
        from facsinterp.faces.table import FaceTable

        rows = Rows(len(self), self.pixels, self.coded)
        for start in range(0, len(self), _READ):
            numbers = range(start, min(start + _READ, len(self)))
            frames = [self.frame(number) for number in numbers]
            held = [self.held(number) or f.face for number, f in zip(numbers, frames, strict=True)]
            rows.add(frames, held)
        return FaceTable.from_arrays(
            rows.image,
            self.coded,
            **self.codes(rows),
            **rows.columns(),
            clip=self.clips(),
            found=Found(
                layout=f"drawn {self.name}",
                counts={"people": self.people, "images": len(self)},
            ),
        )

    def codes(self, rows: Rows) -> dict[str, Any]:
        """`present`, `coded`, `intensity` and `side` of some rows, (row, unit) each."""
        strength = rows.strength
        present = strength >= self.visible if self.visible else strength > 0
        coded = present | (strength == 0)
        return {
            "present": present,
            "coded": coded,
            "intensity": np.where(coded, strength, np.nan),
            "side": np.where(present, rows.side, ""),
        }

    def pictures(self) -> Drawings:
        """The pictures that the paths of the table name, drawn when opened."""
        return Drawings(self._named, self.pixels, self.settings)

    @property
    def settings(self) -> dict[str, Any]:
        """The design as JSON has it: its name and its numbers."""
        return {"design": self.name, **asdict(self)}

    def _named(self, path: str) -> Frame | Skip:
        kind, _, number = path.partition("/")
        if kind == self.name and number.isdecimal() and int(number) < len(self):
            return self.frame(int(number))
        last = self.path(len(self) - 1)
        return Skip(path, f"not of this design; expected {self.path(0)} to {last}")


def named(unit: int) -> str:
    """A unit as part of an identifier: `AU04`."""
    return label(unit).replace("AU", "AU0") if unit < 10 else label(unit)
