"""The crop by YuNet: OpenCV's FaceDetectorYN, with a model file that the user names."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.preparing.sighting import MODELS, Sighting, not_installed
from facsinterp.faces.preparing.windows import EYES_TO_NOSE_TIP, upright
from facsinterp.provenance import fingerprint

# Columns of a detection: x, y, width, height, five points (x, y) each, the score.
_RIGHT_EYE: Final = slice(4, 6)
_LEFT_EYE: Final = slice(6, 8)
_NOSE_TIP: Final = slice(8, 10)
_SCORE: Final = 14


class Detector(Protocol):
    """What is used of `cv2.FaceDetectorYN`."""

    def setInputSize(self, size: tuple[int, int]) -> None:  # noqa: N802 - OpenCV's name
        """Tells how wide and high the next picture is."""
        ...

    def detect(self, picture: NDArray[np.uint8]) -> tuple[Any, NDArray[np.float32] | None]:
        """(anything, one row a face or None) for a picture of blue, green and red."""
        ...


@final
class YuNet:
    """The face with the highest score, its eyes level.

    Of the five points the corners of the mouth are not used, which move with the expression.
    `make` gives a detector for a thread; left out, OpenCV's with the model file.
    """

    def __init__(self, model: Path, make: Callable[[], Detector] | None = None) -> None:
        self._model = model
        try:
            import cv2
        except ImportError:
            error = not_installed("yunet", "OpenCV", "'facsinterp[opencv]'")
            raise error from None
        self._version, self._failure = cv2.__version__, cv2.error
        self._make = make or _opencv(model)
        self._own = threading.local()  # a detector serves one thread at a time
        self._detector()  # a file that is no model is told before any picture is read

    @property
    def key(self) -> str:
        """The version of OpenCV and the bytes of the model."""
        model = hashlib.sha256(self._model.read_bytes()).hexdigest()
        return fingerprint("yunet", self._version, model)

    def find(self, picture: NDArray[np.uint8], zoom: float) -> Sighting:
        """The upright square around the face. Raises ValueError when there is none."""
        height, width = picture.shape[:2]
        detector = self._detector()
        try:
            detector.setInputSize((width, height))
            faces = detector.detect(_blue_first(picture))[1]
        except self._failure as error:
            raise ValueError(str(error)) from None
        if faces is None or not len(faces):
            message = "YuNet finds no face"
            raise ValueError(message)
        best = np.asarray(faces, dtype=np.float64)[np.asarray(faces)[:, _SCORE].argmax()]
        right, left, nose = best[_RIGHT_EYE], best[_LEFT_EYE], best[_NOSE_TIP]
        return Sighting(upright(right, left, nose, EYES_TO_NOSE_TIP, zoom))

    def _detector(self) -> Detector:
        if not hasattr(self._own, "detector"):
            self._own.detector = self._make()
        made: Detector = self._own.detector
        return made


def _opencv(model: Path) -> Callable[[], Detector]:
    import cv2

    def make() -> Detector:
        try:
            made: Detector = cv2.FaceDetectorYN.create(str(model), "", (320, 320))
        except cv2.error as error:
            raise DataError(
                Fault(
                    "OpenCV cannot read the model of yunet",
                    where=str(model),
                    expected=MODELS["yunet"],
                    got=str(error).strip(),
                )
            ) from None
        return made

    return make


def _blue_first(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture as OpenCV's detectors take it, (row, col, 3) from blue to red."""
    if picture.ndim == 2:
        return np.repeat(picture[:, :, None], 3, axis=2)
    return np.ascontiguousarray(picture[:, :, ::-1])
