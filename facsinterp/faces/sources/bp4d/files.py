"""The files of BP4D and BP4D+: the codes of each task, and its pictures by their numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.reading.files import UnreadableFile
from facsinterp.faces.sources.reading.frame_codes import (
    FrameCodes,
    read_intensity,
    read_occurrence,
)
from facsinterp.faces.sources.reading.listing import below
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.trees import children, frames_in, inner, not_this

_TITLE: Final = "BP4D"
_CODES: Final = ("AUCoding/AU_OCC", "AU_OCC", "AUCoding")
_INTENSITIES: Final = ("AUCoding/AU_INT", "AU_INT")
_PICTURES: Final = ("Sequences(2D+3D)", "2D+3D", "Sequences", "BP4D-training", "Images")
_TASK: Final = re.compile(r"(?P<subject>[FM]\d{3})_(?P<task>T\d{1,2})", re.IGNORECASE | re.ASCII)
_OF_UNIT: Final = re.compile(r"(?P<task>.+)_AU0*(?P<unit>\d{1,2})", re.IGNORECASE | re.ASCII)
_FOLDER: Final = re.compile(r"AU0*(?P<unit>\d{1,2})", re.IGNORECASE | re.ASCII)
_PERSON: Final = re.compile(r"[FM]\d{3}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Task:
    """The codes and the pictures of one person in one task."""

    subject: str
    task: str
    codes: FrameCodes
    intensity: Mapping[int, FrameCodes]
    pictures: Mapping[int, str]
    """Number -> path."""

    @property
    def name(self) -> str:
        return f"{self.subject}_{self.task}"

    def with_picture(self, offset: int) -> NDArray[np.bool_]:
        """Which coded frames have a picture."""
        return np.isin(self.codes.frames + offset, np.fromiter(self.pictures, dtype=np.int64))


def read_tasks(root: Path, notes: Notes) -> list[Task]:
    """Every task that was coded, by name; DataError when this is not BP4D."""
    folder = inner(root, *_CODES)
    files = [] if folder is None else [f for f in children(folder) if f.suffix.lower() == ".csv"]
    named = {f: match for f in files if (match := _TASK.fullmatch(f.stem))}
    if not named:
        swapped = any(_OF_UNIT.fullmatch(f.stem) for f in files)
        raise not_this(
            _TITLE,
            root,
            "tables of codes such as AUCoding/AU_OCC/F001_T1.csv",
            do="AU_OCC holds tables of intensities: swap it with AU_INT" if swapped else "",
        )
    pictures = _pictures_root(root)
    intensities = _intensities(root, notes)
    found = []
    for file, match in sorted(named.items()):
        subject, task = match["subject"].upper(), match["task"].upper()
        try:
            codes = read_occurrence(file)
        except UnreadableFile as reason:
            notes.skip(below(root, file), str(reason))
            continue
        name = f"{subject}_{task}"
        _note_oddities(below(root, file), codes, notes)
        place = inner(pictures, f"{subject}/{task}")
        shown = {} if place is None else frames_in(root, place, notes)
        if not shown:
            notes.skip(below(root, file), "codes of a task without pictures")
        found.append(Task(subject, task, codes, intensities.get(name, {}), shown))
    coded = {match["subject"].upper() for match in named.values()}
    uncoded = sorted({*_people(pictures)} - coded)
    notes.note("people with pictures and without a table of codes, left out", *uncoded)
    if not found:
        raise DataError([Fault("no table of codes can be used", str(root)), *notes.faults])
    return found


def _note_oddities(where: str, codes: FrameCodes, notes: Notes) -> None:
    if codes.strange:
        notes.note(
            "cells that hold another number than is allowed, taken as unknown",
            f"{where} x {codes.strange}",
        )
    if codes.repeated:
        notes.note("frames coded twice, the first row counts", f"{where} x {codes.repeated}")


def _intensities(root: Path, notes: Notes) -> dict[str, dict[int, FrameCodes]]:
    """Task -> unit -> its intensities, of the tables there are."""
    folder = inner(root, *_INTENSITIES)
    found: dict[str, dict[int, FrameCodes]] = {}
    for inside in [] if folder is None else children(folder):
        for file in children(inside) if inside.is_dir() else []:
            match = _OF_UNIT.fullmatch(file.stem)
            if match is None or file.suffix.lower() != ".csv":
                continue
            if (of := _FOLDER.fullmatch(inside.name)) is None or of["unit"] != match["unit"]:
                notes.skip(below(root, file), "the table of a unit in the folder of another")
                continue
            unit = int(match["unit"])
            try:
                codes = read_intensity(file, unit)
            except UnreadableFile as reason:
                notes.skip(below(root, file), str(reason))
                continue
            _note_oddities(below(root, file), codes, notes)
            found.setdefault(match["task"].upper(), {})[unit] = codes
    return found


def _pictures_root(root: Path) -> Path:
    """The folder that holds the folders of people."""
    return next(
        (f for name in _PICTURES if (f := inner(root, name)) is not None and _people(f)), root
    )


def _people(folder: Path) -> list[str]:
    return [child.name.upper() for child in children(folder) if _PERSON.fullmatch(child.name)]
