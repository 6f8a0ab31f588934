"""Pictures decoded and prepared once, into one memory-mapped array.

The array lies in a folder named by what was asked (the faces, the preparation with its
detector, the landmarks where the faces have any) and by the files' bytes. Asking again opens it
without decoding anything; the files are hashed each time, so that changed ones are noticed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

import numpy as np
import PIL
from numpy.typing import ArrayLike, NDArray

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import Pictures, SinglePictures, Skip
from facsinterp.faces.preparing.decoded import (
    Decoded,
    Preparer,
    content,
    folder_of,
    landmarks_of,
    misfits,
    write,
)
from facsinterp.faces.preparing.finders import finder_for
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.preparing.sighting import Finder
from facsinterp.faces.table import FaceTable
from facsinterp.progress import SILENT, Progress
from facsinterp.provenance import fingerprint

# Part of the name of each folder: another version finds nothing and decodes anew.
_VERSION: Final = 4


@dataclass(frozen=True, eq=False)
class Pixels:
    """Prepared pictures: `array[i]`, (row, col) grey or (row, col, 3) RGB, shows `images[i]`.

    `landmarks[i]` are its 68 points as (x, y) in pixels of `array[i]`, the centre of its top
    left pixel being (0, 0): NaN where this face has none, None where no face has. `skipped`
    names the pictures that could not be decoded. `fingerprint` changes when any pixel,
    identifier or their order changes, and does not depend on how they were made nor on the
    landmarks.

    Pixels that were decoded into a folder are pickled as the path of that folder, and opened
    there again: raises DataError where it cannot be reached, or holds something else.
    """

    images: NDArray[np.str_]
    array: NDArray[np.uint8]
    skipped: tuple[Skip, ...]
    fingerprint: str
    landmarks: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.images)

    def __reduce__(self) -> tuple[Any, ...]:
        folder = folder_of(self.array)
        if folder is not None:
            return _opened_again, (folder, self.fingerprint)
        return _carried, (self.images, self.array, self.skipped, self.fingerprint, self.landmarks)

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """A copy of the pictures at `rows`, in that order.

        Pictures in a file are read, not mapped: a map of the whole file would count as
        memory of the process once every picture was looked at.
        """
        array = self.array
        if not isinstance(array, np.memmap) or array.filename is None:
            return array[rows]
        found = np.empty((len(rows), *array.shape[1:]), np.uint8)
        size = found[:1].nbytes
        with open(array.filename, "rb", buffering=0) as file:
            for run in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) != 1) + 1):
                if run.size:
                    file.seek(array.offset + int(rows[run[0]]) * size)
                    found[run[0] : run[-1] + 1] = np.fromfile(
                        file, np.uint8, run.size * size
                    ).reshape(-1, *array.shape[1:])
        return found

    @classmethod
    def from_array(
        cls,
        images: Sequence[str] | NDArray[np.str_],
        array: ArrayLike,
        landmarks: ArrayLike | None = None,
    ) -> Self:
        """Pictures that are at hand: (image, row, col) or (image, row, col, 3), uint8.

        `landmarks`: (image, 68, 2), x and y in pixels of these pictures.
        Raises DataError when the parts do not fit or an identifier is repeated.
        """
        names = np.asarray(images, dtype=str)
        pixels = np.asarray(array)
        points = None if landmarks is None else np.array(landmarks, dtype=np.float32)
        DataError.raise_any(misfits(names, pixels, points))
        view = pixels.view()
        view.flags.writeable = False
        if points is not None:
            points.flags.writeable = False
        prints = [fingerprint(picture) for picture in view]
        return cls(names, view, (), content(names.tolist(), prints), points)

    @classmethod
    def decode(
        cls,
        faces: FaceTable,
        pictures: Pictures,
        preparation: Preparation,
        folder: Path,
        progress: Progress = SILENT,
        *,
        models: Mapping[str, Path] = MappingProxyType({}),
    ) -> Self:
        """The pictures of all faces, decoded into a folder in `folder` unless they are there.

        `models`: files of face detectors by their names. Pictures that cannot be decoded or
        cropped are left out and listed in `skipped`. Raises DataError when none can be, when
        the crop needs landmarks that the table does not hold, or a detector that is not there.
        """
        landmarks = landmarks_of(faces, preparation)
        finder = finder_for(preparation.crop, models)
        paths = faces.column("path").tolist()
        asked = _asked(faces, preparation, finder, landmarks)
        # Files are read for their hash only where something may lie ready for it; otherwise
        # they are hashed from the bytes that are decoded.
        known = ""
        if next(folder.glob(f"{asked}-*"), None) or not isinstance(pictures, SinglePictures):
            known = pictures.fingerprint(paths)
            ready = cls._opened(folder / f"{asked}-{known}")
            if ready is not None:
                progress.say(f"{amount(len(ready), 'picture')} decoded before")
                return ready
        made = Preparer(pictures, preparation, finder, landmarks)
        return cls._written(faces, made, folder, asked, known, progress)

    @classmethod
    def _written(
        cls,
        faces: FaceTable,
        preparer: Preparer,
        folder: Path,
        asked: str,
        known: str,
        progress: Progress,
    ) -> Self:
        """The pictures, made and written; `known`: the fingerprint of the files, if it is."""
        images, pictures = faces.images.tolist(), preparer.pictures
        with _unfinished(folder, asked) as partial:
            with progress.step("Preparing pictures", len(faces)) as advance:
                made = preparer.all(faces.column("path").tolist())
                digests = write(partial, images, preparer.preparation, made, advance)
            if isinstance(pictures, SinglePictures):
                known = pictures.fingerprint_of(digests)
            return cls._finished(partial, folder / f"{asked}-{known}")

    @classmethod
    def _finished(cls, partial: Path, folder: Path) -> Self:
        """The pictures, once their folder has its name; another process may have been faster."""
        if cls._opened(folder) is None:
            shutil.rmtree(folder, ignore_errors=True)  # it is damaged, if it is there at all
            partial.rename(folder)
        written = cls._opened(folder)
        if written is None:
            raise DataError(Fault("decoded pictures cannot be read back", where=str(folder)))
        return written

    @classmethod
    def _opened(cls, folder: Path) -> Self | None:
        """The pictures in a finished folder; None when it is missing or damaged."""
        found = Decoded.open(folder)
        return None if found is None else cls(**vars(found))


def _asked(
    faces: FaceTable,
    preparation: Preparation,
    finder: Finder | None,
    landmarks: NDArray[np.float32] | None,
) -> str:
    """The first part of the name of a folder: all that decides what lies in it but the files."""
    return fingerprint(
        _VERSION,
        PIL.__version__,
        asdict(preparation),
        finder.key if finder else "",
        faces.images.tolist(),
        landmarks if landmarks is not None else "",
    )


@contextmanager
def _unfinished(folder: Path, asked: str) -> Iterator[Path]:
    """A folder to write into, that is gone afterwards unless it got its name."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{asked}.", suffix=".partial", dir=folder))
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _carried(
    images: NDArray[np.str_],
    array: NDArray[np.uint8],
    skipped: tuple[Skip, ...],
    content_of: str,
    landmarks: NDArray[np.float32] | None,
) -> Pixels:
    """Pictures that were pickled; an array forgets on the way that it is not to be changed."""
    array.flags.writeable = False
    if landmarks is not None:
        landmarks.flags.writeable = False
    return Pixels(images, array, skipped, content_of, landmarks)


def _opened_again(folder: Path, wanted: str) -> Pixels:
    """The pictures that another process decoded. Raises DataError unless they are those."""
    pixels = Pixels._opened(folder)
    if pixels is None or pixels.fingerprint != wanted:
        raise DataError(
            Fault(
                "decoded pictures cannot be opened again",
                where=str(folder),
                expected=f"the pictures with fingerprint {wanted}",
                got="nothing, or damaged files" if pixels is None else pixels.fingerprint,
                do="let all workers reach this folder under this path: put --out on a disk that "
                "all machines share",
            )
        )
    return pixels
