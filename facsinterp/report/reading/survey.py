"""What every page needs of a run, read once: filters, addresses, rows, claims, activity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.keeping.layout import FILTERS_PER_CHUNK, Layer
from facsinterp.activations.store import ActivationStore
from facsinterp.association.rows import rows_looked_at
from facsinterp.association.table import Associations
from facsinterp.association.votes import Voters
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FILTER, FilterId
from facsinterp.report.addresses import face_names, filter_page
from facsinterp.report.parts import Report
from facsinterp.report.reading.alike import Alike
from facsinterp.report.reading.cards import showable
from facsinterp.report.reading.claims import Claims, read_claims
from facsinterp.report.reading.controls import Compared, compared
from facsinterp.report.reading.shown import faces_with
from facsinterp.report.reading.strongest import Strongest

NEARLY_DEAD: Final = 0.01  # answers to less than this share of the faces
_SLAB: Final = 2**28  # bytes of peaks held at a time
_CHUNK: Final = FILTERS_PER_CHUNK  # reading less than a chunk would decode it twice


@dataclass(frozen=True)
class Activity:
    """Which filters answer to anything at all; every array is (filter,)."""

    active_share: NDArray[np.float64]
    dead: NDArray[np.bool_]

    @property
    def nearly_dead(self) -> NDArray[np.bool_]:
        """Filters that answer to some face, but to fewer than `NEARLY_DEAD`."""
        return np.asarray(~self.dead & (self.active_share < NEARLY_DEAD))

    @classmethod
    def of(cls, store: ActivationStore, dead: xr.Dataset | None) -> Self:
        """What `dead_filters` found; without it, dead is an active share of exactly 0."""
        if dead is None:
            share = np.asarray(store.data["active_share"].values, dtype=np.float64)
            return cls(share, share == 0)
        share = np.asarray(dead["active_share"].values, dtype=np.float64)
        return cls(share, np.asarray(dead["dead"].values, dtype=bool))


@dataclass(frozen=True)
class Survey:
    """One run as its pages see it. F filters, in the order of the store."""

    report: Report
    faces: FaceTable
    filters: tuple[FilterId, ...]
    addresses: tuple[str, ...]
    layers: Mapping[str, Layer]
    rows: NDArray[np.int64]
    """Positions of the faces that associations and top faces are taken from."""
    claims: Claims
    activity: Activity
    strongest: Strongest
    alike: Alike
    face_names: tuple[str, ...]
    """(image,) what the pages and pictures of faces are called."""
    controls: tuple[Compared, ...]
    voters: Voters | None
    """Who speaks for which unit; None where the run has no associations of its own store."""

    @classmethod
    def of(cls, report: Report) -> Self:
        """Read everything that is small, and go through the peaks once."""
        store = report.store
        filters = tuple(store.filters)
        faces, rows = store.faces, _rows(report)
        claims = read_claims(report.associations, len(filters))
        slabs = _slabs(store, len(filters), rows)
        return cls(
            report,
            faces,
            filters,
            tuple(filter_page(filter_id) for filter_id in filters),
            {layer.name: layer for layer in store.layers},
            rows,
            claims,
            Activity.of(store, report.dead),
            Strongest.of(slabs, len(filters), rows, unit_names(faces)[rows], claims.top_n),
            Alike.of(lambda part: _peaks(store, part, rows), len(filters), len(rows)),
            face_names(faces.images.tolist()),
            compared(report.controls),
            _voters(report),
        )

    @cached_property
    def lent(self) -> Self:
        """The same for workers: of tables that were read, the settings alone."""
        report, associations = self.report, self.report.associations
        controls = tuple(
            replace(one, run=replace(one.run, associations=_settings(one.run.associations)))
            for one in self.controls
        )
        lean = replace(
            report,
            associations=None if associations is None else _settings(associations),
            controls=tuple(one.run for one in controls),
        )
        return replace(self, report=lean, controls=controls)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Layers in the order of the store."""
        return tuple(self._inside)

    def of_layer(self, layer: str) -> NDArray[np.bool_]:
        """(filter,) which filters belong to a layer."""
        return self._inside.get(layer, np.zeros(len(self.filters), dtype=bool))

    @cached_property
    def _inside(self) -> dict[str, NDArray[np.bool_]]:
        every = np.array([filter_id.layer for filter_id in self.filters], dtype=str)
        return {layer: every == layer for layer in dict.fromkeys(every.tolist())}

    @cached_property
    def kind(self) -> NDArray[np.str_]:
        """(filter,) the kind of each verdict; without associations only "dead" and ""."""
        silent = (self.claims.kind == "") & self.activity.dead
        return np.where(silent, "dead", self.claims.kind)

    @cached_property
    def thumbnail(self) -> tuple[int, int] | None:
        """(row, col) of the thumbnails; None when the store keeps none."""
        data = self.report.store.data
        if "face" not in data:
            return None
        _, rows, cols = data["face"].shape[:3]
        return rows, cols

    @cached_property
    def hidden(self) -> NDArray[np.bool_]:
        """(image,) faces that may not be shown."""
        return ~showable(self.faces)

    @cached_property
    def kept_to_oneself(self) -> bool:
        """Whether the site holds pictures of faces that the terms forbid to pass on."""
        shown = self.thumbnail is not None and not self.hidden.all()
        return shown and not self.faces.terms.redistributable

    @cached_property
    def pictured(self) -> NDArray[np.int64]:
        """Positions, ascending, of the faces that have a page: of filters and of units."""
        found = [self.strongest.shown]
        for unit in self.claims.units:
            found += faces_with(self.faces, self.rows, self.hidden, unit)
        return np.unique(np.concatenate(found))

    @property
    def which_faces(self) -> str:
        """The faces looked at, in words."""
        return "held-out faces" if self.held_out else "faces"

    @property
    def held_out(self) -> bool:
        """Whether the associations concern held-out subjects only."""
        return self.claims.settings.get("rows") == "held-out"

    def peaks(self, part: slice) -> NDArray[np.float32]:
        """(row of `rows`, filter of `part`) the peaks over the faces looked at."""
        return _peaks(self.report.store, part, self.rows)


