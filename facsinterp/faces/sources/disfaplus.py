"""DISFA+: posed and spontaneous expressions of nine people of DISFA, as pictures.

Each person is filmed in many short trials; every frame is coded for the intensity of twelve
units. The landmarks that the owners give are those of faces that they cut out and scaled, not
of these frames, and are not read.

Mavadati, Sanger and Mahoor: Extended DISFA Dataset: Investigating Posed and Spontaneous Facial
Expressions, CVPR Workshops 2016.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.reading.files import existing_folder
from facsinterp.faces.sources.reading.frame_labels import (
    UNITS,
    LabelFiles,
    joined,
    label_files,
    presence_counts,
    swapped,
    table_parts,
)
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.trees import children, frames_in, inner, not_this
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found

PUBLISHED: Final = {"subjects": 9}
_SUBJECT: Final = re.compile(r"SN\d{3}", re.I | re.ASCII)
_TERMS: Final = (
    "Research only, by a request form that each user signs; the pictures may not be passed on."
)
_EXPECTED: Final = "Images/SN001/<trial>/000.jpg, with Labels/SN001/<trial>/AU1.txt beside it"

Key = tuple[str, str]
"""Subject and trial, the trial in lower case."""


class DisfaPlusOptions(SourceOptions):
    """From which intensity on a unit counts, and whose faces may be shown."""

    occurrence: int = Field(1, ge=1, le=5)
    """From which intensity on a unit counts as present. What is weaker counts as absent, and
    has no intensity in the table of faces."""
    showable: Showable = "licence"
    """Who may be shown: nobody, unless the folder holds an open licence; or everybody, "all"."""


@dataclass(frozen=True)
class _Trial:
    """The coded frames of one trial that have a picture."""

    subject: str
    name: str
    frames: NDArray[np.int64]
    intensity: NDArray[np.float32]
    paths: tuple[str, ...]

    @property
    def sequence(self) -> str:
        return f"{self.subject}_{self.name}"


def _read(folder: Path | None, options: DisfaPlusOptions) -> FaceTable:
    """Every coded frame that has a picture; DataError when nothing can be used."""
    root = existing_folder(folder, "DISFA+")
    pictures, labels = inner(root, "Images"), inner(root, "Labels")
    if pictures is None or labels is None:
        raise not_this(SOURCE.title, root, _EXPECTED)
    notes = Notes()
    shown, told = _trials(root, pictures, notes), _trials(root, labels, notes)
    files = {key: label_files(place, key[0]) for key, place in told.items()}
    DataError.raise_any(swapped(root, files.values()))
    trials = [
        trial
        for key, place in told.items()
        if (trial := _trial(root, key, place, files[key], shown.get(key), notes)) is not None
    ]
    for key in sorted(shown.keys() - told.keys()):
        notes.note("trials with pictures and without labels", "/".join(key))
    if not trials:
        raise DataError(_nothing(root, shown, told, notes))
    return _table(root, trials, options, notes)


def _trials(root: Path, top: Path, notes: Notes) -> dict[Key, Path]:
    """The folder of each trial; those of a subject may lie in a second folder of its name."""
    found: dict[Key, Path] = {}
    for subject in children(top):
        if not (_SUBJECT.fullmatch(subject.name) and subject.is_dir()):
            continue
        trials = [e for e in children(inner(top, subject.name) or subject) if e.is_dir()]
        if not trials:
            notes.skip(subject.relative_to(root).as_posix(), "no folders of trials in it")
        found |= {(subject.name.upper(), trial.name.casefold()): trial for trial in trials}
    return found


def _trial(
    root: Path, key: Key, labels: Path, files: LabelFiles, pictures: Path | None, notes: Notes
) -> _Trial | None:
    """One trial, None when it has no pictures or no labels."""
    place = labels.relative_to(root).as_posix()
    if not files:
        notes.skip(place, "no label files such as AU1.txt")
        return None
    if pictures is None:
        notes.skip(place, f"no pictures of this trial in Images/{key[0]}")
        return None
    coded = joined(place, place, files.of_unit, notes)
    if coded is None:
        return None
    found = frames_in(root, pictures, notes)
    there = np.array([frame in found for frame in coded.frames.tolist()], dtype=bool)
    if not coded.complete.all():
        notes.note("trials with frames that not every label file holds, left out", place)
    if not there.all():
        notes.skip(place, f"{int((~there).sum())} coded frames have no picture")
    if len(found) > int(there.sum()):
        notes.note("trials with pictures that no label file names", place)
    kept = there & coded.complete
    frames = coded.frames[kept]
    paths = tuple(found[frame] for frame in frames.tolist())
    return _Trial(key[0], labels.name, frames, coded.intensity[kept], paths) if paths else None


def _table(
    root: Path, trials: Sequence[_Trial], options: DisfaPlusOptions, notes: Notes
) -> FaceTable:
    intensity = np.concatenate([trial.intensity for trial in trials])
    present, coded, scored = table_parts(intensity, options.occurrence)
    subjects = sorted({trial.subject for trial in trials})
    counts = {
        "subjects": len(subjects),
        "trials": len(trials),
        "images": len(intensity),
        **presence_counts([intensity], options.occurrence),
    }
    landmarks = inner(root, "FaceLandmarks") is not None
    return FaceTable.from_arrays(
        [f"{trial.sequence}_{n:03d}" for trial in trials for n in trial.frames.tolist()],
        UNITS,
        present,
        coded=coded,
        intensity=scored,
        subject=[trial.subject for trial in trials for _ in trial.paths],
        sequence=[trial.sequence for trial in trials for _ in trial.paths],
        frame=[frame for trial in trials for frame in trial.frames.tolist()],
        path=[path for trial in trials for path in trial.paths],
        terms=terms_of(root, SOURCE.title, _TERMS, options.showable, notes),
        found=Found(
            f"{len(trials)} trials in Images and Labels",
            counts,
            PUBLISHED,
            notes.skipped,
            (*_always(subjects, landmarks), *notes.warnings),
        ),
    )


def _always(subjects: Sequence[str], landmarks: bool) -> Iterator[str]:
    """What holds for DISFA+ itself, whatever lies in the folder."""
    yield (
        f"the people of DISFA+ ({', '.join(subjects)}) are also in DISFA under these names: "
        "never train on one and test on the other"
    )
    if landmarks:
        yield (
            "FaceLandmarks is not read: its points are those of faces that the owners cut out, "
            "not of the frames in Images"
        )


def _nothing(
    root: Path, shown: Mapping[Key, Path], told: Mapping[Key, Path], notes: Notes
) -> Fault:
    swapped = any(label_files(place, key[0]) for key, place in shown.items())
    return Fault(
        "no frame of DISFA+ has both a picture and labels",
        where=str(root),
        expected=_EXPECTED,
        got=f"{len(shown)} trials in Images, {len(told)} in Labels; " + notes.left_out,
        do="label files lie in Images: the two folders are swapped"
        if swapped
        else "unpack pictures and labels of the same subjects",
    )


def _pictures(folder: Path | None, _options: DisfaPlusOptions) -> FilePictures:
    return FilePictures(existing_folder(folder, "DISFA+"))


SOURCE: Final = Source(
    name="disfaplus",
    title="DISFA+",
    folders=("DISFA+", "DISFAPlus", "DISFA_Plus", "disfaplus"),
    Options=DisfaPlusOptions,
    read=_read,
    pictures=_pictures,
)
