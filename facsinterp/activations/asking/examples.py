"""Faces that show what a filter does: strongest, weakest, and in every part of its range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.asking.ranking import (
    Mask,
    Names,
    Positions,
    Values,
    bottom_order,
    first_of_each,
    top_order,
)
from facsinterp.errors import Fault, InputError
from facsinterp.labels import COL, FILTER, IMAGE, RANK, ROW

BIN = "bin"


def strongest(
    data: xr.Dataset, index: int, n: int, groups: Names | None, within: Mask | None
) -> xr.Dataset:
    """The first `n` images of a filter by the order rule; see `ActivationStore.top`."""
    values = data["peak"].isel({FILTER: index}).values
    return _cut(data, index, values, top_order(values, groups, within), n)


def weakest(
    data: xr.Dataset, index: int, n: int, groups: Names | None, within: Mask | None
) -> xr.Dataset:
    """The `n` images that a filter answers to least; see `ActivationStore.bottom`."""
    values = data["peak"].isel({FILTER: index}).values
    return _cut(data, index, values, bottom_order(values, groups, within), n)


def by_quantile(
    data: xr.Dataset,
    index: int,
    *,
    bins: int,
    per_bin: int,
    groups: Names | None,
    within: Mask | None,
) -> xr.Dataset:
    """Examples of each quantile bin of a filter's answers; see `ActivationStore.examples`."""
    InputError.raise_any(
        Fault(f"{name} is too small", expected="at least 1", got=str(value))
        for name, value in (("bins", bins), ("per_bin", per_bin))
        if value < 1
    )
    values = data["peak"].isel({FILTER: index}).values
    pool = values if within is None else values[within]
    order = top_order(values, None, within)
    bin_of = quantile_bins(values[order], bins)
    members = [order[bin_of == number] for number in range(bins)] if len(order) else []
    chosen = [middle(one, values, per_bin, groups) for one in members]
    every = np.concatenate([*chosen, np.empty(0, dtype=np.int64)]).astype(np.int64)
    out = rows(data, index, values, every)
    numbers = np.arange(1, len(members) + 1)
    table: dict[str, tuple[list[Any], type]] = {
        "low": ([values[one].min() if len(one) else np.nan for one in members], float),
        "high": ([values[one].max() if len(one) else np.nan for one in members], float),
        "images": ([len(one) for one in members], int),
        "share": ([len(one) / len(pool) for one in members], float),
    }
    out = out.assign_coords({BIN: numbers}).assign_attrs(
        silent=int((pool <= 0).sum()), considered=len(pool)
    )
    columns: dict[str, Any] = {
        "of_bin": (RANK, np.repeat(numbers, [len(one) for one in chosen])),
        **{name: (BIN, np.asarray(column, dtype=kind)) for name, (column, kind) in table.items()},
    }
    return out.assign(columns)


def quantile_bins(falling: Values, bins: int) -> NDArray[np.int64]:
    """Bin 0 (highest) to `bins` - 1 of each of the given values, which must not rise.

    Cut by midrank, so equal values are in one bin and a bin may be empty.
    """
    if not len(falling):
        return np.empty(0, dtype=np.int64)
    first = np.flatnonzero(np.append(True, falling[1:] != falling[:-1]))
    after = np.append(first[1:], len(falling))
    from_the_top = np.repeat((first + 1 + after) / 2, after - first)  # midranks
    return np.floor(bins * (from_the_top - 0.5) / len(falling)).astype(np.int64)


def as_frame(found: xr.Dataset) -> pd.DataFrame:
    """A list of images as a table; of quantile bins, each image with the facts of its bin."""
    listed = [str(name) for name in found.data_vars if found[name].dims == (RANK,)]
    frame = found[listed].to_dataframe().reset_index(drop=True)
    if BIN not in found.dims:
        frame.insert(0, RANK, np.arange(1, len(frame) + 1))
        return frame
    facts = found[["low", "high", "images", "share"]].to_dataframe().reset_index()
    frame = frame.rename(columns={"of_bin": BIN})
    return facts.merge(frame, on=BIN, how="left")


def rows(data: xr.Dataset, index: int, values: Values, chosen: Positions) -> xr.Dataset:
    """What is known of some images of a filter, dim rank, in the order given."""
    columns: dict[str, Any] = {
        IMAGE: data[IMAGE].values[chosen],
        "position": chosen,
        "value": values[chosen],
        "subject": data["subject"].values[chosen],
        "sequence": data["sequence"].values[chosen],
    }
    for name, variable in ((ROW, "peak_row"), (COL, "peak_col")):
        if variable in data:
            columns[name] = data[variable].isel({FILTER: index}).values[chosen]
    return xr.Dataset({name: (RANK, column) for name, column in columns.items()})


def _cut(data: xr.Dataset, index: int, values: Values, order: Positions, n: int) -> xr.Dataset:
    """The first `n` of an order, and how many of it tie with the last one that is listed."""
    if n < 0:
        raise InputError(Fault("n is no length of a list", expected="0 or more", got=str(n)))
    chosen = order[:n]
    last = values[chosen[-1:]]
    return rows(data, index, values, chosen).assign_attrs(
        tied_at_end=int((values[order] == last).sum()) if len(last) else 0,
        tied_listed=int((values[chosen] == last).sum()) if len(last) else 0,
    )


def middle(members: Positions, values: Values, count: int, groups: Names | None) -> Positions:
    """The images nearest the middle of a bin by rank, ties by position, highest value first.

    `members` stand in the order rule.
    """
    from_middle = np.abs(np.arange(len(members)) - (len(members) - 1) / 2)
    nearest = members[np.lexsort((members, from_middle))]
    if groups is not None:
        nearest = nearest[first_of_each(groups[nearest])]
    chosen = nearest[:count]
    return chosen[np.lexsort((chosen, -values[chosen]))]
