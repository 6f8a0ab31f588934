"""The codes of the Facial Action Coding System: number, name, muscles, region, group.

Numbers and short names are those of Ekman, Friesen and Hager, Facial Action Coding System
(2002). Codes that the 2002 edition merged into others (41, 42, 44) are kept because data
sets still use them. Baby-FACS codes (such as 3) are not part of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

REGIONS: Final = (
    "brows",
    "eyes",
    "nose",
    "cheeks",
    "mouth",
    "chin",
    "jaw",
    "neck",
    "head",
    "body",
    "face",
)
"""Where a code shows; "face" means the whole of it."""

GROUPS: Final = ("main", "miscellaneous", "head", "eye", "visibility", "gross behaviour")
"""Kinds of code; "main" are the upper and lower face units that movements are scored by."""


@dataclass(frozen=True, slots=True)
class ActionUnit:
    """One code of FACS. `moves`: the code is also, or only, written as a movement (M59)."""

    number: int
    name: str
    muscles: tuple[str, ...]
    region: str
    group: str
    moves: bool = False


# number, name, muscles parted by commas, region
_MAIN: Final = (
    (1, "inner brow raiser", "medial frontalis", "brows"),
    (2, "outer brow raiser", "lateral frontalis", "brows"),
    (4, "brow lowerer", "corrugator supercilii, depressor supercilii, procerus", "brows"),
    (5, "upper lid raiser", "levator palpebrae superioris", "eyes"),
    (6, "cheek raiser", "orbicularis oculi (orbital part)", "cheeks"),
    (7, "lid tightener", "orbicularis oculi (palpebral part)", "eyes"),
    (8, "lips toward each other", "orbicularis oris", "mouth"),
    (9, "nose wrinkler", "levator labii superioris alaeque nasi", "nose"),
    (10, "upper lip raiser", "levator labii superioris", "mouth"),
    (11, "nasolabial deepener", "zygomaticus minor", "cheeks"),
    (12, "lip corner puller", "zygomaticus major", "mouth"),
    (13, "sharp lip puller", "levator anguli oris", "mouth"),
    (14, "dimpler", "buccinator", "mouth"),
    (15, "lip corner depressor", "depressor anguli oris", "mouth"),
    (16, "lower lip depressor", "depressor labii inferioris", "mouth"),
    (17, "chin raiser", "mentalis", "chin"),
    (18, "lip pucker", "incisivii labii", "mouth"),
    (19, "tongue show", "", "mouth"),
    (20, "lip stretcher", "risorius, platysma", "mouth"),
    (21, "neck tightener", "platysma", "neck"),
    (22, "lip funneler", "orbicularis oris", "mouth"),
    (23, "lip tightener", "orbicularis oris", "mouth"),
    (24, "lip pressor", "orbicularis oris", "mouth"),
    (25, "lips part", "depressor labii inferioris, mentalis (relaxed)", "mouth"),
    (26, "jaw drop", "masseter (relaxed)", "jaw"),
    (27, "mouth stretch", "pterygoids, digastric", "jaw"),
    (28, "lip suck", "orbicularis oris", "mouth"),
    (41, "lid droop", "levator palpebrae superioris (relaxed)", "eyes"),
    (42, "slit", "orbicularis oculi", "eyes"),
    (43, "eyes closed", "levator palpebrae superioris (relaxed)", "eyes"),
    (44, "squint", "orbicularis oculi", "eyes"),
    (45, "blink", "levator palpebrae superioris (relaxed), orbicularis oculi", "eyes"),
    (46, "wink", "levator palpebrae superioris (relaxed), orbicularis oculi", "eyes"),
)

_MISCELLANEOUS: Final = (
    (29, "jaw thrust", "", "jaw"),
    (30, "jaw sideways", "", "jaw"),
    (31, "jaw clencher", "masseter", "jaw"),
    (32, "lip bite", "", "mouth"),
    (33, "cheek blow", "", "cheeks"),
    (34, "cheek puff", "", "cheeks"),
    (35, "cheek suck", "", "cheeks"),
    (36, "tongue bulge", "", "cheeks"),
    (37, "lip wipe", "", "mouth"),
    (38, "nostril dilator", "nasalis (alar part)", "nose"),
    (39, "nostril compressor", "nasalis (transverse part), depressor septi nasi", "nose"),
)

_HEAD: Final = (
    (51, "head turn left", "", "head"),
    (52, "head turn right", "", "head"),
    (53, "head up", "", "head"),
    (54, "head down", "", "head"),
    (55, "head tilt left", "", "head"),
    (56, "head tilt right", "", "head"),
    (57, "head forward", "", "head"),
    (58, "head back", "", "head"),
    (59, "head nod up and down", "", "head"),
    (60, "head shake from side to side", "", "head"),
    (83, "head up and to the side", "", "head"),
)

_EYE: Final = (
    (61, "eyes turn left", "", "eyes"),
    (62, "eyes turn right", "", "eyes"),
    (63, "eyes up", "", "eyes"),
    (64, "eyes down", "", "eyes"),
    (65, "walleye", "", "eyes"),
    (66, "cross-eye", "", "eyes"),
    (68, "eyes roll up", "", "eyes"),
    (69, "eyes look at the other person", "", "eyes"),
)

_VISIBILITY: Final = (
    (70, "brows and forehead not visible", "", "brows"),
    (71, "eyes not visible", "", "eyes"),
    (72, "lower face not visible", "", "mouth"),
    (73, "entire face not visible", "", "face"),
    (74, "unscorable", "", "face"),
)

_GROSS: Final = (
    (40, "sniff", "", "nose"),
    (50, "speech", "", "mouth"),
    (80, "swallow", "", "neck"),
    (81, "chewing", "", "jaw"),
    (82, "shoulder shrug", "", "body"),
    (84, "head shake back and forth", "", "head"),
    (85, "head nod", "", "head"),
    (91, "flash", "", "face"),
    (92, "partial flash", "", "face"),
    (97, "shiver or tremble", "", "face"),
    (98, "fast look up and down", "", "eyes"),
)

_MOVES: Final = frozenset({55, 56, 57, 59, 60, 61, 62, 68, 69, 83})


def _table() -> dict[int, ActionUnit]:
    rows = (
        ActionUnit(
            number,
            name,
            tuple(muscle for muscle in muscles.split(", ") if muscle),
            region,
            group,
            number in _MOVES,
        )
        for group, part in zip(
            GROUPS, (_MAIN, _MISCELLANEOUS, _HEAD, _EYE, _VISIBILITY, _GROSS), strict=True
        )
        for number, name, muscles, region in part
    )
    return {unit.number: unit for unit in sorted(rows, key=lambda unit: unit.number)}


UNITS: Final[Mapping[int, ActionUnit]] = MappingProxyType(_table())
"""Every code of FACS by its number, in ascending order."""


def label(unit: int) -> str:
    """The short label of a unit: 12 -> "AU12"."""
    return f"AU{int(unit)}"


def describe(unit: int) -> str:
    """The label and name of a unit: 12 -> "AU12 lip corner puller".

    A number that FACS does not use gives "AU99 (not a FACS code)".
    """
    known = UNITS.get(int(unit))
    return f"{label(unit)} {known.name}" if known else f"{label(unit)} (not a FACS code)"
