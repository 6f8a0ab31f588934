"""Whether a finished activation store still holds what was written, and holds together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import zarr

from facsinterp.activations.keeping import layout
from facsinterp.activations.keeping.layout import ANSWERS, array_of
from facsinterp.activations.keeping.writer import derived
from facsinterp.provenance import fingerprint


def lost_chunks(group: zarr.Group) -> Iterator[str]:
    """One line for each variable with fewer chunks on disk than it should have.

    Zarr reads a chunk that is not there as zeros, without a word.
    """
    for name, array in group.arrays():
        lost = array.nchunks - array.nchunks_initialized
        if lost > 0 and array.size > 0:
            yield f"{name} lacks {lost} of {array.nchunks} chunks"


def wrong_content(group: zarr.Group) -> Iterator[str]:
    """One line for each variable that cannot be read or contradicts the others.

    Everything is read, block by block.
    """
    unreadable = False
    for name, array in group.arrays():
        try:
            yield from _unreal_numbers(name, array, int(str(group.attrs["block_size"])))
        except (ValueError, RuntimeError) as error:
            unreadable = True
            yield f"{name} cannot be read: {error}"
    if not unreadable:
        block_size = int(str(group.attrs["block_size"]))
        for name, values in derived(array_of(group, "peak"), block_size).items():
            if not np.array_equal(
                values, np.asarray(array_of(group, name)[...]), equal_nan=values.dtype.kind == "f"
            ):
                yield f"{name} does not follow from peak"
    if group.attrs["key"] != fingerprint(json.loads(str(group.attrs["inputs"]))):
        yield f"the key {group.attrs['key']} does not follow from the recorded inputs"


def _unreal_numbers(name: str, array: zarr.Array[Any], block_size: int) -> Iterator[str]:
    if name not in ANSWERS:
        array[...]
        return
    for images in layout.blocks(array.shape[0], block_size):
        values = np.asarray(array[images])
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            yield f"{name} holds values that are not finite in images {images.start} and on"
            return
