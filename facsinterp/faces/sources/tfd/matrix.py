"""The matrix of TFD: which file it is, what it says of every row, and where rows come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.reading.files import real_files
from facsinterp.faces.sources.reading.matfile import NUMERIC, shapes, variables
from facsinterp.faces.sources.reading.trees import not_this

TITLE: Final = "the Toronto Face Database"
EXPRESSIONS: Final = ("", "anger", "disgust", "fear", "happy", "sadness", "surprise", "neutral")
"""The expressions by number; TFD begins at 1."""
COHN_KANADE: Final = "dfat"
_FOLDS: Final = 5
_MATRIX: Final = re.compile(r"tfd_?(48|96)x\1\.mat", re.IGNORECASE)
_NEEDED: Final = ("images", "labs_ex", "labs_id", "folds")
_SOURCES: Final = (
    "jacfee", "mmi", "msfde", COHN_KANADE, "indian", "jaffe", "pofa", "kdef", "nimstim", "inaoe",
    "cafe", "fotosearch", "aging", "cad", "josh", "livegoogemo", "relived", "spontaneous",
)  # fmt: skip
"""Where pictures come from, by the beginnings of their names in TFD_info.mat."""
_LARGEST: Final = 2**53
"""Above it, not every whole number can be told from its neighbours."""


@dataclass(frozen=True)
class Labels:
    """What the matrix says of every row: numbers as they stand, all of one length."""

    expression: NDArray[np.int64]
    identity: NDArray[np.int64]
    folds: NDArray[np.int64]

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Rows with one of the seven expressions."""
        return (self.expression > 0) & (self.expression < len(EXPRESSIONS))


def find_matrix(root: Path, side: int | None) -> Path:
    """The file of pictures and labels of this side; of any, the smallest that is there."""
    there = {
        int(found[1]): path
        for path in reversed(real_files(root))
        if (found := _MATRIX.fullmatch(path.name))
    }
    if not there:
        raise not_this(TITLE, root, ("TFD_48x48.mat", "TFD_96x96.mat"))
    side = side or min(there)
    if side not in there:
        got = ", ".join(path.name for path in there.values())
        raise DataError(
            Fault("TFD is not there in this size", str(root), f"TFD_{side}x{side}.mat", got)
        )
    return there[side]


def read_labels(matrix: Path) -> Labels:
    """The labels of every row; DataError with everything in the matrix that does not fit."""
    DataError.raise_any(_variable_faults(matrix))
    read = variables(matrix, ("labs_ex", "labs_id", "folds"))
    labels = Labels(
        _numbers(read["labs_ex"]).ravel(),
        _numbers(read["labs_id"]).ravel(),
        _numbers(read["folds"]),
    )
    DataError.raise_any(_shifted(matrix, labels))
    return labels


def _numbers(values: NDArray[Any]) -> NDArray[np.int64]:
    """Whole numbers, however MATLAB kept them; what is none becomes -1, not known."""
    exact = np.asarray(values, dtype=np.float64)
    whole = (exact == np.rint(exact)) & (np.abs(exact) < _LARGEST)
    return np.where(whole, exact, -1).astype(np.int64)


def _variable_faults(matrix: Path) -> Iterator[Fault]:
    there = shapes(matrix)
    missing = [name for name in _NEEDED if name not in there]
    if missing:
        yield Fault(
            f"variables of TFD are missing: {', '.join(missing)}",
            where=matrix.name,
            expected=", ".join(_NEEDED),
            got=", ".join(there) or "none",
        )
        return
    side = int(_MATRIX.fullmatch(matrix.name)[1])  # type: ignore[index]
    shape, kind = there["images"]
    count = shape[0]
    if shape[1:] != (side, side) or kind != "uint8":
        yield Fault(
            "pictures of TFD are of another kind",
            where=f"images in {matrix.name}",
            expected=f"uint8 of shape (image, {side}, {side})",
            got=f"{kind} of shape {shape}",
        )
    for name, expected in (
        ("labs_ex", {(count, 1), (1, count)}),
        ("labs_id", {(count, 1), (1, count)}),
        ("folds", {(count, _FOLDS)}),
    ):
        shape, kind = there[name]
        if shape not in expected or kind not in NUMERIC:
            yield Fault(
                "a variable of TFD does not fit the pictures",
                where=f"{name} in {matrix.name}",
                expected=f"numbers of shape {' or '.join(map(str, sorted(expected)[::-1]))}",
                got=f"{kind} of shape {shape}",
            )


def _shifted(matrix: Path, labels: Labels) -> Iterator[Fault]:
    """Labels that begin at 0, as others keep them: every expression would be the one before."""
    nought = labels.expression == 0
    taken = int((labels.folds[nought] > 0).any(axis=1).sum())
    if taken or (nought.any() and not (labels.expression == 7).any()):
        yield Fault(
            "the expressions of TFD seem to be numbered from 0",
            where=f"labs_ex in {matrix.name}",
            expected="1 (anger) to 7 (neutral), and -1 for rows without a label",
            got=f"{int(nought.sum())} rows with 0, of which {taken} have a part in a fold; "
            f"{int((labels.expression == 7).sum())} rows with 7",
            do="take the matrix as it was published, or add 1 to the labels that are not -1",
        )


def origins_of(root: Path, count: int) -> tuple[tuple[str, ...] | None, str]:
    """The data set that each of `count` rows came from, and ""; else None and what is lacking."""
    info = next((p for p in real_files(root) if p.name.casefold() == "tfd_info.mat"), None)
    if info is None:
        return None, "TFD_info.mat"
    lacking = f"names a row each in {info.name}"
    try:
        if "tfd_info" not in shapes(info):
            return None, lacking
        read = variables(info, ("tfd_info",), simple=True)["tfd_info"]
    except DataError as error:
        return None, f"a usable {info.name} ({error.faults[0].what}: {error.faults[0].got})"
    names = np.atleast_1d(read["imfiles"]) if isinstance(read, dict) and "imfiles" in read else ()
    if len(names) != count:
        return None, lacking
    return tuple(_origin(str(name)) for name in names), ""


def _origin(name: str) -> str:
    """The data set that a name begins with; "other" when it is none of those known."""
    begin = name.casefold().replace("\\", "/").rpartition("/")[2]
    return next((source for source in _SOURCES if begin.startswith(source)), "other")
