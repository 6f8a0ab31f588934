"""Matrices of activations and labels: what all effects demand of them, and their blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, InputError

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Positions = NDArray[np.int64]

# Filters are taken in blocks so that no intermediate array holds more numbers than this.
BLOCK = 1 << 22


def coded(labels: ArrayLike) -> Labels:
    """Labels (n, U) as booleans; InputError where one is neither 0 nor 1."""
    given = np.asarray(labels)
    if given.ndim != 2:
        raise InputError(
            Fault("labels are not a matrix", expected="(n, action units)", got=str(given.shape))
        )
    present: Labels = np.asarray(given == 1)
    unclear = int((~present & (given != 0)).any(axis=1).sum()) if given.dtype != bool else 0
    if unclear:
        raise InputError(
            Fault(
                "labels are neither 0 nor 1",
                where=f"{unclear} rows",
                do="leave out the rows that were not coded: not coded is not absent",
            )
        )
    return present


def finite(activation: ArrayLike) -> NDArray[Any]:
    """Activation (n, J) as given; InputError that says how many filters and rows are not finite."""
    values = np.asarray(activation)
    if values.ndim != 2:
        raise InputError(
            Fault("activation is not a matrix", expected="(n, filters)", got=str(values.shape))
        )
    step = max(1, BLOCK // max(len(values), 1))
    for start in range(0, values.shape[1], step):
        if not np.isfinite(values[:, start : start + step]).all():
            raise InputError(_not_finite(~np.isfinite(values)))
    return values


def paired(activation: ArrayLike, labels: ArrayLike) -> tuple[NDArray[Any], Labels]:
    """Both arrays as `finite` and `coded` give them; InputError unless their rows fit."""
    values, present = finite(activation), coded(labels)
    if len(values) != len(present):
        raise InputError(
            Fault(
                "activation and labels do not fit together",
                expected="shapes (n, filters) and (n, action units)",
                got=f"{values.shape} and {present.shape}",
            )
        )
    return values, present


def in_blocks(values: NDArray[Any], width: int) -> Iterator[tuple[slice, Floats]]:
    """Filters (n, J) in turn, as float64, so many that `width` numbers of each fit BLOCK."""
    step = max(1, BLOCK // max(len(values), width, 1))
    for start in range(0, values.shape[1], step):
        part = slice(start, min(start + step, values.shape[1]))
        yield part, values[:, part].astype(np.float64)


def group_numbers(groups: ArrayLike, rows: int) -> Positions:
    """Number of each row's group (n,), from 0; rows of the unknown group "" stand alone."""
    given = np.asarray(groups)
    if given.shape != (rows,):
        raise InputError(Fault("not one group a row", expected=f"({rows},)", got=str(given.shape)))
    kinds, number = np.unique(given, return_inverse=True)
    alone = given == "" if given.dtype.kind == "U" else np.zeros(rows, dtype=bool)
    number[alone] = len(kinds) + np.arange(int(alone.sum()))
    return np.asarray(np.unique(number, return_inverse=True)[1], dtype=np.int64)


def _not_finite(bad: Labels) -> Fault:
    filters = np.flatnonzero(bad.any(axis=0))
    some = ", ".join(map(str, filters[:5])) + (", ..." if len(filters) > 5 else "")
    return Fault(
        "activation holds NaN or infinity",
        where=f"{len(filters)} filters (columns {some}), {bad.any(axis=1).sum()} rows",
    )
