"""Drawn faces laid out as AffectNet: lists beside folders of pictures, or arrays beside each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import drawn, frames, on_canvas, points, save

_EXPRESSIONS: Final = (
    "neutral", "happy", "sadness", "surprise", "fear", "disgust", "anger", "contempt", "",
)  # fmt: skip
_UNCERTAIN, _NO_FACE = 9, 10
_COLUMNS: Final = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,"
    "valence,arousal"
)
_WIDTH, _HEIGHT = 120, 90
_CROPPED: Final = 112
_FOLDERS: Final = 3
_VALIDATED: Final = 4
"""One face in so many is of the validation set."""


@dataclass(frozen=True)
class _Face:
    """One picture with its 68 points and the number of its expression."""

    picture: NDArray[np.uint8]
    points: NDArray[np.float32]
    expression: int

    def row(self, path: str) -> str:
        """Its line in a list."""
        marks = ";".join(f"{value:.2f}" for value in self.points.ravel())
        affect = -2 if self.expression >= _UNCERTAIN else 0.25
        left = (_WIDTH - _HEIGHT) // 2
        return f"{path},{left},0,{_HEIGHT},{_HEIGHT},{marks},{self.expression},{affect},{affect}"


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    shape = (_CROPPED, _CROPPED) if "release-2021" in quirks else (_WIDTH, _HEIGHT)
    faces = _faces(cast, shape, quirks)
    tested = [face for place, face in enumerate(faces) if place % _VALIDATED == _VALIDATED - 1]
    learned = [face for place, face in enumerate(faces) if place % _VALIDATED != _VALIDATED - 1]
    if "release-2021" in quirks:
        _write_set(root / "train_set", learned, quirks)
        _write_set(root / "val_set", tested, quirks)
        return
    _write_list(root, "Manually", "training", learned, quirks)
    _write_list(root, "Manually", "validation", tested, quirks)
    if "automatic-lists" in quirks:
        _write_list(root, "Automatically", "automatically_annotated", faces[:4], quirks)


def _faces(cast: Cast, shape: tuple[int, int], quirks: frozenset[str]) -> list[_Face]:
    some = [
        frame
        for person in range(1, cast.people + 1)
        for sequence in range(1, cast.sequences + 1)
        for frame in frames(cast, person, sequence, [1, 8])
    ]
    numbers = [_EXPRESSIONS.index(frame.expression) for frame in some]
    if "uncertain" in quirks and "release-2021" not in quirks:
        numbers[::7] = [_UNCERTAIN] * len(numbers[::7])
    if "no-face" in quirks and "release-2021" not in quirks:
        numbers[3::11] = [_NO_FACE] * len(numbers[3::11])
    return [
        _Face(on_canvas(picture, *shape), marks, number)
        for picture, marks, number in zip(
            drawn(some, cast.pixels), points(some, cast.pixels, *shape), numbers, strict=True
        )
    ]


def _write_list(
    root: Path, kind: str, name: str, faces: Sequence[_Face], quirks: frozenset[str]
) -> None:
    lines = []
    for place, face in enumerate(faces):
        digest = sha256(f"{name} {place}".encode()).hexdigest()[:56]
        path = f"{place % _FOLDERS + 1}/{digest}.jpg"
        lines.append(face.row(path))
        if "missing-picture" in quirks and place == 1:
            continue
        save(face.picture, root / f"{kind}_Annotated_Images" / path, rgb=True)
    if "repeated-row" in quirks:
        lines.append(lines[2])
    if "without-landmarks" in quirks:
        lines[0] = lines[0].replace(lines[0].split(",")[5], "NULL")
    if not ("headerless-validation" in quirks and name == "validation"):
        lines.insert(0, _COLUMNS)
    folder = root / f"{kind}_Annotated_file_lists"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_set(folder: Path, faces: Sequence[_Face], quirks: frozenset[str]) -> None:
    """Pictures by number, and beside them arrays of texts without dimensions."""
    labels = folder / "annotations"
    labels.mkdir(parents=True)
    for place, face in enumerate(faces):
        arrays = {
            "exp": np.array(str(face.expression)),
            "val": np.array("0.25"),
            "aro": np.array("0.25"),
            "lnd": face.points.ravel().astype(np.float64),
        }
        for name, values in arrays.items():
            if name == "lnd" and "without-landmarks" in quirks and place == 0:
                continue
            np.save(labels / f"{place}_{name}.npy", values)
        if "missing-picture" in quirks and place == 1:
            continue
        save(face.picture, folder / "images" / f"{place}.jpg", rgb=True)


LAYOUT: Final = Layout(
    name="affectnet",
    title="AffectNet",
    quirks={
        "headerless-validation": "validation.csv begins with its first face",
        "uncertain": "expression 9 for some faces; 8 (none) is there without it",
        "no-face": "expression 10 for pictures that show no face",
        "repeated-row": "a list names a picture twice",
        "missing-picture": "a listed picture is not there",
        "without-landmarks": "NULL, or no file, instead of a face's landmarks",
        "automatic-lists": "a list beside the others with labels that a program gave",
        "release-2021": "the later release: train_set and val_set with an array for each label",
    },
    write=_write,
)
