"""The atlas of drawn units: of a run whose faces are drawn, beside its action units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from facsinterp.faces.drawn.atlas import STEPS, VIEWS, entries
from facsinterp.faces.drawn.drawings import TERMS
from facsinterp.report.charts.atlas import COLUMNS, ROWS, sheet
from facsinterp.report.pages.page import File, Made, Page
from facsinterp.report.reading.survey import Survey

PAGE: Final = "atlas.html"
_SHEET: Final = "atlas.webp"
_SIDE: Final = 44
"""Pixels of a face: so small that the sheet weighs about 60 kB."""
_QUALITY: Final = 32


def pages(survey: Survey) -> Iterator[Made]:
    """The page `atlas.html` and its sheet of pictures; nothing where the faces are not drawn."""
    if of_drawn_faces(survey):
        yield Page(PAGE, PAGE, content() | {"sheet": _SHEET})
        yield File(_SHEET, sheet(_SIDE, _QUALITY))


def of_drawn_faces(survey: Survey) -> bool:
    """Whether the faces of the run are drawn, so that the atlas tells what they show."""
    return survey.faces.terms.source == TERMS.source


def content() -> dict[str, Any]:
    """What the atlas says, on a page of a site or alone."""
    return {
        "units": entries(),
        "views": tuple(VIEWS),
        "steps": STEPS,
        "columns": COLUMNS,
        "rows": ROWS,
    }
