"""The peaks of all images, a few filters at a time, so that memory does not grow with the net."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.asking.ranking import Positions
from facsinterp.activations.keeping.layout import FILTERS_PER_CHUNK
from facsinterp.labels import FILTER, IMAGE

Columns = NDArray[np.floating[Any]]


def read(data: xr.Dataset, filters: Positions) -> Columns:
    """Peaks (image, filter) of the filters at these positions."""
    first, last = int(filters[0]), int(filters[-1])
    neighbours = last - first + 1 == len(filters)
    which = slice(first, last + 1) if neighbours else filters
    return np.asarray(data["peak"].isel({FILTER: which}).transpose(IMAGE, FILTER).values)


def slabs(data: xr.Dataset, filters: Positions) -> Iterator[tuple[Positions, Columns]]:
    """Filters, ascending, and their peaks (image, filter), as they lie together on disk."""
    chunk = filters // FILTERS_PER_CHUNK
    for together in np.split(filters, np.flatnonzero(np.diff(chunk)) + 1):
        yield together, read(data, together)


def dead(peaks: Columns) -> NDArray[np.bool_]:
    """(filter) whether no image lifts it above zero."""
    return np.asarray(~(peaks > 0).any(axis=0))


def constant(peaks: Columns) -> NDArray[np.bool_]:
    """(filter) whether it gives every image the same value."""
    return np.asarray((peaks == peaks[:1]).all(axis=0))
