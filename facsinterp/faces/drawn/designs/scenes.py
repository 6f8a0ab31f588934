"""The faces that designs begin from: people of a seed, in settings, with what they show there."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from facsinterp.faces.drawn.actors import DESIGN, actor
from facsinterp.faces.drawn.emotions import EMOTIONS, Units, show, show_units
from facsinterp.faces.drawn.lot import lot
from facsinterp.faces.drawn.rooms import draw_setting
from facsinterp.faces.drawn.sensor import sensor
from facsinterp.faces.drawn.spec import Face, Identity, Setting

NEUTRAL: Final = "neutral"
SHARES: Final = np.array([emotion.weight for emotion in EMOTIONS.values()], float)
"""How common the emotions of `EMOTIONS` are, in their order, as counts."""
_WITHOUT: Final = 0.35
"""Share of posed faces that show units but no emotion, as in a cast."""
# What a random number is drawn for, part of its seed; see `actors.DESIGN`.
_CONTEXT, _SHARED, _FEELING, _POSED, _LABELS = 18, 19, 20, 21, 22


def name_of(person: int) -> str:
    """A person's name in tables: `P007`."""
    return f"P{person:03d}"


def someone(seed: int, person: int) -> tuple[Identity, Setting]:
    """A person of the designs, 1, 2, ..., and their room."""
    return actor(DESIGN, seed, person)


@lru_cache(maxsize=1024)
def context(seed: int, person: int, number: int) -> tuple[str, Face]:
    """A person in a setting of their own, 0, 1, ..., and the expression's name.

    The first is neutral, the others show an emotion by lot.
    """
    identity, room = someone(seed, person)
    rng = lot(seed, _CONTEXT, person, number)
    setting = draw_setting(room, identity.skin, rng)
    expression = NEUTRAL if number == 0 else str(rng.choice(list(EMOTIONS)))
    units = {} if number == 0 else show(expression, rng)
    return expression, Face(
        identity, setting, units, sensor(DESIGN, seed, person, _CONTEXT, number)
    )


@lru_cache(maxsize=1024)
def alike(seed: int, person: int, number: int) -> Face:
    """A person at rest in a setting that all people of the seed share: 0, 1, ...

    Light, wall, pose, gaze, camera, exposure and sensor noise are those of the setting alone.
    """
    owner = number + 1
    _, room = someone(seed, owner)
    setting = draw_setting(room, Identity().skin, lot(seed, _SHARED, number))
    noise = sensor(DESIGN, seed, owner, _SHARED, number)
    return Face(someone(seed, person)[0], setting, {}, noise)


@lru_cache(maxsize=1024)
def feeling(seed: int, person: int, expression: str) -> Face:
    """A person with an emotion of `EMOTIONS`, or neutral, in one setting for all of them."""
    identity, room = someone(seed, person)
    setting = draw_setting(room, identity.skin, lot(seed, _FEELING, person))
    names = [NEUTRAL, *EMOTIONS]
    rng = lot(seed, _FEELING, person, 1 + names.index(expression))
    units = {} if expression == NEUTRAL else show(expression, rng)
    return Face(identity, setting, units, sensor(DESIGN, seed, person, _FEELING))


@lru_cache(maxsize=1024)
def posed(seed: int, person: int, number: int) -> tuple[str, Face]:
    """A person as one of a cast would pose: an emotion, or units alone (then without a name)."""
    identity, room = someone(seed, person)
    rng = lot(seed, _POSED, person, number)
    setting = draw_setting(room, identity.skin, rng)
    expression, units = acted(rng)
    return expression, Face(identity, setting, units, sensor(DESIGN, seed, person, _POSED, number))


def relabelled(seed: int, person: int, number: int) -> tuple[str, Units]:
    """What somebody else would pose: drawn as in `posed`, from other chances."""
    return acted(lot(seed, _LABELS, person, number))


def acted(rng: np.random.Generator) -> tuple[str, Units]:
    """An emotion's name and its units, or no name and one to three units, by lot as in a cast."""
    expression = str(rng.choice(list(EMOTIONS), p=SHARES / SHARES.sum()))
    if rng.random() >= _WITHOUT:
        return expression, show(expression, rng)
    return "", show_units(rng)
