"""BP4D-Spontaneous and BP4D+: videos of people in tasks that elicit emotions, coded by frame.

Zhang, Yin, Cohn, Canavan, Reale, Horowitz, Liu and Girard: BP4D-Spontaneous, Image and Vision
Computing 32 (2014). Zhang et al.: Multimodal Spontaneous Emotion Corpus for Human Behavior
Analysis (BP4D+), CVPR 2016.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources.bp4d.files import Task, read_tasks
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.reading.files import existing_folder
from facsinterp.faces.sources.reading.frame_codes import (
    UNKNOWN,
    FrameCodes,
)
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.trees import not_this
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found
from facsinterp.facs import UNITS, label

PROTOCOL: Final = (1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24)
"""The units that work on BP4D reports."""
PUBLISHED: Final[Mapping[str, Mapping[str, int]]] = {
    "BP4D": {"subjects": 41, "tasks": 328},
    "BP4D+": {"subjects": 140, "tasks": 560},
}
_TASKS: Final[Mapping[str, Sequence[str]]] = {
    "BP4D": (
        "happy", "sadness", "surprise", "embarrassment", "fear", "pain", "anger", "disgust",
    ),
    # The tasks of BP4D+ are others: only T1, T6, T7 and T8 of its ten were coded.
    "BP4D+": (
        "happy", "surprise", "sadness", "startle", "skepticism",
        "embarrassment", "fear", "pain", "anger", "disgust",
    ),
}  # fmt: skip
_WITH_PICTURES: Final = "BP4D with its pictures"
_CODED_IN_PLUS: Final = frozenset({"T1", "T6", "T7", "T8"})
_LAST: Final = {"F": 23, "M": 18}
"""Highest numbers of BP4D's women and men; BP4D+ has more."""
_TERMS: Final = (
    "Non-commercial research inside the institution that signed the agreement; no "
    "redistribution. The agreement also restricts releasing parameters and algorithms that "
    "were made from the data."
)
_OFFSETS: Final[Mapping[str, int]] = {"BP4D": 0, "BP4D+": -1}
"""What is usually added to a coded frame's number to get its picture's."""
_SHOWN: Final = 5


class Bp4dOptions(SourceOptions):
    """Which coded frames are taken, and which picture belongs to each."""

    every: int = Field(1, ge=1)
    """Take every such frame of those that were coded and have a picture; 1 takes all."""
    frame_offset: int | Literal["auto"] = "auto"
    """What to add to a coded frame's number to get its picture's: 0, or -1 as in BP4D+.
    "auto" takes that of the two under which more coded frames have a picture; when equal, 0
    in BP4D and -1 in BP4D+."""
    showable: Showable = "licence"
    """Who may be shown in a report: nobody, as the agreement says, or everybody."""


def _read(folder: Path | None, options: Bp4dOptions) -> FaceTable:
    """The coded frames that have a picture; DataError when there are none."""
    root = existing_folder(folder, "BP4D")
    notes = Notes()
    tasks = read_tasks(root, notes)
    edition = _edition(tasks)
    offset = _offset(tasks, edition, options, notes)
    _require_pictures(root, tasks, offset)
    kept = [np.flatnonzero(task.with_picture(offset))[:: options.every] for task in tasks]
    for task in tasks:
        missing = task.codes.frames[~task.with_picture(offset)]
        if len(missing) and task.pictures:
            notes.skip(f"{task.name} ({len(missing)})", "coded frames without a picture")
    units = _units(tasks, notes)
    present, coded, intensity = _grid(tasks, kept, units, notes)
    frames = [task.codes.frames[rows] for task, rows in zip(tasks, kept, strict=True)]
    numbers = [(task, int(n)) for task, some in zip(tasks, frames, strict=True) for n in some]
    notes.warn(
        "expressions name what each task was to elicit, for all its frames; nobody judged the "
        "frames by themselves"
    )
    return FaceTable.from_arrays(
        [f"{task.name}_{n:05d}" for task, n in numbers],
        units,
        present,
        coded=coded,
        intensity=intensity,
        subject=[task.subject for task, _ in numbers],
        sequence=[task.name for task, _ in numbers],
        frame=[n for _, n in numbers],
        expression=[_expression(edition, task.task) for task, _ in numbers],
        path=[task.pictures[n + offset] for task, n in numbers],
        terms=terms_of(root, edition, _TERMS, options.showable, notes),
        found=Found(
            f"{edition}, codes in {_forms(tasks)}, picture = frame {offset:+d}",
            _counts(tasks, len(numbers)),
            PUBLISHED[edition],
            notes.skipped,
            notes.warnings,
        ),
    )


def _offset(
    tasks: Sequence[Task],
    edition: Literal["BP4D", "BP4D+"],
    options: Bp4dOptions,
    notes: Notes,
) -> int:
    """What to add to a coded frame's number to get its picture's; a warning tells of a choice."""
    if options.frame_offset != "auto":
        return options.frame_offset
    with_picture = {
        offset: sum(int(task.with_picture(offset).sum()) for task in tasks)
        for offset in _OFFSETS.values()
    }
    usual = _OFFSETS[edition]
    chosen = max(with_picture, key=lambda offset: (with_picture[offset], offset == usual))
    counts = ", ".join(f"{offset:+d} gives {n:,}" for offset, n in with_picture.items())
    if len(set(with_picture.values())) == 1:
        notes.warn(
            f"the pictures do not tell which of them belongs to a coded frame (offset {counts} "
            f"pictures): {chosen:+d} is taken, as is usual in {edition}; look at some faces and "
            "set frame_offset"
        )
    else:
        notes.warn(
            f"picture number = coded frame {chosen:+d}, because more coded frames have a picture "
            f"then (offset {counts}); frame_offset sets it"
        )
    return chosen


