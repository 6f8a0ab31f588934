"""NovaEmotions as two arrays: all pictures in one, their labels in the other."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import Picture, impostor
from facsinterp.faces.sources.novaemotions.forms import Entry, Form, meaning
from facsinterp.faces.sources.reading.notes import Notes, few

_NUMBERS: Final = "biuf"


def read_arrays(root: Path, form: Form, classes: Sequence[str], notes: Notes) -> tuple[Entry, ...]:
    """The rows of the data array with the labels of the other; DataError unless they fit."""
    data = _array(form.files[0], _NUMBERS)
    labels = _array(form.files[1], _NUMBERS + "US")
    names = _named(form.files[1], labels)
    if len(names) != len(data):
        raise DataError(
            Fault(
                "labels do not fit the pictures",
                where=form.files[1].name,
                expected=f"{len(data)} labels",
                got=str(len(names)),
            )
        )
    _shaped(form.files[0], data[:1])
    meant = [meaning(name, classes) for name in names]
    without = Counter(name for name, known in zip(names, meant, strict=True) if known is None)
    if without:
        notes.warn(
            f"{without.total()} labels mean nothing that is known ({few(sorted(without))}): no "
            "label; name the numbers with classes"
        )
    file = form.files[0].relative_to(root).as_posix()
    return tuple(Entry(f"{file}#{row}", known or "") for row, known in enumerate(meant))


def pixels(file: Path) -> Picture:
    """The pictures of a data array, (image, row, col) or (image, row, col, 3), uint8."""
    array = _array(file, _NUMBERS)
    if array.dtype == np.uint8:
        return _shaped(file, array)
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 255):  # NaN is refused as well
        raise DataError(
            Fault("pixels outside 0 to 255", file.name, "0 to 255, or 0 to 1", f"{low} to {high}")
        )
    scale = 255 if high <= 1 else 1
    return _shaped(file, np.rint(array * scale).astype(np.uint8))


def _array(file: Path, kinds: str) -> NDArray[Any]:
    """The array in a file of one of some kinds, by numpy's letters; DataError for all else."""
    with file.open("rb") as opened:
        instead = impostor(opened.read(512))
    try:
        if not instead:
            found = np.load(file, mmap_mode="r", allow_pickle=False)
            if not isinstance(found, np.ndarray):
                found.close()
                instead = "an archive of arrays (.npz) under this name"
            elif not found.ndim or not len(found):
                instead = "an array without rows"
            elif found.dtype.kind not in kinds:
                instead = f"an array of {found.dtype}"
            else:
                return found
    except Exception as error:  # the reader raises errors of many kinds for broken files
        instead = str(error) or type(error).__name__
    raise DataError(
        Fault("an array cannot be read", file.name, "a .npy file of numbers or text", instead)
    )


def _shaped(file: Path, array: NDArray[Any]) -> NDArray[Any]:
    """The array with rows and columns; flat pictures are taken for squares."""
    side = math.isqrt(array.shape[1]) if array.ndim == 2 else 0
    if side and side * side == array.shape[1]:
        return array.reshape(-1, side, side)
    if array.ndim == 4 and array.shape[3] == 1:
        return array[..., 0]
    if array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 3):
        return array
    raise DataError(
        Fault(
            "an array does not hold pictures",
            where=file.name,
            expected="shape (image, row, col), with 1 or 3 colours behind, or flat squares",
            got=f"shape {array.shape}",
        )
    )


def _named(file: Path, labels: NDArray[Any]) -> list[str]:
    """Each label as text; a one-hot row as the number of its one."""
    flat = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if flat.ndim == 2 and ((flat == 1).sum(axis=1) == 1).all() and ((flat != 0).sum() == len(flat)):
        flat = flat.argmax(axis=1)
    if flat.ndim != 1:
        raise DataError(
            Fault(
                "an array does not hold labels",
                where=file.name,
                expected="a label for each picture, or a row with a single 1",
                got=f"shape {labels.shape}",
            )
        )
    texts = (
        np.char.decode(flat, "utf-8", "replace").tolist()
        if flat.dtype.kind == "S"
        else flat.tolist()
    )
    whole = [str(int(t)) if isinstance(t, float) and t.is_integer() else str(t) for t in texts]
    return [text.strip() for text in whole]
