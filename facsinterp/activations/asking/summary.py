"""What the filters of each layer did, in a row a layer or a row a filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from facsinterp.activations.asking.columns import constant, dead, slabs
from facsinterp.activations.asking.ranking import Positions
from facsinterp.activations.keeping.layout import Layer
from facsinterp.labels import FILTER

QUANTILES: Final = {"peak_q50": 0.5, "peak_q90": 0.9, "peak_q99": 0.99}


def by_filter(data: xr.Dataset, filters: Positions) -> pd.DataFrame:
    """One row a filter: dead, constant, share of images above zero, quantiles of its peaks."""
    parts = []
    for place, peaks in slabs(data, filters):
        silent = dead(peaks)
        levels = np.quantile(peaks, list(QUANTILES.values()), axis=0)
        columns = {
            **{name: data[name].values[place] for name in (FILTER, "layer", "channel")},
            "dead": silent,
            "constant": constant(peaks) & ~silent,
            "active_share": (peaks > 0).mean(axis=0),
            "peak_min": peaks.min(axis=0),
            **dict(zip(QUANTILES, levels, strict=True)),
            "peak_max": peaks.max(axis=0),
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def by_layer(data: xr.Dataset, layers: Sequence[Layer]) -> pd.DataFrame:
    """One row a layer, in the order of the network; see `ActivationStore.summary`."""
    known = {layer.name: layer for layer in layers}
    table = by_filter(data, np.arange(data.sizes[FILTER]))
    return pd.DataFrame(
        [
            _row(str(name), filters, known.get(str(name), Layer(str(name), len(filters))))
            for name, filters in table.groupby("layer", sort=False)
        ]
    )


def _row(name: str, filters: pd.DataFrame, layer: Layer) -> dict[str, object]:
    live = filters[~filters["dead"]]
    return {
        "layer": name,
        "filters": len(filters),
        "dead": int(filters["dead"].sum()),
        "constant": int(filters["constant"].sum()),
        "active_share_median": live["active_share"].median(),
        "active_share_min": live["active_share"].min(),
        "active_share_max": live["active_share"].max(),
        **{level: live[level].median() for level in QUANTILES},
        "peak_max": live["peak_max"].max(),
        "rows": layer.rows,
        "cols": layer.cols,
        "field_size": layer.field_size,
        "field_stride": layer.field_stride,
        "nonlinearity": layer.nonlinearity,
    }
