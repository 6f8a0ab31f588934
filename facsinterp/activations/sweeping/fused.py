"""One read of the maps on a processor: largest value with its place, sum and count together.

Torch reads the maps once for each of these, and its maximum with place costs several times
what the memory does. Here each place of a map is read once, for all channels side by side.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray


def fused(
    values: NDArray[Any], *, rectify: bool, threads: int
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float64], NDArray[np.int32]]:
    """Largest value, its place, sum, and count above zero; each (row, channel).

    `values`: (row, place, channel), C-contiguous; float32, or uint16 that holds the bits of
    bfloat16. Of equal values the first place counts. `rectify`: the sum takes max(value, 0).
    NaN and infinity reach the sum (but minus infinity that is rectified). The sum is added up
    in float64 place by place, so it does not depend on `threads` or on the processor.
    """
    rows, channels = values.shape[0], values.shape[2]
    out = (
        np.empty((rows, channels), np.float32),
        np.empty((rows, channels), np.int32),
        np.empty((rows, channels), np.float64),
        np.empty((rows, channels), np.int32),
    )
    share = max(1, -(-rows // threads))
    parts = [slice(start, start + share) for start in range(0, rows, share)]

    def run(part: slice) -> None:
        largest, place, total, count = (array[part] for array in out)
        _read(values[part], rectify, largest, place, total, count, values.dtype == np.uint16)

    if len(parts) == 1:
        run(parts[0])
    else:
        list(_pool(threads).map(run, parts))
    return out


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="fused")


if hasattr(os, "register_at_fork"):  # a forked process has the pool, but not its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


@numba.njit(nogil=True)
def _read(  # noqa: PLR0917 - compiled code takes its arguments by place
    values: NDArray[Any],
    rectify: bool,
    largest: NDArray[np.float32],
    place: NDArray[np.int32],
    total: NDArray[np.float64],
    count: NDArray[np.int32],
    bits: bool,
) -> None:
    rows, places, channels = values.shape
    for row in range(rows):
        for channel in range(channels):
            largest[row, channel] = -np.inf
            place[row, channel] = 0
            total[row, channel] = 0
            count[row, channel] = 0
        for at in range(places):
            # Channels lie side by side in memory: this loop becomes vector instructions.
            for channel in range(channels):
                stored = values[row, at, channel]
                # The bits of a bfloat16 are the upper half of those of the same float32.
                widened = np.uint32(np.uint32(stored) << np.uint32(16)).view(np.float32)
                value = widened if bits else np.float32(stored)
                higher = value > largest[row, channel]
                largest[row, channel] = value if higher else largest[row, channel]
                place[row, channel] = np.int32(at) if higher else place[row, channel]
                silent = rectify and value <= 0
                total[row, channel] += np.float64(0) if silent else np.float64(value)
                count[row, channel] += np.int32(value > 0)
