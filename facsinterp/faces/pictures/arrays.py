"""Pictures that lie together in one file, such as a matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from facsinterp.faces.pictures.contract import Picture, Skip
from facsinterp.provenance import fingerprint

# Pictures copied at once. In a matrix stored by columns neighbours lie side by side, and one
# picture alone is spread over the whole file.
_BLOCK: Final = 256


@dataclass(frozen=True)
class ArrayPictures:
    """Pictures of one array, opened by paths `FILE#ROW`.

    `load` gives all of them, (image, row, col) or (image, row, col, 3), uint8; it is called
    when the first picture is asked for.
    """

    load: Callable[[], Picture]

    @cached_property
    def _array(self) -> Picture:
        return self.load()

    def fingerprint(self, paths: Sequence[str]) -> str:
        """A hash of the pictures, in order; a path without a picture counts as none."""
        return fingerprint(
            ["" if isinstance(found, Skip) else fingerprint(found) for found in self.open(paths)]
        )

    def open(self, paths: Sequence[str]) -> Iterator[Picture | Skip]:
        """Each picture in order; a `Skip` for a row that is not there."""
        for start in range(0, len(paths), _BLOCK):
            block = paths[start : start + _BLOCK]
            rows = [self._row(path) for path in block]
            there = np.array([row for row in rows if row is not None], dtype=np.int64)
            pictures = iter(np.ascontiguousarray(self._array[there]))
            for path, row in zip(block, rows, strict=True):
                if row is None:
                    yield Skip(path, f"there is no such row; there are {len(self._array)}")
                else:
                    yield next(pictures)

    def _row(self, path: str) -> int | None:
        row = path.rpartition("#")[2]
        if not (row.isascii() and row.isdigit() and len(row) < 10):
            return None
        return int(row) if int(row) < len(self._array) else None
