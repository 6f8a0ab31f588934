"""Findings and sections told in cards for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from facsinterp import notebook

if TYPE_CHECKING:
    import pandas as pd

    from facsinterp.report.parts import Finding, Section

ROWS: Final = 6
COLUMNS: Final = 8
PARAGRAPHS: Final = 12
# As text, what pandas has where there is no value.
_MISSING: Final = ("None", "<NA>", "NaT")


def of_finding(finding: Finding) -> str:
    """One claim with its numbers."""
    return notebook.card(
        "Finding",
        notebook.paragraph(finding.claim),
        notebook.facts(
            [
                ("estimate", _estimate(finding)),
                ("n", "" if finding.n is None else f"{finding.n:,}"),
                ("p", "" if finding.p is None else notebook.probability(finding.p)),
            ]
        ),
    )


def of_section(section: Section) -> str:
    """One section: its paragraphs, the first rows of its table, its figure by name."""
    return notebook.card(section.title, *section_parts(section))


def findings_table(findings: Iterable[Finding]) -> Markup:
    """A row a finding."""
    return notebook.table(
        ("finding", "estimate", "n", "p"),
        (
            (
                one.claim,
                _estimate(one),
                notebook.NONE if one.n is None else f"{one.n:,}",
                notebook.probability(one.p),
            )
            for one in findings
        ),
        numbers=3,
    )


def section_parts(section: Section) -> Iterator[Markup]:
    """What stands below the title of a section."""
    yield from map(notebook.paragraph, section.paragraphs[:PARAGRAPHS])
    if section.table is not None:
        yield from _table(section.table)
    if section.figure is not None:
        yield notebook.note(
            f"Figure: {_title(section.figure) or section.title}. "
            "plotly.graph_objects.Figure(section.figure) draws it."
        )


def _table(table: pd.DataFrame) -> Iterator[Markup]:
    names = [str(name) for name in table.columns[:COLUMNS]]
    rows = table.iloc[:ROWS, :COLUMNS].itertuples(index=False, name=None)
    yield notebook.table(names, ([_cell(value) for value in row] for row in rows))
    parts = [
        f"{shown:,} of {all_of:,} {noun}"
        for shown, all_of, noun in (
            (ROWS, len(table), "rows"),
            (COLUMNS, len(table.columns), "columns"),
        )
        if all_of > shown
    ]
    if parts:
        yield notebook.note(f"The first {' and '.join(parts)}.")


def _cell(value: object) -> str:
    if type(value).__name__ in ("bool", "bool_"):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value or notebook.NONE
    try:
        return notebook.significant(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return notebook.NONE if str(value) in _MISSING else str(value)


def _title(figure: Mapping[str, Any]) -> str:
    layout = figure.get("layout")
    title = layout.get("title") if isinstance(layout, Mapping) else None
    text = title.get("text") if isinstance(title, Mapping) else title
    return str(text or "")


def _estimate(finding: Finding) -> str:
    numbers = (finding.estimate, finding.low, finding.high)
    return notebook.interval(*map(notebook.significant, numbers))


def several(sections: Iterable[Section], most: int) -> Iterator[Markup]:
    """The first sections, each under its title."""
    for section in islice(sections, most):
        yield notebook.heading(section.title)
        yield from section_parts(section)
