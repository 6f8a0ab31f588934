"""What a filter's page shows of its pictures: the sheet of its faces, its mean face, the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from facsinterp.evidence.visual import VisualEvidence
from facsinterp.labels import FILTER, FilterId
from facsinterp.report.addresses import mean_picture, sheet_picture
from facsinterp.report.charts import sheets
from facsinterp.report.charts.colours import GROUND, enlarged
from facsinterp.report.pages.page import File
from facsinterp.report.reading.cards import FaceCard
from facsinterp.report.reading.survey import Survey
from facsinterp.report.words.placed import Line, doubts, place_lines, place_numbers
from facsinterp.saliency.layout import FACE, FILTERS_PER_BLOCK
from facsinterp.saliency.store import scale_of

METHODS: Final[Mapping[str, str]] = {
    "guided-backprop": "guided backpropagation",
    "deconvnet": "deconvolution",
    "gradient": "gradient",
    "integrated-gradients": "integrated gradients",
}
_MEAN_SIDE: Final = 72  # pixels of the mean face: an average has no edges to lose
FEWEST_OF_HIDDEN: Final = 5
"""Faces that a mean must be of, if any of them may not be shown."""


@dataclass(frozen=True)
class Sheet:
    """The file of a filter's tiles, and where in it each tile lies."""

    address: str
    faces: int
    """Columns, those of the first faces."""
    tile: sheets.Tile
    method: str

    @property
    def style(self) -> str:
        """How a page finds a column of the sheet, and the gaps between its views."""
        rows = len(sheets.VIEWS) * (self.tile.rows + sheets.GAP) - sheets.GAP
        end, start = (
            f"{100 * edge / rows:.5g}%" for edge in (self.tile.rows, self.tile.rows + sheets.GAP)
        )
        return f"--tile:{self.tile.cols}/{rows};--last:{max(1, self.faces - 1)};" + (
            f"--end:{end};--start:{start}"
        )


@dataclass(frozen=True)
class Looks:
    """The pictures of one filter as its page shows them."""

    sheet: Sheet | None
    """None where no face may be shown, or none is kept."""
    mean: str
    """Address of the mean face; empty where there is none."""
    lines: tuple[Line, ...]
    numbers: tuple[tuple[str, str], ...]
    files: tuple[File, ...]
    """The pictures themselves."""
    mean_side: int = _MEAN_SIDE


