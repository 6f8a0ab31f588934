"""The place of each action unit on the 68 landmarks: polygons, margins and why they lie there.

Which muscle moves what follows Ekman, Friesen and Hager, Facial Action Coding System (2002):
the muscle each unit is named after, and the changes of appearance that its scoring asks for,
in our own words. How wide each place is drawn was set on drawn faces, where the pixels that
a unit changes are known exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple


class Anchor(NamedTuple):
    """A landmark of the subject's right half or the midline, moved a little.

    `out`: away from the midline, `down`: towards the chin, both in distances between the eyes.
    """

    point: int
    out: float = 0.0
    down: float = 0.0


@dataclass(frozen=True)
class Polygon:
    """Corners on the subject's right; `across`: joined with their mirror image into one.

    Grown by `margin` distances between the eyes.
    """

    anchors: tuple[Anchor, ...]
    margin: float
    across: bool = False


def _sides(margin: float, *anchors: tuple[int, float, float]) -> Polygon:
    return Polygon(tuple(Anchor(*anchor) for anchor in anchors), margin)


def _across(margin: float, *anchors: tuple[int, float, float]) -> Polygon:
    return Polygon(tuple(Anchor(*anchor) for anchor in anchors), margin, across=True)


def _mirrored() -> tuple[int, ...]:
    """The landmark on the other side of the face of each of the 68."""
    pairs = {**{i: 16 - i for i in range(17)}, **{i: 43 - i for i in range(17, 27)}}
    pairs |= {i: i for i in range(27, 31)} | {i: 66 - i for i in range(31, 36)}
    eyes = {36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46}
    pairs |= eyes | {left: right for right, left in eyes.items()}
    pairs |= {i: 102 - i for i in range(48, 55)} | {i: 114 - i for i in range(55, 60)}
    pairs |= {i: 124 - i for i in range(60, 65)} | {i: 132 - i for i in range(65, 68)}
    return tuple(pairs[i] for i in range(68))


MIRRORED: Final = _mirrored()

_LIPS: Final = ((51, 0, 0), (50, 0, 0), (49, 0, 0), (48, 0, 0), (59, 0, 0), (58, 0, 0), (57, 0, 0))

# The lids: orbicularis oculi's inner part and the levator of the upper lid, up to its crease.
_LIDS: Final = (
    _sides(0.13, (36, 0, 0), (37, 0, -0.08), (38, 0, -0.08), (39, 0, 0), (40, 0, 0), (41, 0, 0)),
)
# Both lips and their rim: orbicularis oris.
_ORAL: Final = (_across(0.15, *_LIPS),)
# The same with the skin between nose and chin boss that tight or funnelled lips drag along.
_DRAWN: Final = (
    _across(0.12, (33, 0, 0.02), (31, 0.1, 0.06), (48, 0.24, -0.1), (48, 0.2, 0.16),
            (59, 0.1, 0.3), (57, 0, 0.32)),
)  # fmt: skip
# The jaw sinks: the mouth, and everything between it and the chin.
_JAW: Final = (
    _across(0.1, (51, 0, 0), (48, 0, -0.1), (4, -0.05, 0), (5, 0, 0), (6, 0.05, 0.05), (8, 0, 0.1)),
)
_NOSTRILS: Final = (_across(0.1, (30, 0, 0), (31, 0.05, -0.1), (31, 0.05, 0.05), (33, 0, 0)),)

PLACES: Final[Mapping[int, tuple[Polygon, ...]]] = MappingProxyType(
    {
        # Medial frontalis lifts the inner brows and wrinkles the middle of the forehead; what
        # the brow leaves lies below it.
        1: (
            _across(0.08, (19, 0.05, -0.35), (19, 0.1, 0.05), (20, 0, 0.22), (21, 0, 0.3)),
        ),
        # Lateral frontalis lifts the outer brow and the skin between it and the eye.
        2: (
            _sides(0.08, (17, 0.08, -0.15), (18, 0, -0.35), (20, 0, -0.35), (21, 0.05, -0.1),
                   (21, 0.05, 0.15), (19, 0, 0.22), (17, 0.05, 0.22)),
        ),
        # Corrugator and depressor supercilii draw the brows down and together, procerus wrinkles
        # the root of the nose.
        4: (
            _across(0.1, (21, 0, -0.2), (19, 0, -0.12), (17, 0, 0), (18, 0, 0.12), (20, 0, 0.15),
                    (39, 0.05, -0.1), (27, 0.08, 0.05)),
        ),
        # Levator palpebrae superioris lifts the upper lid; more of the eyeball shows.
        5: _LIDS,
        # The outer part of orbicularis oculi lifts the cheek, bags the lower lid and wrinkles
        # the outer corner; the skin under the brow is drawn in.
        6: (
            _sides(0.06, (36, 0.2, -0.18), (37, 0, -0.12), (38, 0, -0.1), (39, -0.03, 0.05),
                   (31, 0, -0.3), (31, 0.1, -0.03), (31, 0.45, 0), (36, 0.22, 0.3)),
        ),
        # The inner part of orbicularis oculi narrows the opening, most from below.
        7: _LIDS,
        8: _ORAL,
        # Levator labii superioris alaeque nasi wrinkles the nose, draws the brows down at its
        # root and lifts the wings with the middle of the upper lip.
        9: (
            _across(0.06, (21, 0, -0.14), (19, 0, -0.1), (19, 0, 0.15), (38, 0, 0), (40, 0, 0.1),
                    (31, 0.28, -0.2), (31, 0.28, 0.1), (49, 0, 0), (62, 0, 0)),
        ),
        # Levator labii superioris lifts the upper lip, bends the nasolabial fold and, when
        # strong, parts the lips.
        10: (
            _across(0.08, (31, 0.02, -0.2), (31, 0.3, -0.05), (48, 0.12, -0.05), (48, 0, 0.08),
                    (58, 0, 0), (57, 0, 0)),
        ),
        # Zygomaticus minor deepens the upper and middle nasolabial fold.
        11: (
            _sides(0.08, (31, 0.05, -0.2), (31, 0.4, -0.3), (31, 0.5, -0.1), (48, 0.3, 0),
                   (48, 0, 0.05), (50, 0, 0)),
        ),
        # Zygomaticus major draws the corners up and out, lifts the cheek and deepens the fold.
        12: (
            *_ORAL,
            _sides(0.08, (31, 0.05, -0.2), (31, 0.45, -0.25), (48, 0.33, -0.2), (48, 0.25, 0.15),
                   (48, 0, 0.15), (49, 0, 0)),
        ),
        # Levator anguli oris draws the corners steeply up; the cheeks puff above them.
        13: (
            _sides(0.1, (31, 0.1, -0.1), (31, 0.4, -0.35), (31, 0.5, -0.1), (48, 0.3, 0.1),
                   (48, -0.15, 0.15), (49, -0.05, 0)),
        ),
        # Buccinator tightens the corners and dimples the skin beside them.
        14: (_sides(0.1, (48, -0.15, -0.1), (48, 0.25, -0.2), (48, 0.25, 0.2), (48, -0.15, 0.1)),),
        # Depressor anguli oris draws the corners down and pouches the skin below them.
        15: (
            *_ORAL,
            _sides(0.08, (48, -0.1, -0.2), (48, 0.15, -0.15), (48, 0.2, 0.3), (48, -0.15, 0.25)),
        ),
        # Depressor labii inferioris draws the lower lip down and flattens the chin below it.
        16: (_across(0.06, (62, 0, 0), (48, 0, 0), (48, 0, 0.1), (59, 0, 0.25), (57, 0, 0.25)),),
        # Mentalis pushes the chin boss up, and with it the lower lip against the upper.
        17: (*_ORAL, _across(0.06, (57, 0, 0), (48, -0.05, 0.1), (6, 0, 0), (7, 0, 0), (8, 0, 0))),
        # The incisivii push the lips forward and the mouth small; skin gathers round it.
        18: (
            _across(0.15, (33, 0, 0), (31, 0.1, 0.05), (48, 0.4, -0.1), (48, 0.36, 0.1),
                    (59, 0.15, 0.22), (57, 0, 0.24)),
        ),
        19: _ORAL,
        # Risorius draws the corners sideways and flattens the skin beyond them.
        20: (
            *_ORAL,
            _sides(0.08, (31, 0.05, 0), (48, 0.36, -0.3), (48, 0.36, 0.22), (48, -0.1, 0.3),
                   (58, 0, 0.2)),
        ),
        # Orbicularis oris funnels, tightens, presses, sucks in the lips.
        22: _DRAWN,
        23: _DRAWN,
        24: _DRAWN,
        # The lips part; what shows between them.
        25: _ORAL,
        26: _JAW,
        27: _JAW,
        28: _DRAWN,
        # Nasalis opens or narrows the nostrils.
        38: _NOSTRILS,
        39: _NOSTRILS,
        # The lids droop, narrow or close.
        41: _LIDS,
        42: _LIDS,
        43: _LIDS,
        44: _LIDS,
        45: _LIDS,
        46: _LIDS,
    }
)  # fmt: skip
