"""Drawn people laid out as DISFA+: pictures by trial, label files by trial and unit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from facsinterp.faces.drawn import Frame
from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.disfa import UNITS, noisy, save_mat
from facsinterp.faces.layouts.drawing import Picture, drawn, frames, on_canvas, points, save

QUIRKS: Final = {
    "padded-names": "label files are called AU01.txt, not AU1.txt",
    "nested": "the labels of a subject lie in a second folder of its name (SN001/SN001)",
    "comments": "label files begin with a line of words behind a #",
    "fewer-frames": "one label file of the first trial lacks the last frame",
    "missing-picture": "the second trial lacks the picture of its second frame",
    "uncoded-picture": "the third trial has a picture more than labels",
    "labels-only": "the last trial has labels and no pictures",
    "both-spellings": "the second trial holds AU01.txt beside AU1.txt, with other intensities",
    "two-endings": "the third trial has its first picture twice, as JPEG and, black, as PNG",
    "landmarks": "FaceLandmarks holds, for each trial, cut out faces with 49 points in them",
    "label-noise": "one coded intensity in ten is a letter off, as coders differ",
}
_SUBJECTS: Final = (1, 3, 4, 7, 9, 10, 13, 25, 27)
_FRAMES: Final = (1, 3, 5, 6, 8)
"""Frames of a drawn sequence (1 neutral to 8 apex) that a trial holds."""

_CROPPED: Final = 16
"""The side of a face that was cut out; the real ones have 200."""


def numbered(person: int) -> str:
    """What the person (1, 2, ...) is called, by the numbers that DISFA+ has, then on."""
    number = _SUBJECTS[person - 1] if person <= len(_SUBJECTS) else 200 + person
    return f"SN{number:03d}"


def trial_name(sequence: int) -> str:
    """What the trial (1, 2, ...) of a person is called."""
    return f"A{sequence}_AU{UNITS[(sequence - 1) % len(UNITS)]}_TrailNo_1"


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    place = 0
    for person in range(1, cast.people + 1):
        for sequence in range(1, cast.sequences + 1):
            place += 1
            some = frames(cast, person, sequence, _FRAMES)
            subject, trial = numbered(person), trial_name(sequence)
            inside = subject if "nested" in quirks else "."
            labels = root / "Labels" / subject / inside / trial
            _labels(labels, some, (cast.seed, person, sequence), place, quirks)
            if "labels-only" in quirks and place == cast.people * cast.sequences:
                continue
            shown = drawn(some, cast.pixels)
            _pictures(root / "Images" / subject / trial, shown, place, quirks)
            if "landmarks" in quirks:
                path = root / "FaceLandmarks" / subject / f"{trial}_FaceCropped.mat"
                _landmarks(path, some, shown)


def _labels(
    folder: Path,
    some: Sequence[Frame],
    seed: tuple[int, ...],
    place: int,
    quirks: frozenset[str],
) -> None:
    folder.mkdir(parents=True)
    for unit in UNITS:
        letters = [frame.letter(unit) for frame in some]
        if "label-noise" in quirks:
            letters = noisy(letters, (*seed, unit))
        lines = [f"{number:03d}.jpg   {letter}" for number, letter in enumerate(letters)]
        if place == 1 and unit == 4 and "fewer-frames" in quirks:
            lines.pop()
        if "comments" in quirks:
            lines.insert(0, "# frame   intensity")
        name = f"AU{unit:02d}.txt" if "padded-names" in quirks else f"AU{unit}.txt"
        (folder / name).write_text("\n".join([*lines, ""]), encoding="ascii")
        if place == 2 and unit == 1 and "both-spellings" in quirks:
            other = "AU1.txt" if "padded-names" in quirks else "AU01.txt"
            lines = [f"{number:03d}.jpg   {5 - letter}" for number, letter in enumerate(letters)]
            (folder / other).write_text("\n".join([*lines, ""]), encoding="ascii")


def _pictures(folder: Path, pictures: Picture, place: int, quirks: frozenset[str]) -> None:
    shown = dict(enumerate(pictures))
    if place == 2 and "missing-picture" in quirks:
        del shown[1]
    if place == 3 and "uncoded-picture" in quirks:
        shown[len(pictures)] = pictures[-1]
    for number, picture in shown.items():
        save(_whole(picture), folder / f"{number:03d}.jpg", rgb=True)
    if place == 3 and "two-endings" in quirks:
        save(_whole(pictures[0]) * 0, folder / "000.png", rgb=True)


def _landmarks(path: Path, some: Sequence[Frame], shown: Picture) -> None:
    """Faces cut out of the frames, with the points of brows, eyes, nose and mouth in them."""
    outside = [*range(17), 60, 64]
    places = points(some, shown.shape[1], _CROPPED, _CROPPED)
    cells = np.empty((1, len(some)), dtype=object)
    for number, (face, pts) in enumerate(zip(shown, places, strict=True)):
        cell: dict[str, Any] = {
            "imgID": f"{number:03d}.jpg",
            "ImgCropped": np.repeat(on_canvas(face, _CROPPED, _CROPPED)[:, :, None], 3, axis=2),
            "LndPntCropped": np.delete(pts.astype(np.float64), outside, axis=0),
        }
        cells[0, number] = cell
    save_mat(path, {"FaceImg_CropResize": cells})


def _whole(picture: Picture) -> Picture:
    """A picture of the camera: 16 to 9, as the real 1,280 x 720."""
    return on_canvas(picture, picture.shape[1] * 16 // 9, picture.shape[0])


LAYOUT: Final = Layout("disfaplus", "DISFA+", QUIRKS, _write)
