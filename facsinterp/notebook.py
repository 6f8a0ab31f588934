"""Cards for notebooks: one piece of HTML each, without style sheet, script or request.

All text is escaped where it becomes `Markup`, and long text is cut. Only grey is used beside
the notebook's own ink, so that a card reads on light and on dark.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from typing import Final

from markupsafe import Markup

NONE: Final = "–"
# Names of people and files can be of any length; a fact may list some hundred layers.
LONGEST_CELL: Final = 320
LONGEST_FACT: Final = 1000
LONGEST_PARAGRAPH: Final = 2000
LARGEST_CARD: Final = 180_000
"""Characters; parts that do not fit are left out, and the card says so."""
_MORE: Final = " …"

_LINE: Final = "1px solid rgba(128,128,128,.4)"
_CARD: Final = (
    f"border:{_LINE};border-radius:6px;padding:10px 14px;max-width:46em;"
    "font:13px/1.45 system-ui,sans-serif;overflow-wrap:anywhere"
)
_TITLE: Final = "font-weight:600;margin-bottom:6px"
_HEADING: Final = f"font-weight:600;margin:12px 0 4px;padding-top:8px;border-top:{_LINE}"
_PARAGRAPH: Final = "margin:0 0 6px;max-width:44em"
_NOTE: Final = "margin:4px 0 0;max-width:48em;opacity:.75;font-size:12px"
_TABLE: Final = "border-collapse:collapse;margin:0;font-size:inherit;color:inherit"
_ROW: Final = "background:none"
_NAME: Final = (
    "text-align:left;vertical-align:top;font-weight:400;opacity:.75;padding:1px 14px 1px 0;"
    "white-space:nowrap;background:none;border:0"
)
_TEXT: Final = "text-align:left;padding:1px 0;background:none;border:0"
_HEAD: Final = (
    "font-weight:400;opacity:.75;padding:1px 14px 2px 0;vertical-align:bottom;background:none;"
    f"border:0;border-bottom:{_LINE};overflow-wrap:break-word;text-align:"
)
# A word is broken only where it is longer than the cell may be wide.
_CELL: Final = (
    "padding:2px 14px 2px 0;vertical-align:top;background:none;border:0;max-width:24em;"
    "overflow-wrap:break-word;font-variant-numeric:tabular-nums;text-align:"
)
_NUMBER: Final = "right;white-space:nowrap"
# A picture of 48 pixels is shown enlarged, its pixels left as they are.
_PICTURE: Final = (
    "display:block;width:72px;height:auto;margin:0 0 2px;border-radius:3px;image-rendering:auto"
)


def card(title: str, *parts: Markup) -> str:
    """A whole card: its title, then parts that the functions below made."""
    head = Markup('<div dir="auto" style="{}">{}</div>').format(_TITLE, cut(title))
    kept, size = [], 0
    for part in parts:
        size += len(part)
        if size > LARGEST_CARD:
            kept.append(note("The rest is left out: it would be too large for a notebook."))
            break
        kept.append(part)
    return str(Markup('<div style="{}">{}{}</div>').format(_CARD, head, Markup("").join(kept)))


def heading(text: str) -> Markup:
    """The title of a part."""
    return Markup('<div dir="auto" style="{}">{}</div>').format(_HEADING, cut(text))


def paragraph(text: str) -> Markup:
    """One paragraph."""
    told = cut(text, LONGEST_PARAGRAPH)
    return Markup('<p dir="auto" style="{}">{}</p>').format(_PARAGRAPH, told)


def note(text: str) -> Markup:
    """What a part means, in smaller letters."""
    return Markup('<p dir="auto" style="{}">{}</p>').format(_NOTE, cut(text, LONGEST_PARAGRAPH))


def facts(told: Iterable[tuple[str, str]]) -> Markup:
    """(name, text) a line; those without text are left out."""
    row = Markup(
        '<tr style="{}"><th scope="row" style="{}">{}</th><td dir="auto" style="{}">{}</td></tr>'
    )
    rows = Markup("").join(
        row.format(_ROW, _NAME, cut(name), _TEXT, cut(text, LONGEST_FACT))
        for name, text in told
        if text
    )
    return Markup('<table style="{}">{}</table>').format(_TABLE, rows)


def table(names: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> Markup:
    """A table of texts; the last `numbers` columns stand to the right."""
    sides = ["left"] * (len(names) - numbers) + [_NUMBER] * numbers
    head = Markup("").join(
        Markup('<th scope="col" dir="auto" style="{}{}">{}</th>').format(_HEAD, side, cut(name))
        for name, side in zip(names, sides, strict=True)
    )
    body = Markup("").join(_row(row, sides) for row in rows)
    return Markup(
        '<div style="overflow-x:auto"><table style="{}"><thead><tr style="{}">{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(_TABLE, _ROW, head, body)


def _row(row: Sequence[str], sides: Sequence[str]) -> Markup:
    cells = Markup("").join(
        Markup('<td dir="auto" style="{}{}">{}</td>').format(_CELL, side, cut(text))
        for text, side in zip(row, sides, strict=True)
    )
    return Markup('<tr style="{}">{}</tr>').format(_ROW, cells)


def pictures(shown: Iterable[tuple[bytes, Sequence[str]]]) -> Markup:
    """(WebP, lines of text) side by side; without bytes the text stands alone."""
    line = Markup('<div dir="auto" style="{}">{}</div>')
    one = Markup('<div style="width:84px;font-size:11px;line-height:1.35">{}{}</div>')
    figures = (
        one.format(
            _picture(webp, texts[0] if texts else ""),
            Markup("").join(line.format("", cut(text, 60)) for text in texts),
        )
        for webp, texts in shown
    )
    return Markup(
        '<div style="display:flex;flex-wrap:wrap;gap:8px;margin:8px 0 0">{}</div>'
    ).format(Markup("").join(figures))


def _picture(webp: bytes, words: str) -> Markup:
    if not webp:
        return Markup("")
    return Markup('<img alt="{}" style="{}" src="data:image/webp;base64,{}">').format(
        cut(words), _PICTURE, base64.b64encode(webp).decode("ascii")
    )


def cut(text: str, longest: int = LONGEST_CELL) -> str:
    """The text, or its beginning and an ellipsis where it is longer."""
    return text if len(text) <= longest else text[: longest - len(_MORE)] + _MORE


def number(value: float | None, digits: int = 2) -> str:
    """`0.96`, `−0.10`, `1,308.00`; a dash when there is none."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{value:,.{digits}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.removeprefix("-")


def significant(value: float | None) -> str:
    """Three digits of a number of any size: `0.0123`, `41.2`, `1,308`, `2.1e-05`."""
    if value is None or not math.isfinite(value):
        return NONE
    if value and abs(value) < 1e-3:
        return f"{value:.1e}".replace("-", "−")
    size = abs(value)
    whole = float(value).is_integer() or size >= 100
    places = 0 if whole else 1 if size >= 10 else 2 if size >= 1 else 3
    return number(value, places)


def interval(value: str, low: str, high: str) -> str:
    """`0.96 [0.93, 0.98]`; the value alone where there is no interval."""
    return value if NONE in (low, high) else f"{value} [{low}, {high}]"


def probability(p: float | None) -> str:
    """`0.031`, or `2.1e−05` below 0.001; never 0."""
    if p is None or not math.isfinite(p):
        return NONE
    return f"{p:.3f}" if p >= 1e-3 else f"{p:.1e}".replace("-", "−")
