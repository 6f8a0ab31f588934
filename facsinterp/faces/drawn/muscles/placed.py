"""The muscles of the average head: where they are fixed, what they pull, and how far.

Places are in head units on the subject's left side (x >= 0 is the distance from the middle);
the right side is the mirror image. Lengths of movement are in millimetres at intensity E.
Attachments and insertions follow the anatomy named in `facsinterp.facs.units`, lengths the
wording of the FACS manual (2002).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Place = tuple[float, float, float]
Spot = tuple[float, float]
"""x, y of a place on the skin, as seen from the front."""

Lip = Literal["", "upper", "lower"]


@dataclass(frozen=True)
class Pull:
    """A linear muscle."""

    muscle: str
    attachment: Place
    insertion: Spot
    degrees: float
    """Half the angle of the fan that it pulls."""
    fade: float
    """How far beyond the insertion skin still follows."""
    mm: float
    lip: Lip = ""
    """Moves the skin on this side of the mouth's line alone."""


@dataclass(frozen=True)
class Push:
    """Skin dragged, or heaped up where it is pushed together, round a place."""

    centre: Spot
    radii: Place
    mm: Place
    lip: Lip = ""


@dataclass(frozen=True)
class Squeeze:
    """A sphincter: the share by which lengths towards the centre shrink at the centre."""

    centre: Place
    radii: Place
    share: Place


@dataclass(frozen=True)
class Roll:
    """What a lip does in itself; the corners stay.

    `hide`: share of the red's height that the border comes nearer to the mouth's line;
    `edge` and `border`: movement of the lips' line of contact and of the border, (up or down
    away from the other lip, forwards) in mm, most in the middle.
    """

    lip: Literal["upper", "lower"]
    hide: float = 0.0
    edge: tuple[float, float] = (0.0, 0.0)
    border: tuple[float, float] = (0.0, 0.0)
    wide: float = 1.0
    """Half width of the part that moves, in half mouth widths."""


Muscle = Pull | Push | Squeeze | Roll

_CORNER: Final = (0.365, 0.98)

