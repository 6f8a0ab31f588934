"""The frames of a design made block by block: the same bytes in whatever process."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from joblib import Parallel, cpu_count, delayed
from numpy.typing import NDArray
from PIL import Image

from facsinterp.faces.drawn.designs.contract import Design
from facsinterp.faces.drawn.writing.tables import lines, picture
from facsinterp.faces.drawn.writing.truth import Truth

SIZE: Final = 64
"""Frames of a block: of a file of the Zarr array, and of one piece of work."""
_WORTH: Final = 512 * 72**2
"""Pixels for which another process is worth while: each of them makes the head anew."""


@dataclass(frozen=True, eq=False)
class Block:
    """What some frames are on disk."""

    number: int
    files: dict[str, bytes]
    """PNG by the path in the set."""
    lines: dict[str, bytes]
    """Lines of CSV by the name of the table."""
    arrays: dict[str, NDArray[Any]]


def spans(design: Design) -> list[range]:
    """The numbers of the frames of each block."""
    return [range(at, min(at + SIZE, len(design))) for at in range(0, len(design), SIZE)]


def made(
    design: Design, todo: Sequence[int], workers: int | None, *, pictures: bool, dense: bool
) -> Iterator[Block]:
    """These blocks, in any order, by at most so many processes. `workers` None: one a core."""
    most = cpu_count() if workers is None else workers
    count = max(1, min(most, len(todo) * SIZE * design.pixels**2 // _WORTH))
    jobs = (delayed(block)(design, number, pictures=pictures, dense=dense) for number in todo)
    yield from Parallel(n_jobs=count, return_as="generator_unordered")(jobs)


def block(design: Design, number: int, *, pictures: bool, dense: bool) -> Block:
    """One block. `pictures`: whether as PNG too; `dense`: whether with what is at each pixel."""
    numbers = spans(design)[number]
    truth = Truth.of(design, numbers, dense=dense)
    marks = design.clips()
    files = {}
    if pictures:
        for kind, values in (("images", truth.images), ("masks", truth.masks)):
            if values is not None:
                for frame, one in zip(truth.frames, values, strict=True):
                    files[picture(frame, kind)] = _png(one)
    told = lines(truth, None if marks is None else marks[numbers.start : numbers.stop])
    return Block(number, files, told, truth.arrays())


def _png(values: NDArray[Any]) -> bytes:
    """Grey levels, or black and white for a mask."""
    out = io.BytesIO()
    levels = np.where(values, 255, 0).astype(np.uint8) if values.dtype == bool else values
    Image.fromarray(levels).save(out, "PNG")
    return out.getvalue()
