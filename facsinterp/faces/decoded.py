"""A folder of prepared pictures: an array, the landmarks in it, and an index.

Written whole or not at all by `Pixels.decode`; read back as `Decoded`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import Pictures, Skip
from facsinterp.faces.prepare import Preparation, placed, prepare
from facsinterp.faces.table import FaceTable
from facsinterp.progress import Advance
from facsinterp.provenance import fingerprint

ARRAY: Final = "pixels.npy"
INDEX: Final = "pixels.json"
LANDMARKS: Final = "landmarks.npy"
SHOWN: Final = 5
"""Faults of one kind that a message lists."""

Points = NDArray[np.float32]
Prepared = tuple[NDArray[np.uint8], NDArray[np.float64] | None]


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


def prepared(
    faces: FaceTable, pictures: Pictures, preparation: Preparation, landmarks: Points | None
) -> Iterator[Prepared | Skip]:
    """Each picture as the preparation asks, with its landmarks in it; Skip where it cannot be."""
    paths = faces.column("path").tolist()
    for row, (path, picture) in enumerate(zip(paths, pictures.open(paths), strict=True)):
        if isinstance(picture, Skip):
            yield picture
            continue
        points = None if landmarks is None else landmarks[row]
        try:
            ready = prepare(picture, preparation, points)
            yield ready, None if points is None else placed(points, preparation, picture.shape)
        except ValueError as error:
            yield Skip(path, str(error))


def write(
    partial: Path,
    images: Sequence[str],
    preparation: Preparation,
    pictures: Iterator[Prepared | Skip],
    advance: Advance,
) -> None:
    """The array, its landmarks and its index, written into a folder that is not finished yet.

    Raises DataError when there is no picture among them.
    """
    array = np.lib.format.open_memmap(
        partial / ARRAY, mode="w+", dtype=np.uint8, shape=(len(images), *preparation.shape)
    )
    kept: list[str] = []
    prints: list[str] = []
    places: list[NDArray[np.float64]] = []
    skipped: list[Skip] = []
    for image, found in zip(images, pictures, strict=True):
        if isinstance(found, Skip):
            skipped.append(found)
        else:
            picture, points = found
            array[len(kept)] = picture
            kept.append(image)
            prints.append(fingerprint(picture))
            places += [] if points is None else [points]
        advance(1)
    if not kept:
        raise _nothing(skipped)
    array.flush()
    if skipped:
        np.save(partial / "kept.npy", array[: len(kept)])
        del array
        (partial / "kept.npy").replace(partial / ARRAY)
    if places:
        np.save(partial / LANDMARKS, np.stack(places).astype(np.float32))
    index = {
        "images": kept,
        "skipped": [(skip.path, skip.reason) for skip in skipped],
        "fingerprint": content(kept, prints),
        "landmarks": bool(places),
    }
    (partial / INDEX).write_text(json.dumps(index, ensure_ascii=False), encoding="utf-8")


def content(images: Sequence[str], prints: Sequence[str]) -> str:
    """The fingerprint of pictures by those of each, so that they need not be held at once."""
    return fingerprint(list(images), list(prints))


def _nothing(skipped: Sequence[Skip]) -> DataError:
    faults = [
        Fault("a picture cannot be used", where=skip.path, got=skip.reason)
        for skip in skipped[:SHOWN]
    ]
    return DataError([Fault(f"none of {len(skipped)} pictures could be decoded"), *faults])


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
    names, counts = np.unique(images, return_counts=True)
    if (counts > 1).any():
        repeated = names[counts > 1].tolist()
        yield Fault(
            "identifiers of pictures are repeated",
            expected="each once",
            got=", ".join(repeated[:SHOWN]) + (" ..." if len(repeated) > SHOWN else ""),
        )
    if landmarks is not None and (
        landmarks.shape != (*array.shape[:1], 68, 2) or landmarks.dtype != np.float32
    ):
        yield Fault(
            "landmarks do not fit the pictures",
            expected="float32 of shape (image, 68, 2)",
            got=f"{landmarks.dtype} of shape {landmarks.shape}",
        )
