"""Where the filters of a run look: each held against the region of the unit of its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from facsinterp.association.table import Associations
from facsinterp.association.verdict import Verdicts
from facsinterp.errors import InputError
from facsinterp.evidence.places.attributed import stored_looks
from facsinterp.evidence.places.exchange import exchange_test
from facsinterp.evidence.places.looks import Looks, Regions, peak_looks
from facsinterp.evidence.places.overlap import overlap
from facsinterp.evidence.places.placing import Pair, region_test
from facsinterp.evidence.visual import no_filters
from facsinterp.faces.regions import LOCATED, regions_of
from facsinterp.labels import AU, FILTER, FilterId
from facsinterp.nets.receptive import ReceptiveField, receptive_fields
from facsinterp.saliency.store import Attributions
from facsinterp.study.spec import StudySpec
from facsinterp.study.swept import Swept
from facsinterp.study.work import Work

_SHUFFLES: Final = 9999


@dataclass(frozen=True)
class Places:
    """The filters of one run that pass a test, and the faces on which they are asked."""

    spec: StudySpec
    found: Swept
    associations: Associations
    work: Work
    rows: NDArray[np.int64]
    """Positions of the faces that associations rest on."""

    def tables(self, made: Attributions | None) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Whether filters look at the region of the unit that their verdict names; and together.

        Where they look is told by their attributions, only by their peaks without them; whether
        they look there only with the unit, by their peaks on all faces. Empty without landmarks;
        without filters of layers of which it is not known what they can see.
        """
        found, fields, sizes = self.found, self.fields, self.found.network.sizes
        pairs = [pair for pair in self.pairs() if FilterId.parse(pair[0]).layer in self.placed]
        landmarks, size = found.pixels.landmarks, found.network.input_shape[1]
        # Faces of nobody known would each count as a person.
        named = (found.store.faces.column("subject") != "").any()
        if landmarks is None or not pairs or not named:
            return no_filters(), pd.DataFrame()
        units = sorted({unit for _, unit in pairs} & set(LOCATED))
        regions = Regions(
            lambda unit, faces: regions_of(landmarks[faces], unit, size), tuple(units), self.rows
        )
        peaks = {unit: peak_looks(found.store, unit, regions, fields, sizes) for unit in units}
        shown = peaks if made is None else stored_looks(made, units, regions, fields, sizes)
        table = region_test(
            pairs,
            shown.__getitem__,
            found.store,
            located=LOCATED,
            compared=peaks.__getitem__,
            overlap=self._overlap(regions),
            draws=(_SHUFFLES, self.spec.seed),
            correction=self.spec.settings.correction,
        )
        return table.to_dataframe(), self._together(pairs, shown)

    def _overlap(self, regions: Regions) -> xr.Dataset | None:
        """How well masks of filters and regions agree; None where there is no region."""
        found = self.found
        if not regions.units:
            return None
        return overlap(
            replace(found.network, layers=self.placed),
            found.pixels,
            found.store,
            regions,
            device=self.work.device,
            progress=self.work.progress,
        )

    def _together(self, pairs: list[Pair], shown: Mapping[int, Looks]) -> pd.DataFrame:
        """The exchange test in one row; none where no pair can take part."""
        draws = (_SHUFFLES, self.spec.seed)
        try:
            found = exchange_test(
                pairs, shown.__getitem__, self.found.store, located=LOCATED, draws=draws
            )
        except InputError:
            return pd.DataFrame()
        own = found.own
        told = {
            "share": own.mean,
            "expected": own.expected,
            "low": own.low,
            "high": own.high,
            "null_low": own.null_low,
            "null_high": own.null_high,
            "p": found.p,
            "units": own.units,
            "filters": found.pairs,
            "left_out": found.left_out,
        }
        return pd.DataFrame([told])

    @cached_property
    def fields(self) -> dict[str, ReceptiveField]:
        """What units of each layer can see, where it is known exactly."""
        return receptive_fields(self.found.network)

    @property
    def placed(self) -> tuple[str, ...]:
        """Layers whose units see different parts of the picture, and it is known which.

        Behind a mean over the map every unit sees the whole picture: it is at no place.
        """
        return tuple(
            layer
            for layer, field in self.fields.items()
            if field.rows.stride > 0 and field.cols.stride > 0
        )

    def pairs(self) -> list[Pair]:
        """Each filter that passes a test and the unit that its verdict names."""
        verdicts, units = Verdicts.of(self.associations), self.associations.data[AU].values
        names = self.associations.data[FILTER].values.astype(str)
        return [
            (str(name), int(units[column]))
            for name, column, silenced in zip(
                names, verdicts.column, verdicts.silenced, strict=True
            )
            if column >= 0 and not silenced
        ]
