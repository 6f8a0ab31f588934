"""The sequences of a CK+ tree: which files belong to each, and what its labels say.

Files are found by their names, `S005_001_00000011[_emotion|_facs|_landmarks].(png|txt)`,
wherever they lie below the folder, so that every way in which the four archives are
unpacked (renamed, doubled or flattened folders) reads the same.
"""

from __future__ import annotations

import filecmp
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from facsinterp.faces.sources.reading.codings import Coding
from facsinterp.faces.sources.reading.files import UnreadableFile, number, read_text
from facsinterp.faces.sources.reading.listing import below
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.facs import EXPRESSIONS, expression_of

NAME: Final = re.compile(
    r"(?P<subject>S\d{3,4})_(?P<sequence>\d{3})_(?P<frame>\d{8})"
    r"(?:\.(?P<image>png)|_(?P<label>emotion|facs|landmarks)\.txt)",
    re.IGNORECASE | re.ASCII,
)
_FOLDER: Final = re.compile(r"S?\d{3,4}", re.IGNORECASE | re.ASCII)
_TITLES: Final = {"facs": "FACS file", "emotion": "emotion file"}
_ONSET: Final = 5
"""A sequence whose pictures begin later has lost those that show a neutral face."""
_NEAR: Final = 2
"""So many frames before the labelled one a picture may lie and still stand for it."""


@dataclass
class Sequence:
    """The files of one sequence by kind and frame number, and what its labels say."""

    subject: str
    name: str
    files: dict[str, dict[int, Path]] = field(default_factory=lambda: defaultdict(dict))
    codes: Mapping[int, Coding] | None = None
    """By unit, at the peak; units that are missing are absent. None when nobody coded it."""
    emotion: str = ""
    end: int = -1
    """The frame that its labels describe; its last image where it has no labels."""
    peak: int = -1
    """The image that shows that frame, -1 where none does."""
    contradicted: set[str] = field(default_factory=set)
    """Kinds of labels of which two copies differ."""

    @property
    def frames(self) -> list[int]:
        """Numbers of its images up to the peak, ascending."""
        return [frame for frame in sorted(self.files["image"]) if frame <= self.end]

    @property
    def neutral(self) -> int | None:
        """The image of a neutral face: its first, unless that was lost."""
        return next((frame for frame in self.frames[:1] if frame <= _ONSET), None)

    def image(self, frame: int) -> Path:
        """The picture of a frame."""
        return self.files["image"][frame]


def read_sequences(root: Path, files: Iterable[Path], notes: Notes) -> list[Sequence]:
    """Every sequence that has an image or a label, by name, with its labels read."""
    sequences = _grouped(root, files, notes)
    for sequence in sequences:
        _read_labels(root, sequence, notes)
    return sequences


def is_sequence_folder(name: str) -> bool:
    """Whether a folder is that of a subject (S005) or a sequence (001)."""
    return _FOLDER.fullmatch(name) is not None


def is_derived(image: Path) -> bool:
    """Whether an image lies in a folder named by an emotion, as in the CK+48 copies."""
    return expression_of(image.parent.name) is not None


def _grouped(root: Path, files: Iterable[Path], notes: Notes) -> list[Sequence]:
    """Files by sequence, kind and frame number; a name that is there twice counts once."""
    named = [(path, name) for path in files if (name := NAME.fullmatch(path.name))]
    originals = [one for one in named if not (one[1]["image"] and is_derived(one[0]))]
    copies = len(named) - len(originals)
    if copies and any(name["image"] for _, name in originals):
        notes.warn(
            f"{copies} images in folders named by emotion are CK+48, crops that others made; "
            "the original frames are used"
        )
        named = originals
    found: dict[str, Sequence] = {}
    for path, name in sorted(named, key=lambda one: one[0]):
        subject = name["subject"].upper()
        key = f"{subject}_{name['sequence']}"
        sequence = found.setdefault(key, Sequence(subject, key))
        kind = "image" if name["image"] else name["label"].lower()
        first = sequence.files[kind].setdefault(int(name["frame"]), path)
        if first is not path:
            _note_copy(root, sequence, kind, (first, path), notes)
    return [found[key] for key in sorted(found)]


def _note_copy(
    root: Path, sequence: Sequence, kind: str, copies: tuple[Path, Path], notes: Notes
) -> None:
    """Note a file that is there twice; labels whose copies differ are contradicted."""
    first, again = copies
    if _equal(first, again):
        notes.note("files that are there twice, the first by path is used", below(root, again))
    elif kind in _TITLES:
        sequence.contradicted.add(kind)
        notes.note(
            f"{_TITLES[kind]}s that are there twice and differ, neither is used",
            f"{below(root, first)} and {below(root, again)}",
        )
    else:
        notes.note(
            "files that are there twice and differ, the first by path is used",
            f"{below(root, first)} and {below(root, again)}",
        )


