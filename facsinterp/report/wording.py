"""Numbers as people read them: the one place where the report formats any.

A value that is missing (None, NaN, infinite) is an en dash, never "nan"; where the reason
is known, `or_reason` puts it behind the dash for a pointer and a screen reader.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

DASH: Final = "–"
MINUS: Final = "−"
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_INTENSITIES: Final = ("", "A", "B", "C", "D", "E")


def known(value: object) -> bool:
    """Whether there is a finite number to show."""
    if value is None:
        return False
    try:
        return math.isfinite(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def number(value: float | None, digits: int = 2) -> str:
    """`0.96`, `−0.10`; an en dash when there is none."""
    if value is None or not known(value):
        return DASH
    text = f"{float(value):,.{digits}f}"
    if text[0] != "-":
        return text
    return MINUS + text[1:] if text.strip("-0.") else text[1:]


def key(value: float | None) -> str:
    """What a number is sorted by, to six digits; empty when there is none."""
    return "" if value is None or not known(value) else f"{float(value):.6g}"


def count(value: float | None) -> str:
    """`1,308`; an en dash when there is none."""
    return number(value, 0)


def median_count(value: float | None) -> str:
    """A median of counts: `1,308`, or `101.5` between two."""
    return number(value, 0 if value is None or float(value).is_integer() else 1)


def significant(value: float | None) -> str:
    """Two or three significant digits, `0.012`, `0.12`, `41.2`, `1,308`; for any size."""
    if value is None or not known(value):
        return DASH
    return _scientific(float(value)) if _tiny(value) else number(value, _digits(value))


def exact(value: float | None) -> str:
    """A setting as somebody wrote it: `0.05`, `10000`."""
    return DASH if value is None or not known(value) else f"{float(value):.12g}"


def _tiny(value: float) -> bool:
    return 0 < abs(float(value)) < 1e-3


def _digits(value: float) -> int:
    size = abs(float(value))
    if float(value).is_integer() or size >= 100:
        return 0
    return next(digits for digits, least in ((1, 10), (2, 0.1), (3, 0.01), (4, 0)) if size >= least)


def percent(value: float | None) -> str:
    """A share as `63 %`, unbroken; below 1 % and above 99 % one more digit: only all is 100 %."""
    if value is None or not known(value):
        return DASH
    share = 100 * float(value)
    if 0 < share < 0.1:
        return "< 0.1\N{NO-BREAK SPACE}%"
    if 99.9 < share < 100:
        return "> 99.9\N{NO-BREAK SPACE}%"
    digits = 1 if 0 < share < 1 or 99 < share < 100 else 0
    return f"{number(share, digits)}\N{NO-BREAK SPACE}%"


def probability(value: float | None) -> str:
    """A p-value as `0.031`, or `2.1 × 10⁻⁵` below 0.001; never 0."""
    if value is None or not known(value):
        return DASH
    p = float(value)
    if p < 1e-3:
        return _scientific(p) if p > 0 else "< 10⁻³⁰⁰"
    return number(p, 2 if p >= 0.1 else 3)


def _scientific(value: float) -> str:
    mantissa, exponent = f"{value:.1e}".split("e")
    text = f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return text.replace("-", MINUS)


def with_interval(
    value: float | None, low: float | None, high: float | None, digits: int = 2
) -> str:
    """`0.96 [0.93, 0.98]`; the value alone where there is no interval."""
    if not (known(low) and known(high)):
        return number(value, digits)
    return f"{number(value, digits)} [{number(low, digits)}, {number(high, digits)}]"


def finding_interval(value: float | None, low: float | None, high: float | None) -> str:
    """Like `with_interval`, as precise as `significant`; findings come in any unit."""
    if value is None or low is None or high is None or not all(map(known, (value, low, high))):
        return significant(value)
    if any(_tiny(x) for x in (value, low, high)):
        return f"{significant(value)} [{significant(low)}, {significant(high)}]"
    digits = _digits(value)
    while any(x != 0 and round(x, digits) == 0 for x in (low, high)):
        digits += 1
    return with_interval(value, low, high, digits)


def or_reason(text: str, reason: str) -> str | Markup:
    """`text`, or a dash that says why when `text` is a dash and a reason is known."""
    if text != DASH or not reason:
        return text
    return Markup('<abbr class="none" title="{0}">–<span class="aside"> {0}</span></abbr>').format(
        reason
    )


def value(thing: object) -> str:
    """A cell of any kind: text as it is, yes or no, numbers to three significant digits."""
    if isinstance(thing, str):
        return thing or DASH
    if type(thing).__name__ in ("bool", "bool_"):
        return "yes" if thing else "no"
    if known(thing):
        return significant(float(thing))  # type: ignore[arg-type]
    if thing is None or isinstance(thing, float) or str(thing) in ("nan", "NaT", "<NA>"):
        return DASH
    return str(thing)


def letter(intensity: float) -> str:
    """The FACS letter of an intensity, `C` for 3; empty when not scored or absent."""
    if not known(intensity):
        return ""
    return _INTENSITIES[min(5, max(0, round(float(intensity))))]


def plural(n: int, noun: str, nouns: str = "") -> str:
    """`1 filter`, `37 filters`, `no filters`."""
    if n == 1:
        return f"1 {noun}"
    return f"{count(n) if n else 'no'} {nouns or noun + 's'}"


def listed(words: Sequence[str]) -> str:
    """`AU1, AU2 and AU5`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def capital(text: str) -> str:
    """The text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]