PAIRED: Final[Mapping[int, tuple[Muscle, ...]]] = MappingProxyType(
    {
        1: (
            Pull("medial frontalis", (0.17, -1.15, 1.15), (0.20, -0.29), 24, 0.26, 9.5),
            Push((0.20, -0.36), (0.26, 0.20, 0.5), (0, 0, 1.2)),
        ),
        2: (
            Pull("lateral frontalis", (0.55, -1.15, 0.85), (0.62, -0.34), 33, 0.32, 9.3),
            Push((0.60, -0.42), (0.26, 0.20, 0.5), (0.4, 0, 0.8)),
        ),
        4: (
            Push((0.20, -0.30), (0.32, 0.30, 0.5), (-3.4, 7.0, 0.8)),
            Push((0.52, -0.33), (0.34, 0.28, 0.5), (-2.2, 3.5, 0.6)),
            Push((0.06, -0.22), (0.14, 0.26, 0.4), (-0.5, 2.0, 2.0)),
        ),
        6: (
            Push((0.58, 0.40), (0.52, 0.40, 0.7), (-1.0, -9.0, 4.5)),
            Push((0.54, 0.34), (0.40, 0.13, 0.5), (0, 0, 2.4)),
            Push((0.48, 0.15), (0.34, 0.09, 0.5), (0, 0, 2.4)),
            Push((0.86, 0.02), (0.28, 0.36, 0.6), (-3.4, 0, 1.6)),
            Push((0.68, -0.30), (0.24, 0.20, 0.5), (0, 2.0, 0)),
        ),
        7: (Push((0.44, 0.14), (0.30, 0.10, 0.4), (0, -1.0, 0.8)),),
        9: (
            Pull(
                "levator labii superioris alaeque nasi",
                *((0.12, -0.10, 1.36), (0.24, 0.58)),
                *(34, 0.32, 9.0),
            ),
            Push((0.30, 0.36), (0.28, 0.30, 0.5), (-0.8, -6.0, 3.0)),
            Push((0.15, -0.26), (0.30, 0.26, 0.5), (-1.4, 5.0, 0.8)),
            Push((0.10, 0.08), (0.14, 0.18, 0.4), (0.6, -1.0, 2.0)),
            Push((0, 0.57), (0.22, 0.26, 0.3), (0, -1.0, 0)),
        ),
        10: (
            Pull(
                "levator labii superioris",
                *((0.38, 0.10, 1.20), (0.24, 0.86)),
                *(24, 0.24, 8.0),
                lip="upper",
            ),
            Push((0.24, 0.52), (0.20, 0.24, 0.4), (0.8, -2.2, 0)),
            Push((0.40, 0.48), (0.28, 0.30, 0.5), (0, -3.5, 3.6)),
        ),
        11: (
            Pull(
                "zygomaticus minor",
                *((0.76, 0.12, 0.98), (0.30, 0.74)),
                *(26, 0.24, 9.0),
                lip="upper",
            ),
            Push((0.50, 0.46), (0.24, 0.26, 0.5), (0, -1.0, 5.0)),
        ),
        12: (
            Pull("zygomaticus major", (0.95, 0.05, 0.55), _CORNER, 27, 0.42, 17.0),
            Push((0.58, 0.50), (0.38, 0.34, 0.6), (1.0, -4.5, 3.8)),
        ),
        13: (
            Pull("levator anguli oris", (0.44, 0.25, 1.20), _CORNER, 20, 0.22, 12.0),
            Push((0.52, 0.55), (0.30, 0.28, 0.5), (1.2, -2.5, 5.0)),
        ),
        14: (
            Push(_CORNER, (0.30, 0.24, 0.6), (2.6, -0.5, -6.5)),
            Push((0.44, 0.97), (0.09, 0.15, 0.4), (0, 0, -4.5)),
            Push((0.57, 0.92), (0.16, 0.28, 0.4), (-1.5, 0, 4.0)),
        ),
        15: (
            Pull("depressor anguli oris", (0.47, 1.58, 1.16), _CORNER, 30, 0.36, 11.0),
            Push((0.44, 1.22), (0.26, 0.22, 0.4), (0.6, 1.0, 2.6)),
            Push((0.50, 0.78), (0.26, 0.30, 0.5), (-0.6, 3.0, -1.5)),
        ),
        20: (
            Pull("risorius", (1.02, 1.12, 0.40), _CORNER, 26, 0.42, 12.0),
            Push((0.60, 1.02), (0.20, 0.34, 0.5), (1.5, 0, 1.5)),
            Push((0.46, 1.12), (0.30, 0.26, 0.5), (0, 2.0, 0)),
        ),
        33: (Push((0.60, 0.85), (0.44, 0.52, 0.8), (5.5, 0, 5.5)),),
        34: (
            Push((0.60, 0.85), (0.46, 0.56, 0.8), (8.0, 0, 7.5)),
            Push((0.20, 0.76), (0.30, 0.16, 0.4), (0, 0, 3.0)),
        ),
        35: (Push((0.60, 0.82), (0.34, 0.46, 0.8), (-6.5, 0, -7.5)),),
    }
)
"""Unit -> muscles of the subject's left side, for units with a muscle on each side."""

