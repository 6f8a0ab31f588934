"""Confounded faces: units that are tied to emotions as much as one likes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

import numpy as np

from facsinterp.errors import Fault
from facsinterp.faces.drawn.actors import DESIGN
from facsinterp.faces.drawn.cast import Frame
from facsinterp.faces.drawn.designs import scenes
from facsinterp.faces.drawn.designs.contract import Design
from facsinterp.faces.drawn.emotions import EMOTIONS, settled
from facsinterp.faces.drawn.lot import lot
from facsinterp.faces.drawn.rooms import draw_setting
from facsinterp.faces.drawn.sensor import sensor
from facsinterp.faces.drawn.spec import Face
from facsinterp.facs import PROTOTYPES

_TIED: Final = 23  # what a random number is drawn for, beside those of `scenes`
_FIGURES: Final = {
    name: frozenset(code.unit for code in PROTOTYPES[name] if code.unit) for name in EMOTIONS
}
TIED: Final = tuple(sorted(frozenset().union(*_FIGURES.values())))
"""The units that some prototype has; none of them excludes another."""
_BELONGS: Final = np.array([[unit in _FIGURES[name] for unit in TIED] for name in EMOTIONS])
RATES: Final = dict(
    zip(TIED, (scenes.SHARES / scenes.SHARES.sum() @ _BELONGS).tolist(), strict=True)
)
"""How often each unit is shown, whatever the strength of the tie."""


@dataclass(frozen=True)
class Confounded(Design):
    """Faces with an emotion's name whose units follow its EMFACS prototype, or not.

    Each unit by itself follows the prototype with the chance `strength`; else it is shown as
    often as over all emotions. So each of `TIED` is equally common at every strength: at 1 it is
    there with its emotions alone, at 0 it knows nothing of the name, which then names nothing
    that is seen. Emotions are as common as in CK+. Unit 25 comes with the units that part the
    lips, and is tied through them alone; at 0 these meet in one face, and it is less common.
    """

    faces: Annotated[int, "Pictures of each person."] = 30
    strength: Annotated[float, "From 0, untied, to 1, as the EMFACS prototypes."] = 1.0

    name: ClassVar[str] = "confounded"
    question: ClassVar[str] = "Is it the unit or the emotion? Units tied to emotions, or untied."

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        yield from self.outside("faces", self.faces, 1, 9999)
        yield from self.outside("strength", self.strength, 0, 1)

    def __len__(self) -> int:
        return self.people * self.faces

    def made(self, number: int) -> Frame:
        person, face = number // self.faces + 1, number % self.faces
        identity, room = scenes.someone(self.seed, person)
        rng = lot(self.seed, _TIED, person, face)
        setting = draw_setting(room, identity.skin, rng)
        expression = str(rng.choice(list(EMOTIONS), p=scenes.SHARES / scenes.SHARES.sum()))
        # Every chance is drawn, used or not, so that faces of two strengths differ in no other.
        follows, common, strengths = rng.random((3, len(TIED)))
        units = {
            unit: (1.5 + 3.5 * strong,) * 2
            for unit, follow, chance, strong in zip(TIED, follows, common, strengths, strict=True)
            if (unit in _FIGURES[expression] if follow < self.strength else chance < RATES[unit])
        }
        noise = sensor(DESIGN, self.seed, person, _TIED, face)
        return Frame(
            subject=scenes.name_of(person),
            sequence=f"{scenes.name_of(person)}_{face:04d}",
            number=0,
            phase="",
            expression=expression,
            face=Face(identity, setting, settled(units), noise),
            path=self.path(number),
        )
