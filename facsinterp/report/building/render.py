"""Templates to HTML: one Jinja environment that escapes everything and forgives nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from facsinterp.report import wording
from facsinterp.report.addresses import INDEX, figures_script, from_page
from facsinterp.report.pages.page import File, Made, Page
from facsinterp.report.reading.survey import Survey

FILTERS = {
    "number": wording.number,
    "count": wording.count,
    "percent": wording.percent,
    "probability": wording.probability,
    "significant": wording.significant,
    "exact": wording.exact,
    "key": wording.key,
    "value": wording.value,
    "capital": wording.capital,
    "or_reason": wording.or_reason,
}
PLOTLY: Final = "plotly.min.js"
_LOADED: Final = re.compile(rb'(?:href|src)="(?:\.\./)*assets/([\w.-]+)"')
# Pictures and sheets come from the site itself; pages opened from disk have no other origin
# than `file:`. Nothing may come from, or go to, anywhere else.
POLICY: Final = (
    "default-src 'none';img-src 'self' file: data: blob:;"
    "style-src 'self' file: 'unsafe-inline';script-src 'self' file:;base-uri 'none'"
)
# Some kinds of Plotly figures compile their drawing code; that asks no network either.
PLOTLY_POLICY: Final = POLICY.replace("script-src", "script-src 'unsafe-eval'")
PAGES: Final = (
    ("Overview", INDEX),
    ("Action units", "units.html"),
    ("Faces", "faces.html"),
    ("Dead and duplicates", "dead.html"),
    ("Experiment", "experiment.html"),
    ("Data", "data.html"),
    ("Methods", "methods.html"),
)
"""What the navigation offers, where it is there."""


@dataclass(frozen=True)
class Frame:
    """What stands around the content of every page."""

    title: str
    identity: str
    version: str
    policy: str = POLICY
    pages: tuple[tuple[str, str], ...] = PAGES
    warning: str = ""
    """What every page says at its foot."""


def navigation(survey: Survey) -> tuple[tuple[str, str], ...]:
    """The pages of `PAGES` that the site of a run has."""
    report = survey.report
    there = {
        "units.html": bool(survey.claims.units),
        "faces.html": bool(len(survey.pictured)),
        "experiment.html": bool(report.findings or report.sections),
    }
    return tuple((name, page) for name, page in PAGES if there.get(page, True))


@cache
def environment() -> Environment:
    """The environment of all pages; a name that a page does not know is an error."""
    made = Environment(
        loader=PackageLoader("facsinterp.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(FILTERS)
    made.globals.update(
        with_interval=wording.with_interval,
        finding_interval=wording.finding_interval,
        plural=wording.plural,
    )
    return made


def rendered(page: Page, frame: Frame) -> bytes:
    """HTML of one page; `link(target)` in its template is relative to where it will lie."""

    def link(target: str) -> str:
        return from_page(page.address, target)

    around = replace(frame, policy=PLOTLY_POLICY) if page.figures else frame
    template = environment().get_template(page.template)
    text = template.render(
        address=page.address,
        link=link,
        site=around,
        figures=figures_script(page.address) if page.figures else "",
        **page.content,
    )
    return text.encode()


def files_of(made: Made, frame: Frame) -> Iterator[File]:
    """What one thing that a task made is on disk."""
    if isinstance(made, File):
        yield made
        return
    yield File(made.address, rendered(made, frame))
    if made.figures:
        text = json.dumps(list(made.figures), allow_nan=False, separators=(",", ":"))
        script = f"window.facsinterpFigures = {text};\n"
        yield File(figures_script(made.address), script.encode())


def assets_of(file: File) -> set[str]:
    """Names of the site's own files that a page loads; text of others has no bare quotes."""
    if not file.address.endswith(".html"):
        return set()
    return {name.decode() for name in _LOADED.findall(file.content)}


def asset(name: str) -> File:
    """One of the site's own files, or Plotly."""
    if name == PLOTLY:
        from plotly.offline import get_plotlyjs  # slow to import, and most runs have no figure

        return File(f"assets/{name}", get_plotlyjs().encode())
    return File(f"assets/{name}", (files("facsinterp.report") / "assets" / name).read_bytes())