MIDDLE: Final[Mapping[int, tuple[Muscle, ...]]] = MappingProxyType(
    {
        10: (Roll("upper", edge=(3.0, 0.5), border=(2.6, 0.8)),),
        16: (
            Roll("lower", edge=(7.0, 0.8), border=(6.4, 3.0)),
            Push((0, 1.28), (0.42, 0.16, 0.4), (0, 1.0, 2.6)),
            Push((0, 1.44), (0.40, 0.26, 0.4), (0, 1.0, -1.0)),
        ),
        17: (
            Push((0, 1.40), (0.40, 0.34, 0.5), (0, -9.0, 3.5)),
            Push((0, 1.20), (0.34, 0.10, 0.4), (0, 0, -1.5)),
            Roll("upper", edge=(3.0, 1.5), border=(2.0, 1.0), wide=1.1),
            Roll("lower", edge=(-4.0, 3.0), border=(-4.0, 5.0), wide=1.1),
        ),
        18: (
            Squeeze((0, 0.97, 1.35), (1.0, 0.75, 0.9), (0.88, 0.05, 0)),
            Push((0, 0.97), (0.40, 0.34, 0.5), (0, 0, 7.5)),
            Roll("upper", edge=(0, 1.0), border=(0.8, 1.0)),
            Roll("lower", edge=(0, 1.0), border=(1.2, 1.0)),
        ),
        20: (
            Roll("upper", hide=0.25, edge=(0, -0.8)),
            Roll("lower", hide=0.25, edge=(0, -0.8)),
        ),
        22: (
            Squeeze((0, 0.97, 1.35), (1.0, 0.75, 0.9), (0.7, 0, 0)),
            Push((0, 0.97), (0.46, 0.38, 0.5), (0, 0, 3.5)),
            Roll("upper", edge=(4.2, 7.0), border=(3.2, 3.0)),
            Roll("lower", edge=(4.6, 7.0), border=(4.4, 2.5)),
        ),
        23: (
            Roll("upper", hide=0.75, edge=(0, -2.0), border=(0, 0.8)),
            Roll("lower", hide=0.75, edge=(0, -2.0), border=(0, 0.8)),
            Squeeze((0, 0.97, 1.35), (0.8, 0.6, 0.9), (0.26, 0, 0)),
            Push((0, 0.80), (0.36, 0.14, 0.4), (0, 0, 1.2)),
            Push((0, 1.18), (0.36, 0.14, 0.4), (0, 0, 1.6)),
        ),
        24: (
            Roll("upper", hide=0.50, edge=(0, 1.0), border=(0, 2.4)),
            Roll("lower", hide=0.50, edge=(0, 1.0), border=(0, 2.4)),
            Push((0, 1.20), (0.44, 0.15, 0.5), (0, -0.8, 4.4)),
            Push((0, 0.80), (0.44, 0.15, 0.5), (0, 0.8, 3.6)),
            Push((0.44, 0.98), (0.16, 0.26, 0.4), (0, 0, 2.4)),
            Push((-0.44, 0.98), (0.16, 0.26, 0.4), (0, 0, 2.4)),
            Push((0, 1.38), (0.34, 0.26, 0.5), (0, -3.0, 1.0)),
            Squeeze((0, 0.97, 1.35), (0.8, 0.6, 0.9), (0.30, 0, 0)),
        ),
        25: (
            Roll("upper", edge=(1.6, 0), border=(0.6, 0.3)),
            Roll("lower", edge=(4.6, 0), border=(3.0, 0.4)),
        ),
        26: (Squeeze((0, 1.0, 1.35), (0.9, 0.75, 0.9), (0.12, 0, 0)),),
        27: (
            Squeeze((0, 1.0, 1.35), (0.9, 0.75, 0.9), (0.34, 0, 0)),
            Push((0.62, 0.85), (0.3, 0.5, 0.7), (-1.5, 0, -2.0)),
            Push((-0.62, 0.85), (0.3, 0.5, 0.7), (1.5, 0, -2.0)),
            Roll("upper", edge=(1.0, 0), border=(0.5, 0)),
        ),
        28: (
            Roll("upper", hide=1.0, edge=(0, -3.5), border=(0, -2.5)),
            Roll("lower", hide=1.0, edge=(0, -3.5), border=(0, -2.5)),
            Push((0, 1.38), (0.36, 0.3, 0.5), (0, -2.5, 0.8)),
        ),
        32: (
            Roll("upper", edge=(4.0, 0), border=(2.0, 0.3)),
            Roll("lower", hide=0.85, edge=(-0.5, -5.0), border=(0.3, -2.5)),
            Push((0, 1.38), (0.36, 0.3, 0.5), (0, -2.0, 0.8)),
        ),
        29: (
            Push((0, 1.22), (0.34, 0.14, 0.4), (0, 0, -2.0)),
            Roll("lower", edge=(-2.0, 2.0), border=(-1.0, 3.0)),
        ),
        33: (
            Push((0, 0.97), (0.40, 0.30, 0.5), (0, 0, 4.5)),
            Roll("upper", edge=(1.6, 1.5), wide=0.5),
            Roll("lower", edge=(2.2, 1.5), border=(0.8, 0), wide=0.5),
            Squeeze((0, 0.97, 1.35), (1.0, 0.75, 0.9), (0.65, 0, 0)),
        ),
        34: (Push((0, 1.20), (0.40, 0.18, 0.4), (0, 0, 2.5)),),
        35: (
            Squeeze((0, 0.97, 1.35), (1.0, 0.75, 0.9), (0.42, 0, 0)),
            Push((0, 0.97), (0.40, 0.32, 0.5), (0, 0, 2.5)),
        ),
    }
)
"""Unit -> muscles across the middle; each side moves its own half of them."""
