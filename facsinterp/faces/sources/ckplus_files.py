"""The sequences of a CK+ tree: which files belong to each, and what its labels say.

Files are found by their names, `S005_001_00000011[_emotion|_facs|_landmarks].(png|txt)`,
wherever they lie below the folder, so that every way in which the four archives are
unpacked (renamed, doubled or flattened folders) reads the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.sources.files import UnreadableFile, number, read_text
from facsinterp.facs import EXPRESSIONS, expression_of

_NAME: Final = re.compile(
    r"(?P<subject>S\d{3,4})_(?P<sequence>\d{3})_(?P<frame>\d{8})"
    r"(?:\.(?P<image>png)|_(?P<label>emotion|facs|landmarks)\.txt)",
    re.IGNORECASE | re.ASCII,
)
_FOLDER: Final = re.compile(r"S?\d{3,4}", re.IGNORECASE | re.ASCII)
_POINTS: Final = 68


@dataclass
class Notes:
    """What is left out and what is odd, gathered while a tree is read."""

    root: Path
    skipped: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def skip(self, path: Path, reason: str) -> None:
        """Note a file that is left out."""
        self.skipped.append((path.relative_to(self.root).as_posix(), reason))


@dataclass
class Sequence:
    """The files of one sequence by kind and frame number, and what its labels say."""

    subject: str
    name: str
    files: dict[str, dict[int, Path]] = field(default_factory=lambda: defaultdict(dict))
    codes: dict[int, float] | None = None
    """Unit -> intensity (NaN = not scored) at the peak; None when nobody coded it."""
    emotion: str = ""
    peak: int = -1

    @property
    def frames(self) -> list[int]:
        """Numbers of its images up to the peak, ascending."""
        return [frame for frame in sorted(self.files["image"]) if frame <= self.peak]

    def image(self, frame: int) -> Path:
        """The picture of a frame."""
        return self.files["image"][frame]


def read_sequences(files: Iterable[Path], notes: Notes) -> list[Sequence]:
    """Every sequence that has an image or a label, by name, with its labels read."""
    sequences = _grouped(files, notes)
    for sequence in sequences:
        _read_labels(sequence, notes)
    return sequences


def read_landmarks(path: Path) -> NDArray[np.float64]:
    """The 68 points (x, y) of a landmark file; UnreadableFile when it holds anything else."""
    values = [number(cell) for cell in read_text(path).split()]
    if len(values) != 2 * _POINTS:
        message = f"it holds {len(values)} numbers, expected {_POINTS} lines of x and y"
        raise UnreadableFile(message)
    return np.array(values).reshape(_POINTS, 2)


def _grouped(files: Iterable[Path], notes: Notes) -> list[Sequence]:
    """Files by sequence, kind and frame number; a name that is there twice counts once."""
    found: dict[str, Sequence] = {}
    twice = 0
    # Copies in folders named by emotion are crops made by others: last, so never preferred.
    for path in sorted(files, key=lambda path: (is_derived(path), path)):
        name = _NAME.fullmatch(path.name)
        if not name:
            continue
        subject = name["subject"].upper()
        key = f"{subject}_{name['sequence']}"
        sequence = found.setdefault(key, Sequence(subject, key))
        kind = sequence.files["image" if name["image"] else name["label"].lower()]
        if int(name["frame"]) in kind:
            twice += 1
        else:
            kind[int(name["frame"])] = path
    if twice:
        notes.warnings.append(f"{twice} files are there twice; the first by path is used")
    return [found[key] for key in sorted(found)]


def is_sequence_folder(name: str) -> bool:
    """Whether a folder is that of a subject (S005) or a sequence (001)."""
    return _FOLDER.fullmatch(name) is not None


def is_derived(image: Path) -> bool:
    """Whether an image lies in a folder named by an emotion, as in the CK+48 copies."""
    return expression_of(image.parent.name) is not None


def _read_labels(sequence: Sequence, notes: Notes) -> None:
    """Fill in codes, emotion and peak of a sequence; what cannot be read is noted."""
    images = sequence.files["image"]
    for kind in ("facs", "emotion"):
        labels = sequence.files[kind]
        if not labels:
            continue
        frame = max(labels)
        if not images:
            notes.skip(labels[frame], "no image of its sequence")
            continue
        try:
            text = read_text(labels[frame])
            if kind == "facs":
                sequence.codes = _codes(text)
            else:
                sequence.emotion = _emotion(text)
        except UnreadableFile as reason:
            notes.skip(labels[frame], str(reason))
    if images:
        sequence.peak = _peak(sequence, notes)


def _peak(sequence: Sequence, notes: Notes) -> int:
    """The frame that the labels describe: theirs, or the last image before it."""
    images = sequence.files["image"]
    labels = sequence.files["facs"] or sequence.files["emotion"]
    last = max(images)
    if not labels:
        return last
    said = max(labels)
    peak = max((frame for frame in images if frame <= said), default=last)
    if said not in images:
        notes.warnings.append(
            f"{sequence.name}: the labels name frame {said}, which has no image; "
            f"frame {peak} stands for it"
        )
    elif said != last:
        notes.warnings.append(
            f"{sequence.name}: images run on to frame {last} after the labelled frame {said}; "
            "the later ones are left out"
        )
    return peak


def _codes(text: str) -> dict[int, float]:
    """Unit -> intensity (1 to 5, NaN = present but not scored) of a FACS label file.

    One bad line spoils the file: units that are not listed count as absent, so a line that
    cannot be read would turn a present unit into an absent one.
    """
    codes: dict[int, float] = {}
    for line in text.splitlines():
        cells = line.split()
        if not cells:
            continue
        unit = number(cells[0])
        intensity = number(cells[1]) if len(cells) > 1 else 0.0
        if not (unit.is_integer() and 1 <= unit <= 99):
            message = f"{cells[0]} is not the number of an action unit"
            raise UnreadableFile(message)
        if not 0 <= intensity <= 5:
            message = f"{cells[1]} is not an intensity from 0 (not scored) to 5"
            raise UnreadableFile(message)
        codes[int(unit)] = np.fmax(codes.get(int(unit), np.nan), intensity or np.nan)
    if not codes:
        message = "it lists no action unit"
        raise UnreadableFile(message)
    return codes


def _emotion(text: str) -> str:
    cells = text.split()
    if not cells:
        message = "it holds no number"
        raise UnreadableFile(message)
    value = number(cells[0])
    if not (value.is_integer() and 0 <= value < len(EXPRESSIONS)):
        message = f"{cells[0]} is not an emotion from 0 to {len(EXPRESSIONS) - 1}"
        raise UnreadableFile(message)
    return EXPRESSIONS[int(value)]
