"""The whole site of one run, written beside its place and then put there.

    <folder>/index.html  dead.html  data.html  methods.html
             filters/<layer>-<channel>.html
             faces/<position>.webp      faces that may be shown and are
             data/filters.js            the table of all filters
             assets/                    one style sheet, one script, Plotly where it is used

Every page opens from disk without a network; a content policy in each forbids to ask one.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from facsinterp.progress import SILENT, Advance, Progress
from facsinterp.report import frontpage, pages, render
from facsinterp.report.addresses import INDEX
from facsinterp.report.filterpages import FilterPages
from facsinterp.report.gallery import Cards, FaceCard, write_pictures
from facsinterp.report.listing import filter_listing, script
from facsinterp.report.looks import FOLDER, LookMaker
from facsinterp.report.methodspage import methods_page
from facsinterp.report.parts import Report, Section
from facsinterp.report.survey import Survey
from facsinterp.report.wording import known, value

# Pictures and sheets come from the site itself; pages opened from disk have no other origin
# than `file:`. Nothing may come from, or go to, anywhere else.
POLICY: Final = (
    "default-src 'none'; img-src 'self' file: data: blob:; "
    "style-src 'self' file: 'unsafe-inline'; script-src 'self' file:; base-uri 'none'"
)
# Some kinds of Plotly figures compile their drawing code; that asks no network either.
PLOTLY_POLICY: Final = POLICY.replace("script-src", "script-src 'unsafe-eval'")
PAGES: Final = (
    ("Filters", INDEX),
    ("Dead filters", "dead.html"),
    ("Data", "data.html"),
    ("Methods", "methods.html"),
)
_TABLE_ROWS: Final = 500  # of a section's table; the rest is in the run's Parquet files


@dataclass(frozen=True)
class Frame:
    """What stands around the content of every page."""

    title: str
    identity: str
    version: str
    policy: str = POLICY
    pages: tuple[tuple[str, str], ...] = PAGES


@dataclass(frozen=True)
class Cell:
    """A cell of a section's table: its text, and its key when it is a number."""

    text: str
    key: float | None


@dataclass(frozen=True)
class Rows:
    """A section's table as the pages show it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left_out: int


@dataclass(frozen=True)
class ShownSection:
    """A section with its table as text and its figure as a place in `data/figures.js`."""

    title: str
    paragraphs: tuple[str, ...]
    table: Rows | None
    figure: int | None


def write_site(report: Report, folder: Path, progress: Progress = SILENT) -> Path:
    """Write the site of `report` to `folder`, whole or not at all; gives its `index.html`.

    A site that is there already is replaced when the new one is complete.
    """
    survey = Survey.of(report)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with progress.step("report", len(survey.filters) + 4) as advance:
            _write(survey, partial, advance)
        _put_in_place(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return folder / INDEX


def _put_in_place(partial: Path, folder: Path) -> None:
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    partial.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _write(survey: Survey, folder: Path, advance: Advance) -> None:
    for name in ("assets", "data", "filters", FOLDER):
        (folder / name).mkdir(parents=True)
    frame = Frame(survey.report.title, survey.report.identity, _version())
    makers = FilterPages(
        survey, Cards(survey.faces, kept="face" in survey.report.store.data), _looks(survey, folder)
    )
    showcase = _write_filters(survey, makers, frame, folder, advance)
    sections, figures = _shown(survey.report.sections)
    hidden = int(survey.hidden.sum())
    index = frontpage.index_page(survey, showcase) | {
        "sections": sections,
        "plotly": bool(figures),
        "shape": makers.shape,
        "terms": survey.faces.terms,
        "n_hidden": hidden,
        "first": survey.addresses[0] if survey.addresses else INDEX,
    }
    whole: Mapping[str, Mapping[str, Any]] = {
        INDEX: index,
        "dead.html": pages.dead_page(survey),
        "data.html": pages.data_page(survey) | {"which_faces": survey.which_faces},
        "methods.html": methods_page(survey),
    }
    for name, content in whole.items():
        around = replace(frame, policy=PLOTLY_POLICY) if content.get("plotly") else frame
        _put(folder, name, render.page(name, name, site=around, **content))
        advance(1)
    _put(folder, "data/filters.js", script("facsinterpFilters", filter_listing(survey)))
    for name in render.ASSETS:
        _put(folder, f"assets/{name}", render.asset(name))
    if figures:
        from plotly.offline import get_plotlyjs  # slow to import, and most runs have no figure

        _put(folder, "data/figures.js", script("facsinterpFigures", figures))
        _put(folder, "assets/plotly.min.js", get_plotlyjs())


def _write_filters(
    survey: Survey, makers: FilterPages, frame: Frame, folder: Path, advance: Advance
) -> list[frontpage.Showcase]:
    """Every filter's page and the pictures they show; gives what the index shows of them."""
    wanted = frontpage.clearest(survey)
    first_faces: dict[int, tuple[FaceCard, ...]] = {}
    shown: set[int] = set()
    for position, peaks in _columns(survey):
        content = makers.content(position, peaks)
        shown |= {card.position for card in content["cards"] if card.picture}
        for column, chosen in wanted.items():
            if chosen == position:
                unit = survey.claims.units[column]
                first_faces[column] = makers.faces(position, peaks, unit)[
                    : frontpage.SHOWCASE_FACES
                ]
        address = survey.addresses[position]
        _put(folder, address, render.page("filter.html", address, site=frame, **content))
        advance(1)
    write_pictures(survey.report.store, shown, folder)
    return [
        frontpage.showcase(survey, column, wanted[column], first_faces[column]) for column in wanted
    ]


