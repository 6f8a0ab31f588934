"""Activations that were made elsewhere: plain arrays checked and told as store contents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.activations.keeping.layout import ANSWERS, Layer
from facsinterp.activations.keeping.writer import Contents
from facsinterp.errors import Fault, InputError
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FILTER, IMAGE, FilterId
from facsinterp.provenance import Provenance, fingerprint


def contents_of(
    answers: Mapping[str, ArrayLike | None],
    filters: Sequence[FilterId],
    faces: FaceTable,
    block_size: int,
) -> tuple[Contents, dict[str, NDArray[Any]]]:
    """What a store of these arrays holds, and the arrays in the store's number types.

    `answers`: variables of `layout.ANSWERS` by name, None left out. Raises InputError with
    every fault: shapes that do not fit, NaN, places that are no whole numbers from 0, pictures
    that are no uint8, filters twice.
    """
    given = {name: np.asarray(value) for name, value in answers.items() if value is not None}
    sizes = {IMAGE: len(faces), FILTER: len(filters)}
    faults = [*_axis_faults(filters, faces), *_pair_faults(given)]
    for name, values in given.items():
        faults += _shape_faults(name, values, sizes) or _value_faults(name, values, filters, faces)
    InputError.raise_any(faults)
    exact = {name: values.astype(ANSWERS[name].dtype) for name, values in given.items()}
    contents = Contents(
        filters=tuple(filters),
        faces=faces,
        answers=tuple(exact),
        inputs=(inputs := _inputs(exact, filters, faces)),
        provenance=Provenance(inputs),
        block_size=min(block_size, len(faces)),
        layers=_layers(filters),
        face_shape=exact["face"].shape[1:] if "face" in exact else (0, 0),
    )
    return contents, exact


def _inputs(
    answers: Mapping[str, NDArray[Any]], filters: Sequence[FilterId], faces: FaceTable
) -> dict[str, str]:
    return {
        "made": "elsewhere",
        "filters": fingerprint([str(one) for one in filters]),
        "faces": faces.fingerprint,
        **{name: fingerprint(values) for name, values in answers.items()},
    }


def _layers(filters: Sequence[FilterId]) -> tuple[Layer, ...]:
    return tuple(
        Layer(name, len(list(members))) for name, members in groupby(f.layer for f in filters)
    )


def _axis_faults(filters: Sequence[FilterId], faces: FaceTable) -> Iterator[Fault]:
    if not len(faces):
        yield Fault("no faces", expected="at least one image")
    if not filters:
        yield Fault("no filters", expected="at least one filter")
    twice = sorted({str(one) for one in filters if filters.count(one) > 1})
    if twice:
        yield Fault("filters named twice", expected="each once", got=", ".join(twice[:5]))


def _pair_faults(given: Mapping[str, NDArray[Any]]) -> Iterator[Fault]:
    if ("peak_row" in given) != ("peak_col" in given):
        yield Fault("half a place", expected="peak_row and peak_col, or neither")


def _shape_faults(name: str, values: NDArray[Any], sizes: Mapping[str, int]) -> list[Fault]:
    dims = ANSWERS[name].dims
    expected = tuple(sizes.get(dim, 0) for dim in dims)
    fits = len(values.shape) == len(dims) and all(
        size == want or dim not in sizes
        for size, want, dim in zip(values.shape, expected, dims, strict=True)
    )
    if fits:
        return []
    told = ", ".join(f"{dim} {sizes[dim]}" if dim in sizes else dim for dim in dims)
    return [Fault(f"{name} does not fit", expected=f"({told})", got=str(values.shape))]


def _value_faults(
    name: str, values: NDArray[Any], filters: Sequence[FilterId], faces: FaceTable
) -> list[Fault]:
    answer = ANSWERS[name]
    if answer.dtype == "float32":
        if values.dtype.kind not in "fiub":
            return [Fault(f"{name} holds no numbers", got=str(values.dtype))]
        with np.errstate(over="ignore"):
            wrong = ~np.isfinite(values.astype(np.float32))
        expected = "finite numbers in the range of float32"
    else:
        with np.errstate(invalid="ignore"):
            wrong = values.astype(answer.dtype) != values
        expected = f"whole numbers that {answer.dtype} can hold"
    if not wrong.any():
        return []
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    where = f"image {faces.images[first[0]]}"
    if FILTER in answer.dims:
        where += f", filter {filters[first[1]]}"
    return [
        Fault(
            f"{int(wrong.sum())} values of {name} cannot be stored",
            where=f"first at {where}",
            expected=expected,
            got=str(values[first]),
        )
    ]
