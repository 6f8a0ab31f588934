"""Filters that answer alike: correlations over all images, a few filters at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.asking.columns import Columns, constant, dead, read, slabs
from facsinterp.activations.asking.ranking import Positions
from facsinterp.errors import Fault, InputError
from facsinterp.labels import FILTER, IMAGE
from facsinterp.stats.effect import midranks

Method = Literal["spearman", "pearson"]
Floats = NDArray[np.float64]

# Numbers that are standardised at a time: 256 MB as float64, for a million images 33 filters.
HELD: Final = 1 << 25
# Filters on each side of a tile of correlations: 32 MB as float64.
TILE: Final = 2048
# Longer lists of pairs say that the threshold is too low, not which filters are alike.
PAIRS: Final = 1_000_000
# The last digits depend on how many columns are multiplied at a time, and would decide the
# order of filters that are alike.
DECIMALS: Final = 12


class Tile(NamedTuple):
    """Standardised columns (image, filter) of live filters, and which filters they are."""

    columns: Floats
    filters: Positions


def correlated(data: xr.Dataset, index: int, n: int, method: Method) -> pd.DataFrame:
    """The filters that go with one filter; see `ActivationStore.correlated`."""
    _check(n, method)
    target = np.array([index])
    one = standardised(read(data, target), target, method)
    found, which = [np.empty(0)], [np.empty(0, dtype=np.int64)]
    if len(one.filters):
        for place, peaks in slabs(data, np.arange(data.sizes[FILTER])):
            for tile in _narrow(peaks, place, method):
                found.append(settled(one.columns[:, 0] @ tile.columns))
                which.append(tile.filters)
    value, filters = np.concatenate(found), np.concatenate(which)
    value, filters = value[filters != index], filters[filters != index]
    best = np.lexsort((filters, -value))[:n]
    return _named(data, filters[best]).assign(correlation=value[best])


def duplicates(
    data: xr.Dataset, inside: Positions, threshold: float, method: Method
) -> pd.DataFrame:
    """Pairs of filters of `inside` that answer alike; see `ActivationStore.duplicates`."""
    _check(0, method)
    if not 0 < threshold <= 1:
        raise InputError(
            Fault("threshold is no correlation", expected="above 0, at most 1", got=str(threshold))
        )
    values, pairs, count = [np.empty(0)], [np.empty((0, 2), dtype=np.int64)], 0
    for first, second in _tiles(data, inside, method):
        product = settled(first.columns.T @ second.columns)
        alike = product >= threshold
        alike &= first.filters[:, None] < second.filters
        rows, cols = np.nonzero(alike)
        count += len(rows)
        if count > PAIRS:
            raise InputError(
                Fault(f"more than {PAIRS:,} pairs of filters are that alike", do="ask for more")
            )
        values.append(product[rows, cols])
        pairs.append(np.column_stack([first.filters[rows], second.filters[cols]]))
    value, pair = np.concatenate(values), np.concatenate(pairs)
    best = np.lexsort((pair[:, 1], pair[:, 0], -value))
    names = data[FILTER].values
    return pd.DataFrame(
        {
            FILTER: names[pair[best, 0]],
            "other": names[pair[best, 1]],
            "correlation": value[best],
        }
    )


def _check(n: int, method: str) -> None:
    known = get_args(Method)
    faults = []
    if n < 0:
        faults.append(Fault("n is no length of a list", expected="0 or more", got=str(n)))
    if method not in known:
        faults.append(Fault("unknown correlation", expected=" or ".join(known), got=method))
    InputError.raise_any(faults)


def standardised(peaks: Columns, filters: Positions, method: Method) -> Tile:
    """Columns with mean 0 and length 1, so that a product of two is their correlation.

    Filters that are dead or constant are left out: they have no correlation.
    """
    live = ~(dead(peaks) | constant(peaks))
    values = peaks[:, live].astype(np.float64)
    if method == "spearman" and values.size:
        values = midranks(values)
    values -= values.mean(axis=0)
    # Before squaring, as squares of float32 values may leave the range of float64's small end.
    values /= np.abs(values).max(axis=0, initial=0.0)
    values /= np.sqrt((values**2).sum(axis=0))
    return Tile(values, filters[live])


def settled(products: Floats) -> Floats:
    """Correlations without the digits that rounding decides."""
    return np.clip(np.round(products, DECIMALS), -1, 1)


def _narrow(peaks: Columns, filters: Positions, method: Method) -> Iterator[Tile]:
    """A slab standardised in as many parts as memory asks for."""
    width = max(1, HELD // len(peaks))
    for start in range(0, len(filters), width):
        part = slice(start, start + width)
        yield standardised(peaks[:, part], filters[part], method)


def _tiles(data: xr.Dataset, inside: Positions, method: Method) -> Iterator[tuple[Tile, Tile]]:
    """Every two parts of the filters, each part also with itself."""
    width = min(TILE, max(1, HELD // data.sizes[IMAGE]))
    parts = [inside[start : start + width] for start in range(0, len(inside), width)]
    for number, part in enumerate(parts):
        first = standardised(read(data, part), part, method)
        yield first, first
        for other in parts[number + 1 :]:
            yield first, standardised(read(data, other), other, method)


def _named(data: xr.Dataset, filters: Positions) -> pd.DataFrame:
    columns: dict[str, Any] = {
        name: data[name].values[filters] for name in (FILTER, "layer", "channel")
    }
    return pd.DataFrame(columns)
