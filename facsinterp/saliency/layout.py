"""What a store of attributions holds on disk, as docs/attributions-format.md says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import zarr
from numpy.typing import NDArray
from zarr.codecs import ZstdCodec

from facsinterp.labels import COL, FILTER, POINT, RANK, ROW, XY
from facsinterp.schema import Schema, Variable

FORMAT: Final = 1
ZARR_FORMAT: Final = 3
MARK: Final = "facsinterp_attributions"

FACE: Final = "face"
CROW: Final = "crow"
CCOL: Final = "ccol"
BLOCK: Final = "block"

# Filters that are computed and written at a time: 11 MB at 9 faces of 96 pixels.
FILTERS_PER_BLOCK: Final = 32


@dataclass(frozen=True)
class Picture:
    """A variable that is computed and written block by block of filters."""

    dims: tuple[str, ...]
    dtype: str


PICTURES: Final[Mapping[str, Picture]] = {
    "attribution": Picture((FILTER, RANK, ROW, COL), "float32"),
}
ON_MEAN_FACE: Final[Mapping[str, Picture]] = {
    "mean_attribution": Picture((FILTER, CROW, CCOL), "float32"),
    "mean_place": Picture((FILTER, CROW, CCOL), "float32"),
    "mean_attribution_faces": Picture((FILTER,), "uint16"),
    "mean_place_faces": Picture((FILTER,), "uint16"),
}

# There with landmarks of the faces, all of them; without, none.
CANONICAL: Final[Mapping[str, Variable]] = {
    "landmarks": Variable((FACE, POINT, XY), "float", required=False),
    "canonical_landmarks": Variable((POINT, XY), "float", required=False),
    "canonical_face": Variable((CROW, CCOL), "integer", required=False),
    "mean_attribution": Variable((FILTER, CROW, CCOL), "float", required=False),
    "mean_place": Variable((FILTER, CROW, CCOL), "float", required=False),
    "mean_attribution_faces": Variable((FILTER,), "integer", required=False),
    "mean_place_faces": Variable((FILTER,), "integer", required=False),
}

ATTRIBUTIONS: Final = Schema(
    "a store of attributions",
    {
        FILTER: Variable((FILTER,), "text"),
        "layer": Variable((FILTER,), "text"),
        "channel": Variable((FILTER,), "integer"),
        "image": Variable((FILTER, RANK), "integer"),
        "value": Variable((FILTER, RANK), "float"),
        "peak_row": Variable((FILTER, RANK), "integer"),
        "peak_col": Variable((FILTER, RANK), "integer"),
        "attribution": Variable((FILTER, RANK, ROW, COL), "float"),
        FACE: Variable((FACE,), "integer"),
        "face_name": Variable((FACE,), "text"),
        **CANONICAL,
    },
    unique=(FILTER, FACE),
)

COORDINATES: Final = ("layer", "channel", "face_name")
ATTRIBUTES: Final = (MARK, "complete", "method", "clearances", "key", "inputs", "provenance")

# The checksum makes a damaged chunk an error instead of other numbers; a chunk is on disk
# even if all its values are zero: one that is not there was lost.
CODECS: Final[Mapping[str, Any]] = {
    "compressors": [ZstdCodec(level=1, checksum=True)],
    "config": {"write_empty_chunks": True},
}


def blocks(filters: int) -> tuple[slice, ...]:
    """The filter axis cut into blocks; the last one may be shorter."""
    starts = range(0, filters, FILTERS_PER_BLOCK)
    return tuple(slice(start, min(start + FILTERS_PER_BLOCK, filters)) for start in starts)


def add_picture(group: zarr.Group, name: str, picture: Picture, sizes: Mapping[str, int]) -> None:
    """An empty array: a block of filters is one file, in it a chunk for each filter.

    So the page of a filter decodes what it shows and nothing else.
    """
    shape = tuple(sizes[dim] for dim in picture.dims)
    rest = shape[1:]
    group.create_array(
        name,
        shape=shape,
        dtype=picture.dtype,
        chunks=(1 if rest else FILTERS_PER_BLOCK, *rest),
        shards=(FILTERS_PER_BLOCK, *rest) if rest else None,
        fill_value=0,
        dimension_names=picture.dims,
        **CODECS,
    )


def add_table(group: zarr.Group, name: str, dims: Sequence[str], values: NDArray[Any]) -> None:
    """One small variable, written whole in one chunk; text as the zarr type `string`."""
    dtype: Any = str if values.dtype.kind in "OUT" else values.dtype
    array = group.create_array(
        name,
        shape=values.shape,
        dtype=dtype,
        chunks=tuple(max(1, size) for size in values.shape),
        dimension_names=tuple(dims),
        **CODECS,
    )
    array[...] = values.astype(object) if dtype is str else values
