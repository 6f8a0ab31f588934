"""Code strings such as `1+2+R12B+M59` read into codes, and written back.

Every spelling that the data sets use is read: sides before the number (L, R, T, B, U, V, A),
intensity letters A to E behind it, `AU01`, the separators `+ , ; ，` and blanks,
uncertainty (`?`, `4 or 5`, `4/5`), the suffix `(k)`, numbers in numeric cells. What cannot
be read is given back as it stands; text never raises.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from facsinterp.facs.units import UNITS

SIDES: Final = "LRTBUVA"
"""Left, right, top, bottom, unilateral, and the two marks in use for asymmetry (V, A)."""

LETTERS: Final = "ABCDE"
"""Intensities trace, slight, marked, severe and maximum: 1 to 5."""

_BLANK_WORDS: Final = frozenset({"", "nan", "none", "null", "na", "n/a", "<na>", "nat", "-", "/"})
_OR_WORDS: Final = ("or", "/")
_NEUTRAL_WORDS: Final = frozenset({"neutral", "au0", "au00"})

_OR: Final = rf"or(?=\s|\d|[{SIDES}M]{{1,3}}\d)"
# The letter may stand apart ("12 B") but belongs to the next code when a number follows it
# at once ("12 B28"). A code ends where no further letter or digit touches it, but for "or".
_CODE: Final = re.compile(
    rf"(?P<movement>M\s*)?"
    rf"(?:AU\s*(?P<after>[{SIDES}])?|(?P<before>[{SIDES}])\s*(?:AU)?)?\s*"
    rf"(?P<unit>0{{0,3}}\d{{1,2}})(?:\.0+)?"
    rf"(?:\s*(?P<letter>[{LETTERS}])(?:(?![\w.])|(?={_OR})))?"
    rf"(?:\s*\(k\))?"
    rf"(?:(?![\w.(-])|(?={_OR}))",
    re.IGNORECASE | re.ASCII,
)
_SEPARATOR: Final = re.compile(r"[\s+,;、]+")
_ALTERNATIVE: Final = re.compile(rf"/|{_OR}", re.IGNORECASE | re.ASCII)
# A mark that stands apart may speak of the next code, unless a separator cuts it off from that.
_DOUBT: Final = re.compile(
    rf"\?+(?=$|[\s+,;、/]|{_OR})|\s*\?+(?=\s*(?:$|[+,;、/]|{_OR}))", re.IGNORECASE | re.ASCII
)
_ZERO: Final = re.compile(r"0+(\.0+)?")
# Full-width forms alone: NFKC would also read the footnote in "1²" as AU12.
_FULL_WIDTH: Final = {0xFF01 + k: 0x21 + k for k in range(94)}


@dataclass(frozen=True, slots=True)
class Code:
    """One scored code: a unit with its intensity (1 to 5 for A to E, None = not scored).

    `side` is one of `SIDES` or "" (both, or not said); `certain` is False for alternatives
    and question marks; `movement` for codes written with M. The unit need not be one that
    FACS knows (see `known`): data sets hold others, and losing them silently would hide it.
    Raises ValueError for values that no code string can say.
    """

    unit: int
    intensity: int | None = None
    side: str = ""
    certain: bool = True
    movement: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.unit <= 99:
            message = f"unit {self.unit} is outside 1 to 99"
            raise ValueError(message)
        if self.intensity is not None and not 1 <= self.intensity <= 5:
            message = f"intensity {self.intensity} is outside 1 (A) to 5 (E)"
            raise ValueError(message)
        if len(self.side) > 1 or self.side not in SIDES:
            message = f"side {self.side!r} is none of {', '.join(SIDES)}"
            raise ValueError(message)

    @property
    def known(self) -> bool:
        """Whether FACS has a code of this number."""
        return self.unit in UNITS

    def __str__(self) -> str:
        letter = LETTERS[self.intensity - 1] if self.intensity else ""
        return (
            f"{'M' if self.movement else ''}{self.side}{self.unit}{letter}"
            f"{'' if self.certain else '?'}"
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell says: its codes by ascending unit, what was not readable, whether neutral."""

    codes: tuple[Code, ...] = ()
    unread: tuple[str, ...] = ()
    neutral: bool = False


