"""What a study found, told in a card for notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from facsinterp import notebook
from facsinterp.amounts import amount
from facsinterp.report import card

if TYPE_CHECKING:
    from facsinterp.study.contract import StudyResult

FINDINGS: Final = 30
SECTIONS: Final = 12


def html(result: StudyResult) -> str:
    """The answer, the findings, the beginning of each section, and the names of the tables."""
    return notebook.card(type(result).__name__, *_parts(result))


def _parts(result: StudyResult) -> Iterator[Markup]:
    yield from map(notebook.paragraph, result.answer)
    if result.findings:
        yield card.findings_table(result.findings[:FINDINGS])
        yield from _more(len(result.findings), FINDINGS, "findings")
    yield from card.several(result.sections, SECTIONS)
    yield from _more(len(result.sections), SECTIONS, "sections")
    if result.tables:
        told = (f"{name} ({amount(len(table), 'row')})" for name, table in result.tables.items())
        yield notebook.heading("Tables")
        yield notebook.paragraph(", ".join(told))


def _more(there: int, shown: int, noun: str) -> Iterator[Markup]:
    if there > shown:
        yield notebook.note(f"The first {shown} of {there:,} {noun}.")
