"""Drawn people laid out as DISFA: videos of two cameras, one label file a unit, landmarks.

The video of a person is all its sequences, one after the other, seen by two cameras that stand
to the left and the right. Writing videos needs OpenCV.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from facsinterp.errors import DataError, Fault
from facsinterp.faces.drawn import Frame
from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import Picture, drawn, frames, on_canvas, points, save

UNITS: Final = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
QUIRKS: Final = {
    "video-names": "the right camera is spelt Video_RightCamera/RightVideoSN001_Comp.avi",
    "landmark-names": "the landmarks of the second person are called l00000_lm.mat",
    "extra-landmarks": "the first person has one landmark file too many",
    "doubled-landmarks": "landmarks lie in Landmark_Points/Landmark_Points",
    "lengths": "one label file of the first person ends a frame early",
    "extracted-frames": "the left frames of the second person lie beside the video as pictures",
    "spoilt-lines": "a label file of the first person holds a 9, a blank line and a word",
    "doubled-labels": "the labels of the last person lie in a second folder of its name",
    "labels-from-zero": "the label files of the second person count frames from 0",
    "lost-landmark": "the last person lacks the first landmark file",
    "second-video": "SN001.avi, of the right camera, lies among the left videos",
    "label-noise": "one coded intensity in ten is a letter off, as coders differ",
}
_SUBJECTS: Final = (*range(1, 14), 16, 17, 18, 21, *range(23, 33))
"""Numbers of the 27 people; 14, 15, 19, 20 and 22 are not among them."""
_TURN: Final = 0.25
"""How far the head seems turned (radians) to a camera beside it."""
_FRAMES: Final = (1, 3, 6, 8)
"""Frames of each drawn sequence (1 neutral to 8 apex) that the video holds."""


def numbered(person: int) -> str:
    """What the person (1, 2, ...) is called, by the numbers that DISFA has, then on."""
    number = _SUBJECTS[person - 1] if person <= len(_SUBJECTS) else 200 + person
    return f"SN{number:03d}"


def shown(cast: Cast, person: int) -> list[Frame]:
    """The frames of a person's video, in order."""
    takes = range(1, cast.sequences + 1)
    return [frame for take in takes for frame in frames(cast, person, take, _FRAMES)]


def seen(some: Sequence[Frame], camera: str) -> list[Frame]:
    """The same frames as the left or the right camera sees them."""
    turn = _TURN if camera == "left" else -_TURN
    return [
        replace(
            frame,
            face=replace(
                frame.face,
                setting=replace(frame.face.setting, yaw=frame.face.setting.yaw + turn),
            ),
        )
        for frame in some
    ]


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    for person in range(1, cast.people + 1):
        subject = numbered(person)
        some = shown(cast, person)
        doubled = subject if person == cast.people and "doubled-labels" in quirks else "."
        labels = root / "ActionUnit_Labels" / subject / doubled
        _labels(labels, subject, some, cast, quirks, person)
        for camera in ("left", "right"):
            view = seen(some, camera)
            pictures = [on_canvas(one, *_canvas(cast)) for one in drawn(view, cast.pixels)]
            path = root / _video(camera, subject, "video-names" in quirks)
            _save_video(path, pictures)
            if camera == "right" and person == 1 and "second-video" in quirks:
                _save_video(root / "Videos_LeftCamera" / f"{subject}.avi", pictures)
            if camera == "left" and person == 2 and "extracted-frames" in quirks:
                for number, picture in enumerate(pictures, start=1):
                    save(picture, path.parent / subject / f"{number:05d}.png", rgb=True)
            if camera == "left":
                _landmarks(root, subject, view, cast, quirks, person)


def _canvas(cast: Cast) -> tuple[int, int]:
    """Width and height of the videos: 4 to 3, as the real 1,024 x 768."""
    return cast.pixels * 4 // 3 // 2 * 2, cast.pixels


def _video(camera: str, subject: str, misspelt: bool) -> str:
    if misspelt and camera == "right":
        return f"Video_RightCamera/RightVideo{subject}_Comp.avi"
    side = camera.capitalize()
    return f"Videos_{side}Camera/{side}Video{subject}_comp.avi"


def _save_video(path: Path, pictures: Sequence[Picture]) -> None:
    cv2 = _opencv()
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = pictures[0].shape
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (width, height))
    try:
        for picture in pictures:
            writer.write(np.repeat(picture[:, :, None], 3, axis=2))
    finally:
        writer.release()


def _opencv() -> Any:  # noqa: ANN401 - a module without types
    try:
        import cv2
    except ImportError:
        raise DataError(
            Fault(
                "videos are written with OpenCV, which is not installed",
                do="pip install facsinterp[opencv]",
            )
        ) from None
    return cv2


def _labels(
    folder: Path,
    subject: str,
    some: Sequence[Frame],
    cast: Cast,
    quirks: frozenset[str],
    person: int,
) -> None:
    folder.mkdir(parents=True)
    for unit in UNITS:
        letters = [frame.letter(unit) for frame in some]
        if "label-noise" in quirks:
            letters = noisy(letters, (cast.seed, person, unit))
        first = 0 if person == 2 and "labels-from-zero" in quirks else 1
        lines = [f"{number},{letter}" for number, letter in enumerate(letters, start=first)]
        if person == 1 and unit == 2 and "lengths" in quirks:
            lines.pop()
        if person == 1 and unit == 9 and "spoilt-lines" in quirks:
            lines[1:3] = ["2,9", "", "3,none"]
        name = f"{subject}_au{unit}.txt"
        (folder / name).write_text("\n".join([*lines, ""]), encoding="ascii")


def noisy(letters: Sequence[int], seed: tuple[int, ...]) -> list[int]:
    """Intensities of which every tenth or so is a letter off, between 0 and 5."""
    rng = np.random.default_rng(seed)
    off = rng.choice([-1, 1], len(letters)) * (rng.random(len(letters)) < 0.1)
    return [int(n) for n in np.clip(np.asarray(letters) + off, 0, 5)]


def _landmarks(
    root: Path,
    subject: str,
    view: Sequence[Frame],
    cast: Cast,
    quirks: frozenset[str],
    person: int,
) -> None:
    doubled = ("Landmark_Points",) if "doubled-landmarks" in quirks else ()
    folder = root.joinpath("Landmark_Points", *doubled, subject, "tmp_frame_lm")
    given = [without_inner_corners(p) for p in points(view, cast.pixels, *_canvas(cast))]
    if person == 1 and "extra-landmarks" in quirks:
        given.append(given[-1])
    for number, pts in enumerate(given):
        if person == cast.people and number == 0 and "lost-landmark" in quirks:
            continue
        other = person == 2 and "landmark-names" in quirks
        name = f"l{number:05d}_lm.mat" if other else f"{subject}_{number:04d}_lm.mat"
        save_mat(folder / name, {"pts": pts})


def without_inner_corners(all_points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The 66 points that remain of 68 without the inner mouth corners, as doubles."""
    return np.delete(np.asarray(all_points, dtype=np.float64), [60, 64], axis=0)


def save_mat(path: Path, variables: Mapping[str, Any]) -> None:
    """Write a MATLAB file without the date that its header usually holds."""
    from io import BytesIO

    from scipy.io import savemat

    buffer: Any = BytesIO()  # files are not among the types that scipy's stubs know
    savemat(buffer, dict(variables))
    head = b"MATLAB 5.0 MAT-file, drawn faces".ljust(116)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + buffer.getvalue()[116:])


LAYOUT: Final = Layout("disfa", "DISFA", QUIRKS, _write)
