"""Single faces of a definition made ready, as its run makes all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.pictures import Pictures, Skip
from facsinterp.faces.preparing.decoded import sighted_in
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.preparing.sighting import Finder
from facsinterp.faces.preparing.windows import Window
from facsinterp.faces.table import FaceTable


@dataclass(frozen=True)
class Seen:
    """One face: as it is, what is taken of it, and what is made of that."""

    row: int
    original: NDArray[np.uint8]
    window: Window
    prepared: NDArray[np.uint8]


@dataclass(frozen=True)
class Desk:
    """What is needed to make single faces of a definition ready."""

    faces: FaceTable
    pictures: Pictures
    preparation: Preparation
    finder: Finder | None
    landmarks: NDArray[np.float32] | None

    def seen(self, rows: Sequence[int]) -> Iterator[Seen | Skip]:
        """Each face in order, or why it cannot be made ready.

        Rows are best given in ascending order: a video is then read once.
        """
        paths = self.faces.column("path")[list(rows)].tolist()
        for row, path, picture in zip(rows, paths, self.pictures.open(paths), strict=True):
            yield picture if isinstance(picture, Skip) else self._made(row, path, picture)

    def _made(self, row: int, path: str, picture: NDArray[np.uint8]) -> Seen | Skip:
        points = None if self.landmarks is None else self.landmarks[row]
        made = sighted_in(picture, self.preparation, points, self.finder)
        if isinstance(made, str):
            return Skip(path, made)
        found, ready = made
        return Seen(row, picture, found.window, ready)