def _equal(first: Path, again: Path) -> bool:
    try:
        return filecmp.cmp(first, again, shallow=False)
    except OSError:
        return False


def _read_labels(root: Path, sequence: Sequence, notes: Notes) -> None:
    """Fill in codes, emotion and peak of a sequence; what cannot be read is noted."""
    images = sequence.files["image"]
    for kind, title in _TITLES.items():
        labels = [path for _, path in sorted(sequence.files[kind].items())]
        if not labels:
            continue
        *earlier, path = labels
        for other in earlier:
            notes.skip(below(root, other), f"a later {title} of its sequence is used")
        if not images:
            notes.skip(below(root, path), "no image of its sequence")
            continue
        if kind in sequence.contradicted:
            continue
        try:
            text = read_text(path)
            if kind == "facs":
                sequence.codes = _codes(text)
            else:
                sequence.emotion = _emotion(text)
        except UnreadableFile as reason:
            notes.skip(below(root, path), str(reason))
    if images:
        _find_peak(sequence, notes)
        _note_gaps(sequence, notes)


def _find_peak(sequence: Sequence, notes: Notes) -> None:
    """Fill in the frame that the labels describe and its image: that, or one just before it.

    Where that image is lost, so is what the labels say: they speak of no other frame.
    """
    images = sequence.files["image"]
    facs, emotion = sequence.files["facs"], sequence.files["emotion"]
    last = max(images)
    said = sequence.end = max(facs or emotion or images)
    sequence.peak = max((frame for frame in images if 0 <= said - frame <= _NEAR), default=-1)
    if facs and emotion and max(emotion) != said:
        notes.note(
            "sequences whose emotion and FACS codes name different frames, that of the codes is "
            "the peak",
            f"{sequence.name} frames {max(emotion)} and {said}",
        )
    if sequence.peak < 0:
        sequence.codes, sequence.emotion = None, ""
        notes.note(
            "sequences whose labelled frame has no image, nor one just before it, which are "
            "neither coded nor labelled",
            f"{sequence.name} frame {said}",
        )
    elif said not in images:
        notes.note(
            "sequences whose labels name a frame without image, the one before stands for it",
            f"{sequence.name} frame {said}, for it {sequence.peak}",
        )
    elif said != last:
        notes.note(
            "sequences whose images run on after the labelled frame, the later ones are left out",
            f"{sequence.name} after frame {said} to {last}",
        )


def _note_gaps(sequence: Sequence, notes: Notes) -> None:
    """Note images that are missing before the peak: each is told, for each changes what is read."""
    frames = sequence.frames
    if frames and sequence.neutral is None and frames != [sequence.peak]:
        notes.note(
            f"sequences whose images begin after frame {_ONSET}, of which none is neutral",
            f"{sequence.name} at {frames[0]}",
        )
    missing = frames[-1] - frames[0] + 1 - len(frames) if frames else 0
    if missing:
        notes.note(
            "sequences with images missing between their first and their last",
            f"{sequence.name} {missing} of {frames[-1] - frames[0] + 1}",
        )


def _codes(text: str) -> dict[int, Coding]:
    """The units of a FACS label file, with intensity 1 to 5, NaN where it is written as 0.

    One bad line spoils the file: units that are not listed count as absent, so a line that
    cannot be read would turn a present unit into an absent one.
    """
    scored: dict[int, float] = {}
    lines = [line.split() for line in text.splitlines() if line.strip()]
    for cells in lines:
        unit = number(cells[0])
        intensity = number(cells[1]) if len(cells) > 1 else 0.0
        if not (unit.is_integer() and 1 <= unit <= 99):
            message = f"{cells[0]} is not the number of an action unit"
            raise UnreadableFile(message)
        if not 0 <= intensity <= 5:
            message = f"{cells[1]} is not an intensity from 0 (not scored) to 5"
            raise UnreadableFile(message)
        # fmax passes over NaN, so that a score wins over none.
        scored[int(unit)] = float(np.fmax(scored.get(int(unit), np.nan), intensity or np.nan))
    if not lines:
        message = "it lists no action unit"
        raise UnreadableFile(message)
    if all(len(cells) == 1 for cells in lines):
        message = "its lines hold one number, not a unit and its intensity: is it an emotion file?"
        raise UnreadableFile(message)
    return {unit: Coding(True, intensity) for unit, intensity in scored.items()}


def _emotion(text: str) -> str:
    cells = text.split()
    if len(cells) != 1:
        what = f"{len(cells)} numbers, expected one: is it a FACS file?" if cells else "no number"
        message = f"it holds {what}"
        raise UnreadableFile(message)
    value = number(cells[0])
    if not (value.is_integer() and 0 <= value < len(EXPRESSIONS)):
        message = f"{cells[0]} is not an emotion from 0 to {len(EXPRESSIONS) - 1}"
        raise UnreadableFile(message)
    return EXPRESSIONS[int(value)]
