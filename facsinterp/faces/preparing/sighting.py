"""What a face detector is and gives, and which of them need a model file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.preparing.windows import Window

MODELS: Final[Mapping[str, str]] = {
    "yunet": "an .onnx file of YuNet",
    "mediapipe": "a .task file of FaceLandmarker",
}
"""Detectors that need a file, and what it is."""


@dataclass(frozen=True, eq=False)
class Sighting:
    """Where a face is: the window to take, and its 68 points (68, 2) where they were found."""

    window: Window
    points: NDArray[np.float64] | None = None


class Finder(Protocol):
    """A face detector. Called by several threads at a time."""

    @property
    def key(self) -> str:
        """Changes with whatever can change what is found: versions, settings, the model."""
        ...

    def find(self, picture: NDArray[np.uint8], zoom: float) -> Sighting:
        """The face in a picture, (row, col) or (row, col, 3). Raises ValueError for none."""
        ...


def not_installed(crop: str, package: str, install: str) -> DataError:
    """The error for a detector whose package is missing."""
    return DataError(
        Fault(
            f"the crop by {crop} needs the package {package}, which is not installed",
            do=f"pip install {install}",
        )
    )
