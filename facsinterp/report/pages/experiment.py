"""The page of a study: what it asks and answers, its findings drawn, its tables and figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from facsinterp.facs import describe, label
from facsinterp.report.addresses import unit_page
from facsinterp.report.charts.forest import drawn_findings
from facsinterp.report.pages import exports
from facsinterp.report.pages.columns import Links
from facsinterp.report.pages.page import Made, Page
from facsinterp.report.pages.sections import ShownSection, shown_sections
from facsinterp.report.pages.tables import file_format, written
from facsinterp.report.parts import Finding
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import count, finding_interval, known, significant

ADDRESS: Final = "experiment.html"
VISIBLE_ROWS: Final = 30


@dataclass(frozen=True)
class ShownFinding:
    """One finding as the page shows it."""

    claim: str
    number: str
    about: str
    """What stands where there is no interval, such as that it is a count."""
    n: int | None
    p: float | None
    chart: Markup | None


def pages(survey: Survey) -> Iterator[Made]:
    """The page `experiment.html`; none where the study has neither findings nor sections."""
    report = survey.report
    if not (report.findings or report.sections or report.answer):
        return
    sections, figures = shown_sections(report.sections, _links(survey))
    charts = drawn_findings(report.findings)
    content: dict[str, Any] = {
        "question": report.question,
        "study": report.study,
        "answer": report.answer,
        "has_units": bool(survey.claims.units),
        "findings": [
            _shown(one, chart) for one, chart in zip(report.findings, charts, strict=True)
        ],
        "sections": sections,
        "contents": _contents(sections, bool(report.findings)),
        "visible": VISIBLE_ROWS,
        "files": _files(survey, sections),
        "tables": bool(report.tables),
    }
    yield Page(ADDRESS, "experiment.html", content, figures)


def _links(survey: Survey) -> Links:
    """Pages of filters and action units by their names."""
    filters = zip(map(str, survey.filters), survey.addresses, strict=True)
    units = {
        name: unit_page(unit)
        for unit in survey.claims.units
        for name in (label(unit), describe(unit))
    }
    return dict(filters) | units


def _files(survey: Survey, sections: list[ShownSection]) -> dict[str, list[tuple[str, str]]]:
    """Formats and addresses of the files of the findings and of each section's table."""
    made = {"findings": exports.findings(survey)} if survey.report.findings else {}
    of_sections = zip(sections, exports.of_sections(survey), strict=True)
    made |= {section.id: table for section, table in of_sections if table is not None}
    return {
        name: [(file_format(file), file.address) for file in written(table).files]
        for name, table in made.items()
    }


def _contents(sections: list[ShownSection], findings: bool) -> list[tuple[str, str]]:
    """The table of contents: where, and what it is called."""
    first = [("findings", "Findings")] if findings else []
    return [*first, *((one.id, one.title) for one in sections), ("files", "Files")]


def _shown(finding: Finding, chart: Markup | None) -> ShownFinding:
    text = finding_interval(finding.estimate, finding.low, finding.high)
    about = _without_interval(finding)
    counted = _counted(finding)
    if counted is not None and finding.n:
        text = f"{count(counted)} of {count(finding.n)} ({significant(finding.estimate)})"
        return ShownFinding(finding.claim, text, about, None, finding.p, chart)
    return ShownFinding(finding.claim, text, about, finding.n, finding.p, chart)


def _without_interval(finding: Finding) -> str:
    if finding.estimate is None or not known(finding.estimate):
        return "no number could be made"
    if known(finding.low) and known(finding.high):
        return ""
    if known(finding.low):
        return "a lower bound"
    whole = float(finding.estimate).is_integer() and abs(finding.estimate) > 1
    return "a count" if whole or _counted(finding) is not None else "no interval"


def _counted(finding: Finding) -> int | None:
    """How many of `n` a share without an interval is, when it is a share of them."""
    if finding.low is not None or not finding.n or finding.estimate is None:
        return None
    if "share" not in finding.claim.lower() or not 0 <= finding.estimate <= 1:
        return None
    whole = finding.estimate * finding.n
    return round(whole) if abs(whole - round(whole)) < 1e-6 else None
