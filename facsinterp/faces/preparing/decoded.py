"""A folder of prepared pictures: an array, the landmarks in it, and an index.

Written whole or not at all by `Pixels.decode`; read back as `Decoded`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.amounts import amount
from facsinterp.errors import DataError, FacsinterpError, Fault
from facsinterp.faces.pictures import Opened, Pictures, SinglePictures, Skip
from facsinterp.faces.pictures.ordered import in_order
from facsinterp.faces.preparing.prepare import Preparation, shown, sight
from facsinterp.faces.preparing.sighting import Finder, Sighting
from facsinterp.faces.table import FaceTable
from facsinterp.progress import Advance
from facsinterp.provenance import fingerprint

ARRAY: Final = "pixels.npy"
INDEX: Final = "pixels.json"
LANDMARKS: Final = "landmarks.npy"
SHOWN: Final = 5
"""Faults of one kind that a message lists."""

Points = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Decoded:
    """What a finished folder holds; see `Pixels` for the parts."""

    images: NDArray[np.str_]
    array: NDArray[np.uint8]
    skipped: tuple[Skip, ...]
    fingerprint: str
    landmarks: Points | None

    @classmethod
    def open(cls, folder: Path) -> Decoded | None:
        """The content of a folder; None when it is missing or damaged."""
        try:
            index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
            array = np.load(folder / ARRAY, mmap_mode="r")
            names = np.asarray(index["images"], dtype=str)
            skipped = tuple(Skip(path, reason) for path, reason in index["skipped"])
            found = str(index["fingerprint"])
            points = np.load(folder / LANDMARKS) if index["landmarks"] else None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if any(misfits(names, array, points)):
            return None
        if points is not None:
            points.flags.writeable = False
        return cls(names, array, skipped, found, points)


def folder_of(array: NDArray[np.uint8]) -> Path | None:
    """The finished folder that an array is a map of."""
    if not isinstance(array, np.memmap) or array.filename is None:
        return None
    file = Path(array.filename)
    return file.parent if file.name == ARRAY and (file.parent / INDEX).is_file() else None


def landmarks_of(faces: FaceTable, preparation: Preparation) -> Points | None:
    """The table's landmarks (image, 68, 2), None where it has none.

    Raises DataError where the preparation needs them and there are none.
    """
    known = "landmarks" in faces.data
    if preparation.crop == "landmarks" and not known:
        raise DataError(
            Fault(
                "these faces have no landmarks to crop by",
                got=faces.found.layout,
                do='choose crop = "centre" or "none"',
            )
        )
    points = np.asarray(faces.data["landmarks"].values, dtype=np.float32) if known else None
    # Other schemes than iBUG's 68 points have no place in what follows from landmarks.
    if preparation.crop != "landmarks" and points is not None and points.shape[1:] != (68, 2):
        return None
    return points


@dataclass(frozen=True, eq=False)
class Ready:
    """One picture made ready, or why it was not, and the digest of what it was made from."""

    picture: NDArray[np.uint8] | Skip
    points: NDArray[np.float64] | None = None
    print: str = ""
    digest: str = ""


def sighted_in(
    picture: NDArray[np.uint8],
    preparation: Preparation,
    landmarks: Points | None,
    finder: Finder | None,
) -> tuple[Sighting, NDArray[np.uint8]] | str:
    """What is taken of a picture and what is made of it, or why neither is possible."""
    try:
        found = sight(picture, preparation, landmarks, finder)
        return found, shown(picture, found.window, preparation)
    except (FacsinterpError, MemoryError):
        raise  # these are not the picture's
    except ValueError as error:
        return str(error)
    except Exception as error:  # detectors raise anything for odd pictures
        return f"the picture cannot be prepared: {str(error).strip() or type(error).__name__}"


@dataclass(frozen=True, eq=False)
class Preparer:
    """Opens pictures and makes them ready, several at a time where they can be opened so."""

    pictures: Pictures
    preparation: Preparation
    finder: Finder | None
    landmarks: Points | None

    def all(self, paths: Sequence[str]) -> Iterator[Ready]:
        """Each picture as the preparation asks, with its landmarks in it, in order."""
        pictures = self.pictures
        if isinstance(pictures, SinglePictures):
            return in_order(lambda item: self._made(*item, pictures.one(item[1])), enumerate(paths))
        opened = (Opened(picture, "") for picture in pictures.open(paths))
        return in_order(
            lambda item: self._made(*item),
            zip(range(len(paths)), paths, opened, strict=True),
        )

    def _made(self, row: int, path: str, opened: Opened) -> Ready:
        """What one picture gives; whatever it holds, it is left out rather than the run ended."""
        if isinstance(opened.picture, Skip):
            return Ready(opened.picture, digest=opened.digest)
        picture, preparation = opened.picture, self.preparation
        given = None if self.landmarks is None else self.landmarks[row]
        sighted = sighted_in(picture, preparation, given, self.finder)
        if isinstance(sighted, str):
            return Ready(Skip(path, sighted), digest=opened.digest)
        found, ready = sighted
        points = found.points if given is None else given
        if points is not None:
            points = found.window.placed(points, preparation.size)
        return Ready(ready, points, fingerprint(ready), opened.digest)


@dataclass
class _Writing:
    """What is known of the pictures that were written so far."""

    kept: list[str] = field(default_factory=list)
    prints: list[str] = field(default_factory=list)
    places: list[NDArray[np.float64]] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)

    def add(self, array: NDArray[np.uint8], image: str, found: Ready) -> None:
        """One more picture, put into the array unless it was left out."""
        self.digests.append(found.digest)
        if isinstance(found.picture, Skip):
            self.skipped.append(found.picture)
            return
        array[len(self.kept)] = found.picture
        self.kept.append(image)
        self.prints.append(found.print)
        if found.points is not None:
            self.places.append(found.points)

    @property
    def index(self) -> dict[str, object]:
        return {
            "images": self.kept,
            "skipped": [(skip.path, skip.reason) for skip in self.skipped],
            "fingerprint": content(self.kept, self.prints),
            "landmarks": bool(self.places),
        }


def write(
    partial: Path,
    images: Sequence[str],
    preparation: Preparation,
    pictures: Iterator[Ready],
    advance: Advance,
) -> list[str]:
    """The array, its landmarks and its index, written into a folder that is not finished yet.

    Gives the digest of each picture, also of those that were left out. Raises DataError when
    there is no picture among them.
    """
    array = np.lib.format.open_memmap(
        partial / ARRAY, mode="w+", dtype=np.uint8, shape=(len(images), *preparation.shape)
    )
    made = _Writing()
    for image, found in zip(images, pictures, strict=True):
        made.add(array, image, found)
        advance(1)
    if not made.kept:
        raise _nothing(made.skipped)
    array.flush()
    if made.skipped:
        np.save(partial / "kept.npy", array[: len(made.kept)])
        del array
        (partial / "kept.npy").replace(partial / ARRAY)
    if made.places:
        np.save(partial / LANDMARKS, np.stack(made.places).astype(np.float32))
    text = json.dumps(made.index, ensure_ascii=False)
    (partial / INDEX).write_text(text, encoding="utf-8")
    return made.digests


def content(images: Sequence[str], prints: Sequence[str]) -> str:
    """The fingerprint of pictures by those of each, so that they need not be held at once."""
    return fingerprint(list(images), list(prints))


def _nothing(skipped: Sequence[Skip]) -> DataError:
    faults = [
        Fault("a picture cannot be used", where=skip.path, got=skip.reason)
        for skip in skipped[:SHOWN]
    ]
    return DataError(
        [Fault(f"none of {amount(len(skipped), 'picture')} could be decoded"), *faults]
    )


def misfits(
    images: NDArray[np.str_], array: NDArray[np.generic], landmarks: NDArray[np.generic] | None
) -> Iterator[Fault]:
    """How the parts of `Pixels` do not fit together."""
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
    yield from _repeated(images)
    if landmarks is not None and (
        landmarks.shape != (*array.shape[:1], 68, 2) or landmarks.dtype != np.float32
    ):
        yield Fault(
            "landmarks do not fit the pictures",
            expected="float32 of shape (image, 68, 2)",
            got=f"{landmarks.dtype} of shape {landmarks.shape}",
        )


def _repeated(images: NDArray[np.str_]) -> Iterator[Fault]:
    names, counts = np.unique(images, return_counts=True)
    if (counts > 1).any():
        repeated = names[counts > 1].tolist()
        yield Fault(
            "identifiers of pictures are repeated",
            expected="each once",
            got=", ".join(repeated[:SHOWN]) + (" ..." if len(repeated) > SHOWN else ""),
        )
