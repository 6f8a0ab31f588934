"""Which filters answer to nothing: dead, constant, and how much of the data wakes the others.

Dead filters have no top images and no associations; their share of a layer is a result.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import ActivationError, Fault, InputError
from facsinterp.labels import FILTER, IMAGE

Floats = NDArray[np.float64]

# Numbers of the peak matrix that are held at a time.
SLAB: Final = 1 << 24


def dead_filters(
    store: ActivationStore, threshold: float = 0.0, *, relative: bool = False
) -> xr.Dataset:
    """How often and how strongly each filter answers, over all images of the store.

    Variables over filter: `peak_min`, `peak_max` over the images; `layer_scale`, the median
    of `peak_max` over the filters of the layer that answer above 0 (0 when none does);
    `threshold` in the filter's own units; `active_share`, the share of images with a peak
    above it; `dead`, whether no image has one; `constant`, whether all images have one peak.

    Breuer & Kimmel (2017) call a filter dead that answers to no input, and give no
    threshold. With `relative` it is a share of `layer_scale`, so that one number serves
    layers and networks of any scale: 0.01 calls dead what never reaches a hundredth of a
    usual filter's strongest answer in its layer. The median keeps one loud filter from
    declaring its neighbours dead.

    Raises InputError when the threshold is negative or not finite, ActivationError when an
    activation is not finite.
    """
    if not (np.isfinite(threshold) and threshold >= 0):
        raise InputError(Fault("threshold is no size", expected="0 or more", got=str(threshold)))
    layers = store.data["layer"].values.astype(str)
    low, high, _ = _over_images(store, np.zeros(len(layers)))
    scale = _layer_scale(high, layers)
    limit = threshold * scale if relative else np.full(len(layers), float(threshold))
    _, _, above = _over_images(store, limit)
    columns = {
        "active_share": above,
        "peak_min": low,
        "peak_max": high,
        "layer_scale": scale,
        "threshold": limit,
        "dead": high <= limit,
        "constant": low == high,
    }
    return xr.Dataset(
        {name: (FILTER, values) for name, values in columns.items()},
        coords={
            FILTER: store.data[FILTER].values.astype(str),
            "layer": (FILTER, layers),
            "channel": (FILTER, store.data["channel"].values),
        },
        attrs={
            "threshold": float(threshold),
            "relative": relative,
            "images": int(store.data.sizes[IMAGE]),
        },
    )


def dead_by_layer(table: xr.Dataset) -> pd.DataFrame:
    """One row a layer, in the order of the network, from what `dead_filters` gave.

    Columns: layer, filters, dead, dead_share, constant (of the filters that are not dead),
    active_share_median (over the filters that are not dead; NaN when all are).
    """
    frame = table[["active_share", "dead", "constant"]].to_dataframe()
    rows = []
    for layer, filters in frame.groupby("layer", sort=False):
        alive = filters[~filters["dead"]]
        rows.append(
            {
                "layer": layer,
                "filters": len(filters),
                "dead": int(filters["dead"].sum()),
                "dead_share": float(filters["dead"].mean()),
                "constant": int(alive["constant"].sum()),
                "active_share_median": float(alive["active_share"].median()),
            }
        )
    return pd.DataFrame(rows)


def _over_images(store: ActivationStore, limit: Floats) -> tuple[Floats, Floats, Floats]:
    """Least and largest peak of each filter, and the share of images above its limit."""
    images, filters = store.data.sizes[IMAGE], store.data.sizes[FILTER]
    low, high = np.full(filters, np.inf), np.full(filters, -np.inf)
    above = np.zeros(filters, dtype=np.int64)
    step = max(1, SLAB // max(filters, 1))
    for start in range(0, images, step):
        part = store.data["peak"].isel({IMAGE: slice(start, start + step)})
        peaks = part.transpose(IMAGE, FILTER).values.astype(np.float64)
        if not np.isfinite(peaks).all():
            bad = np.flatnonzero(~np.isfinite(peaks).all(axis=0))
            message = f"{store.path} holds NaN or infinite activations of {store.filters[bad[0]]}"
            raise ActivationError(message)
        low, high = np.minimum(low, peaks.min(axis=0)), np.maximum(high, peaks.max(axis=0))
        above += (peaks > limit).sum(axis=0)
    return low, high, above / max(images, 1)


def _layer_scale(high: Floats, layers: NDArray[np.str_]) -> Floats:
    """Median over a layer's answering filters of their strongest answer, for each filter."""
    scale = np.zeros(len(high))
    for layer in np.unique(layers):
        inside = layers == layer
        answering = high[inside & (high > 0)]
        scale[inside] = np.median(answering) if len(answering) else 0.0
    return scale
