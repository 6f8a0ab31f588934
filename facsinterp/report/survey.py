"""What every page needs of a run, read once: filters, addresses, rows, claims, activity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.keeping.layout import FILTERS_PER_CHUNK, Layer
from facsinterp.activations.store import ActivationStore
from facsinterp.association.rows import rows_looked_at
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId
from facsinterp.report.addresses import filter_page
from facsinterp.report.claims import Claims, read_claims
from facsinterp.report.gallery import showable
from facsinterp.report.parts import Report

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

    @classmethod
    def of(cls, report: Report) -> Self:
        """Read everything that is small; the peaks stay on disk until `slabs`."""
        store = report.store
        filters = tuple(store.filters)
        faces = store.faces
        return cls(
            report,
            faces,
            filters,
            tuple(filter_page(filter_id) for filter_id in filters),
            {layer.name: layer for layer in store.layers},
            _rows(report),
            read_claims(report.associations, len(filters)),
            Activity.of(store, report.dead),
        )

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Layers in the order of the store."""
        return tuple(dict.fromkeys(filter_id.layer for filter_id in self.filters))

    def of_layer(self, layer: str) -> NDArray[np.bool_]:
        """(filter,) which filters belong to a layer."""
        return np.array([filter_id.layer == layer for filter_id in self.filters], dtype=bool)

    @property
    def kind(self) -> NDArray[np.str_]:
        """(filter,) the kind of each verdict; without associations only "dead" and ""."""
        silent = (self.claims.kind == "") & self.activity.dead
        return np.where(silent, "dead", self.claims.kind)

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """(image,) faces that may not be shown."""
        return ~showable(self.faces)

    @property
    def which_faces(self) -> str:
        """The faces looked at, in words."""
        return "held-out faces" if self.held_out else "faces"

    @property
    def held_out(self) -> bool:
        """Whether the associations concern held-out subjects only."""
        return self.claims.settings.get("rows") == "held-out"

    def slabs(self) -> Iterator[tuple[slice, Mapping[str, NDArray[np.generic]]]]:
        """Filters in slabs with peak and its place (row of `rows`, filter), each read once."""
        data = self.report.store.data
        step = _CHUNK * max(1, _SLAB // (8 * _CHUNK * max(1, len(self.faces))))
        for start in range(0, len(self.filters), step):
            part = slice(start, min(start + step, len(self.filters)))
            yield (
                part,
                {
                    name: np.asarray(data[name].isel(filter=part).values)[self.rows]
                    for name in ("peak", "peak_row", "peak_col")
                    if name in data
                },
            )


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
