"""The extended Cohn-Kanade database (CK+), and anything laid out like it.

A sequence runs from a neutral face to the peak of an expression. FACS coders scored the
peak frame alone, and listed the units that are present; the others are absent.

Lucey, Cohn, Kanade, Saragih, Ambadar and Matthews: The Extended Cohn-Kanade Dataset (CK+),
CVPR Workshops 2010.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources import ckplus_files as tree
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.files import UnreadableFile, existing_folder, real_files
from facsinterp.faces.sources.licences import open_licence
from facsinterp.faces.table import FaceTable, Found, Terms
from facsinterp.facs import EXPRESSIONS, UNITS, label

# The subjects usually named as having consented; the user's own agreement decides.
CONSENTED: Final = frozenset(
    f"S{n:03d}" for n in (52, 55, 74, 106, 111, 113, 121, 124, 125, 130, 132)
)
PUBLISHED: Final[Mapping[str, int]] = {
    "sequences": 593,
    "subjects": 123,
    "FACS files": 593,
    "emotion labels": 327,
    "anger": 45,
    "contempt": 18,
    "disgust": 59,
    "fear": 25,
    "happy": 69,
    "sadness": 28,
    "surprise": 83,
}
_TERMS: Final = (
    "Non-commercial research under the user agreement of CK+; no redistribution; only "
    "subjects who consented may be shown."
)
_KINDS: Final = {
    "image": "images",
    "facs": "FACS codes",
    "emotion": "emotions",
    "landmarks": "landmarks",
}
_SHOWN: Final = 5


class CkPlusOptions(SourceOptions):
    """Which frames of each sequence are taken, and whose faces may be shown."""

    frames: Literal["first+last", "all", "peak"] = "first+last"
    last: int = Field(3, ge=1)
    """How many frames up to the peak carry the sequence's emotion."""
    neutral: bool = True
    """Whether the first frame of each sequence, a neutral face, is taken."""
    inherit: bool = False
    """Whether those last frames count as coded like the peak. They are near copies of it."""
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
    codes: Mapping[int, float] | None

    @property
    def path(self) -> Path:
        return self.sequence.image(self.frame)

    @property
    def name(self) -> str:
        return f"{self.sequence.name}_{self.frame:08d}"


def _read(folder: Path | None, options: CkPlusOptions) -> FaceTable:
    """Every face of the data set with its codes; DataError when nothing can be used."""
    root = existing_folder(folder, "CK+")
    notes = tree.Notes(root)
    files = real_files(root)
    sequences = tree.read_sequences(files, notes)
    _require_usable(root, files, sequences, notes)
    shown = [sequence for sequence in sequences if sequence.frames]
    faces = [face for sequence in shown for face in _taken(sequence, options)]
    units = _units(shown, notes)
    present, intensity, coded = _grid(faces, units)
    landmarks = _landmarks(faces, notes)
    return FaceTable.from_arrays(
        [face.name for face in faces],
        units,
        present,
        coded=coded,
        intensity=intensity,
        subject=[face.sequence.subject for face in faces],
        sequence=[face.sequence.name for face in faces],
        frame=[face.frame for face in faces],
        phase=[face.phase for face in faces],
        expression=[face.expression for face in faces],
        path=[face.path.relative_to(root).as_posix() for face in faces],
        landmarks=landmarks,
        terms=_terms(root, options),
        found=Found(
            _layout(root, sequences),
            _counts(shown),
            PUBLISHED,
            tuple(notes.skipped),
            tuple(notes.warnings),
        ),
    )


def _terms(root: Path, options: CkPlusOptions) -> Terms:
    """The terms of CK+, unless the user or the data's own licence says otherwise."""
    if options.showable == "all":
        return Terms("data in the CK+ layout")
    licence = open_licence(root) if options.showable == "licence" else None
    if licence is not None:
        return Terms(
            "data in the CK+ layout",
            f"{licence} in the data's folder lets everybody show the faces.",
        )
    return Terms("CK+", _TERMS, CONSENTED)


def _taken(sequence: tree.Sequence, options: CkPlusOptions) -> Iterator[_Face]:
    """The frames of a sequence that the options ask for, in order."""
    frames = sequence.frames
    first, peak = frames[0], frames[-1]
    late = (frames[1:] or frames)[-options.last :]
    for frame in frames:
        if frame == peak:
            phase = "apex"
        elif frame == first:
            phase = "neutral"
        else:
            phase = "onset"
        if phase == "neutral":
            wanted = options.neutral
        else:
            wanted = {"all": True, "peak": frame == peak, "first+last": frame in late}[
                options.frames
            ]
        if wanted:
            coded = frame == peak or (options.inherit and frame in late)
            yield _Face(
                sequence,
                frame,
                phase,
                "neutral" if phase == "neutral" else sequence.emotion if frame in late else "",
                sequence.codes if coded else None,
            )


