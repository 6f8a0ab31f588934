"""Whether a finished activation store still holds what was written, and holds together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import zarr

from facsinterp.activations.keeping import layout
from facsinterp.activations.keeping.layout import ANSWERS, SCORES, array_of
from facsinterp.activations.keeping.scores import wrong_scores
from facsinterp.activations.keeping.writer import derived
from facsinterp.errors import StoreError
from facsinterp.provenance import fingerprint


def lost_chunks(group: zarr.Group) -> Iterator[str]:
    """One line for each variable with fewer chunks on disk than it should have.

    Zarr reads a chunk that is not there as zeros, without a word.
    """
    for name, array in group.arrays():
        lost = array.nchunks - array.nchunks_initialized
        if lost > 0 and array.size > 0:
            yield f"{name} lacks {lost} of {array.nchunks} chunks"


def wrong_variables(group: zarr.Group) -> Iterator[str]:
    """One line for each variable that the precision asks for or forbids; reads none."""
    try:
        precision = layout.precision_of(group.attrs)
    except (StoreError, ValueError) as error:
        yield f"inputs cannot be understood: {error}"
        return
    held = set(group.array_keys())
    for name in SCORES:
        if precision == "bf16" and name not in held:
            yield f"a sweep in bf16, and it lacks {name}"
        if precision == "float32" and name in held:
            yield f"{name} in a store of float32, where there is one score"


def wrong_content(group: zarr.Group) -> Iterator[str]:
    """One line for each variable that cannot be read or contradicts the others.

    Everything is read, block by block.
    """
    wrong = list(wrong_variables(group))
    yield from wrong
    unreadable = False
    for name, array in group.arrays():
        try:
            yield from _unreal_numbers(name, array, int(str(group.attrs["block_size"])))
        except (ValueError, RuntimeError, OSError) as error:
            unreadable = True
            yield f"{name} cannot be read: {error}"
    if not unreadable:
        block_size = int(str(group.attrs["block_size"]))
        for name, values in derived(array_of(group, "peak"), block_size).items():
            if not np.array_equal(
                values, np.asarray(array_of(group, name)[...]), equal_nan=values.dtype.kind == "f"
            ):
                yield f"{name} does not follow from peak"
        if not wrong and layout.precision_of(group.attrs) == "bf16":
            yield from wrong_scores(group)
    yield from _wrong_blocks(group)
    if group.attrs["key"] != fingerprint(json.loads(str(group.attrs["inputs"]))):
        yield f"the key {group.attrs['key']} does not follow from the recorded inputs"


def _unreal_numbers(name: str, array: zarr.Array[Any], block_size: int) -> Iterator[str]:
    if name not in ANSWERS:
        array[...]
        return
    for images in layout.blocks(array.shape[0], block_size):
        values = np.asarray(array[images])
        # `precise` is NaN where an image was not scored again; wrong_scores looks at it.
        if values.dtype.kind == "f" and name != "precise" and not np.isfinite(values).all():
            yield f"{name} holds values that are not finite in images {images.start} and on"
            return


def _wrong_blocks(group: zarr.Group) -> Iterator[str]:
    """In version 2 a block of a sweep is a whole number of its batches."""
    batch = json.loads(str(group.attrs["inputs"])).get("batch size")
    size = int(str(group.attrs["block_size"]))
    if group.attrs["facsinterp_schema"] == 1 or batch is None:
        return
    if not str(batch).isdecimal() or int(batch) < 1 or size % int(batch):
        yield f"blocks of {size} images are no whole number of batches of {batch}"
