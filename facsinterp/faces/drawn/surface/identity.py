"""How a person's head differs from the average one.

Each trait of an `Identity` pushes or stretches a region of space, fading out smoothly, so that
all that lies there goes along. Eyeballs are carried whole: they stay round.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.spec import Identity
from facsinterp.faces.drawn.surface.eyelids import EYE, RADIUS
from facsinterp.faces.drawn.surface.mesh import Floats

_Points = NDArray[np.float64]
_Place = tuple[float, float, float]


@dataclass(frozen=True)
class _Push:
    """Moves what is round `middle` (left side; mirrored) along `way` for each unit of a trait."""

    trait: str
    middle: _Place
    radii: _Place
    way: _Place


@dataclass(frozen=True)
class _Stretch:
    """Scales by a trait from `middle` outwards along `axes`, in a region of these radii."""

    trait: str
    middle: _Place
    radii: _Place
    axes: _Place


_FAR: Final = 1e3

_PUSHES: Final = (
    _Push("jaw", (0.72, 1.12, 0.30), (0.30, 0.35, 0.60), (1.0, 0.1, 0.0)),
    _Push("chin", (0.0, 1.60, 1.25), (0.50, 0.32, 0.60), (0.0, 1.0, 0.0)),
    _Push("chin_out", (0.0, 1.42, 1.40), (0.30, 0.22, 0.35), (0.0, 0.0, 1.0)),
    _Push("chin_wide", (0.28, 1.48, 1.20), (0.17, 0.20, 0.35), (1.0, 0.0, 0.1)),
    _Push("cheek", (0.60, 0.85, 0.90), (0.24, 0.30, 0.35), (0.8, 0.0, 0.6)),
    _Push("cheekbone", (0.74, 0.28, 0.75), (0.22, 0.17, 0.40), (0.8, 0.0, 0.6)),
    _Push("brow_ridge", (0.36, -0.25, 1.30), (0.34, 0.10, 0.35), (0.0, 0.0, 1.0)),
    _Push("forehead", (0.0, -0.80, 1.20), (0.90, 0.35, 0.60), (0.0, 0.0, 1.0)),
    _Push("eye_depth", (0.44, 0.0, 1.15), (0.28, 0.20, 0.40), (0.0, 0.0, -1.0)),
    _Push("nose_tip", (0.0, 0.57, 1.72), (0.14, 0.11, 0.16), (0.0, -1.0, 0.2)),
    _Push("nose_bridge", (0.0, 0.20, 1.52), (0.11, 0.15, 0.25), (0.0, 0.0, 1.0)),
    _Push("nose_bridge", (0.0, 0.00, 1.42), (0.13, 0.12, 0.25), (0.0, 0.0, 0.5)),
    _Push("nose_height", (0.0, 0.56, 1.78), (0.17, 0.15, 0.20), (0.0, 0.0, 0.40)),
    _Push("nose_height", (0.0, 0.25, 1.58), (0.12, 0.20, 0.20), (0.0, 0.0, 0.22)),
    _Push("nose_length", (0.0, 0.62, 1.62), (0.26, 0.17, 0.30), (0.0, 0.62, 0.0)),
    _Push("mouth_drop", (0.0, 1.00, 1.30), (0.50, 0.24, 0.70), (0.0, 1.0, 0.0)),
    _Push("lip_upper", (0.0, 0.86, 1.55), (0.25, 0.065, 0.15), (0.0, -0.11, 0.05)),
    _Push("lip_lower", (0.0, 1.10, 1.52), (0.25, 0.075, 0.15), (0.0, 0.13, 0.05)),
    _Push("lip_bow", (0.0, 0.865, 1.55), (0.045, 0.03, 0.15), (0.0, 0.022, 0.0)),
    _Push("lip_bow", (0.08, 0.848, 1.55), (0.05, 0.035, 0.15), (0.0, -0.018, 0.0)),
    _Push("lip_out", (0.0, 0.97, 1.52), (0.30, 0.16, 0.22), (0.0, 0.0, 1.0)),
    # With the years: jowls, flatter cheeks, a lower nose and thinner lips.
    _Push("age", (0.48, 1.28, 0.95), (0.18, 0.16, 0.25), (0.045, 0.03, 0.02)),
    _Push("age", (0.52, 0.50, 1.10), (0.20, 0.18, 0.25), (0.0, 0.03, -0.04)),
    _Push("age", (0.0, 0.58, 1.72), (0.14, 0.11, 0.16), (0.0, 0.03, 0.0)),
    _Push("age", (0.0, 0.86, 1.55), (0.25, 0.065, 0.15), (0.0, 0.02, -0.015)),
    _Push("age", (0.0, 1.10, 1.52), (0.25, 0.075, 0.15), (0.0, -0.015, -0.015)),
)

_LIDS: Final = (
    _Push("eye_lid", (0.45, -0.19, 1.27), (0.20, 0.05, 0.10), (0.0, -0.040, -0.030)),
    _Push("age", (0.50, -0.18, 1.25), (0.17, 0.05, 0.10), (0.0, 0.035, 0.015)),
    _Push("age", (0.44, 0.20, 1.22), (0.15, 0.045, 0.10), (0.0, 0.010, 0.030)),
)

_STRETCHES: Final = (
    _Stretch("width", (0.0, 0.0, 0.0), (_FAR, _FAR, _FAR), (1.0, 0.0, 0.0)),
    _Stretch("length", (0.0, 0.0, 0.0), (_FAR, _FAR, _FAR), (0.0, 1.0, 0.0)),
    _Stretch("eye_gap", (0.0, 0.0, 1.20), (0.60, 0.25, 0.50), (1.3, 0.0, 0.0)),
    _Stretch("nose_width", (0.0, 0.57, 1.50), (0.26, 0.17, 0.35), (1.5, 0.0, 0.0)),
    _Stretch("nose_width", (0.0, 0.25, 1.45), (0.22, 0.20, 0.35), (0.5, 0.0, 0.0)),
    _Stretch("mouth_width", (0.0, 0.98, 1.35), (0.48, 0.22, 0.60), (1.35, 0.0, 0.0)),
    _Stretch("neck", (0.0, 1.75, -0.27), (0.90, 0.33, 0.60), (1.0, 0.0, 1.0)),
    _Stretch("ear", (1.02, 0.17, -0.05), (0.30, 0.40, 0.30), (1.0, 1.0, 1.0)),
)

# Round an eye's centre: eyeball and lids go along whole up to the first distance; their own
# traits and the wholeness fade out until the second.
_WHOLE: Final = 0.235
_ENDS: Final = 0.46
_LID: Final = 0.02  # thickness over which what changes the lids leaves the eyeball alone


def warp(identity: Identity, points: Floats) -> Floats:
    """(n, 3): where this person has the points (n, 3) of the average head."""
    place = points.astype(np.float64)
    moved = _carried(identity, place)
    for sign in (-1.0, 1.0):
        eye = EYE * [sign, 1, 1]
        away = place - eye
        distance = np.linalg.norm(away, axis=1, keepdims=True)
        share = np.clip((_ENDS - distance) / (_ENDS - _WHOLE), 0, 1)
        share = share**2 * (3 - 2 * share)
        whole = _carried(identity, eye[None]) + _lids(identity, away * [sign, 1, 1]) * [sign, 1, 1]
        moved += share * (whole - moved)
    return (place + moved).astype(np.float32)


def _carried(identity: Identity, place: _Points) -> _Points:
    """(n, 3): how far places (n, 3) are moved by all traits but the eyes' own."""
    side = np.sign(place[:, :1])
    half = np.concatenate([np.abs(place[:, :1]), place[:, 1:]], 1)
    moved = _pushed(identity, half, _PUSHES)
    moved[:, :1] *= side
    for stretch in _STRETCHES:
        amount = _excess(identity, stretch.trait)
        if amount:
            away = half - np.array(stretch.middle)
            away[:, :1] *= side
            moved += amount * _bell(half, stretch.middle, stretch.radii) * away * stretch.axes
    return moved