def _units(sequences: Iterable[tree.Sequence], notes: tree.Notes) -> tuple[int, ...]:
    """The units of FACS that any peak shows; other numbers are noted."""
    counts = Counter(unit for sequence in sequences for unit in sequence.codes or ())
    notes.warnings.extend(
        f"{label(unit)} is not a FACS code; left out of {count} label files"
        for unit, count in sorted(counts.items())
        if unit not in UNITS
    )
    return tuple(sorted(unit for unit in counts if unit in UNITS))


def _grid(
    faces: Sequence[_Face], units: Sequence[int]
) -> tuple[NDArray[np.bool_], NDArray[np.float32], NDArray[np.bool_]]:
    """Presence, intensity and whether coded, (image, au)."""
    present = np.zeros((len(faces), len(units)), dtype=bool)
    intensity = np.full(present.shape, np.nan, dtype=np.float32)
    coded = np.zeros_like(present)
    for row, face in enumerate(faces):
        if face.codes is None:
            continue
        coded[row] = True
        present[row] = [unit in face.codes for unit in units]
        intensity[row] = [face.codes.get(unit, 0.0) for unit in units]
    return present, intensity, coded


def _landmarks(faces: Sequence[_Face], notes: tree.Notes) -> NDArray[np.float64] | None:
    """Landmarks (image, 68, 2) where every face has them, else None."""
    points = []
    for face in faces:
        path = face.sequence.files["landmarks"].get(face.frame)
        if path is None:
            continue
        try:
            points.append(tree.read_landmarks(path))
        except UnreadableFile as reason:
            notes.skip(path, str(reason))
    if len(points) == len(faces):
        return np.stack(points)
    if points:
        notes.warnings.append(
            f"landmarks of {len(faces) - len(points)} of {len(faces)} faces are missing; "
            "none are used"
        )
    return None


def _counts(sequences: Sequence[tree.Sequence]) -> dict[str, int]:
    emotions = Counter(sequence.emotion for sequence in sequences if sequence.emotion)
    return {
        "sequences": len(sequences),
        "subjects": len({sequence.subject for sequence in sequences}),
        "images": sum(len(sequence.files["image"]) for sequence in sequences),
        "FACS files": sum(bool(sequence.files["facs"]) for sequence in sequences),
        "emotion labels": emotions.total(),
        **{emotion: emotions[emotion] for emotion in EXPRESSIONS[1:]},
    }


def _layout(root: Path, sequences: Iterable[tree.Sequence]) -> str:
    """Where each kind of file was found: `images in cohn-kanade-images, FACS codes in FACS`."""
    places: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    for sequence in sequences:
        for kind, files in sequence.files.items():
            for path in files.values():
                folders = path.relative_to(root).parent.parts
                above = [part for part in folders if not tree.is_sequence_folder(part)]
                places[kind].add("/".join(above) or "the folder itself")
    return ", ".join(
        f"{_KINDS[kind]} in {' and '.join(sorted(found))}" if found else f"no {_KINDS[kind]}"
        for kind, found in places.items()
    )


def _require_usable(
    root: Path, files: Sequence[Path], sequences: Sequence[tree.Sequence], notes: tree.Notes
) -> None:
    """Raise DataError when this is not CK+, or holds no images or no readable codes."""
    images = [path for sequence in sequences for path in sequence.files["image"].values()]
    names = [path.name for path in files]
    got = ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "") or "nothing"
    if not images:
        zipped = [name for name in names if name.casefold().endswith(".zip")]
        raise DataError(
            Fault(
                "no images of CK+ are in this folder",
                where=str(root),
                expected="files such as cohn-kanade-images/S005/001/S005_001_00000011.png",
                got=got,
                do=f"unpack {', '.join(zipped)}" if zipped else "name the folder of the data set",
            )
        )
    if all(tree.is_derived(image) for image in images):
        raise DataError(
            Fault(
                "this is CK+48, a copy of cropped frames sorted by emotion",
                where=str(root),
                expected="the original CK+, whose peak frames have FACS codes",
                got=f"{len(images)} images in folders named by emotion",
                do="ask for CK+ with its four archives",
            )
        )
    if not any(sequence.codes for sequence in sequences):
        spoilt = [
            Fault("a FACS file cannot be used", where=path, got=reason)
            for path, reason in notes.skipped
            if path.casefold().endswith("_facs.txt")
        ]
        missing = Fault(
            "no sequence has FACS codes",
            where=str(root),
            expected="files such as FACS/S005/001/S005_001_00000011_facs.txt",
            got=f"{len(images)} images, {len(spoilt)} FACS files that cannot be used",
            do="unpack FACS_labels.zip beside the images",
        )
        raise DataError([missing, *spoilt[:_SHOWN]])


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
