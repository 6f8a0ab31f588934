"""Recordings with the timing of people who are not posing: blinks, overlaps, drift, glances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final

import numpy as np

from facsinterp.errors import Fault
from facsinterp.faces.drawn.actors import DESIGN
from facsinterp.faces.drawn.cast import Frame
from facsinterp.faces.drawn.designs import scenes
from facsinterp.faces.drawn.designs.films import Films
from facsinterp.faces.drawn.emotions import Units, settled, show_units
from facsinterp.faces.drawn.lot import lot
from facsinterp.faces.drawn.moving import eased
from facsinterp.faces.drawn.rooms import draw_setting
from facsinterp.faces.drawn.sensor import sensor
from facsinterp.faces.drawn.spec import Face, Identity, Setting
from facsinterp.faces.drawn.units import agree

BLINK: Final = 45
BLINKS: Final = (0.08, 0.4)
"""Seconds that a blink takes, at least and at most."""
_RECORDING: Final = 27  # what a random number is drawn for, beside those of `scenes`
_CLOSING: Final = 0.35
"""Share of a blink in which the lids close; they open more slowly than they close."""
_STRENGTHS: Final = (0.8, 3.6)
_GLANCE: Final = (0.12, 0.06)
"""How far glances go aside and up or down, in radians: standard deviations."""
_SACCADE: Final = 0.04
"""Seconds that the eyes take from one place to the next."""
_DRIFT: Final = {"yaw": 0.06, "pitch": 0.035, "roll": 0.025, "shift_x": 0.02, "shift_y": 0.015}
_SWAYS: Final = 3


@dataclass(frozen=True)
class Event:
    """One unit that moves: seconds at which it begins, is full, begins to go, has gone."""

    unit: int
    sides: tuple[float, float]
    begin: float
    full: float
    fall: float
    end: float

    def share(self, time: float) -> float:
        """Share of its strength at a time."""
        rising = eased((time - self.begin) / (self.full - self.begin))
        return min(rising, eased((self.end - time) / (self.end - self.fall)))


@dataclass(frozen=True)
class Sway:
    """One slow wave of the head."""

    field: str
    size: float
    speed: float
    phase: float

    def at(self, time: float) -> float:
        """How far it is off at a time."""
        return self.size * float(np.sin(2 * np.pi * self.speed * time + self.phase))


@dataclass(frozen=True)
class Recording:
    """One person for some seconds. Frames are numbered from 1."""

    subject: str
    name: str
    key: tuple[int, ...]
    rate: float
    length: int
    identity: Identity
    setting: Setting
    events: tuple[Event, ...]
    sways: tuple[Sway, ...]
    glances: tuple[tuple[float, float, float], ...]
    """Second, x and y of each place that the eyes go to."""

    @property
    def marks(self) -> tuple[int, int, int]:
        """None: many movements overlap."""
        return -1, -1, -1

    def frame(self, number: int) -> Frame:
        time = (number - 1) / self.rate
        return Frame(
            subject=self.subject,
            sequence=self.name,
            number=number,
            phase="",
            expression="",
            face=Face(self.identity, self._setting(time), self.units(time), (*self.key, number)),
            path="",
            time=time,
        )

    def units(self, time: float) -> Units:
        """What is shown at a time: of a unit that moves twice at once, the stronger."""
        shown: Units = {}
        for event in self.events:
            share = event.share(time)
            if share > 0:
                right, left = shown.get(event.unit, (0.0, 0.0))
                sides = max(right, share * event.sides[0]), max(left, share * event.sides[1])
                shown[event.unit] = sides
        return shown

    def _setting(self, time: float) -> Setting:
        moved = {name: getattr(self.setting, name) for name in _DRIFT}
        for sway in self.sways:
            moved[sway.field] += sway.at(time)
        x, y = self._gaze(time)
        gaze = {"gaze_x": self.setting.gaze_x + x, "gaze_y": self.setting.gaze_y + y}
        return replace(self.setting, **moved, **gaze)

    def _gaze(self, time: float) -> tuple[float, float]:
        """Still but for the quick movement from one place to the next."""
        x, y = 0.0, 0.0
        for begin, to_x, to_y in self.glances:
            part = eased((time - begin) / _SACCADE)
            x, y = x + part * (to_x - x), y + part * (to_y - y)
        return x, y


@dataclass(frozen=True)
class Spontaneous(Films):
    """Recordings of people who listen: no emotion has a name here, and nothing waits its turn.

    Movements begin at any time, one as likely as the other (a Poisson process), one to three
    units together whose onsets are not at one instant; slow onsets, apices from a blink of the
    eye to seconds. Blinks: about 17 a minute at rest, 80 to 400 ms, with gaps that vary as
    much as their mean (Bentivoglio et al. 1997; Stern, Walrath & Goldstein 1984). Rates are those
    before exclusions: what would meet an earlier movement that it cannot be shown with does not
    happen, a blink while the lids are raised or closed for one; 14.7 of 17 blinks a minute do.
    Eyes rest for a third of a second and more, then leap; the head sways slower than once in two
    seconds.
    Numbers from memory, not looked up.
    """

    films: Annotated[int, "Recordings of each person."] = 1
    seconds: Annotated[float, "How long a recording is."] = 20.0
    rate: Annotated[float, "Frames a second."] = 25.0
    blinks: Annotated[float, "Blinks a minute before exclusions, 0 to 60."] = 17.0
    actions: Annotated[float, "Facial actions a minute before exclusions, 0 to 60."] = 12.0

    name: ClassVar[str] = "spontaneous"
    question: ClassVar[str] = "Is it found in the wild? Blinks, overlaps, drift and glances."

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        yield from self.outside("seconds", self.seconds, 0.5, 600)
        yield from self.outside("rate", self.rate, 1, 1000)
        yield from self.outside("blinks", self.blinks, 0, 60)
        yield from self.outside("actions", self.actions, 0, 60)

    def film(self, person: int, number: int) -> Recording:
        """One recording."""
        identity, room = scenes.someone(self.seed, person)
        rng = lot(self.seed, _RECORDING, person, number)
        setting = draw_setting(room, identity.skin, rng)
        name = scenes.name_of(person)
        return Recording(
            subject=name,
            name=f"{name}_{number:03d}",
            key=sensor(DESIGN, self.seed, person, _RECORDING, number),
            rate=self.rate,
            length=max(1, round(self.seconds * self.rate)),
            identity=identity,
            setting=setting,
            events=self._events(rng),
            sways=tuple(_sways(rng)),
            glances=tuple(self._glances(rng)),
        )

    def _events(self, rng: np.random.Generator) -> tuple[Event, ...]:
        """Every movement, by its beginning; none overlaps one that it cannot be shown with."""
        actions = _times(self.actions, self.seconds, rng)
        groups = [group for time in actions for group in _action(time, rng)]
        groups += [[_blink(time, rng)] for time in _times(self.blinks, self.seconds, rng)]
        events: list[Event] = []
        for group in sorted(groups, key=lambda one: (one[0].begin, one[0].unit)):
            if not any(_excludes(one, event) for one in group for event in events):
                events += group
        return tuple(events)

    def _glances(self, rng: np.random.Generator) -> Iterator[tuple[float, float, float]]:
        time = 0.0
        while time < self.seconds:
            away = rng.random() < 0.35  # else back to who is listened to
            x, y = rng.normal(0, _GLANCE) if away else rng.normal(0, 0.015, 2)
            yield time, float(x), float(y)
            time += 0.33 + float(rng.exponential(0.4 if away else 1.6))


def _times(a_minute: float, seconds: float, rng: np.random.Generator) -> Iterator[float]:
    """Moments of a Poisson process."""
    if a_minute == 0:
        return
    time = float(rng.exponential(60 / a_minute))
    while time < seconds:
        yield time
        time += float(rng.exponential(60 / a_minute))


def _action(time: float, rng: np.random.Generator) -> list[list[Event]]:
    """Some units that begin about together, each with what it brings with it."""
    groups = []
    for unit, sides in show_units(rng).items():
        begin = time + float(rng.uniform(0, 0.4))
        rise, hold, fall = (
            float(np.clip(middle * np.exp(0.5 * rng.standard_normal()), *limits))
            for middle, limits in ((0.6, (0.2, 2.0)), (1.0, (0.1, 5.0)), (0.9, (0.3, 3.0)))
        )
        strength = float(rng.uniform(*_STRENGTHS)) / max(sides)
        alone = settled({unit: (strength * sides[0], strength * sides[1])})
        when = begin, begin + rise, begin + rise + hold, begin + rise + hold + fall
        groups.append([Event(one, strong, *when) for one, strong in alone.items()])
    return groups


def _blink(time: float, rng: np.random.Generator) -> Event:
    length = float(np.clip(0.17 * np.exp(0.4 * rng.standard_normal()), *BLINKS))
    strength = 5.0 if rng.random() < 0.9 else float(rng.uniform(3, 5))
    shut = time + _CLOSING * length
    return Event(BLINK, (strength, strength), time, shut, shut + 0.05 * length, time + length)


def _excludes(one: Event, other: Event) -> bool:
    """Whether two movements of the same time cannot be shown together, or are two blinks."""
    blinks = one.unit == other.unit == BLINK
    return _together(one, other) and (blinks or not agree({one.unit, other.unit}))


def _together(one: Event, other: Event) -> bool:
    return one.begin < other.end and other.begin < one.end


def _sways(rng: np.random.Generator) -> Iterator[Sway]:
    for name, size in _DRIFT.items():
        for _ in range(_SWAYS):
            speed, phase = float(rng.uniform(0.03, 0.45)), float(rng.uniform(0, 2 * np.pi))
            yield Sway(name, size / _SWAYS, speed, phase)
