"""What a filter's page shows of its pictures: the sheet of its faces, its mean face, the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from facsinterp.evidence.visual import VisualEvidence
from facsinterp.labels import FILTER, FilterId
from facsinterp.report import sheets
from facsinterp.report.addresses import mean_picture, sheet_picture
from facsinterp.report.colours import GROUND, enlarged
from facsinterp.report.gallery import FaceCard
from facsinterp.report.placed import Line, doubts, place_lines, place_numbers
from facsinterp.report.survey import Survey
from facsinterp.saliency.layout import FACE, FILTERS_PER_BLOCK
from facsinterp.saliency.store import scale_of

FOLDER: Final = "looks"
METHODS: Final[Mapping[str, str]] = {
    "guided-backprop": "guided backpropagation",
    "deconvnet": "deconvolution",
    "gradient": "gradient",
    "integrated-gradients": "integrated gradients",
}
_VIEWS: Final = (
    ("Attribution over the picture", "what moved the peak, over the face"),
    ("Attribution", "what moved the peak"),
    ("Field of the peak", "what the filter sees at its peak"),
)
_MEAN_SIDE: Final = 208  # pixels of the mean face, shown about as large
FEWEST_OF_HIDDEN: Final = 5
"""Faces that a mean must be of, if any of them may not be shown."""


@dataclass(frozen=True)
class View:
    """One row of a sheet, in words."""

    alt: str
    title: str


@dataclass(frozen=True)
class Sheet:
    """The file of a filter's tiles, and where in it each tile lies."""

    address: str
    faces: int
    """Columns, those of the first faces."""
    tile: sheets.Tile
    method: str
    views: tuple[View, ...] = tuple(View(*words) for words in _VIEWS)

    @property
    def gaps(self) -> tuple[float, float]:
        """Space between tiles, down and across, as shares of a tile's height and width."""
        return sheets.GAP / self.tile.rows, sheets.GAP / self.tile.cols


@dataclass(frozen=True)
class Looks:
    """The pictures of one filter as its page shows them."""

    sheet: Sheet | None
    """None where no face may be shown, or none is kept."""
    mean: str
    """Address of the mean face; empty where there is none."""
    lines: tuple[Line, ...]
    numbers: tuple[tuple[str, str], ...]
    mean_side: int = _MEAN_SIDE


@dataclass(frozen=True)
class LookMaker:
    """Makes the looks of filters and writes their files; holds what they share. Final.

    Filters are best asked for in their order: the attributions of some are held at a time.
    """

    survey: Survey
    visual: VisualEvidence
    folder: Path
    """Of the site."""
    _held: dict[int, xr.Dataset] = field(default_factory=dict)

    def looks(self, filter_id: FilterId, cards: Sequence[FaceCard]) -> Looks | None:
        """What the page of a filter shows beside these faces; None where there is nothing."""
        if not cards:
            return None
        found, name = self._found(filter_id), str(filter_id)
        placed, alike = self._row("placing", name), self._row("likeness", name)
        lines = place_lines(placed, self._alpha, peaks=self.visual.attributions is None)
        looks = Looks(
            sheet=None if found is None else self._sheet(found, filter_id, cards),
            mean="" if found is None else self._mean(found, filter_id),
            lines=(*lines, *doubts(alike)),
            numbers=place_numbers(placed),
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
        self, found: xr.Dataset, filter_id: FilterId, cards: Sequence[FaceCard]
    ) -> Sheet | None:
        maps = found["attribution"].values
        tile = sheets.Tile.of(*maps.shape[1:])
        shown = cards[: sheets.most_columns(tile)]
        if not any(card.position in self._faces for card in shown):
            return None
        address = sheet_picture(filter_id)
        picture = sheets.sheet(list(self._columns(found, shown)), scale_of(maps))
        sheets.write(picture, self.folder / address)
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

    def _mean(self, found: xr.Dataset, filter_id: FilterId) -> str:
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
        sheets.write(picture, self.folder / address)
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
        return self._rows[table].get(name)

    @cached_property
    def _rows(self) -> dict[str, dict[str, Mapping[str, Any]]]:
        tables = {"placing": self.visual.placing, "likeness": self.visual.likeness}
        return {
            name: {
                str(row["filter"]): {str(key): value for key, value in row.items()}
                for row in table.to_dict("records")
            }
            for name, table in tables.items()
        }


def _window(card: FaceCard) -> sheets.Window | None:
    if card.box is None:
        return None
    box = card.box
    top, left = round(box.top), round(box.left)
    return sheets.Window(top, left, top + round(box.height), left + round(box.width))
