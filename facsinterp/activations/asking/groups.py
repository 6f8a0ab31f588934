"""Which faces belong to a group: by expression, action units, person, sequence, split, phase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from facsinterp import facs
from facsinterp.errors import Fault, InputError
from facsinterp.faces.table import FaceTable
from facsinterp.labels import IMAGE

Mask = NDArray[np.bool_]
Wanted = str | Sequence[str] | None
Units = int | Sequence[int] | None


def members(faces: FaceTable, units: Units, present: bool, names: Mapping[str, Wanted]) -> Mask:
    """(image) whether a face meets every condition.

    `units`: action units that are all present, or with `present` False all coded and
    absent; a face that was not coded for a unit is in neither group. `names`: wanted values
    of text columns of the faces, any one of several.

    Raises InputError with every unknown unit and name (and what may have been meant), and
    when no face meets all conditions.
    """
    wanted = {column: _several(values) for column, values in names.items() if values is not None}
    numbers = _numbers(units)
    InputError.raise_any(
        [*_unknown_units(faces, numbers), *_unknown_names(faces, wanted), *_none(wanted, units)]
    )
    masks = {
        **{f"{facs.label(u)} {_state(present)}": _coded_as(faces, u, present) for u in numbers},
        **{
            f"{column} {' or '.join(values)}": np.isin(faces.column(column), values)
            for column, values in wanted.items()
        },
    }
    group: Mask = np.logical_and.reduce([np.ones(len(faces), dtype=bool), *masks.values()])
    if not group.any():
        met = ", ".join(f"{name}: {int(mask.sum())}" for name, mask in masks.items())
        raise InputError(Fault("no face is in this group", got=f"faces that are {met}"))
    return group


def checked(within: ArrayLike, images: NDArray[np.str_]) -> Mask:
    """The mask of a group, (image). Raises InputError when it is none of these images, or empty."""
    mask = np.asarray(within)
    expected = f"one True or False for each of {len(images)} images, as store.where(...) gives"
    if mask.dtype != bool or mask.shape != images.shape:
        raise InputError(
            Fault("a group is no mask", expected=expected, got=f"{mask.dtype} {mask.shape}")
        )
    if not np.array_equal(_images_of(within, images), images):
        raise InputError(Fault("a group of other images", expected=expected))
    if not mask.any():
        raise InputError(Fault("no face is in this group", expected=expected, got="only False"))
    return mask


def _images_of(within: ArrayLike, images: NDArray[np.str_]) -> NDArray[np.str_]:
    """The images that a mask says it is of; a plain mask says nothing."""
    if isinstance(within, xr.DataArray) and IMAGE in within.coords:
        return np.asarray(within[IMAGE].values)
    return images


def unknown(kind: str, got: str, meant: str, known: Sequence[str]) -> Fault:
    """The fault of a name that is not known, with the nearest that is."""
    near = get_close_matches(meant, known, n=1)
    return Fault(
        f"unknown {kind}",
        expected=(", ".join(known[:12]) + " ..." * (len(known) > 12)) or "none is known",
        got=got,
        do=f"did you mean {near[0]}?" if near else "",
    )


def _coded_as(faces: FaceTable, unit: int, present: bool) -> Mask:
    column = faces.units.index(unit)
    shown = faces.data["present"].values[:, column]
    return np.asarray(shown if present else faces.data["coded"].values[:, column] & ~shown)


def _state(present: bool) -> str:
    return "present" if present else "coded and absent"


def _several(values: str | Sequence[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def _numbers(units: Units) -> list[int]:
    if units is None:
        return []
    return [int(unit) for unit in np.atleast_1d(np.asarray(units, dtype=np.int64))]


def _none(wanted: Mapping[str, list[str]], units: Units) -> Iterator[Fault]:
    if not wanted and units is None:
        yield Fault("a group without a condition", do='name one, such as emotion="happy"')


def _unknown_units(faces: FaceTable, units: list[int]) -> Iterator[Fault]:
    for unit in units:
        if unit not in faces.units:
            known = ", ".join(facs.label(one) for one in faces.units) or "none"
            yield Fault(f"the faces were not coded for {facs.label(unit)}", expected=known)


def _unknown_names(faces: FaceTable, wanted: Mapping[str, list[str]]) -> Iterator[Fault]:
    for column, values in wanted.items():
        known = list(dict.fromkeys(name for name in faces.column(column).tolist() if name))
        for value in values:
            if value not in known:
                alias = facs.expression_of(value) if column == "expression" else None
                meant = alias if alias and alias in known else value
                yield unknown(column, value, meant, known)