def parse(cell: object) -> Reading:
    """The codes in a cell of a coding sheet: text, a number, or nothing (None, NaN, "").

    `0` and "neutral" alone give a neutral reading. Codes of one unit, side and kind
    (movement or not) are one code, with the greatest intensity and certain if any of them
    is; codes of one unit on different sides stay apart. Of two alternatives (`4 or 5`) both
    are kept, neither certain; nor is any code of `1+2 or 4+5`, which may be two alternatives
    of two codes each. Numbers above 99, fractions, and question marks that do not stand behind
    a code are unread.
    """
    text = _text(cell)
    if text.casefold() in _BLANK_WORDS:
        return Reading()
    if text.casefold() in _NEUTRAL_WORDS:
        return Reading(neutral=True)
    tokens = tuple(_tokens(text))
    either = _alternatives(tokens)
    codes, unread, zeros = [], [], []
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else ""
        after = tokens[place + 1] if place + 1 < len(tokens) else ""
        if isinstance(token, Code):
            doubted = after in _OR_WORDS or before in _OR_WORDS or place in either
            codes.append(replace(token, certain=False) if doubted else token)
        elif _ZERO.fullmatch(token):
            zeros.append(token)
        elif not _is_mark(before, token, after):
            unread.append(token)
    if codes or unread:
        # A neutral face has no units: beside them the 0 contradicts, so it is not believed.
        return Reading(merge(codes), (*unread, *zeros))
    return Reading(neutral=bool(zeros))


def format_codes(codes: Iterable[Code]) -> str:
    """The canonical text of codes, such as "1+2+R12B+M59+4?"; "" for none.

    `parse` reads it back into the same codes, merged and in ascending order.
    """
    return "+".join(str(code) for code in merge(codes))


def merge(codes: Iterable[Code]) -> tuple[Code, ...]:
    """Codes by ascending unit, one for each unit, kind and side: the most intense of them."""
    best: dict[tuple[int, bool, str], Code] = {}
    for code in codes:
        key = (code.unit, code.movement, code.side)
        other = best.get(key)
        if other is not None:
            code = replace(  # noqa: PLW2901 - the merged code takes its place
                code,
                intensity=max(code.intensity or 0, other.intensity or 0) or None,
                certain=code.certain or other.certain,
            )
        best[key] = code
    return tuple(best[key] for key in sorted(best))


def _text(cell: object) -> str:
    """A cell as text; whole numbers lose their `.0` and missing values become empty."""
    if cell is None:
        return ""
    if isinstance(cell, numbers.Real) and not isinstance(cell, numbers.Integral):
        value = float(cell)
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() else str(cell)
    text = cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell)
    return " ".join(text.translate(_FULL_WIDTH).split())


def _tokens(text: str) -> Iterator[Code | str]:
    """Codes, the marks "or" and "/", and pieces that are neither."""
    position = 0
    while position < len(text):
        code = _CODE.match(text, position)
        if gap := _SEPARATOR.match(text, position):
            position = gap.end()
        elif text[position] == "?":
            yield "?"
            position += 1
        elif alternative := _ALTERNATIVE.match(text, position):
            yield alternative.group().casefold()
            position = alternative.end()
        elif code and int(code["unit"]):
            doubt = _DOUBT.match(text, code.end())
            yield replace(_code(code), certain=doubt is None)
            position = (doubt or code).end()
        else:
            gap = _SEPARATOR.search(text, position)
            end = gap.start() if gap else len(text)
            yield text[position:end]
            position = end


def _code(found: re.Match[str]) -> Code:
    letter = (found["letter"] or "").upper()
    return Code(
        int(found["unit"]),
        LETTERS.index(letter) + 1 if letter else None,
        (found["before"] or found["after"] or "").upper(),
        movement=bool(found["movement"]),
    )


def _alternatives(tokens: Sequence[Code | str]) -> frozenset[int]:
    """Places of the codes on both sides of an "or" that has several on either side."""
    sides: list[list[int]] = [[]]
    for place, token in enumerate(tokens):
        if token == "or":
            sides.append([])
        elif isinstance(token, Code):
            sides[-1].append(place)
    return frozenset(
        place
        for left, right in pairwise(sides)
        if len(left) > 1 and len(right) > 1
        for place in (*left, *right)
    )


def _is_mark(before: Code | str, token: str, after: Code | str) -> bool:
    """Whether a token says something of the codes beside it, and is thereby read."""
    return token in _OR_WORDS and isinstance(after, Code) and before not in ("", *_OR_WORDS)