def _require_pictures(root: Path, tasks: Sequence[Task], offset: int) -> None:
    if any(task.with_picture(offset).any() for task in tasks):
        return
    if not any(task.pictures for task in tasks):
        raise not_this(
            _WITH_PICTURES,
            root,
            "pictures such as Sequences(2D+3D)/F001/T1/2440.jpg for the codes in AUCoding",
        )
    task = next(task for task in tasks if task.pictures)
    raise DataError(
        Fault(
            "no coded frame has a picture",
            where=str(root),
            expected=f"{task.name}: pictures for frames {task.codes.frames[:3].tolist()} ...",
            got=f"pictures numbered {sorted(task.pictures)[:3]} ..., frame_offset {offset}",
            do="set frame_offset, or unpack the pictures of these tasks",
        )
    )


def _edition(tasks: Sequence[Task]) -> Literal["BP4D", "BP4D+"]:
    """BP4D+ has more people than BP4D, or tables with named columns for its four tasks alone."""
    if any(int(task.subject[1:]) > _LAST[task.subject[0]] for task in tasks):
        return "BP4D+"
    named = all(task.codes.form == "named" for task in tasks)
    return "BP4D+" if named and {task.task for task in tasks} <= _CODED_IN_PLUS else "BP4D"


def _expression(edition: Literal["BP4D", "BP4D+"], task: str) -> str:
    names = _TASKS[edition]
    number = int(task[1:])
    return names[number - 1] if 1 <= number <= len(names) else ""


def _units(tasks: Iterable[Task], notes: Notes) -> tuple[int, ...]:
    """Those of the protocol, and what else FACS knows and any task has codes of."""
    found: Counter[int] = Counter()
    for task in tasks:
        known = (task.codes.values != UNKNOWN).any(axis=0)
        found.update(u for u, any_known in zip(task.codes.units, known, strict=True) if any_known)
    for unit in sorted(set(found) - set(UNITS)):
        notes.note("columns that are no FACS codes, left out", f"{label(unit)} x {found[unit]}")
    return tuple(sorted(set(PROTOCOL) | (set(found) & set(UNITS))))


def _grid(
    tasks: Sequence[Task], kept: Sequence[NDArray[np.intp]], units: Sequence[int], notes: Notes
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float32]]:
    """Presence, whether coded, and intensity of the kept frames, (image, au)."""
    codes = np.full((sum(map(len, kept)), len(units)), UNKNOWN, dtype=np.int8)
    scores = np.full(codes.shape, np.nan, dtype=np.float32)
    start = 0
    for task, rows in zip(tasks, kept, strict=True):
        block = slice(start, start + len(rows))
        start += len(rows)
        for column, unit in enumerate(units):
            if unit in task.codes.units:
                codes[block, column] = task.codes.values[rows, task.codes.units.index(unit)]
            if unit in task.intensity:
                scores[block, column] = _scores(task.intensity[unit], task.codes.frames[rows])
    present, coded = codes == 1, codes != UNKNOWN
    conflicts = coded & ~np.isnan(scores) & (present != (scores > 0))
    for column, unit in enumerate(units):
        if n := int(conflicts[:, column].sum()):
            notes.note("intensities that contradict occurrence, not used", f"{label(unit)} x {n:,}")
    intensity = np.where(present & (scores > 0), scores, np.nan)
    return present, coded, np.where(coded & ~present, 0, intensity).astype(np.float32)


def _scores(codes: FrameCodes, frames: NDArray[np.int64]) -> NDArray[np.float64]:
    """The intensity of each frame, NaN where it was not scored."""
    place = np.clip(np.searchsorted(codes.frames, frames), 0, len(codes.frames) - 1)
    values = codes.values[place, 0].astype(np.float64)
    return np.where((codes.frames[place] == frames) & (values != UNKNOWN), values, np.nan)


def _forms(tasks: Iterable[Task]) -> str:
    return " and ".join(sorted({task.codes.form for task in tasks})) + " tables"


def _counts(tasks: Sequence[Task], faces: int) -> dict[str, int]:
    return {
        "subjects": len({task.subject for task in tasks}),
        "tasks": len(tasks),
        "coded frames": sum(len(task.codes.frames) for task in tasks),
        "faces": faces,
        "tables of intensities": sum(len(task.intensity) for task in tasks),
    }


def _pictures(folder: Path | None, _options: Bp4dOptions) -> FilePictures:
    return FilePictures(existing_folder(folder, "BP4D"))


SOURCE: Final = Source(
    name="bp4d",
    title="BP4D-Spontaneous and BP4D+",
    folders=("BP4D", "BP4D+", "bp4d", "BP4D-Spontaneous", "BP4DPlus"),
    Options=Bp4dOptions,
    read=_read,
    pictures=_pictures,
)
