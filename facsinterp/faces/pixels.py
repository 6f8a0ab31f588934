"""Pictures decoded and prepared once, into one memory-mapped array.

The array lies in a folder named by its content (the files' bytes, the preparation and, for
crops by landmarks, the landmarks). Asking again opens it without decoding anything.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import PIL
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import Pictures, Skip
from facsinterp.faces.prepare import Preparation, prepare
from facsinterp.faces.table import FaceTable
from facsinterp.progress import SILENT, Advance, Progress
from facsinterp.provenance import fingerprint

# Part of the name of each folder: another version finds nothing and decodes anew.
_VERSION: Final = 1
_ARRAY: Final = "pixels.npy"
_INDEX: Final = "pixels.json"
_SHOWN: Final = 5


@dataclass(frozen=True, eq=False)
class Pixels:
    """Prepared pictures: `array[i]`, (row, col) grey or (row, col, 3) RGB, shows `images[i]`.

    `skipped` names the pictures that could not be decoded. `fingerprint` changes when any
    pixel, identifier or their order changes, and does not depend on how they were made.

    Pixels that were decoded into a folder are pickled as the path of that folder, and opened
    there again: raises DataError where it cannot be reached, or holds something else.
    """

    images: NDArray[np.str_]
    array: NDArray[np.uint8]
    skipped: tuple[Skip, ...]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.images)

    def __reduce__(self) -> tuple[Any, ...]:
        folder = _folder_of(self.array)
        if folder is not None:
            return _opened_again, (folder, self.fingerprint)
        return _carried, (self.images, self.array, self.skipped, self.fingerprint)

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
    def from_array(cls, images: Sequence[str] | NDArray[np.str_], array: ArrayLike) -> Self:
        """Pictures that are at hand: (image, row, col) or (image, row, col, 3), uint8.

        Raises DataError when the parts do not fit or an identifier is repeated.
        """
        names = np.asarray(images, dtype=str)
        pixels = np.asarray(array)
        DataError.raise_any(_misfits(names, pixels))
        view = pixels.view()
        view.flags.writeable = False
        prints = [fingerprint(picture) for picture in view]
        return cls(names, view, (), _content(names.tolist(), prints))

    @classmethod
    def decode(
        cls,
        faces: FaceTable,
        pictures: Pictures,
        preparation: Preparation,
        folder: Path,
        progress: Progress = SILENT,
    ) -> Self:
        """The pictures of all faces, decoded into `folder/<key>/` unless they are there already.

        Pictures that cannot be decoded are left out and listed in `skipped`. Raises
        DataError when none can be decoded, or when the crop needs landmarks that the table
        does not hold.
        """
        landmarks = _landmarks(faces, preparation)
        paths = faces.column("path").tolist()
        key = fingerprint(
            _VERSION,
            PIL.__version__,
            pictures.fingerprint(paths),
            asdict(preparation),
            faces.images.tolist(),
            landmarks if landmarks is not None else "",
        )
        ready = cls._opened(folder / key)
        if ready is not None:
            progress.say(f"{len(ready)} pictures were decoded before")
            return ready
        folder.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f"{key}.", suffix=".partial", dir=folder))
        try:
            with progress.step("Decoding pictures", len(faces)) as advance:
                prepared = _prepared(faces, pictures, preparation, landmarks)
                _write(partial, faces.images.tolist(), preparation, prepared, advance)
            return cls._finished(partial, folder / key)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

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
        try:
            index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
            array = np.load(folder / _ARRAY, mmap_mode="r")
            names = np.asarray(index["images"], dtype=str)
            skipped = tuple(Skip(path, reason) for path, reason in index["skipped"])
            found = str(index["fingerprint"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return None if any(_misfits(names, array)) else cls(names, array, skipped, found)


def _folder_of(array: NDArray[np.uint8]) -> Path | None:
    """The finished folder that an array is a map of."""
    if not isinstance(array, np.memmap) or array.filename is None:
        return None
    file = Path(array.filename)
    return file.parent if file.name == _ARRAY and (file.parent / _INDEX).is_file() else None


def _carried(
    images: NDArray[np.str_],
    array: NDArray[np.uint8],
    skipped: tuple[Skip, ...],
    content: str,
) -> Pixels:
    """Pictures that were pickled; an array forgets on the way that it is not to be changed."""
    array.flags.writeable = False
    return Pixels(images, array, skipped, content)


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


def _landmarks(faces: FaceTable, preparation: Preparation) -> NDArray[np.float32] | None:
    """Landmarks (image, 68, 2) where the preparation needs them, else None."""
    if preparation.crop != "landmarks":
        return None
    if "landmarks" not in faces.data:
        raise DataError(
            Fault(
                "these faces have no landmarks to crop by",
                got=faces.found.layout,
                do='choose crop = "centre" or "none"',
            )
        )
    return np.asarray(faces.data["landmarks"].values, dtype=np.float32)


def _prepared(
    faces: FaceTable,
    pictures: Pictures,
    preparation: Preparation,
    landmarks: NDArray[np.float32] | None,
) -> Iterator[NDArray[np.uint8] | Skip]:
    paths = faces.column("path").tolist()
    for row, (path, picture) in enumerate(zip(paths, pictures.open(paths), strict=True)):
        if isinstance(picture, Skip):
            yield picture
            continue
        try:
            yield prepare(picture, preparation, None if landmarks is None else landmarks[row])
        except ValueError as error:
            yield Skip(path, str(error))


def _write(
    partial: Path,
    images: Sequence[str],
    preparation: Preparation,
    prepared: Iterator[NDArray[np.uint8] | Skip],
    advance: Advance,
) -> None:
    """The array and its index, written into a folder that is not finished yet."""
    array = np.lib.format.open_memmap(
        partial / _ARRAY, mode="w+", dtype=np.uint8, shape=(len(images), *preparation.shape)
    )
    kept: list[str] = []
    prints: list[str] = []
    skipped: list[Skip] = []
    for image, picture in zip(images, prepared, strict=True):
        if isinstance(picture, Skip):
            skipped.append(picture)
        else:
            array[len(kept)] = picture
            kept.append(image)
            prints.append(fingerprint(picture))
        advance(1)
    if not kept:
        raise _nothing(skipped)
    array.flush()
    if skipped:
        np.save(partial / "kept.npy", array[: len(kept)])
        del array
        (partial / "kept.npy").replace(partial / _ARRAY)
    index = {
        "images": kept,
        "skipped": [(skip.path, skip.reason) for skip in skipped],
        "fingerprint": _content(kept, prints),
    }
    (partial / _INDEX).write_text(json.dumps(index, ensure_ascii=False), encoding="utf-8")


def _content(images: Sequence[str], prints: Sequence[str]) -> str:
    """The fingerprint of pictures by those of each, so that they need not be held at once."""
    return fingerprint(list(images), list(prints))


def _nothing(skipped: Sequence[Skip]) -> DataError:
    faults = [
        Fault("a picture cannot be used", where=skip.path, got=skip.reason)
        for skip in skipped[:_SHOWN]
    ]
    return DataError([Fault(f"none of {len(skipped)} pictures could be decoded"), *faults])


def _misfits(images: NDArray[np.str_], array: NDArray[np.generic]) -> Iterator[Fault]:
    if array.dtype != np.uint8 or array.ndim not in (3, 4) or array.shape[3:] not in ((), (3,)):
        yield Fault(
            "pictures of another kind",
            expected="uint8 of shape (image, row, col) or (image, row, col, 3)",
            got=f"{array.dtype} of shape {array.shape}",
        )
    if images.shape != array.shape[:1]:
        yield Fault(
            "identifiers do not fit the pictures",
            expected=f"{len(array)} of them" if array.ndim else "pictures",
            got=f"shape {images.shape}",
        )
    names, counts = np.unique(images, return_counts=True)
    if (counts > 1).any():
        repeated = names[counts > 1].tolist()
        yield Fault(
            "identifiers of pictures are repeated",
            expected="each once",
            got=", ".join(repeated[:_SHOWN]) + (" ..." if len(repeated) > _SHOWN else ""),
        )
