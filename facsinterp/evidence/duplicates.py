"""Which filters are duplicates of one another, and how many different ones there are.

Duplicates are counted once where it is told how many filters stand for action units. All is
told by differences inside people: filters that only know the same people are not alike.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import ActivationError, Fault, InputError
from facsinterp.labels import FILTER, IMAGE
from facsinterp.stats.structure import BAR, correlation_with, duplicates, effective_number

Positions = NDArray[np.int64]

HELD_OUT: Final = "test"
# Numbers of the peak matrix that are held at a time, beside those of the observations.
SLAB: Final = 1 << 24


def duplicate_filters(
    store: ActivationStore,
    *,
    bar: float = BAR,
    faces: Literal["held-out", "all"] = "held-out",
    unit: Literal["sequence", "sequence-mean"] = "sequence",
) -> xr.Dataset:
    """Clusters of filters that answer alike to the differences inside people.

    Variables over filter: `cluster`, -1 for a filter that knows no such difference (dead,
    constant, or the same for all sequences of a person), and its `size` (0 there);
    `representative`, the first filter of the cluster ("" there), and `correlation`, the
    Spearman correlation with it: duplicates near 1, opposites near -1 (NaN there);
    `layer_participation` and `layer_li_ji`, effective numbers of the filter's layer.
    Attributes tell `clusters`, `participation` and `li_ji` of all layers together, `bar`,
    and from how many `observations`; see `stats.structure` for what each is.

    An observation is a sequence (its last frame marked as apex, else its last frame; or the
    mean of its frames), or an image without a sequence, whether or not it was coded.
    `faces`: those of split "test", and all when no split is recorded; or all.

    Raises InputError when no face is held out, when `bar` is no correlation, and when there
    are too many filters; ActivationError when an activation is not finite.
    """
    activation, subjects = _observations(store, faces, unit)
    layers = store.data["layer"].values.astype(str)
    names = store.data[FILTER].values.astype(str)
    cluster = duplicates(activation, subjects, bar=bar)
    _, first, which = np.unique(cluster, return_index=True, return_inverse=True)
    representative = np.where(cluster >= 0, first[which.ravel()], -1)
    effective = {
        layer: effective_number(activation[:, layers == layer], subjects)
        for layer in dict.fromkeys(layers.tolist())
    }
    together = effective_number(activation, subjects)
    columns = {
        "cluster": cluster,
        "size": np.where(cluster >= 0, np.bincount(which.ravel())[which.ravel()], 0),
        "representative": np.where(cluster >= 0, names[representative], ""),
        "correlation": correlation_with(activation, subjects, representative),
        "layer_participation": np.array([effective[one].participation for one in layers]),
        "layer_li_ji": np.array([effective[one].li_ji for one in layers]),
    }
    return xr.Dataset(
        {name: (FILTER, values) for name, values in columns.items()},
        coords={
            FILTER: names,
            "layer": (FILTER, layers),
            "channel": (FILTER, store.data["channel"].values),
        },
        attrs={
            "bar": float(bar),
            "clusters": int(cluster.max(initial=-1)) + 1,
            "participation": together.participation,
            "li_ji": together.li_ji,
            "observations": len(activation),
        },
    )


def duplicates_by_layer(table: xr.Dataset) -> pd.DataFrame:
    """One row a layer, in the order of the network, from what `duplicate_filters` gave.

    Columns: layer, filters, live (in a cluster), clusters (with a filter in the layer),
    duplicated (live filters with a duplicate in any layer), participation, li_ji.
    """
    chosen = ["cluster", "size", "layer_participation", "layer_li_ji"]
    rows = []
    for layer, filters in table[chosen].to_dataframe().groupby("layer", sort=False):
        live = filters[filters["cluster"] >= 0]
        rows.append(
            {
                "layer": layer,
                "filters": len(filters),
                "live": len(live),
                "clusters": int(live["cluster"].nunique()),
                "duplicated": int((live["size"] > 1).sum()),
                "participation": float(filters["layer_participation"].iloc[0]),
                "li_ji": float(filters["layer_li_ji"].iloc[0]),
            }
        )
    return pd.DataFrame(rows)


def _observations(
    store: ActivationStore, faces: str, unit: str
) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Activation (n, filter) and subject (n,) of each observation."""
    taken = _taken(store, faces)
    sequence = store.data["sequence"].values.astype(str)[taken]
    image = store.data[IMAGE].values.astype(str)[taken]
    alone = sequence == ""
    name = np.where(alone, image, sequence)
    apex = store.data["phase"].values.astype(str)[taken] == "apex"
    frame = store.data["frame"].values[taken]
    order = np.lexsort((image, frame, apex, name, alone))
    same = (name[order][1:] == name[order][:-1]) & (alone[order][1:] == alone[order][:-1])
    new = np.append(True, ~same)[: len(order)]
    observation = np.cumsum(new) - 1
    if unit == "sequence":
        last = np.append(new[1:], True)[: len(order)]
        order, observation = order[last], observation[last]
    first = order[np.unique(observation, return_index=True)[1]]
    subjects = store.data["subject"].values.astype(str)[taken][first]
    return _means(store, taken[order], observation), subjects


def _means(
    store: ActivationStore, images: Positions, observation: Positions
) -> NDArray[np.float32]:
    """Mean peak (n, filter) over the images of each observation, read in slabs."""
    filters = store.data.sizes[FILTER]
    count = np.bincount(observation)
    total = np.zeros((len(count), filters))
    ascending = np.argsort(images)
    images, observation = images[ascending], observation[ascending]
    step = max(1, SLAB // max(filters, 1))
    for start in range(0, len(images), step):
        part = store.data["peak"].isel({IMAGE: images[start : start + step]})
        peaks = part.transpose(IMAGE, FILTER).values.astype(np.float64)
        if not np.isfinite(peaks).all():
            bad = np.flatnonzero(~np.isfinite(peaks).all(axis=0))
            message = f"{store.path} holds NaN or infinite activations of {store.filters[bad[0]]}"
            raise ActivationError(message)
        np.add.at(total, observation[start : start + step], peaks)
    # As float32, in which what is equal stays equal when a subject's mean is taken off.
    return (total / count[:, None]).astype(np.float32)


def _taken(store: ActivationStore, faces: str) -> Positions:
    """Positions of the faces of split "test", or of all."""
    split = store.data["split"].values.astype(str)
    if faces == "all" or not (split != "").any():
        return np.arange(len(split))
    held_out = np.flatnonzero(split == HELD_OUT)
    if not len(held_out):
        raise InputError(
            Fault(
                "no face is held out",
                where=str(store.path),
                expected=f"faces of split {HELD_OUT!r}, of subjects that trained no network",
                got=", ".join(repr(str(name)) for name in np.unique(split)),
                do='mark held-out faces in the split, or choose faces = "all"',
            )
        )
    return held_out
