"""DISFA: videos of spontaneous expressions, every frame coded for twelve units.

27 people watch a film; two cameras see them from the left and the right. The intensity of each
unit, 0 to 5, was coded for every frame, once for both cameras.

Mavadati, Mahoor, Bartlett, Trinh and Cohn: DISFA: A Spontaneous Facial Action Intensity
Database, IEEE Transactions on Affective Computing 4 (2), 2013.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures.videos import VideoPictures
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.disfa import files as tree
from facsinterp.faces.sources.reading.files import UnreadableFile, existing_folder
from facsinterp.faces.sources.reading.frame_labels import (
    UNITS,
    Coded,
    joined,
    presence_counts,
    table_parts,
)
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.notes import Notes, few
from facsinterp.faces.sources.reading.points66 import read_points
from facsinterp.faces.sources.reading.trees import not_this
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found

PUBLISHED: Final = {"subjects": 27, "label files": 27 * len(UNITS), "coded frames": 27 * 4845}
BAD_LANDMARKS: Final = frozenset(
    f"SN{n:03d}" for n in (1, 2, 4, 6, 9, 11, 21, 23, 25, 27, 28, 29, 30)
)
"""Subjects in some of whose frames the supplied landmarks were found to be off the face."""
_TERMS: Final = (
    "Research only, by a request form that each user signs; the videos and pictures made of "
    "them may not be passed on."
)
_EXPECTED: Final = (
    "ActionUnit_Labels/SN001/SN001_au1.txt",
    "with Videos_LeftCamera/LeftVideoSN001_comp.avi beside it",
)


class DisfaOptions(SourceOptions):
    """Which camera and which frames are read, what counts, and whose faces may be shown."""

    camera: Literal["left", "right", "both"] = "left"
    """Whose pictures are read. Both show the same moments: the frames of a subject are then
    there twice, in two sequences."""
    every: int = Field(1, ge=1)
    """Take each n-th frame, from the first on. Neighbours of 130,000 frames are near copies."""
    occurrence: int = Field(1, ge=1, le=5)
    """From which intensity on a unit counts as present; papers usually take 2. What is weaker
    counts as absent, and has no intensity in the table of faces."""
    showable: Showable = "licence"
    """Who may be shown: nobody, unless the folder holds an open licence; or everybody, "all"."""


@dataclass(frozen=True)
class _Part:
    """The frames taken of one subject as one camera saw it."""

    subject: str
    camera: str
    frames: NDArray[np.int64]
    intensity: NDArray[np.float32]
    paths: tuple[str, ...]
    points: NDArray[np.float32] | None

    @property
    def sequence(self) -> str:
        return f"{self.subject}_{self.camera[0].upper()}"


def _read(folder: Path | None, options: DisfaOptions) -> FaceTable:
    """Every frame asked for with its codes; DataError when nothing can be used."""
    root = existing_folder(folder, "DISFA")
    notes = Notes()
    found = tree.find(root, notes)
    if found is None:
        raise not_this(SOURCE.title, root, ", ".join(_EXPECTED))
    subjects = _coded(found, notes)
    DataError.raise_any(_missing(root, found, subjects, options, notes))
    cameras = ("left", "right") if options.camera == "both" else (options.camera,)
    parts = [
        part
        for subject, one in subjects.items()
        for camera in cameras
        if (part := _part(found, subject, camera, one, options, notes)) is not None
    ]
    if not parts:
        raise DataError(_no_pictures(root, found, options))
    return _table(root, parts, subjects, found, options, notes)


def _coded(found: tree.Tree, notes: Notes) -> dict[str, Coded]:
    """What the label files of each subject say, where they can be used."""
    subjects = {}
    for subject, files in found.labels.items():
        place = found.place(subject)
        coded = joined(subject, place, files.of_unit, notes)
        coded = None if coded is None else tree.frames_from_one(coded, place, notes)
        if coded is not None:
            subjects[subject] = coded
    return subjects


def _part(
    found: tree.Tree, subject: str, camera: str, coded: Coded, options: DisfaOptions, notes: Notes
) -> _Part | None:
    """The frames of one subject and camera that are asked for and have a picture."""
    wanted = (coded.frames - 1) % options.every == 0
    frames, intensity = coded.frames[wanted], coded.intensity[wanted]
    seen = found.views.get((camera, subject))
    if seen is None:
        notes.skip(found.place(subject), f"no video and no frames of the {camera} camera")
        return None
    if seen.pictures:
        numbers = tree.numbered_from_one(seen.pictures, subject, notes)
        there = np.array([frame in numbers for frame in frames.tolist()], dtype=bool)
        if not there.all():
            lost = f"{int((~there).sum()):,} coded frames have no picture of the {camera} camera"
            notes.skip(found.place(subject), lost)
        frames, intensity = frames[there], intensity[there]
        paths = tuple(numbers[frame] for frame in frames.tolist())
    else:
        paths = tuple(f"{seen.video}#{frame}" for frame in frames.tolist())
    points = _points(found, subject, coded, frames, notes) if camera == "left" else None
    return _Part(subject, camera, frames, intensity, paths, points) if len(frames) else None


def _points(
    found: tree.Tree, subject: str, coded: Coded, frames: NDArray[np.int64], notes: Notes
) -> NDArray[np.float32] | None:
    """Landmarks (frame, 68, 2) of one subject, NaN where a frame has none; None without any."""
    files = tree.landmark_files(found, subject, coded.frames, notes)
    if not files:
        return None
    points = np.full((len(frames), 68, 2), np.nan, dtype=np.float32)
    spoilt: dict[str, list[str]] = {}
    for row, frame in enumerate(frames.tolist()):
        if (path := files.get(frame)) is None:
            continue
        try:
            points[row] = read_points(path)
        except UnreadableFile as reason:
            name = path.relative_to(found.root).as_posix()
            spoilt.setdefault(str(reason), []).append(name)
    for why, names in spoilt.items():
        more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        notes.skip(f"{names[0]}{more}", why)
    if missing := sum(frame not in files for frame in frames.tolist()):
        notes.note("frames without landmarks", f"{subject} {missing:,}")
    return points


def _table(
    root: Path,
    parts: Sequence[_Part],
    subjects: dict[str, Coded],
    found: tree.Tree,
    options: DisfaOptions,
    notes: Notes,
) -> FaceTable:
    intensity = np.concatenate([part.intensity for part in parts])
    present, coded, scored = table_parts(intensity, options.occurrence)
    landmarks = _stacked(parts)
    counts = {
        "subjects": len({part.subject for part in parts}),
        "label files": sum(len(files) for files in found.labels.values()),
        "coded frames": sum(len(one.frames) for one in subjects.values()),
        "images": len(intensity),
        **presence_counts([one.intensity for one in subjects.values()], options.occurrence),
    }
    return FaceTable.from_arrays(
        [f"{part.sequence}_{frame:05d}" for part in parts for frame in part.frames.tolist()],
        UNITS,
        present,
        coded=coded,
        intensity=scored,
        subject=[part.subject for part in parts for _ in part.paths],
        sequence=[part.sequence for part in parts for _ in part.paths],
        frame=[frame for part in parts for frame in part.frames.tolist()],
        path=[path for part in parts for path in part.paths],
        landmarks=landmarks,
        terms=terms_of(root, "DISFA", _TERMS, options.showable, notes),
        found=Found(
            found.layout,
            counts,
            PUBLISHED,
            notes.skipped,
            (*_on_landmarks(parts), *notes.warnings),
        ),
    )


def _on_landmarks(parts: Sequence[_Part]) -> Iterator[str]:
    """What to know of the landmarks, where there are any."""
    marked = {part.subject for part in parts if part.points is not None}
    if marked:
        yield (
            "landmarks: 66 points made 68; the inner mouth corners (60, 64) stand where the "
            "outer ones (48, 54) do"
        )
    if doubtful := sorted(marked & BAD_LANDMARKS):
        yield (
            "the landmarks supplied with DISFA are known to miss the face in some frames of "
            f"{', '.join(doubtful)}; look at their contact sheets"
        )


def _stacked(parts: Sequence[_Part]) -> NDArray[np.float32] | None:
    """The landmarks of all parts, NaN for the faces of parts without; None where none has any."""
    if all(part.points is None for part in parts):
        return None
    empty = (np.full((len(part.frames), 68, 2), np.nan, dtype=np.float32) for part in parts)
    return np.concatenate(
        [
            none if part.points is None else part.points
            for part, none in zip(parts, empty, strict=True)
        ]
    )


def _missing(
    root: Path, found: tree.Tree, subjects: dict[str, Coded], options: DisfaOptions, notes: Notes
) -> Iterator[Fault]:
    """Labels or pictures that are not there at all."""
    if not subjects:
        yield Fault(
            "no label file of DISFA can be read",
            where=str(root),
            expected="ActionUnit_Labels/SN001/SN001_au1.txt with lines such as 123,2",
            got=notes.left_out or "no label files",
            do="unpack the archive of the labels beside the videos",
        )
    if not found.views:
        yield _no_pictures(root, found, options)


def _no_pictures(root: Path, found: tree.Tree, options: DisfaOptions) -> Fault:
    name = "left" if options.camera == "both" else options.camera
    side = name.capitalize()
    there = sorted(f"{view.video or 'frames'} ({who})" for (_, who), view in found.views.items())
    return Fault(
        f"labels of {len(found.labels)} subjects, and no pictures of the {options.camera} camera",
        where=str(root),
        expected=f"Videos_{side}Camera/{side}VideoSN001_comp.avi, or frames extracted into "
        f"Videos_{side}Camera/SN001/",
        got=few(there) or "no videos and no extracted frames",
        do="unpack the videos beside ActionUnit_Labels"
        + (', or choose the other camera with camera = "left" or "right"' if there else ""),
    )


def _pictures(folder: Path | None, _options: DisfaOptions) -> VideoPictures:
    return VideoPictures(existing_folder(folder, "DISFA"))


SOURCE: Final = Source(
    name="disfa",
    title="DISFA",
    folders=("DISFA", "disfa"),
    Options=DisfaOptions,
    read=_read,
    pictures=_pictures,
)
