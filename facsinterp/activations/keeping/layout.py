"""What an activation store holds on disk (docs/store-format.md says it in MUST and MAY).

Names, dimensions and kinds of numbers of format version 2, how the image axis is cut into
blocks, and the zarr arrays that this makes. Nothing here knows where the numbers come from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, Self, get_args

import zarr
from numpy.typing import NDArray
from zarr.codecs import ZstdCodec

from facsinterp.errors import StoreError
from facsinterp.faces.table import FACES
from facsinterp.labels import COL, FILTER, IMAGE, RANK, ROW
from facsinterp.schema import Schema, Variable

FORMAT: Final = 2
# What was added since a version is not in its stores; all else is as it was.
READABLE: Final = (1, 2)
ZARR_FORMAT: Final = 3

Precision = Literal["float32", "bf16"]
"""How a sweep multiplies: all in float32; or in bfloat16, with float32 for every image that
could be among the strongest of a filter."""

# What only a store of a sweep in bfloat16 has.
SCORES: Final = ("score", "precise")

CLASS: Final = "class"
BLOCK: Final = "block"

# 50 is the longest list that statistics of top images are drawn for (N = 5 ... 50).
RANKS: Final = 50
# One filter is then read without decoding more than 63 others, in any size of network.
FILTERS_PER_CHUNK: Final = 64


@dataclass(frozen=True)
class Answer:
    """One variable with a value for every image, written block by block."""

    dims: tuple[str, ...]
    dtype: str
    kind: str
    fill: float = 0


ANSWERS: Final[Mapping[str, Answer]] = {
    "peak": Answer((IMAGE, FILTER), "float32", "float", float("nan")),
    "peak_row": Answer((IMAGE, FILTER), "uint16", "integer"),
    "peak_col": Answer((IMAGE, FILTER), "uint16", "integer"),
    "mean": Answer((IMAGE, FILTER), "float32", "float", float("nan")),
    "area": Answer((IMAGE, FILTER), "float32", "float", float("nan")),
    # Only where a sweep multiplied in bfloat16; `precise` is NaN where the image was not
    # scored again in float32.
    "score": Answer((IMAGE, FILTER), "float32", "float", float("nan")),
    "precise": Answer((IMAGE, FILTER), "float32", "float", float("nan")),
    "face": Answer((IMAGE, ROW, COL), "uint8", "integer"),
    "probability": Answer((IMAGE, CLASS), "float32", "float", float("nan")),
}

ACTIVATIONS: Final = Schema(
    "an activation store",
    {
        **FACES.variables,
        FILTER: Variable((FILTER,), "text"),
        "layer": Variable((FILTER,), "text"),
        "channel": Variable((FILTER,), "integer"),
        CLASS: Variable((CLASS,), "text", required=False),
        **{
            name: Variable(answer.dims, answer.kind, required=name == "peak")
            for name, answer in ANSWERS.items()
        },
        "active_share": Variable((FILTER,), "float"),
        "top_image": Variable((FILTER, RANK), "integer"),
        "top_value": Variable((FILTER, RANK), "float"),
        "done": Variable((BLOCK,), "bool"),
    },
    unique=(*FACES.unique, FILTER),
)

DERIVED: Final = (
    ("active_share", (FILTER,), "float32"),
    ("top_image", (FILTER, RANK), "int32"),
    ("top_value", (FILTER, RANK), "float32"),
)

ATTRIBUTES: Final = (
    "facsinterp_schema",
    "complete",
    "block_size",
    "key",
    "inputs",
    "layers",
    "provenance",
    "facsinterp_terms",
    "facsinterp_found",
)

COORDINATES: Final = (
    "layer",
    "channel",
    "subject",
    "sequence",
    "frame",
    "phase",
    "expression",
    "split",
    "path",
)


@dataclass(frozen=True)
class Layer:
    """What is known of one layer: how many filters, and where its maps look.

    `rows`, `cols`: size of its maps. `field_*`: a unit at (row, col) sees `field_size`
    input pixels a side, from `field_start + field_stride * row` (`* col`) on; the start may
    be negative. `field_rows`: for each row of the map, the first row of pixels that is seen
    and one after the last; `field_cols` likewise. They are there where the three numbers, cut
    to the image, are not all there is to say. None: not known.
    """

    name: str
    filters: int
    rows: int | None = None
    cols: int | None = None
    nonlinearity: str | None = None
    field_size: int | None = None
    field_stride: int | None = None
    field_start: float | None = None
    field_rows: tuple[tuple[int, int], ...] | None = None
    field_cols: tuple[tuple[int, int], ...] | None = None

    @property
    def field_shape(self) -> tuple[int, int] | None:
        """Rows and columns of pixels that a unit sees, the most where units differ."""
        if self.field_size is not None:
            return self.field_size, self.field_size
        if self.field_rows is None or self.field_cols is None:
            return None
        return _longest(self.field_rows), _longest(self.field_cols)

    def field_box(self, row: int, col: int) -> tuple[float, float, float, float] | None:
        """(top, left, bottom, right) of what a unit sees, in pixels; None where not known.

        Bottom and right are not included. Edges may lie outside the image.
        """
        if self.field_rows is not None and self.field_cols is not None:
            (top, bottom), (left, right) = self.field_rows[row], self.field_cols[col]
            return top, left, bottom, right
        if self.field_size is None or self.field_stride is None:
            return None
        start, size = self.field_start or 0.0, self.field_size
        first_row, first_col = start + self.field_stride * row, start + self.field_stride * col
        return first_row, first_col, first_row + size, first_col + size

    @classmethod
    def to_json(cls, layers: Iterable[Layer]) -> str:
        """Layers as JSON text, in order."""
        return json.dumps([layer._facts() for layer in layers], ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> tuple[Self, ...]:
        """The layers that `to_json` wrote."""
        return tuple(cls._of(facts) for facts in json.loads(text))

    def _facts(self) -> dict[str, Any]:
        """Without what came later and is not known."""
        unknown = {name for name in _LATER if getattr(self, name) is None}
        return {name: fact for name, fact in asdict(self).items() if name not in unknown}

    @classmethod
    def _of(cls, facts: Mapping[str, Any]) -> Self:
        pairs = {name: tuple(map(tuple, facts[name])) for name in _LATER if facts.get(name)}
        known = {field.name for field in fields(cls)}
        return cls(**{name: fact for name, fact in facts.items() if name in known} | pairs)


# Facts of a layer that were added to version 2.
_LATER: Final = ("field_rows", "field_cols")


def _longest(spans: Iterable[tuple[int, int]]) -> int:
    return max(end - first for first, end in spans)


def precision_of(attributes: Mapping[str, Any]) -> Precision:
    """The precision that a store with these attributes records.

    float32 where there is no word of it: in version 1, and for activations made elsewhere.
    Raises StoreError for one that is not known.
    """
    if attributes["facsinterp_schema"] == 1:
        return "float32"
    told = json.loads(str(attributes["inputs"])).get("precision", "float32")
    for known in get_args(Precision):
        if told == known:
            return known  # type: ignore[no-any-return]
    message = f"unknown precision {told}: {' or '.join(get_args(Precision))} is known"
    raise StoreError(message)


# A chunk is on disk even if all its values are zero: a chunk that is not there was lost.
_ALL_CHUNKS: Final[Any] = {"write_empty_chunks": True}
# The checksum makes a damaged chunk an error instead of other numbers.
_CODECS: Final[Mapping[str, Any]] = {
    "compressors": [ZstdCodec(level=1, checksum=True)],
    "config": _ALL_CHUNKS,
}


def blocks(images: int, block_size: int) -> tuple[slice, ...]:
    """The image axis cut at multiples of `block_size`; the last block may be shorter."""
    return tuple(
        slice(start, min(start + block_size, images)) for start in range(0, images, block_size)
    )


def ranks(images: int) -> int:
    """Length of the ranked lists in a store of so many images."""
    return min(RANKS, images)


def add_answer(group: zarr.Group, name: str, shape: tuple[int, ...], block_size: int) -> None:
    """An empty array for one of `ANSWERS`: a block of images is one shard, so one file."""
    answer = ANSWERS[name]
    chunk = [block_size, *(max(1, size) for size in shape[1:])]
    shard = list(chunk)
    if FILTER in answer.dims:
        chunk[1] = min(chunk[1], FILTERS_PER_CHUNK)
        shard[1] = -(-shard[1] // chunk[1]) * chunk[1]
    group.create_array(
        name,
        shape=shape,
        dtype=answer.dtype,
        chunks=tuple(chunk),
        shards=tuple(shard),
        fill_value=answer.fill,
        dimension_names=answer.dims,
        **_CODECS,
    )


def add_derived(group: zarr.Group, filters: int, images: int) -> None:
    """Empty arrays for what is computed when all blocks are there."""
    for name, dims, dtype in DERIVED:
        sizes = {FILTER: filters, RANK: ranks(images)}
        shape = tuple(sizes[dim] for dim in dims)
        group.create_array(
            name, shape=shape, dtype=dtype, chunks=shape, dimension_names=dims, **_CODECS
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
        **_CODECS,
    )
    array[...] = values.astype(object) if dtype is str else values


def add_marks(group: zarr.Group, count: int) -> None:
    """The marks of finished blocks: none is, and each has a chunk of its own."""
    group.create_array(
        "done", shape=(count,), dtype=bool, chunks=(1,), dimension_names=(BLOCK,), **_CODECS
    )


def array_of(group: zarr.Group, name: str) -> zarr.Array[Any]:
    """The array of this name, to be read or written. Raises StoreError when there is none."""
    found = group.get(name)
    if not isinstance(found, zarr.Array):
        message = f"the activation store {group.store_path} is damaged: it lacks {name}"
        raise StoreError(message)
    return found.with_config(_ALL_CHUNKS)
