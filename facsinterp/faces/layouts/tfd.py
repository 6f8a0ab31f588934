"""TFD: all pictures in one matrix for each size, labels, identities and folds beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.many import pictures, scaled, shown

_NUMBERS: Final = {
    "anger": 1, "disgust": 2, "fear": 3, "happy": 4, "sadness": 5, "surprise": 6, "neutral": 7,
}  # fmt: skip
_ROWS_EACH: Final = 24
"""Rows for each labelled one; in the real matrix 102,236 for 4,178."""
_FOLDS: Final = 5
_TRAIN, _VALID, _TEST = 1, 2, 3
_COHN_KANADE: Final = "dfat"
_SOURCES: Final = ("kdef", "jaffe", "nimstim", "mmi", "fotosearch")
_HEADER: Final = b"MATLAB 5.0 MAT-file, drawn faces".ljust(116)

QUIRKS: Final = {
    "both-sizes": "TFD_96x96.mat beside TFD_48x48.mat",
    "labels-in-a-column": "labels are a matrix of one column, as the real ones, not of one row",
    "labelled-rows-scattered": "labelled rows lie anywhere among the others, not first",
    "identities-unknown": "identities are -1 for unlabelled rows and some labelled ones",
    "identities-not-contiguous": "numbers of identities have gaps",
    "cohn-kanade-pictures": "pictures come from Cohn-Kanade, under the name dfat",
    "bad-identities-file": "tfd_bad_ids.mat, which others use to leave identities out",
}


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    labelled, count = cast.people * cast.sequences, cast.people * cast.sequences * _ROWS_EACH
    frames = [shown(cast, index) for index in range(count)]
    people = np.array([int(frame.subject[1:]) for frame in frames])
    known = np.array([_NUMBERS.get(frame.expression, -1) for frame in frames])
    order = np.arange(count)
    if "labelled-rows-scattered" in quirks:
        order = np.random.default_rng((cast.seed, 3)).permutation(count)
    chosen = order[known[order] > 0][:labelled]  # contempt has no number in TFD
    labels = np.full(count, -1)
    labels[chosen] = known[chosen]
    variables = {
        "labs_ex": _oriented(labels, quirks),
        "labs_id": _oriented(_identities(people, labels, quirks), quirks),
        "folds": _folds(people, labels),
    }
    for side in (48, 96) if "both-sizes" in quirks else (48,):
        images = np.empty((count, side, side), np.uint8)
        start = 0
        for part in pictures(cast, count):
            images[start : start + len(part)] = [scaled(picture, side) for picture in part]
            start += len(part)
        _save(root / f"TFD_{side}x{side}.mat", {"images": images, **variables})
    _save(root / "TFD_info.mat", {"tfd_info": {"imfiles": _names(people, quirks)}})
    if "bad-identities-file" in quirks:
        _save(root / "tfd_bad_ids.mat", {"bad_ids": np.array([[1]], np.int16)})


def _oriented(values: NDArray[np.int64], quirks: frozenset[str]) -> NDArray[np.int16]:
    one = values.astype(np.int16)
    return one[:, None] if "labels-in-a-column" in quirks else one[None, :]


def _identities(
    people: NDArray[np.int64], labels: NDArray[np.int64], quirks: frozenset[str]
) -> NDArray[np.int64]:
    numbers = 7 * people + 3 if "identities-not-contiguous" in quirks else people.copy()
    if "identities-unknown" in quirks:
        numbers[labels < 0] = -1
        numbers[np.flatnonzero(labels > 0)[::4]] = -1
    return numbers


def _folds(people: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.uint8]:
    """For each fold a part of each row: one person in five tests, one in ten validates."""
    folds = np.zeros((len(labels), _FOLDS), np.uint8)
    for fold in range(_FOLDS):
        folds[:, fold] = _TRAIN
        folds[people % (2 * _FOLDS) == (fold + 1) % _FOLDS, fold] = _VALID
        folds[people % _FOLDS == fold, fold] = _TEST
    folds[labels < 0] = 0
    return folds


def _names(people: NDArray[np.int64], quirks: frozenset[str]) -> NDArray[np.object_]:
    """Cells of file names, as MATLAB keeps text: source, underscore, the name it had there."""
    names = np.empty((len(people), 1), dtype=object)
    for row, person in enumerate(people.tolist()):
        source = _SOURCES[person % len(_SOURCES)]
        if "cohn-kanade-pictures" in quirks and person % 3 == 0:
            source = _COHN_KANADE
        names[row, 0] = f"{source}_{person:03d}_{row:06d}.png"
    return names


def _save(path: Path, variables: Mapping[str, Any]) -> None:
    """A .mat file without the time at which it was written."""
    savemat(path, dict(variables))
    with path.open("r+b") as file:
        file.write(_HEADER)


LAYOUT: Final = Layout(name="tfd", title="Toronto Face Database", quirks=QUIRKS, write=_write)
