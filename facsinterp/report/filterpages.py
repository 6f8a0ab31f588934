"""The page of one filter: its verdict, its faces, its charts and its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from facsinterp.activations.asking.ranking import top_positions
from facsinterp.facs import describe
from facsinterp.report.claims import UnitRow
from facsinterp.report.figures import (
    UnitBar,
    histogram_chart,
    histogram_of,
    unit_chart,
)
from facsinterp.report.gallery import Cards, FaceCard, field_box
from facsinterp.report.looks import LookMaker
from facsinterp.report.survey import Survey, unit_names
from facsinterp.report.verdicts import verdict_of
from facsinterp.report.wording import listed


@dataclass(frozen=True)
class FilterPages:
    """Makes the pages of filters; holds what they share. Final."""

    survey: Survey
    cards: Cards
    maker: LookMaker | None = None

    def content(self, position: int, peaks: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        """One page. `peaks`: this filter's peak, and its place where known, over `rows`."""
        survey, claims = self.survey, self.survey.claims
        silent = bool(survey.activity.dead[position])
        dead = silent and survey.kind[position] == "dead"
        rows = claims.rows(position)
        named = None if dead else next((row for row in rows if row.named), None)
        cards = () if dead else self.faces(position, peaks, named.unit if named else None)
        return {
            "filter": survey.filters[position],
            "verdict": verdict_of(claims, position, dead=dead, faces=survey.which_faces),
            "dead": dead,
            "below": silent and not dead,
            "nearly_dead": bool(survey.activity.nearly_dead[position]),
            "active_share": survey.activity.active_share[position],
            "named": named,
            "silenced": bool(claims.silenced[position]),
            "held_out": self._held_out(position),
            "tested": [row for row in rows if row.tested],
            "untested": [row for row in rows if not row.tested],
            "supported": bool(claims.answering[position] or claims.surpassing[position]),
            "perfect": self._perfect(position, rows),
            "cards": cards,
            **self._looks(position, cards),
            "shape": self.shape,
            "layer": survey.layers.get(survey.filters[position].layer),
            "which_faces": survey.which_faces,
            "unit_chart": self._unit_chart(rows) if named else None,
            "histogram": self._histogram(peaks["peak"], named) if named else None,
            "settings": claims.settings,
            "top_n": claims.top_n,
            "largest": float(peaks["peak"].max(initial=0.0)),
            **self._neighbours(position),
        }

    def _held_out(self, position: int) -> dict[str, Any] | None:
        """What the unit that the filter follows most is worth on people who did not choose it."""
        told = {name: float(values[position]) for name, values in self.survey.claims.filter.items()}
        if not np.isfinite(told["named_auroc_held_out"]):
            return None
        unit = int(told["named_au"])
        return told | {"unit": unit, "name": describe(unit)}

    def faces(
        self, position: int, peaks: Mapping[str, NDArray[Any]], unit: int | None
    ) -> tuple[FaceCard, ...]:
        """The strongest faces of a filter, one a sequence."""
        survey = self.survey
        layer = survey.layers.get(survey.filters[position].layer)
        top = top_positions(peaks["peak"], survey.claims.top_n, self._sequences)
        boxes = (
            field_box(layer, int(peaks["peak_row"][i]), int(peaks["peak_col"][i]))
            if "peak_row" in peaks and "peak_col" in peaks
            else None
            for i in top
        )
        return tuple(
            self.cards.card(int(survey.rows[i]), float(peaks["peak"][i]), unit, box)
            for i, box in zip(top, boxes, strict=True)
        )

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
    def _sequences(self) -> NDArray[np.str_]:
        return unit_names(self.survey.faces)[self.survey.rows]

    @cached_property
    def shape(self) -> tuple[int, int] | None:
        """(row, col) of the thumbnails; None when the store keeps none."""
        data = self.survey.report.store.data
        if "face" not in data:
            return None
        _, rows, cols = data["face"].shape
        return rows, cols

    @cached_property
    def _codes(self) -> dict[int, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """For each unit (coded, present) over `rows`."""
        data = self.survey.faces.data
        coded = np.asarray(data["coded"].values)[self.survey.rows]
        present = np.asarray(data["present"].values)[self.survey.rows]
        return {
            unit: (coded[:, i], present[:, i]) for i, unit in enumerate(self.survey.faces.units)
        }

    def _histogram(self, peak: NDArray[Any], named: UnitRow) -> Markup | None:
        if named.unit not in self._codes:
            return None
        coded, present = self._codes[named.unit]
        shares = histogram_of(peak[coded], present[coded])
        return histogram_chart(shares, named.label) if shares.n_with and shares.n_without else None

    def _unit_chart(self, rows: Sequence[UnitRow]) -> Markup | None:
        bars = [
            UnitBar(
                row.label,
                row.name,
                row["precision_at_n"],
                row["base_rate"],
                row["auroc"],
                row["auroc_low"],
                row["auroc_high"],
                row.kind,
                row.named,
            )
            for row in rows
            if row.tested
        ]
        return unit_chart(
            bars, self.survey.claims.top_n, float(self.survey.claims.settings["interval"])
        )

    def _neighbours(self, position: int) -> dict[str, Any]:
        def of(place: int) -> tuple[str, str] | None:
            if not 0 <= place < len(self.survey.filters):
                return None
            return str(self.survey.filters[place]), self.survey.addresses[place]

        return {"previous": of(position - 1), "next": of(position + 1)}