def _looks(survey: Survey, folder: Path) -> LookMaker | None:
    visual = survey.report.visual
    return None if visual is None else LookMaker(survey, visual, folder)


def _columns(survey: Survey) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each filter's position with its peak and its place over the rows looked at."""
    for part, slab in survey.slabs():
        for offset, position in enumerate(range(part.start, part.stop)):
            yield position, {name: values[:, offset] for name, values in slab.items()}


def _shown(sections: Sequence[Section]) -> tuple[list[ShownSection], list[Any]]:
    shown: list[ShownSection] = []
    figures: list[Any] = []
    for section in sections:
        place = None
        if section.figure is not None:
            place = len(figures)
            figures.append(_plain({"data": [], "layout": {}} | dict(section.figure)))
        table = None if section.table is None else _rows(section.table)
        shown.append(ShownSection(section.title, tuple(section.paragraphs), table, place))
    return shown, figures


def _rows(table: Any) -> Rows:  # noqa: ANN401 - a data frame; pandas is not imported for it
    def cell(thing: object) -> Cell:
        number = known(thing) and not isinstance(thing, str | bool)
        return Cell(value(thing), float(thing) if number else None)  # type: ignore[arg-type]

    top = table.head(_TABLE_ROWS)
    lines = tuple(
        tuple(cell(thing) for thing in line) for line in top.itertuples(index=False, name=None)
    )
    return Rows(tuple(str(name) for name in table.columns), lines, len(table) - len(top))


def _plain(thing: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same figure in plain JSON values, numbers that JSON lacks as null."""
    if isinstance(thing, Mapping):
        return {str(key): _plain(inner) for key, inner in thing.items()}
    if hasattr(thing, "tolist"):
        return _plain(thing.tolist())
    if isinstance(thing, (list, tuple)):
        return [_plain(inner) for inner in thing]
    if isinstance(thing, float) and not math.isfinite(thing):
        return None
    return thing


def _put(folder: Path, address: str, text: str) -> None:
    (folder / address).write_text(text, encoding="utf-8")


def _version() -> str:
    try:
        return version("facsinterp")
    except PackageNotFoundError:
        return "(not installed)"
