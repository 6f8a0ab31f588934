"""Switched faces: new people, each seen with one unit off and on at several intensities.

All else is equal in a series: person, light, head, gaze, camera, sensor noise, the other units
and the crop. So a difference between its pictures is the doing of the unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.faces.drawn.emotions import EMOTIONS, show
from facsinterp.faces.drawn.landmarks import landmarks
from facsinterp.faces.drawn.pairs import pair
from facsinterp.faces.drawn.people import draw_identity, draw_room, draw_setting
from facsinterp.faces.drawn.render import drawing_code, render
from facsinterp.faces.drawn.spec import Face, Identity, Setting
from facsinterp.faces.drawn.units import UNITS
from facsinterp.faces.pictures import Skip
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found, Terms
from facsinterp.provenance import fingerprint

NEUTRAL: Final = "neutral"
# What a random number is drawn for; part of its seed, and never one of those of `cast`, so
# that no person here is one of a cast, whatever the two seeds are.
_PERSON, _ROOM, _CONTEXT = 16, 17, 18
_PARTED: Final = 25
_PARTING: Final = frozenset({10, 16, 22, 26, 27})
"""Units that come with 25, always or when they are strong."""
_TOGETHER: Final = 64
"""Pictures drawn before the first of them is handed on."""
_TERMS: Final = Terms("faces drawn by facsinterp", "own drawings, free to show", None)


@dataclass(frozen=True)
class Switched:
    """A corpus of series: for each person, context and unit of `UNITS` one face without the
    unit and one with it at each intensity, on both sides.

    Pictures follow each other by person, context, unit and step, the face without the unit
    being step 0, so that an array over them takes the shape `shape`. Raises InputError for
    numbers that make no corpus.
    """

    people: int = 40
    contexts: int = 2
    """Settings of each person: the first on a neutral face, the others on the expression of
    an emotion by lot."""
    intensities: tuple[int, ...] = (1, 2, 3, 4, 5)
    """FACS letters as numbers, 1 (A) to 5 (E), rising."""
    pixels: int = 72
    """Side of the pictures before they are prepared."""
    seed: int = 0

    def __post_init__(self) -> None:
        letters = list(self.intensities)
        asked = {
            "people": (1 <= self.people <= 999, "1 to 999", self.people),
            "contexts": (1 <= self.contexts <= 99, "1 to 99", self.contexts),
            "intensities": (
                letters == sorted({*letters} & {1, 2, 3, 4, 5}) != [],
                "some of 1 to 5, rising",
                letters,
            ),
            "pixels": (24 <= self.pixels <= 256, "24 to 256", self.pixels),
            "seed": (self.seed >= 0, "0 or more", self.seed),
        }
        InputError.raise_any(
            Fault("no corpus of switched faces", name, expected=expected, got=str(got))
            for name, (fits, expected, got) in asked.items()
            if not fits
        )

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """People, contexts, units and steps."""
        return self.people, self.contexts, len(UNITS), 1 + len(self.intensities)

    def series(self, person: int, context: int, unit: int) -> tuple[Face, ...]:
        """One face without the unit and one at each intensity. `person`: 1, 2, ...; `context`: 0,
        1, ....

        Units that cannot be shown with it are in none of them. Where it parts the lips at the
        greatest intensity, unit 25 is in all of them, as strong as it must be there; units
        that part the lips are in none where 25 itself is switched.
        """
        face = _face(self.seed, person, context)[1]
        if unit == _PARTED:
            kept = {u: sides for u, sides in face.units.items() if u not in _PARTING}
            face = replace(face, units=kept)
        without = pair(face, unit, self.intensities[-1]).without
        return without, *(without.with_unit(unit, strength) for strength in self.intensities)

    def expression(self, person: int, context: int) -> str:
        """What the face of a context shows before a unit is switched."""
        return _face(self.seed, person, context)[0]

    def table(self) -> FaceTable:
        """The faces with their exact codes, in the order of `shape`.

        Landmarks are those of the face without the unit, for all faces of a series: a unit
        moves some of the points that a crop follows, and the crop must not move with it.
        A series is a `sequence`, a step a `frame`; all are of split "test", as no network
        learnt from these people.
        """
        letters, points, names, expression = [], [], [], []
        for person, context in product(range(1, self.people + 1), range(self.contexts)):
            every = [self.series(person, context, unit) for unit in UNITS]
            held = landmarks([series[0] for series in every], self.pixels)
            points.append(np.repeat(held, self.shape[3], axis=0))
            letters += [_letters(face) for series in every for face in series]
            names += [(person, context, unit, step) for unit in UNITS for step in self._steps]
            expression += [self.expression(person, context)] * (len(UNITS) * self.shape[3])
        intensity = np.array(letters, np.int8)
        sequence = [f"P{person:03d}_{context}_AU{unit:02d}" for person, context, unit, _ in names]
        return FaceTable.from_arrays(
            [f"{one}_{step}" for one, (*_, step) in zip(sequence, names, strict=True)],
            UNITS,
            intensity > 0,
            intensity=intensity,
            subject=[f"P{person:03d}" for person, *_ in names],
            sequence=sequence,
            frame=[step for *_, step in names],
            expression=expression,
            split=["test"] * len(names),
            path=["switched/" + "/".join(map(str, name)) for name in names],
            landmarks=np.concatenate(points),
            terms=_TERMS,
            found=Found(layout="switched", counts={"people": self.people, "images": len(names)}),
        )

    def pictures(self) -> SwitchedPictures:
        """The pictures that the paths of the table name, drawn when opened."""
        return SwitchedPictures(self)

    @property
    def _steps(self) -> range:
        return range(self.shape[3])


@dataclass(frozen=True)
class SwitchedPictures:
    """Draws the pictures that the table of a corpus names."""

    corpus: Switched

    def fingerprint(self, paths: Sequence[str]) -> str:
        """Changes with what decides a picture, the paths, or the drawing code."""
        c = self.corpus
        return fingerprint(drawing_code(), c.seed, c.pixels, list(c.intensities), list(paths))

    def open(self, paths: Sequence[str]) -> Iterator[NDArray[np.uint8] | Skip]:
        """Grey pictures (row, col) in the order of the paths; Skip for a path of another kind."""
        for start in range(0, len(paths), _TOGETHER):
            faces = [self._named(path) for path in paths[start : start + _TOGETHER]]
            drawn = iter(render([f for f in faces if isinstance(f, Face)], self.corpus.pixels))
            for face in faces:
                yield next(drawn) if isinstance(face, Face) else face

    def _named(self, path: str) -> Face | Skip:
        try:
            kind, *rest = path.split("/")
            person, context, unit, step = map(int, rest)
        except ValueError:
            kind, person, context, unit, step = "", 0, 0, 0, 0
        people, contexts, _, steps = self.corpus.shape
        known = 1 <= person <= people and 0 <= context < contexts and unit in UNITS
        if kind != "switched" or not known or not 0 <= step < steps:
            return Skip(path, "not a switched face; expected switched/PERSON/CONTEXT/UNIT/STEP")
        return self.corpus.series(person, context, unit)[step]


def _rng(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(key))


@lru_cache(maxsize=1024)
def _somebody(seed: int, person: int) -> tuple[Identity, Setting]:
    return draw_identity(_rng(seed, _PERSON, person)), draw_room(_rng(seed, _ROOM, person))


@lru_cache(maxsize=1024)
def _face(seed: int, person: int, context: int) -> tuple[str, Face]:
    """A person as seen in a context, before any unit is switched, and the expression's name."""
    identity, room = _somebody(seed, person)
    rng = _rng(seed, _CONTEXT, person, context)
    setting = draw_setting(room, identity.skin, rng)
    expression = NEUTRAL if context == 0 else str(rng.choice(list(EMOTIONS)))
    units = {} if context == 0 else show(expression, rng)
    return expression, Face(identity, setting, units, (seed, _CONTEXT, person, context))


def _letters(face: Face) -> list[int]:
    """Intensity of each unit in whole letters, the stronger side; 0 when absent."""
    strengths = (max(face.units.get(unit, (0.0, 0.0))) for unit in UNITS)
    return [0 if strength <= 0 else max(1, round(strength)) for strength in strengths]