def _peaks(store: ActivationStore, part: slice, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    values = store.data["peak"].isel(filter=part).values[rows]
    return np.asarray(values, dtype=np.float32)


def _slabs(
    store: ActivationStore, filters: int, rows: NDArray[np.int64]
) -> Iterator[tuple[slice, Mapping[str, NDArray[np.generic]]]]:
    """Filters in slabs with peak and its place (row of `rows`, filter), each read once."""
    step = _CHUNK * max(1, _SLAB // (8 * _CHUNK * max(1, len(store.faces))))
    for start in range(0, filters, step):
        part = slice(start, min(start + step, filters))
        yield (
            part,
            {
                name: np.asarray(store.data[name].isel(filter=part).values)[rows]
                for name in ("peak", "peak_row", "peak_col")
                if name in store.data
            },
        )


def _voters(report: Report) -> Voters | None:
    associations = report.associations
    if associations is None or associations.data.attrs.get("store") != report.store.key:
        return None
    return Voters.of(report.store, associations)


def _settings(associations: Associations) -> Associations:
    """The table without a filter in it."""
    return Associations(associations.data.isel({FILTER: slice(0)}))


def _rows(report: Report) -> NDArray[np.int64]:
    """Positions, ascending, of the faces that the associations concern; else of all faces."""
    if report.associations is None:
        return np.arange(len(report.store.faces), dtype=np.int64)
    settings = report.associations.data.attrs
    return rows_looked_at(report.store, settings["rows"], settings["unit"])


def unit_names(faces: FaceTable) -> NDArray[np.str_]:
    """(image,) the sequence of each face; a face of no known sequence stands for itself."""
    sequence = faces.column("sequence")
    return np.where(sequence == "", np.char.add("image ", faces.images), sequence)
