"""Label files of single frames, as DISFA and DISFA+ have them: one file a unit, one line a frame.

A line is the frame and its intensity, `123,2` or `007.jpg   2`. Lines that begin with `#` say
nothing. A line that cannot be read leaves its frame uncoded, never absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault
from facsinterp.faces.sources.reading.files import UnreadableFile, number, read_text
from facsinterp.faces.sources.reading.notes import Notes, few
from facsinterp.faces.sources.reading.trees import children
from facsinterp.facs import label

UNITS: Final = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
"""The units that DISFA and DISFA+ code."""

_INTENSITIES: Final = range(6)
_LINE: Final = re.compile(r"\s*(\d{1,9})(?:\.[a-z]+)?[\s,;]+([^\s,;]+)[\s,;]*", re.I | re.ASCII)
_NAME: Final = re.compile(r"(?:(SN\d{3})_)?au0*(\d{1,2})\.txt", re.I | re.ASCII)


@dataclass(frozen=True)
class Scores:
    """Intensity of one unit by frame, 0 (absent) to 5; and the lines that say nothing usable."""

    intensity: Mapping[int, float]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Coded:
    """What label files say of the frames of one video: intensity (frame, unit), NaN not coded."""

    frames: NDArray[np.int64]
    intensity: NDArray[np.float32]

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which frames stand in every label file that there is."""
        coded = ~np.isnan(self.intensity)
        return np.asarray(coded[:, coded.any(axis=0)].all(axis=1))


@dataclass(frozen=True)
class LabelFiles:
    """The label files of one folder."""

    of_unit: Mapping[int, Sequence[Path]]
    """Several of one unit where it is spelt in several ways: AU01.txt beside AU1.txt."""
    strangers: Sequence[Path]
    """Files whose names say another subject than their folder."""

    def __len__(self) -> int:
        return sum(map(len, self.of_unit.values()))


def label_files(folder: Path, subject: str) -> LabelFiles:
    """The label files of a subject's folder, by unit and name."""
    files: dict[int, list[Path]] = {}
    strangers = []
    for path in children(folder):
        named = _NAME.fullmatch(path.name)
        if not named:
            continue
        if named[1] and named[1].upper() != subject:
            strangers.append(path)
        else:
            files.setdefault(int(named[2]), []).append(path)
    return LabelFiles(files, strangers)


def swapped(root: Path, folders: Iterable[LabelFiles]) -> Iterator[Fault]:
    """The fault of label files that lie in the folder of another subject."""
    names = [path.relative_to(root).as_posix() for one in folders for path in one.strangers]
    if names:
        yield Fault(
            f"{len(names)} label files lie in the folder of another subject",
            where=str(root),
            expected="folder and file to name one subject, as in SN001/SN001_au1.txt",
            got=few(names),
            do="unpack the labels again: it cannot be told which name is wrong",
        )


def read_scores(path: Path) -> Scores:
    """What one label file says; UnreadableFile when no line of it can be used."""
    intensity: dict[int, float] = {}
    contradicted: set[int] = set()
    refused = []
    for line in read_text(path).splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = _LINE.fullmatch(line)
        value = _intensity(parts[2]) if parts else None
        if parts is None or value is None:
            refused.append(line.strip()[:40])
            continue
        frame = int(parts[1])
        if intensity.setdefault(frame, value) != value:
            contradicted.add(frame)
    for frame in sorted(contradicted):
        del intensity[frame]
        refused.append(f"frame {frame} twice, with different intensities")
    if not intensity:
        message = "no line holds a frame and its intensity from 0 to 5"
        raise UnreadableFile(message)
    return Scores(intensity, tuple(refused))


def _intensity(cell: str) -> float | None:
    try:
        value = number(cell)
    except UnreadableFile:
        return None
    return value if value in _INTENSITIES else None


def joined(
    name: str, place: str, files: Mapping[int, Sequence[Path]], notes: Notes
) -> Coded | None:
    """The label files of one video as one table; None when none of them can be used.

    A unit without a file, one whose files say different things, and a frame that a file does
    not hold, are not coded. `name` is what notes call the video, `place` the folder of its
    label files.
    """
    scores = {
        unit: said
        for unit, paths in files.items()
        if (said := _of_unit(place, paths, notes)) is not None
    }
    if not scores:
        return None
    for unit in UNITS:
        if unit not in files:
            notes.note("units without a label file, so not coded", f"{name} {label(unit)}")
    for unit in sorted(set(files) - set(UNITS)):
        beside = (f"{place}/{path.name}" for path in files[unit])
        notes.note(f"label files of units beside the {len(UNITS)}, left out", *beside)
    frames = np.array(sorted({f for one in scores.values() for f in one.intensity}), dtype=np.int64)
    intensity = np.full((len(frames), len(UNITS)), np.nan, dtype=np.float32)
    for column, unit in enumerate(UNITS):
        if unit in scores:
            of_unit = scores[unit].intensity
            intensity[:, column] = [of_unit.get(frame, np.nan) for frame in frames.tolist()]
    _note_lengths(name, scores, notes)
    return Coded(frames, intensity)


def _of_unit(place: str, paths: Sequence[Path], notes: Notes) -> Scores | None:
    """What the label files of one unit say, if they say one thing; None for nothing usable."""
    said: list[Scores] = []
    for path in paths:
        try:
            said.append(read_scores(path))
        except UnreadableFile as reason:
            notes.skip(f"{place}/{path.name}", str(reason))
            continue
        if said[-1].refused:
            told = f"{place}/{path.name} ({few(said[-1].refused)})"
            notes.note("label files with lines that code nothing", told)
    if any(one.intensity != said[0].intensity for one in said[1:]):
        names = (f"{place}/{path.name}" for path in paths)
        notes.skip_all(names, "another file of the same unit says something else")
        return None
    if len(paths) > 1:
        notes.note("units with several label files, which say the same", f"{place}/{paths[0].name}")
    return said[0] if said else None


def _note_lengths(name: str, scores: Mapping[int, Scores], notes: Notes) -> None:
    """Files that hold different frames are noted: the frames are not coded in every unit."""
    lengths = {unit: len(one.intensity) for unit, one in sorted(scores.items())}
    if len(set(lengths.values())) > 1:
        least = min(lengths, key=lambda unit: lengths[unit])
        most = max(lengths, key=lambda unit: lengths[unit])
        notes.note(
            "label files of different lengths; frames that one does not hold are not coded there",
            f"{name} {label(least)} {lengths[least]:,}, {label(most)} {lengths[most]:,}",
        )


def table_parts(
    intensity: NDArray[np.float32], occurrence: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float32]]:
    """Which units are present, which are coded, and their intensities; each (image, unit).

    A unit is present from the intensity `occurrence` on. Below it, it counts as absent, and
    its intensity as not scored: an absent unit has none but 0.
    """
    present = _present(intensity, occurrence)
    scored = np.where(~present & (intensity > 0), np.float32(np.nan), intensity)
    return present, ~np.isnan(intensity), scored


def presence_counts(intensity: Iterable[NDArray[np.float32]], occurrence: int) -> dict[str, int]:
    """In how many frames each unit is present: {"AU1 frames": 8778, ...}."""
    totals = np.zeros(len(UNITS), dtype=np.int64)
    for part in intensity:
        totals += _present(part, occurrence).sum(axis=0)
    return {f"{label(unit)} frames": int(n) for unit, n in zip(UNITS, totals, strict=True)}


def _present(intensity: NDArray[np.float32], occurrence: int) -> NDArray[np.bool_]:
    return np.asarray(np.nan_to_num(intensity) >= occurrence)
