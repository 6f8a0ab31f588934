"""The extended Cohn-Kanade database (CK+), its first release (CK), and anything laid out like it.

A sequence runs from a neutral face to the peak of an expression. FACS coders scored the
peak frame alone, and listed the units that are present; the others are absent.

Lucey, Cohn, Kanade, Saragih, Ambadar and Matthews: The Extended Cohn-Kanade Dataset (CK+),
CVPR Workshops 2010. Kanade, Cohn and Tian: Comprehensive Database for Facial Expression
Analysis, FG 2000.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources.ckplus import checks
from facsinterp.faces.sources.ckplus import files as tree
from facsinterp.faces.sources.ckplus.landmarks import archive_of, read_landmarks
from facsinterp.faces.sources.ckplus.sheet import code_by_sheet, sheets_of
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.reading.codings import ABSENT, NOT_CODED, Coding, grids
from facsinterp.faces.sources.reading.files import existing_folder, real_files
from facsinterp.faces.sources.reading.licences import terms_of
from facsinterp.faces.sources.reading.listing import below
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found, Terms
from facsinterp.facs import UNITS, label

# The subjects usually named as having consented; the user's own agreement decides.
CONSENTED: Final = frozenset(
    f"S{n:03d}" for n in (52, 55, 74, 106, 111, 113, 121, 124, 125, 130, 132)
)
_TERMS: Final = (
    "Non-commercial research under the user agreement of CK+; no redistribution; only "
    "subjects who consented may be shown."
)


class CkPlusOptions(SourceOptions):
    """Which sequences, which frames of each, and whose faces may be shown."""

    frames: Literal["first+last", "all", "peak"] = "first+last"
    last: int = Field(3, ge=1)
    """How many frames up to the peak carry the sequence's emotion, by their numbers."""
    neutral: bool = True
    """Whether the first frame of each sequence, a neutral face, is taken."""
    inherit: bool = False
    """Whether those last frames count as coded like the peak. They are near copies of it."""
    sequences: Literal["all", "labelled"] = "all"
    """Every sequence, or those with an emotion label alone (327 of CK+), from which Khorrami
    et al. (2015) took the first and the last three frames: 1,308 images. With "all", the
    first frames of the other sequences are neutral faces too."""
    showable: Literal["licence", "consented", "all"] = "licence"
    """Who may be shown: the subjects of CK+ who consented, or everybody; "licence" means
    everybody where the folder holds an open licence of its own, and so is not CK+."""


@dataclass(frozen=True)
class _Face:
    """One frame that is taken."""

    sequence: tree.Sequence
    frame: int
    phase: str
    expression: str
    codes: Mapping[int, Coding] | None

    @property
    def path(self) -> Path:
        return self.sequence.image(self.frame)

    @property
    def name(self) -> str:
        return f"{self.sequence.name}_{self.frame:08d}"

    def coding(self, unit: int) -> Coding:
        """What was coded of a unit: nothing in a frame that nobody coded."""
        return NOT_CODED if self.codes is None else self.codes.get(unit, ABSENT)


def _read(folder: Path | None, options: CkPlusOptions) -> FaceTable:
    """Every face of the data set with its codes; DataError when nothing can be used."""
    root = existing_folder(folder, "CK+")
    notes = Notes()
    files = real_files(root)
    sequences = tree.read_sequences(root, files, notes)
    checks.require_images(root, files, sequences)
    sheet = _coded_by_sheet(root, files, sequences, notes)
    checks.require_codes(root, sequences, notes)
    notes.warn(*checks.gaps(files, sequences))
    shown = [sequence for sequence in sequences if sequence.frames]
    faces = [face for one in _asked(root, shown, options) for face in _taken(one, options)]
    archive = archive_of(files, sequences)
    frames = [(face.sequence, face.frame) for face in faces]
    points = read_landmarks(root, frames, archive, notes)
    units = _units(faces, notes)
    return FaceTable.from_arrays(
        [face.name for face in faces],
        units,
        **grids([{unit: face.coding(unit) for unit in units} for face in faces], units),
        subject=[face.sequence.subject for face in faces],
        sequence=[face.sequence.name for face in faces],
        frame=[face.frame for face in faces],
        phase=[face.phase for face in faces],
        expression=[face.expression for face in faces],
        path=[below(root, face.path) for face in faces],
        landmarks=points,
        terms=_terms(root, options, notes),
        found=Found(
            checks.layout_of(root, sequences, sheet, archive),
            checks.counted(shown),
            checks.PUBLISHED if sheet is None else checks.PUBLISHED_OLDER,
            notes.skipped,
            notes.warnings,
        ),
    )


