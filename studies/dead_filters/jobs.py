"""The work of the study that falls apart: what each network's filters answer to all faces."""

from __future__ import annotations

import shutil

import pandas as pd
import xarray as xr

from facsinterp import (
    ActivationStore,
    Given,
    OfTraining,
    Plan,
    dead_filters,
    load_network,
    sweep,
)

FILTERS = "filters.parquet"
SHARES = "shares.parquet"


class Peaks(OfTraining):
    """How strongly, and to how many faces, each filter of one network answers.

    All faces of the corpus are asked, those that trained the network and those that did not: a
    filter is dead only when none wakes it. It leaves `filters.parquet`, one row a filter (layer,
    channel, peak_min, peak_max, layer_scale), and `shares.parquet`, one row a filter and
    threshold (layer, channel, relative, threshold, active_share).
    """

    absolute: tuple[float, ...]
    """Thresholds in the filter's own units."""
    relative: tuple[float, ...]
    """Thresholds as shares of what the layer's usual filter reaches."""

    @property
    def name(self) -> str:
        """Such as `peaks of breuer2017, seed 3, fold-2`."""
        return f"peaks of {self.training.name}"

    def do(self, given: Given) -> None:
        """Sweep the faces, ask the store at each threshold, and keep the answers alone."""
        corpus, builder = given.corpora[self.corpus], self.training.network.built
        network = load_network(given.of(self.training), builder=builder)
        plan = Plan.of(
            network.fingerprint, network.channels, corpus.faces, corpus.pixels.fingerprint
        )
        place = given.folder / "answers.zarr"
        store = sweep(network, corpus.pixels, corpus.faces, plan, place, device=given.device)
        found = asked(store, self.absolute, self.relative)
        first = found[0][2].drop_vars(["active_share", "threshold", "dead"])
        first.to_dataframe().reset_index(drop=True).to_parquet(given.folder / FILTERS)
        shares(found).to_parquet(given.folder / SHARES)
        del store
        shutil.rmtree(place)


Asked = tuple[bool, float, xr.Dataset]


def asked(
    store: ActivationStore, absolute: tuple[float, ...], relative: tuple[float, ...]
) -> list[Asked]:
    """The filters of a store at each threshold: whether it is relative, its size, what it gives."""
    kinds = [(False, one) for one in absolute] + [(True, one) for one in relative]
    return [(kind, one, dead_filters(store, one, relative=kind)) for kind, one in kinds]


def shares(found: list[Asked]) -> pd.DataFrame:
    """One row a filter and threshold, in the order of the network: the share of faces above it."""
    parts = []
    for relative, threshold, filters in found:
        part = filters[["active_share"]].to_dataframe().reset_index(drop=True)
        parts.append(part.assign(relative=relative, threshold=threshold))
    return pd.concat(parts, ignore_index=True)
