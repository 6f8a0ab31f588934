"""Templates to HTML: one Jinja environment that escapes everything and forgives nothing."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from facsinterp.report import claims, wording
from facsinterp.report.addresses import from_page

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
ASSETS = ("style.css", "site.js")


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
        way=claims.way_mark,
    )
    return made


def page(template: str, address: str, **content: Any) -> str:  # noqa: ANN401 - what it needs
    """HTML of one page that will lie at `address`; `link(target)` in it is relative."""

    def link(target: str) -> str:
        return from_page(address, target)

    return environment().get_template(template).render(address=address, link=link, **content)


def asset(name: str) -> str:
    """Text of one of the site's own files."""
    return (files("facsinterp.report") / "assets" / name).read_text(encoding="utf-8")