def _pushed(identity: Identity, half: _Points, pushes: tuple[_Push, ...]) -> _Points:
    """(n, 3): how far places (n, 3) on the left are moved by these pushes."""
    moved = np.zeros_like(half)
    for push in pushes:
        amount = _excess(identity, push.trait)
        if amount:
            moved += _bell(half, push.middle, push.radii) * (amount * np.array(push.way))
    moved[:, 0] *= np.tanh(half[:, 0] / 0.12)  # what pushes sideways must not tear the midline
    return moved


def _lids(identity: Identity, away: _Points) -> _Points:
    """(n, 3): how this person's lids lie other than the average's, by the offset from the
    left eye's centre. What is seen of the eyeball turns at most, so that it stays round and
    the lids stay on it; its sides go with the canthi."""
    lift = np.arctan2(away[:, 1], np.maximum(away[:, 2], 0.05))
    lift *= _excess(identity, "eye_open") * np.exp(-((lift / 1.2) ** 2))
    slant = np.full(len(away), _excess(identity, "eye_tilt") / 0.2)
    moved = _pushed(identity, EYE + away, _LIDS)
    distance = np.linalg.norm(away, axis=1, keepdims=True)
    moved *= np.clip((distance - RADIUS) / _LID, 0, 1)
    far = np.clip((np.abs(away[:, 0]) - 0.08) / 0.12, 0, 1)
    moved[:, 0] += _excess(identity, "eye_width") * away[:, 0] * far**2 * (3 - 2 * far)
    moved[:, 1:] += _turned(away[:, 1:], lift)
    moved[:, :2] += _turned(away[:, :2], -slant)
    return moved


def _turned(away: _Points, angle: _Points) -> _Points:
    """(n, 2): how far offsets (n, 2) move when turned from the second axis to the first."""
    c, s = np.cos(angle) - 1, np.sin(angle)
    first, second = away[:, 0], away[:, 1]
    return np.stack([c * first + s * second, c * second - s * first], 1)


def _bell(half: _Points, middle: _Place, radii: _Place) -> _Points:
    scaled = (half - np.array(middle)) / np.array(radii)
    return np.asarray(np.exp(-0.5 * (scaled**2).sum(1, keepdims=True)))


@lru_cache(maxsize=1)
def _average() -> Identity:
    return Identity()


def _excess(identity: Identity, trait: str) -> float:
    """By how much a person's trait is above the average's."""
    value: Any = getattr(identity, trait)
    return float(value - getattr(_average(), trait))
