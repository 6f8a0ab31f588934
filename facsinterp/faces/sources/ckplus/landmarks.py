"""The 68 landmarks of the frames of CK+, from text files or straight out of `Landmarks.zip`."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.sources.ckplus.files import NAME, Sequence
from facsinterp.faces.sources.reading.files import UnreadableFile, number, read_text, text_of
from facsinterp.faces.sources.reading.listing import below
from facsinterp.faces.sources.reading.notes import Notes

Points = NDArray[np.float64]
Frame = tuple[Sequence, int]

_POINTS: Final = 68
_ARCHIVE: Final = "landmarks.zip"


def archive_of(files: Iterable[Path], sequences: Iterable[Sequence]) -> Path | None:
    """`Landmarks.zip`, where no landmarks were unpacked."""
    if any(sequence.files["landmarks"] for sequence in sequences):
        return None
    return next((path for path in files if path.name.casefold() == _ARCHIVE), None)


def read_landmarks(
    root: Path, frames: Iterable[Frame], archive: Path | None, notes: Notes
) -> Points | None:
    """Landmarks (frame, 68, 2), NaN for a frame without; None where no frame has any."""
    wanted = list(frames)
    points = np.full((len(wanted), _POINTS, 2), np.nan)
    if archive is None:
        for row, (sequence, frame) in enumerate(wanted):
            path = sequence.files["landmarks"].get(frame)
            if path is not None:
                try:
                    points[row] = _points(read_text(path))
                except UnreadableFile as reason:
                    notes.skip(below(root, path), str(reason))
    else:
        _from_archive(root, wanted, archive, points, notes)
    missing = int(np.isnan(points).any(axis=(1, 2)).sum())
    if missing == len(points):
        return None
    if missing:
        notes.warn(f"landmarks of {missing} of {len(points)} faces are missing")
    return points


def _from_archive(
    root: Path, wanted: list[Frame], archive: Path, points: Points, notes: Notes
) -> None:
    """Fill in the points of the frames that an archive holds."""
    try:
        with _opened(archive) as book:
            members = _members(book)
            for row, (sequence, frame) in enumerate(wanted):
                member = members.get((sequence.name, frame))
                if member is None:
                    continue
                try:
                    points[row] = _points(text_of(_unpacked(book, member)))
                except UnreadableFile as reason:
                    notes.skip(below(root, archive / member), str(reason))
    except UnreadableFile as reason:
        notes.skip(below(root, archive), str(reason))


def _unpacked(book: zipfile.ZipFile, member: str) -> bytes:
    """The content of a member; UnreadableFile where it cannot be unpacked."""
    if book.getinfo(member).flag_bits & 1:
        message = "it is encrypted"
        raise UnreadableFile(message)
    try:
        return book.read(member)
    except NotImplementedError:
        message = "it is packed by a method that is not known"
        raise UnreadableFile(message) from None
    except Exception as error:  # unpackers raise anything for broken bytes
        message = f"it cannot be unpacked: {str(error) or type(error).__name__}"
        raise UnreadableFile(message) from None


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        book = zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, OSError) as error:
        message = f"the archive cannot be read: {error}"
        raise UnreadableFile(message) from None
    with book:
        yield book


def _members(book: zipfile.ZipFile) -> Mapping[tuple[str, int], str]:
    """Member by sequence and frame; where one is there twice, the first by path."""
    found: dict[tuple[str, int], str] = {}
    for member in sorted(book.namelist()):
        name = NAME.fullmatch(PurePosixPath(member).name)
        if name and (name["label"] or "").casefold() == "landmarks":
            key = f"{name['subject'].upper()}_{name['sequence']}", int(name["frame"])
            found.setdefault(key, member)
    return found


def _points(text: str) -> Points:
    """The 68 points (x, y) of a landmark file; UnreadableFile when it holds anything else."""
    values = [number(cell) for cell in text.split()]
    if len(values) != 2 * _POINTS:
        message = f"it holds {len(values)} numbers, expected {_POINTS} lines of x and y"
        raise UnreadableFile(message)
    return np.array(values).reshape(_POINTS, 2)
