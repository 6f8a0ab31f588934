"""Where one face stands among all faces, for every filter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from facsinterp.activations.keeping.layout import blocks
from facsinterp.labels import COL, FILTER, IMAGE, ROW

MEASURES = ("peak", "percentile", "rank", "mean", ROW, COL)


def standing(data: xr.Dataset, position: int) -> xr.Dataset:
    """One face's answers among those of all images; see `ActivationStore.standing`."""
    own = data["peak"].isel({IMAGE: position}).values
    images = data.sizes[IMAGE]
    below = np.zeros(len(own), dtype=np.int64)
    equal = np.zeros(len(own), dtype=np.int64)
    for part in blocks(images, int(data.attrs["block_size"])):
        peaks = data["peak"].isel({IMAGE: part}).transpose(IMAGE, FILTER).values
        below += (peaks < own).sum(axis=0)
        equal += (peaks == own).sum(axis=0)
    variables: dict[str, Any] = {
        "peak": own,
        "percentile": 100 * (below + equal / 2) / images,
        "rank": images - below - equal + 1,
        "constant": equal == images,
    }
    for name, variable in (("mean", "mean"), (ROW, "peak_row"), (COL, "peak_col")):
        if variable in data:
            variables[name] = data[variable].isel({IMAGE: position}).values
    coords = {name: (FILTER, data[name].values) for name in ("layer", "channel")}
    return xr.Dataset(
        {name: (FILTER, values) for name, values in variables.items()},
        coords={FILTER: data[FILTER].values, **coords},
    )


def firing(stands: xr.Dataset) -> pd.DataFrame:
    """The filters that a face lifts above zero, the most unusual answers first."""
    fires = (stands["peak"] > 0).values & ~stands["constant"].values
    measures = [name for name in MEASURES if name in stands]
    chosen = stands[measures].isel({FILTER: np.flatnonzero(fires)})
    frame = chosen.to_dataframe().reset_index()[[FILTER, "layer", "channel", *measures]]
    return frame.sort_values("percentile", ascending=False, kind="stable", ignore_index=True)