@dataclass(frozen=True)
class LookMaker:
    """Makes the looks of filters; holds what they share. Final.

    Filters are best asked for in their order: the attributions of some are held at a time.
    """

    survey: Survey
    visual: VisualEvidence
    _held: dict[int, xr.Dataset] = field(default_factory=dict)

    def looks(self, filter_id: FilterId, cards: Sequence[FaceCard]) -> Looks | None:
        """What the page of a filter shows beside these faces; None where there is nothing."""
        if not cards:
            return None
        found, name = self._found(filter_id), str(filter_id)
        placed, alike = self._row("placing", name), self._row("likeness", name)
        lines = place_lines(placed, self._alpha, peaks=self.visual.attributions is None)
        files: list[File] = []
        looks = Looks(
            sheet=None if found is None else self._sheet(found, filter_id, cards, files),
            mean="" if found is None else self._mean(found, filter_id, files),
            lines=(*lines, *doubts(alike)),
            numbers=place_numbers(placed),
            files=tuple(files),
        )
        return looks if looks.sheet or looks.mean or looks.lines else None

    def _found(self, filter_id: FilterId) -> xr.Dataset | None:
        """What is kept of a filter, without its faces' names; None where nothing was pictured."""
        attributions = self.visual.attributions
        position = self._places.get(str(filter_id))
        if attributions is None or position is None:
            return None
        block, inside = divmod(position, FILTERS_PER_BLOCK)
        if block not in self._held:
            self._held.clear()
            part = slice(block * FILTERS_PER_BLOCK, (block + 1) * FILTERS_PER_BLOCK)
            self._held[block] = attributions.data.drop_dims(FACE).isel({FILTER: part}).load()
        found = self._held[block].isel({FILTER: inside})
        return found if (found["image"].values >= 0).any() else None

    @cached_property
    def _places(self) -> dict[str, int]:
        attributions = self.visual.attributions
        filters = () if attributions is None else attributions.filters
        return {str(one): place for place, one in enumerate(filters)}

    def _sheet(
        self,
        found: xr.Dataset,
        filter_id: FilterId,
        cards: Sequence[FaceCard],
        files: list[File],
    ) -> Sheet | None:
        maps = found["attribution"].values
        tile = sheets.Tile.of(*maps.shape[1:])
        shown = cards[: sheets.most_columns(tile)]
        if not any(card.position in self._faces for card in shown):
            return None
        address = sheet_picture(filter_id)
        picture = sheets.sheet(list(self._columns(found, shown)), scale_of(maps))
        files.append(File(address, sheets.encoded(picture)))
        return Sheet(address, len(shown), tile, METHODS[str(found.attrs["method"])])

    def _columns(self, found: xr.Dataset, cards: Sequence[FaceCard]) -> Iterator[sheets.Look]:
        image, maps = found["image"].values, found["attribution"].values
        for card in cards:
            ranks = np.flatnonzero(image == card.position)
            # A picture that was not made is not shown as one where nothing is seen.
            face = self._faces.get(card.position) if len(ranks) else None
            yield sheets.Look(face, maps[ranks[0] if len(ranks) else 0], _window(card))

    @cached_property
    def _faces(self) -> dict[int, NDArray[np.uint8]]:
        """The thumbnails of all faces that are pictured and may be shown, by their position."""
        data, attributions = self.survey.report.store.data, self.visual.attributions
        if attributions is None or "face" not in data:
            return {}
        pictured = attributions.data[FACE].values
        shown = pictured[~self._hidden[pictured]]
        return dict(zip(shown.tolist(), data["face"].isel(image=shown).values, strict=True))

    @cached_property
    def _hidden(self) -> NDArray[np.bool_]:
        return self.survey.hidden

    def _mean(self, found: xr.Dataset, filter_id: FilterId, files: list[File]) -> str:
        """The address of the mean face; empty without landmarks, or if it would show one person.

        A mean of a few faces is nearly a picture of each of them, so then all of them must be
        faces that may be shown.
        """
        faces = int(found.get("mean_attribution_faces", 0))
        image = found["image"].values
        hidden = bool(self._hidden[image[image >= 0]].any())
        if faces == 0 or (hidden and faces < FEWEST_OF_HIDDEN):
            return ""
        picture = sheets.mean_face(
            self._average, found["mean_attribution"].values, found["mean_place"].values
        )
        address = mean_picture(filter_id)
        files.append(File(address, sheets.encoded(picture)))
        return address

    @cached_property
    def _average(self) -> NDArray[np.uint8]:
        """The average face of the store, on which means are laid; plain where none may be shown."""
        attributions = self.visual.attributions
        assert attributions is not None  # its means were found
        face = attributions.data["canonical_face"].values
        shape = (_MEAN_SIDE, _MEAN_SIDE)
        return enlarged(face, *shape) if face.any() else np.full(shape, GROUND[0], np.uint8)

    @property
    def _alpha(self) -> float:
        return float(self.survey.claims.settings.get("alpha", 0.05))

    def _row(self, table: str, name: str) -> Mapping[str, Any] | None:
        """The row of a filter in one of the tables, by the name of its columns."""
        place = self._rows[table].get(name)
        if place is None:
            return None
        return {name: values[place] for name, values in self._columns_of[table].items()}

    @cached_property
    def _columns_of(self) -> dict[str, dict[str, list[Any]]]:
        """Both tables by column: of very many rows a few are asked for."""
        tables = {"placing": self.visual.placing, "likeness": self.visual.likeness}
        return {
            table: {str(name): frame[name].tolist() for name in frame}
            for table, frame in tables.items()
        }

    @cached_property
    def _rows(self) -> dict[str, dict[str, int]]:
        """Where each filter stands in each table."""
        return {
            table: {str(one): place for place, one in enumerate(columns["filter"])}
            for table, columns in self._columns_of.items()
        }


def _window(card: FaceCard) -> sheets.Window | None:
    if card.box is None:
        return None
    box = card.box
    top, left = round(box.top), round(box.left)
    return sheets.Window(top, left, top + round(box.height), left + round(box.width))
