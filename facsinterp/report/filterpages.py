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
from facsinterp.report.figures import (
    UnitBar,
    histogram_chart,
    histogram_of,
    unit_chart,
)
from facsinterp.report.gallery import Cards, FaceCard, field_box
from facsinterp.report.survey import Survey, unit_names
from facsinterp.report.verdicts import UnitRow, filter_verdict
from facsinterp.report.wording import listed


@dataclass(frozen=True)
class FilterPages:
    """Makes the pages of filters; holds what they share. Final."""

    survey: Survey
    cards: Cards

    def content(self, position: int, peaks: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        """One page. `peaks`: this filter's peak, and its place where known, over `rows`."""
        survey = self.survey
        dead = bool(survey.activity.dead[position])
        rows = survey.verdicts.rows(position)
        live = bool(survey.verdicts.live[position])
        best = None if dead or not live else next((row for row in rows if row.best), None)
        return {
            "filter": survey.filters[position],
            "verdict": filter_verdict(rows, dead=dead, live=live, faces=survey.which_faces),
            "dead": dead,
            "nearly_dead": bool(survey.activity.nearly_dead[position]),
            "passes": bool(survey.verdicts.answering[position]),
            "active_share": survey.activity.active_share[position],
            "best": best,
            "rows": rows,
            "perfect": self._perfect(position, rows),
            "cards": () if dead else self.faces(position, peaks, best.unit if best else None),
            "shape": self.shape,
            "layer": survey.layers.get(survey.filters[position].layer),
            "which_faces": survey.which_faces,
            "unit_chart": self._unit_chart(rows) if best else None,
            "histogram": self._histogram(peaks["peak"], best) if best else None,
            "settings": survey.verdicts.settings,
            "top_n": survey.verdicts.top_n,
            "largest": float(peaks["peak"].max(initial=0.0)),
            **self._neighbours(position),
        }

    def faces(
        self, position: int, peaks: Mapping[str, NDArray[Any]], unit: int | None
    ) -> tuple[FaceCard, ...]:
        """The strongest faces of a filter, one a sequence."""
        survey = self.survey
        layer = survey.layers.get(survey.filters[position].layer)
        top = top_positions(peaks["peak"], survey.verdicts.top_n, self._sequences)
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

    def _perfect(self, position: int, rows: Sequence[UnitRow]) -> str:
        if not self.survey.verdicts.perfect[position]:
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

    def _histogram(self, peak: NDArray[Any], best: UnitRow) -> Markup | None:
        if best.unit not in self._codes:
            return None
        coded, present = self._codes[best.unit]
        shares = histogram_of(peak[coded], present[coded])
        return histogram_chart(shares, best.label) if shares.n_with and shares.n_without else None

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
                row.passes,
                row.best,
            )
            for row in rows
            if row.testable
        ]
        return unit_chart(bars, self.survey.verdicts.top_n)

    def _neighbours(self, position: int) -> dict[str, Any]:
        def of(place: int) -> tuple[str, str] | None:
            if not 0 <= place < len(self.survey.filters):
                return None
            return str(self.survey.filters[place]), self.survey.addresses[place]

        return {"previous": of(position - 1), "next": of(position + 1)}
