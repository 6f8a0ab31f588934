"""Expressions: their canonical names, their aliases, and the units that make them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from facsinterp.facs.codes import Code, parse

EXPRESSIONS: Final = (
    "neutral",
    "anger",
    "contempt",
    "disgust",
    "fear",
    "happy",
    "sadness",
    "surprise",
)
"""Canonical spelling, in the order of CK+: the position is the number in its label files."""

_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "neutral": ("neutrality", "neutral face"),
    "anger": ("angry",),
    "contempt": ("contemptuous", "scorn"),
    "disgust": ("disgusted",),
    "fear": ("fearful", "afraid", "scared"),
    "happy": ("happiness", "joy", "joyful", "smile", "smiling"),
    "sadness": ("sad",),
    "surprise": ("surprised",),
}
_CANONICAL: Final = {
    alias: expression for expression in EXPRESSIONS for alias in (expression, *_ALIASES[expression])
}

PROTOTYPES: Final[Mapping[str, tuple[Code, ...]]] = MappingProxyType(
    {
        expression: parse(text).codes
        for expression, text in (
            ("neutral", "0"),
            ("anger", "4+5+7+23"),
            ("contempt", "R12A+R14A"),
            ("disgust", "9+15+16"),
            ("fear", "1+2+4+5+7+20+26"),
            ("happy", "6+12"),
            ("sadness", "1+4+15"),
            ("surprise", "1+2+5B+26"),
        )
    }
)
"""EMFACS prototype of each expression: the codes of its full form (none when neutral)."""


def expression_of(text: str) -> str | None:
    """The canonical expression that a label names: "Happiness" -> "happy"; None if unknown.

    Case, blanks, underscores and hyphens do not count. Numbers are unknown, because each
    data set numbers its expressions in another way.
    """
    return _CANONICAL.get(" ".join(text.casefold().replace("_", " ").replace("-", " ").split()))


def ckplus_emotions(codes: Iterable[Code]) -> frozenset[str]:
    """The emotions whose criteria the codes meet, by the rules that CK+ was labelled with.

    Lucey et al., The Extended Cohn-Kanade Dataset (CK+), CVPR Workshops 2010, Table 2.
    Uncertain codes and movements do not count. An AU5 without intensity is neither E
    (fear) nor stronger than B (surprise).
    """
    strength: dict[int, int] = {}
    for code in codes:
        if code.certain and not code.movement:
            strength[code.unit] = max(strength.get(code.unit, 0), code.intensity or 0)

    def has(*units: int) -> bool:
        return all(unit in strength for unit in units)

    lids = strength.get(5, 0)
    met = {
        "anger": has(23, 24),
        "contempt": has(14),
        "disgust": has(9) or has(10),
        "fear": has(1, 2, 4) or (has(1, 2) and lids == 5),
        "happy": has(12),
        "sadness": has(1, 4, 15) or has(11) or has(6, 15),
        "surprise": (has(1, 2) or has(5)) and lids <= 2,
    }
    return frozenset(emotion for emotion, holds in met.items() if holds)
