"""The page of one filter: its verdict, its faces, its charts and its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.facs import describe, label
from facsinterp.report.addresses import layer_page, unit_page
from facsinterp.report.charts.figures import Histogram, histogram_of
from facsinterp.report.pages.looks import LookMaker
from facsinterp.report.pages.numbers import (
    UNITS_SCRIPT,
    Bin,
    beside_of,
    bins_of,
    numbers_of,
    script,
    told_of,
    units_file,
)
from facsinterp.report.pages.page import Made, Page
from facsinterp.report.reading.cards import Box, Cards, FaceCard
from facsinterp.report.reading.claims import UnitRow
from facsinterp.report.reading.showing import cards_of, faces_of
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import listed, number
from facsinterp.report.words import beside
from facsinterp.report.words.beside import Beside
from facsinterp.report.words.followed import Followed, Shown, brief, followed, shown
from facsinterp.report.words.verdicts import SHORT, verdict_of


def pages(survey: Survey, part: slice) -> Iterator[Made]:
    """The pages of the filters at these places, and the pictures that are theirs alone."""
    makers = FilterPages.of(survey)
    if part.start == 0 and survey.claims.units:
        yield units_file(survey.claims, beside.networks(survey.controls))
    peaks = survey.peaks(part)
    goes_with = followed(peaks, makers.expressions, survey.claims.silenced[part].tolist())
    for number_, position in enumerate(range(part.start, part.stop)):
        content = makers.content(position, peaks[:, number_], goes_with[number_])
        yield Page(survey.addresses[position], "filter.html", content)
        if content["looks"]:
            yield from content["looks"].files


@dataclass(frozen=True)
class Other:
    """A filter that answers alike."""

    name: str
    address: str
    """From a page of a filter."""
    correlation: str
    kind: str
    verdict: str


@dataclass(frozen=True)
class FilterPages:
    """Makes the pages of filters; holds what they share. Final."""

    survey: Survey
    cards: Cards
    maker: LookMaker | None = None

    @classmethod
    def of(cls, survey: Survey) -> Self:
        """With the pictures of the run where there are any."""
        visual = survey.report.visual
        maker = None if visual is None else LookMaker(survey, visual)
        return cls(survey, cards_of(survey), maker)

    def content(
        self, position: int, peaks: NDArray[np.float32], goes_with: Followed | None
    ) -> dict[str, Any]:
        """One page. `peaks`: of this filter over the faces looked at."""
        survey, claims = self.survey, self.survey.claims
        silent = bool(survey.activity.dead[position])
        dead = silent and survey.kind[position] == "dead"
        rows = claims.rows(position)
        named = None if dead else next((row for row in rows if row.named), None)
        unit = named.unit if named else None
        cards = () if dead else faces_of(survey, self.cards, position, unit)
        return {
            "filter": survey.filters[position],
            "layer_page": layer_page(survey.filters[position].layer),
            "dead": dead,
            "below": silent and not dead,
            "nearly_dead": bool(survey.activity.nearly_dead[position]),
            "active_share": survey.activity.active_share[position],
            "largest": float(peaks.max(initial=0.0)),
            "named": named,
            "cards": cards,
            "inset": self._inset,
            "shape": survey.thumbnail,
            "layer": survey.layers.get(survey.filters[position].layer),
            "which_faces": survey.which_faces,
            "top_n": claims.top_n,
            "alike": tuple(self._alike(position)),
            **self._verdict(position, rows, named, goes_with, dead=dead),
            **self._looks(position, cards),
            **(near := self._beside(position, named)),
            **self._drawn(position, peaks, rows, named, near["beside"], dead=dead),
            **self._neighbours(position),
        }

    def _verdict(
        self,
        position: int,
        rows: Sequence[UnitRow],
        named: UnitRow | None,
        goes_with: Followed | None,
        *,
        dead: bool,
    ) -> dict[str, Any]:
        claims = self.survey.claims
        silenced = bool(claims.silenced[position])
        faces = self.survey.which_faces
        verdict = verdict_of(claims, position, dead=dead, faces=faces, rows=rows)
        shows = self._shows(named, goes_with) if verdict.kind == "emotion" else None
        return {
            "verdict": verdict,
            "brief": brief(verdict, named, goes_with, shows, silenced=silenced),
            "followed": goes_with if verdict.kind == "emotion" else None,
            "not_named": shows if shows and not shows.stands else None,
            "named_page": unit_page(named.unit) if named else "",
            "silenced": silenced,
            "held_out": self._held_out(position),
            "supported": bool(claims.answering[position] or claims.surpassing[position]),
            "perfect": self._perfect(position, rows),
        }

    def _shows(self, named: UnitRow | None, goes_with: Followed | None) -> Shown | None:
        """How often faces of the emotion that a filter goes with show the unit named."""
        if named is None or goes_with is None or named.unit not in self._codes:
            return None
        return shown(goes_with.emotion, named.label, self.expressions, *self._codes[named.unit])

    def _drawn(
        self,
        position: int,
        peaks: NDArray[np.float32],
        rows: Sequence[UnitRow],
        named: UnitRow | None,
        near: Sequence[Beside],
        *,
        dead: bool,
    ) -> dict[str, Any]:
        """What a script draws, and which parts of the page wait for it."""
        bins = () if dead or not self.survey.thumbnail else tuple(self._bins(position))
        counts = self._histogram(peaks, named) if named else None
        told = numbers_of(rows) | told_of(counts) | bins_of(bins)
        if near:
            told["beside"] = beside_of(near, self._networks)
        return {
            "data": None if dead else script(told),
            "units_script": UNITS_SCRIPT,
            "tested": any(row.tested for row in rows),
            "untested": any(not row.tested for row in rows),
            "bins": bins,
            "histogram": counts is not None,
        }

    def _held_out(self, position: int) -> dict[str, Any] | None:
        """What the unit that the filter follows most is worth on people who did not choose it."""
        told = {name: float(values[position]) for name, values in self.survey.claims.filter.items()}
        if not np.isfinite(told["named_auroc_held_out"]):
            return None
        unit = int(told["named_au"])
        return told | {"unit": unit, "name": describe(unit)}

    def _looks(self, position: int, cards: Sequence[FaceCard]) -> dict[str, Any]:
        """What is seen of a filter, and why there are no pictures where there are none."""
        maker = self.maker
        looks = maker.looks(self.survey.filters[position], cards) if maker else None
        refused = maker.visual.refused if maker else ""
        return {"looks": looks, "no_looks": f"No pictures: {refused}" if refused else ""}

    def _perfect(self, position: int, rows: Sequence[UnitRow]) -> str:
        if not self.survey.claims.perfect[position]:
            return ""
        return listed([row.label for row in rows if row["precision_at_n"] == 1])

    @cached_property
    def _networks(self) -> tuple[str, ...]:
        return beside.networks(self.survey.controls)

    def _bins(self, position: int) -> Iterator[Bin]:
        """The ends of each part of the range, and faces that stand for it."""
        survey, strongest = self.survey, self.survey.strongest
        for place, faces in enumerate(strongest.example[position]):
            shown = [face for face in faces.tolist() if face >= 0]
            if shown:
                yield Bin(
                    float(strongest.low[position, place]),
                    float(strongest.high[position, place]),
                    tuple((survey.face_names[face], bool(self._hidden[face])) for face in shown),
                )

    @cached_property
    def _hidden(self) -> NDArray[np.bool_]:
        return self.survey.hidden

    def _alike(self, position: int) -> Iterator[Other]:
        survey, alike = self.survey, self.survey.alike
        for place, value in zip(alike.other[position], alike.correlation[position], strict=True):
            if place < 0:
                continue
            kind = str(survey.kind[place])
            column = int(survey.claims.named[place])
            shown = column >= 0 and kind in ("beyond", "answers", "emotion")
            unit = f"{label(survey.claims.units[column])} " if shown else ""
            yield Other(
                str(survey.filters[place]),
                survey.addresses[place].rpartition("/")[2],
                number(value),
                kind,
                f"{unit}{SHORT.get(kind, '')}",
            )

    def _beside(self, position: int, named: UnitRow | None) -> dict[str, Any]:
        controls, name = self.survey.controls, str(self.survey.filters[position])
        if named is None or not controls:
            return {"beside": (), "not_beside": ()}
        found = beside.lines(controls, self.survey.claims, name, position, named.unit)
        return {
            "beside": found if len(found) > 1 else (),
            "not_beside": beside.without(controls, name),
        }

    def _inset(self, box: Box) -> str:
        """Where the field of a peak lies on its face, as the style of a page says it."""
        assert self.survey.thumbnail is not None  # there is a picture
        rows, cols = self.survey.thumbnail
        shares = (
            box.top / rows,
            1 - (box.left + box.width) / cols,
            1 - (box.top + box.height) / rows,
            box.left / cols,
        )
        return " ".join(f"{100 * share:.0f}%" for share in shares)

    @cached_property
    def expressions(self) -> NDArray[np.str_]:
        """(row of the survey,) the expression that each face is labelled with."""
        return self.survey.faces.column("expression")[self.survey.rows]

    @cached_property
    def _codes(self) -> dict[int, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """For each unit (coded, present) over `rows`."""
        data = self.survey.faces.data
        coded = np.asarray(data["coded"].values)[self.survey.rows]
        present = np.asarray(data["present"].values)[self.survey.rows]
        return {
            unit: (coded[:, i], present[:, i]) for i, unit in enumerate(self.survey.faces.units)
        }

    def _histogram(self, peak: NDArray[Any], named: UnitRow) -> Histogram | None:
        if named.unit not in self._codes:
            return None
        coded, present = self._codes[named.unit]
        counts = histogram_of(peak[coded], present[coded])
        return counts if counts.n_with and counts.n_without else None

    def _neighbours(self, position: int) -> dict[str, Any]:
        def of(place: int) -> tuple[str, str] | None:
            if not 0 <= place < len(self.survey.filters):
                return None
            return str(self.survey.filters[place]), self.survey.addresses[place]

        return {"previous": of(position - 1), "next": of(position + 1)}
