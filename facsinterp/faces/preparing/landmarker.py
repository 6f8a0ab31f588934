"""The crop by MediaPipe: FaceLandmarker, with a model file that the user names.

Its mesh has 478 points. 68 of them lie where the points of iBUG / Multi-PIE do, or close:
the mesh has none of the jaw as it is seen from the side, and its contour follows the cheek.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.preparing.sighting import MODELS, Sighting, not_installed
from facsinterp.faces.preparing.windows import around_face
from facsinterp.provenance import fingerprint

MESH: Final = (
    *(162, 234, 93, 58, 172, 136, 149, 148, 152),  # contour, from the person's right to the chin
    *(377, 378, 365, 397, 288, 323, 454, 389),  # and on to the left
    *(71, 63, 105, 66, 107),  # right brow, from the outside
    *(336, 296, 334, 293, 301),  # left brow, from the inside
    *(168, 197, 5, 4),  # bridge of the nose
    *(75, 97, 2, 326, 305),  # base of the nose
    *(33, 160, 158, 133, 153, 144),  # right eye
    *(362, 385, 387, 263, 373, 380),  # left eye
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),  # outer lips
    *(78, 82, 13, 312, 308, 317, 14, 87),  # inner lips
)
"""The point of the mesh for each of the 68."""
_POINTS: Final = 468
"""Of the mesh without the irises, which not every model gives."""


@final
class Landmarker:
    """The face that MediaPipe finds, by 68 points of its mesh."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self._make = _mediapipe(model)
        self._own = threading.local()  # a landmarker serves one thread at a time
        self._landmarker()  # a file that is no model is told before any picture is read

    @property
    def key(self) -> str:
        """The version of MediaPipe, the bytes of the model, and the points that are taken."""
        import mediapipe

        model = hashlib.sha256(self._model.read_bytes()).hexdigest()
        return fingerprint("mediapipe", mediapipe.__version__, model, MESH)

    def find(self, picture: NDArray[np.uint8], zoom: float) -> Sighting:
        """The upright square around the face and its 68 points. Raises ValueError without one."""
        import mediapipe

        coloured = picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)
        image = mediapipe.Image(
            image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(coloured)
        )
        faces = self._landmarker().detect(image).face_landmarks
        if not faces or len(faces[0]) < _POINTS:
            message = "MediaPipe finds no face"
            raise ValueError(message)
        height, width = picture.shape[:2]
        shares = np.array([(faces[0][point].x, faces[0][point].y) for point in MESH])
        points = shares * (width, height) - 0.5  # shares count from the edge of the first pixel
        return Sighting(around_face(points, zoom), points)

    def _landmarker(self) -> Any:  # noqa: ANN401 - MediaPipe says nothing of its types
        if not hasattr(self._own, "landmarker"):
            self._own.landmarker = self._make()
        return self._own.landmarker


def _mediapipe(model: Path) -> Callable[[], Any]:
    try:
        from mediapipe.tasks import python as tasks
        from mediapipe.tasks.python import vision
    except ImportError:
        error = not_installed("mediapipe", "MediaPipe", "mediapipe")
        raise error from None

    def make() -> Any:  # noqa: ANN401
        options = vision.FaceLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(model)), num_faces=1
        )
        try:
            return vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            raise DataError(
                Fault(
                    "MediaPipe cannot read its model",
                    where=str(model),
                    expected=MODELS["mediapipe"],
                    got=str(error).strip(),
                )
            ) from None

    return make
