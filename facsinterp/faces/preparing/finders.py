"""The detectors of faces by name, each loaded when a preparation asks for it.

haar        OpenCV's cascade, as Khorrami et al. (2015) used it; needs no file
yunet       OpenCV's FaceDetectorYN with a model file of the user's
mediapipe   MediaPipe's FaceLandmarker with a model file of the user's

Model files are named where a definition is run, never in it: `--model yunet=FILE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures.files import impostor
from facsinterp.faces.preparing.sighting import MODELS, Finder


def finder_for(crop: str, models: Mapping[str, Path]) -> Finder | None:
    """The detector that a crop needs, None where it needs none.

    `models`: files by the name of the detector. Raises DataError when its package is not
    installed, or its file was not named or is no model.
    """
    if crop == "haar":
        from facsinterp.faces.preparing.haar import Haar

        return Haar()
    if crop == "yunet":
        from facsinterp.faces.preparing.yunet import YuNet

        return YuNet(_model(crop, models))
    if crop == "mediapipe":
        from facsinterp.faces.preparing.landmarker import Landmarker

        return Landmarker(_model(crop, models))
    return None


def _model(crop: str, models: Mapping[str, Path]) -> Path:
    """The model file that the user named for a detector."""
    path = models.get(crop)
    if path is None:
        raise DataError(
            Fault(
                f"the definition crops by {crop}, and no model was named for it",
                expected=MODELS[crop],
                do=f"add --model {crop}=FILE",
            )
        )
    if not path.is_file():
        raise DataError(
            Fault(
                f"the model of {crop} is not there",
                where=str(path),
                expected=MODELS[crop],
                got="a folder" if path.is_dir() else "nothing at this path",
                do="check the path given with --model",
            )
        )
    with path.open("rb") as file:
        instead = impostor(file.read(512))
    if instead:
        raise DataError(Fault(f"the model of {crop} cannot be used", where=str(path), got=instead))
    return path
