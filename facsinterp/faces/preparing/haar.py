"""The crop of Khorrami et al. (2015): OpenCV's cascade, its first box, nothing else done to it.

Their published script looks for a face of 0.5 to 0.8 of the picture's smaller side, asks
again with fewer neighbours when there is none, takes the first box, and resizes it by
bilinear interpolation without a margin or any alignment. It writes a picture without a face
uncropped; here such a picture is left out, for it would show the network another scale.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facsinterp.errors import DataError, Fault
from facsinterp.faces.preparing.sighting import Sighting, not_installed
from facsinterp.faces.preparing.windows import Window
from facsinterp.provenance import fingerprint

CASCADE: Final = "haarcascade_frontalface_default.xml"
STEP: Final = 1.3
"""Each scale over the one before it."""
NEIGHBOURS: Final = (5, 3)
SMALLEST: Final = 0.5
LARGEST: Final = 0.8
"""Sides of a face in smaller sides of the picture."""


@final
class Haar:
    """The first box that the cascade gives, from edge to edge."""

    def __init__(self) -> None:
        try:
            import cv2
            from cv2.data import haarcascades
        except ImportError:
            error = not_installed("haar", "OpenCV", "'facsinterp[opencv]'")
            raise error from None
        if not hasattr(cv2, "CascadeClassifier"):
            raise DataError(
                Fault(
                    "this OpenCV has no Haar cascades",
                    expected="a version before 5",
                    got=cv2.__version__,
                    do="pip install 'facsinterp[opencv]'",
                )
            )
        # With threads of its own OpenCV gives the boxes in an order that changes from call to
        # call, and the first one is taken. Pictures are what is done side by side here.
        cv2.setNumThreads(1)
        self._file = Path(haarcascades) / CASCADE
        self._version, self._failure = cv2.__version__, cv2.error
        self._own = threading.local()  # a cascade serves one thread at a time

    @property
    def key(self) -> str:
        """The version of OpenCV, the cascade and the settings."""
        settings = [STEP, NEIGHBOURS, SMALLEST, LARGEST]
        return fingerprint("haar", self._version, self._file.read_bytes(), settings)

    def find(self, picture: NDArray[np.uint8], _zoom: float) -> Sighting:
        """The first box, to be sampled bilinearly. Raises ValueError when there is none."""
        plain = picture if picture.ndim == 2 else np.asarray(Image.fromarray(picture).convert("L"))
        for neighbours in NEIGHBOURS:
            try:
                boxes = self._boxes(plain, neighbours)
            except self._failure as error:
                raise ValueError(str(error)) from None
            if len(boxes):
                left, top, width, height = (float(number) for number in boxes[0])
                return Sighting(Window.box(left, top, left + width, top + height, "bilinear"))
        message = "the Haar cascade finds no face"
        raise ValueError(message)

    def _boxes(self, picture: NDArray[np.uint8], neighbours: int) -> NDArray[np.int32]:
        """(box, 4): left, top, width, height, as OpenCV orders them."""
        side = min(picture.shape)
        smallest, largest = int(SMALLEST * side), int(LARGEST * side)
        found: NDArray[np.int32] = self._cascade().detectMultiScale(
            picture,
            scaleFactor=STEP,
            minNeighbors=neighbours,
            minSize=(smallest, smallest),
            maxSize=(largest, largest),
        )
        return found

    def _cascade(self) -> Any:  # noqa: ANN401 - OpenCV says nothing of its types
        if not hasattr(self._own, "cascade"):
            import cv2

            self._own.cascade = cv2.CascadeClassifier(str(self._file))
        return self._own.cascade
