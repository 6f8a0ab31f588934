"""From likeness of single pictures to that of a layer: filters are the units, never pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

MEASURES: Final = ("absolute", "signed", "structure")
RESAMPLES: Final = 2000
# Two filters resampled say nothing of how much filters differ.
FEWEST_FILTERS: Final = 5


def by_filter(pairs: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """One row a filter and group of `keys`: means of the measures, pairs, and silent ones."""
    grouped = pairs.groupby([*keys, "channel"], sort=False)
    table = grouped[list(MEASURES)].mean()
    table["pairs"] = grouped.size()
    table["silent"] = table["pairs"] - grouped["signed"].count()
    return table.reset_index()


def by_layer(filters: pd.DataFrame, keys: Sequence[str], seed: int) -> pd.DataFrame:
    """One row a group of `keys`: means over its filters, with a 95 % interval of `signed`.

    `filters`: what `by_filter` gave. Columns beside the keys: filters (that have a mean),
    silent (share of pairs), absolute, signed, low, high, structure. The interval is made by
    resampling the filters (percentiles; `seed` draws the same for every group), NaN with fewer
    than five of them; it holds for other filters of this network, not for other networks.
    """
    rows = []
    for names, group in filters.groupby(list(keys), sort=False):
        known = group.dropna(subset=["signed"])
        low, high = _interval(known["signed"].to_numpy(float), np.random.default_rng(seed))
        rows.append(
            {
                **dict(zip(keys, names, strict=True)),
                "filters": len(known),
                "silent": float(group["silent"].sum() / group["pairs"].sum()),
                "absolute": float(known["absolute"].mean()),
                "signed": float(known["signed"].mean()),
                "low": low,
                "high": high,
                "structure": float(known["structure"].mean()),
            }
        )
    return pd.DataFrame(rows)


def _interval(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    if len(values) < FEWEST_FILTERS:
        return np.nan, np.nan
    drawn = rng.integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)
