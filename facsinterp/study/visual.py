"""What can be seen of the filters of a run: pictures, their places on the face, and doubts.

    strongest faces -> attributions -> likeness with untrained networks
                                   \\-> places on the face, held against the regions of units

Attributions go on with the filters, likeness with the layer, where an interrupted run stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.asking.ranking import top_positions
from facsinterp.activations.keeping.layout import FILTERS_PER_CHUNK
from facsinterp.association.rows import rows_looked_at
from facsinterp.association.table import FORMAT as TABLE
from facsinterp.association.table import Associations
from facsinterp.errors import InputError, StoreError
from facsinterp.evidence.visual import ATTRIBUTIONS, VisualEvidence, no_filters
from facsinterp.evidence.weights.untrained import untrained_likeness
from facsinterp.labels import FILTER, FilterId
from facsinterp.provenance import fingerprint
from facsinterp.report.reading.cards import showable
from facsinterp.report.reading.survey import unit_names
from facsinterp.saliency.attribute import Units
from facsinterp.saliency.methods import Method
from facsinterp.saliency.picture import picture
from facsinterp.saliency.store import Attributions
from facsinterp.saliency.top import TopFaces
from facsinterp.saliency.writer import partial_of
from facsinterp.study.ledger import Ledger, discard
from facsinterp.study.places import Places
from facsinterp.study.spec import StudySpec
from facsinterp.study.swept import Swept
from facsinterp.study.work import Work

# Changes when what is written under the same key would differ.
FORMAT: Final = 1
# Filters that are read at a time: those of a chunk.
_SLAB: Final = FILTERS_PER_CHUNK
_PEAK: Final = ("peak", "peak_row", "peak_col")
# Faces of a filter that untrained networks draw too: its strongest.
_COMPARED: Final = 3
_NONE: Final = 'None were asked for ([visual] method = "none").'


def visual_evidence(
    spec: StudySpec, found: Swept, associations: Associations, work: Work
) -> VisualEvidence:
    """Pictures of every live filter of a run, and what they are worth, made unless it is there.

    Where the method would be wrong for a layer there are no pictures, and the reason is kept.
    """
    folder, ledger = found.folder.visual, Ledger(found.folder.path)
    key = fingerprint(
        (FORMAT, TABLE), found.store.key, dict(spec.association), spec.seed, spec.visual.method
    )
    if ledger.has(folder.name, key):
        try:
            there = VisualEvidence.open(folder)
        except StoreError as error:
            work.progress.say(f"pictures: made again, since {error}")
        else:
            work.progress.say("pictures: already made")
            return there
    folder.mkdir(parents=True, exist_ok=True)
    asked = _Asked(spec, found, associations, work)
    asked.evidence().save(folder)
    ledger.mark(folder.name, key)
    discard(found.folder.visual_parts)
    return VisualEvidence.open(folder)


@dataclass(frozen=True)
class _Asked:
    """What the pictures of one run are made of."""

    spec: StudySpec
    found: Swept
    associations: Associations
    work: Work

    def evidence(self) -> VisualEvidence:
        method = self.spec.visual.method
        if method == "none":
            return self._without(_NONE)
        try:
            made = self.pictures(method)
        except InputError as error:
            self.work.progress.say(f"pictures: none, since {error}")
            return self._without(_refusal(error))
        return VisualEvidence(made, "", *self.places.tables(made), self.likeness(made, method))

    def _without(self, why: str) -> VisualEvidence:
        """What is known without pictures; those of other content go."""
        self._discard()
        return VisualEvidence(None, why, *self.places.tables(None), no_filters())

    def pictures(self, method: Method) -> Attributions:
        """The attributions of the strongest faces; damaged ones and those of other content go."""
        make = partial(
            picture,
            self.found.network,
            self.found.pixels,
            self.strongest(),
            self.attributions,
            method=method,
            device=self.work.device,
            batch_size=self.spec.sweep.batch_size,
            showable=showable(self.found.store.faces),
            progress=self.work.progress,
        )
        try:
            return make()
        except StoreError as error:
            self.work.progress.say(f"pictures: made again, since {error}")
        self._discard()
        return make()

    @property
    def attributions(self) -> Path:
        """Where they lie."""
        return self.found.folder.visual / ATTRIBUTIONS

    def _discard(self) -> None:
        """Take away attributions, and those that were begun."""
        discard(self.attributions)
        discard(partial_of(self.attributions))

    def strongest(self) -> TopFaces:
        """The faces that each filter's page shows: of those looked at, one a sequence."""
        store, rows = self.found.store, self.rows
        sequences, ranks = unit_names(store.faces)[rows], self.spec.settings.top_n
        filters = len(store.filters)
        shape = (filters, ranks)
        image, row, col = (np.full(shape, -1, dtype=np.int64) for _ in range(3))
        value = np.zeros(shape, dtype=np.float32)
        for start in range(0, filters, _SLAB):
            part = slice(start, start + _SLAB)
            slab = {name: store.data[name].isel(filter=part).values[rows] for name in _PEAK}
            for column, j in enumerate(range(filters)[part]):
                top = top_positions(slab["peak"][:, column], ranks, sequences)
                image[j, : len(top)] = rows[top]
                value[j, : len(top)] = slab["peak"][top, column]
                row[j, : len(top)] = slab["peak_row"][top, column]
                col[j, : len(top)] = slab["peak_col"][top, column]
        return TopFaces(store.filters, image, value, row, col)

    @property
    def places(self) -> Places:
        """Where the filters look."""
        return Places(self.spec, self.found, self.associations, self.work, self.rows)

    @property
    def rows(self) -> NDArray[np.int64]:
        """Positions of the faces that associations rest on."""
        settings = self.associations.data.attrs
        return rows_looked_at(self.found.store, settings["rows"], settings["unit"])

    def likeness(self, made: Attributions, method: Method) -> pd.DataFrame:
        """How like its strongest pictures those of untrained networks are, a row a filter.

        Not of layers of which it is not known what they can see: all else would be alike.
        """
        parts = self.found.folder.visual_parts
        parts.mkdir(exist_ok=True)
        tables = []
        for layer in self.places.fields:
            mine = made.data.isel(filter=np.flatnonzero(made.data["layer"].values == layer))
            if not (mine["image"].values >= 0).any():
                continue
            file = parts / f"{fingerprint(made.key, layer)}.parquet"
            if not file.exists():
                partial = file.with_suffix(".partial")
                self._likeness(mine, layer, method).to_parquet(partial, index=False)
                partial.replace(file)
            tables.append(pd.read_parquet(file))
        return pd.concat(tables, ignore_index=True) if tables else no_filters()

    def _likeness(self, mine: xr.Dataset, layer: str, method: Method) -> pd.DataFrame:
        found = self.found
        filters, ranks = np.nonzero(mine["image"].values[:, :_COMPARED] >= 0)
        places = np.stack([mine["peak_row"].values, mine["peak_col"].values], axis=-1)
        channels = mine["channel"].values.astype(np.int64)
        table = untrained_likeness(
            found.network,
            layer,
            found.pixels,
            Units(
                mine["image"].values[filters, ranks].astype(np.int64),
                channels[filters],
                places[filters, ranks].astype(np.int64),
            ),
            mine["attribution"].values[filters, ranks],
            method=method,
            device=self.work.device,
            batch_size=self.spec.sweep.batch_size,
            progress=self.work.progress,
        )
        names = [str(FilterId(layer, int(channel))) for channel in table.index]
        return table.reset_index(drop=True).assign(**{FILTER: names})


def _refusal(error: InputError) -> str:
    """Why there are no pictures and what would give some, in two sentences for a page."""
    why = [
        f"{fault.what}" + "".join(f" ({words})" for words in (fault.where, fault.got) if words)
        for fault in error.faults
    ]
    ways = dict.fromkeys(fault.do for fault in error.faults if fault.do)
    told = "; ".join(why) + (f". Instead: {'; '.join(ways)}." if ways else ".")
    # As a definition says it.
    return told.replace("use method ", "use [visual] method = ")