def _coded_by_sheet(
    root: Path, files: Sequence[Path], sequences: Sequence[tree.Sequence], notes: Notes
) -> Path | None:
    """The sheet of the first release that gave the sequences their codes, if they have no files."""
    others = sheets_of(files)
    sheet = None
    if others and not any(sequence.files["facs"] for sequence in sequences):
        sheet = others.pop(0)
        code_by_sheet(root, sequences, sheet, notes)
    kind = "sheets that are not read, for the codes are there already"
    notes.note(kind, *(below(root, other) for other in others))
    return sheet


def _terms(root: Path, options: CkPlusOptions, notes: Notes) -> Terms:
    """The terms of CK+, unless the user or the data's own licence says otherwise."""
    if options.showable == "consented":
        return Terms("CK+", _TERMS, CONSENTED, redistributable=False)
    return terms_of(root, "CK+", _TERMS, options.showable, notes, showable=CONSENTED)


def _asked(
    root: Path, sequences: Sequence[tree.Sequence], options: CkPlusOptions
) -> Sequence[tree.Sequence]:
    """The sequences that the options ask for; DataError when there is none."""
    if options.sequences == "all":
        return sequences
    labelled = [sequence for sequence in sequences if sequence.emotion]
    if not labelled:
        raise DataError(
            Fault(
                "no sequence has an emotion label",
                where=str(root),
                expected="files such as Emotion/S005/001/S005_001_00000011_emotion.txt",
                got=f"{len(sequences)} sequences without",
                do='unpack Emotion_labels.zip, or set sequences = "all"',
            )
        )
    return labelled


def _taken(sequence: tree.Sequence, options: CkPlusOptions) -> Iterator[_Face]:
    """The frames of a sequence that the options ask for, in order.

    The last frames are those by number: where some are missing, none before stands for them.
    """
    frames, peak = sequence.frames, sequence.peak
    neutral = sequence.neutral if sequence.neutral != peak else None
    moving = [frame for frame in frames if frame != neutral]
    late = {frame for frame in moving if 0 <= peak - frame < options.last}
    wanted = {
        "all": {*moving},
        "peak": late & {peak},
        "first+last": late,
    }[options.frames] | ({neutral} if options.neutral and neutral is not None else set())
    for frame in sorted(wanted):
        coded = frame == peak or (options.inherit and frame in late)
        yield _Face(
            sequence,
            frame,
            "apex" if frame == peak else "neutral" if frame == neutral else "onset",
            "neutral" if frame == neutral else sequence.emotion if frame in late else "",
            sequence.codes if coded else None,
        )


def _units(faces: Iterable[_Face], notes: Notes) -> tuple[int, ...]:
    """The units of FACS that any peak shows; other numbers are noted."""
    peaks = {face.sequence.name: face.codes for face in faces if face.codes is not None}
    counts = Counter(
        unit for codes in peaks.values() for unit, coding in codes.items() if coding.present
    )
    notes.warn(
        *(
            f"{label(unit)} is not a FACS code; left out of {count} sequences"
            for unit, count in sorted(counts.items())
            if unit not in UNITS
        )
    )
    return tuple(sorted(unit for unit in counts if unit in UNITS))


def _pictures(folder: Path | None, _options: CkPlusOptions) -> FilePictures:
    return FilePictures(existing_folder(folder, "CK+"))


SOURCE: Final = Source(
    name="ckplus",
    title="Extended Cohn-Kanade (CK+)",
    folders=("CK+", "ckplus", "CKPlus", "ck", "cohn-kanade-plus", "ictfaces-ck"),
    Options=CkPlusOptions,
    read=_read,
    pictures=_pictures,
)
