"""The page of each action unit, and the list of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.evidence.doses import Doses
from facsinterp.facs import UNITS, describe, label
from facsinterp.report.addresses import unit_page
from facsinterp.report.charts.region import SIDE, drawable, located, region_picture
from facsinterp.report.charts.units import Forest, all_filters_figure, dose_chart
from facsinterp.report.pages.atlas import of_drawn_faces
from facsinterp.report.pages.page import File, Made, Page
from facsinterp.report.reading.cards import Cards
from facsinterp.report.reading.claims import Claims, UnitRow, reason, reason_beyond
from facsinterp.report.reading.doses import BEST, doses_of, ranked
from facsinterp.report.reading.showing import cards_of
from facsinterp.report.reading.shown import faces_with
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import known, letter, median_count
from facsinterp.report.words.reachable import beyond_words

LIST: Final = "units.html"
_RANKED: Final = 30  # filters in the table of a unit


def pages(survey: Survey, part: slice) -> Iterator[Made]:
    """Of the units at these places of `survey.claims.units`; the first part has the list too."""
    makers = UnitPages.of(survey)
    for column in range(part.start, part.stop):
        yield from makers.made(column)
    if part.start == 0:
        yield makers.listed()


@dataclass(frozen=True)
class Answered:
    """How many filters of one network pass for a unit, and how well the best of them does."""

    words: str
    filters: int
    passing: int | None
    """None where the unit was not tested."""
    beyond: int | None
    best: float | None
    """The largest AUROC of all filters, which is high by luck where they are many."""
    low: float | None
    """Its interval, which does not know that it is the largest."""
    high: float | None


@dataclass(frozen=True)
class Ranked:
    """One filter in the table of a unit."""

    name: str
    page: str
    row: UnitRow
    held: float | None
    """AUROC on other people of units chosen for it so, where it follows this one most."""


@dataclass(frozen=True)
class UnitPages:
    """Makes the pages of units; holds what they share. Final."""

    survey: Survey
    cards: Cards

    @classmethod
    def of(cls, survey: Survey) -> Self:
        """With the cards of the faces of the run."""
        return cls(survey, cards_of(survey))

    def made(self, column: int) -> Iterator[Made]:
        """The page of one unit, and the picture of its region where it has one."""
        unit = self.survey.claims.units[column]
        content, figure = self._content(column)
        yield Page(unit_page(unit), "unit.html", content, () if figure is None else (figure,))
        picture = region_picture(unit)
        if picture is not None:
            yield File(_picture(unit), picture)

    def listed(self) -> Page:
        """The list of all units."""
        claims = self.survey.claims
        rows = [self._facts(column) for column in self._order]
        found = {
            "rows": rows,
            "filters": len(self.survey.filters),
            "which_faces": self.survey.which_faces,
            "looked_at": len(self.survey.rows),
            "beyond": bool(claims.testable_beyond.any()),
            "atlas": of_drawn_faces(self.survey),
        }
        return Page(LIST, "units.html", found)

    @cached_property
    def _order(self) -> list[int]:
        """Columns in the order of the units' numbers."""
        return [int(column) for column in np.argsort(self.survey.claims.units, kind="stable")]

    def _facts(self, column: int) -> dict[str, Any]:
        claims, unit = self.survey.claims, self.survey.claims.units[column]
        of_facs = UNITS.get(unit)
        return {
            "unit": unit,
            "label": label(unit),
            "name": describe(unit).removeprefix(label(unit)).strip(),
            "page": unit_page(unit),
            "picture": _picture(unit) if located(unit) else "",
            "side": SIDE,
            "drawn": drawable(unit),
            "muscles": of_facs.muscles if of_facs else (),
            "region": of_facs.region if of_facs else "",
            "values": {name: _finite(values[column]) for name, values in claims.unit.items()},
            "why": reason(claims.status[column]),
            "why_beyond": reason_beyond(claims.status_beyond[column]),
            "own": _answered(claims, column, "this network"),
            "best": self._best(column),
        }

    def _best(self, column: int) -> tuple[str | float | None, ...] | None:
        """Name and page of the filter that follows a unit most, its AUROC, low and high."""
        name = self.survey.claims.best_filter[column]
        if not name:
            return None
        place = self._places[name]
        return name, self.survey.addresses[place], *_interval(self.survey.claims, place, column)

    def _content(self, column: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
        survey, claims = self.survey, self.survey.claims
        unit, order = claims.units[column], ranked(claims, column)
        top = [self._ranked(place, column) for place in order[:_RANKED].tolist()]
        figure = all_filters_figure(claims, column, order)
        content = {
            **self._facts(column),
            **self._doses(unit, order[:BEST]),
            **self._faces(unit),
            **self._neighbours(column),
            "reach": beyond_words(claims, column),
            "top": top,
            "forest": Forest([value for one in top for value in _drawn(one)]),
            "ordered": len(order),
            "figure": figure is not None,
            "controls": self._controls(unit),
            "settings": claims.settings,
            "which_faces": survey.which_faces,
            "looked_at": len(survey.rows),
            "shape": survey.thumbnail,
        }
        return content, figure

    def _ranked(self, place: int, column: int) -> Ranked:
        claims = self.survey.claims
        row = claims.row(place, column)
        named = claims.filter["named_au"][place] == row.unit
        held = _finite(claims.filter["named_auroc_held_out"][place]) if named else None
        return Ranked(str(self.survey.filters[place]), self.survey.addresses[place], row, held)

    def _doses(self, unit: int, best: NDArray[np.int64]) -> dict[str, Any]:
        """The chart, and one line a filter of what the trends say."""
        doses = doses_of(self.survey, unit, best)
        if doses is None:
            return {"doses": None, "dose_chart": None, "trends": (), "each": ()}
        names = [str(self.survey.filters[place]) for place in best.tolist()]
        trends = [
            {"name": name, "page": self.survey.addresses[place]}
            | {
                which: {
                    part: _finite(getattr(trend, part)[number])
                    for part in ("mean", "low", "high", "p")
                }
                for which, trend in (("rising", doses.rising), ("graded", doses.graded))
            }
            for number, (name, place) in enumerate(zip(names, best.tolist(), strict=True))
        ]
        chart = dose_chart(doses, names, label(unit))
        return {"doses": doses, "dose_chart": chart, "trends": trends, "each": _each(doses)}

    def _faces(self, unit: int) -> dict[str, Any]:
        survey = self.survey
        shown, lacking = faces_with(survey.faces, survey.rows, survey.hidden, unit)
        return {
            "shown": [self._thumb(face, unit) for face in shown.tolist()],
            "lacking": [self._thumb(face, unit) for face in lacking.tolist()],
            "kept_back": int(survey.hidden[survey.rows].sum()),
        }

    def _thumb(self, face: int, unit: int) -> dict[str, Any]:
        """A card and the intensity that was coded."""
        faces, card = self.survey.faces, self.cards.card(face, np.nan, None, None)
        column = faces.units.index(unit)
        present = bool(faces.data["present"].values[face, column])
        grade = letter(float(faces.data["intensity"].values[face, column])) if present else ""
        return {"card": card, "grade": grade or ("not scored" if present else "")}

    def _controls(self, unit: int) -> list[Answered]:
        """What other networks give for the unit on the same faces."""
        return [
            _answered(one.claims, one.claims.units.index(unit), one.run.words)
            for one in self.survey.controls
            if unit in one.claims.units
        ]

    def _neighbours(self, column: int) -> dict[str, Any]:
        place, units = self._order.index(column), self.survey.claims.units
        near = {"previous": place - 1, "next": place + 1}
        return {
            name: units[self._order[at]] if 0 <= at < len(units) else None
            for name, at in near.items()
        }

    @cached_property
    def _places(self) -> dict[str, int]:
        return {str(name): place for place, name in enumerate(self.survey.filters)}


def _each(doses: Doses) -> list[str]:
    """How many faces the people of each trend have; nothing of one without people."""
    asked = (("from absent to E", doses.rising), ("from A to E", doses.graded))
    return [f"{median_count(trend.faces)} {told}" for told, trend in asked if known(trend.faces)]


def _picture(unit: int) -> str:
    return unit_page(unit).replace(".html", ".webp")


def _drawn(one: Ranked) -> Sequence[float | None]:
    return one.row["auroc"], one.row["auroc_low"], one.held


def _answered(claims: Claims, column: int, words: str) -> Answered:
    auroc = np.asarray(claims.pair["auroc"][:, column], dtype=np.float64)
    known = np.isfinite(auroc).any()
    tested, beyond = claims.testable[column], claims.testable_beyond[column]
    return Answered(
        words,
        len(auroc),
        int(claims.passes[:, column].sum()) if tested else None,
        int(claims.passes_beyond[:, column].sum()) if beyond else None,
        *(_interval(claims, int(np.nanargmax(auroc)), column) if known else (None, None, None)),
    )


def _interval(
    claims: Claims, place: int, column: int
) -> tuple[float | None, float | None, float | None]:
    """AUROC of a filter for a unit, and its interval."""
    auroc, low, high = (
        _finite(claims.pair[name][place, column]) for name in ("auroc", "auroc_low", "auroc_high")
    )
    return auroc, low, high


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
