"""Variables of MATLAB files, read with care."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from scipy.io import loadmat, whosmat

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import impostor

NUMERIC: Final = frozenset(
    ["double", "single", "logical", *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64))]
)
"""Classes of variables that hold numbers."""
_HDF: Final = (b"MATLAB 7.3", b"\x89HDF")


def shapes(path: Path) -> Mapping[str, tuple[tuple[int, ...], str]]:
    """Shape and class (`uint8`, `struct`, ...) of each variable of a file.

    Raises DataError for what is no MATLAB file, or one of version 7.3.
    """
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(_HDF):
        raise DataError(
            Fault(
                "a MATLAB file of version 7.3 cannot be read",
                where=path.name,
                expected="a file of version 7 or older",
                do=f"in MATLAB: load('{path.name}'), then save('{path.name}', '-v7')",
            )
        )
    if instead := impostor(head):
        raise DataError(Fault("a MATLAB file cannot be read", path.name, got=instead))
    try:
        return {name: (tuple(shape), kind) for name, shape, kind in whosmat(path)}
    except Exception as error:  # the reader raises its own kinds for broken files
        raise _broken(path, error) from None


def variables(path: Path, names: Sequence[str], *, simple: bool = False) -> dict[str, Any]:
    """Some variables of a file; with `simple`, structures become dicts. DataError when damaged."""
    try:
        return dict(loadmat(path, variable_names=list(names), simplify_cells=simple))
    except Exception as error:  # the reader raises its own kinds for broken files
        raise _broken(path, error) from None


def _broken(path: Path, error: Exception) -> DataError:
    return DataError(
        Fault(
            "a MATLAB file is damaged or cut short",
            where=path.name,
            expected="a MATLAB file of version 7 or older",
            got=str(error) or type(error).__name__,
            do="copy it again",
        )
    )
