"""An activation store while it is written: block by block, each marked after its data.

    writer = BlockWriter.create(path, contents)     # or BlockWriter.resume(path, inputs)
    for block in writer.missing:
        writer.write(block, {"peak": ..., "mean": ...})
    writer.finish()

Writing a block twice gives the same bytes, so it does not matter whether a writer that was
killed had begun it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import zarr
from numpy.typing import NDArray

from facsinterp.activations.keeping import layout
from facsinterp.activations.keeping.folder import Folder, place_of, store_at
from facsinterp.activations.keeping.layout import (
    ANSWERS,
    CLASS,
    COORDINATES,
    FORMAT,
    Layer,
    array_of,
)
from facsinterp.activations.keeping.place import appearing, open_group
from facsinterp.errors import StaleStoreError, StoreError
from facsinterp.faces.table import FaceTable
from facsinterp.labels import COL, FILTER, IMAGE, ROW, FilterId
from facsinterp.provenance import Provenance, differences, fingerprint

# What a killed process leaves of a chunk that zarr was about to rename into its place.
_UNFINISHED: Final = re.compile(r".+\.[0-9a-f]{32}\.partial")


@dataclass(frozen=True)
class Contents:
    """What a store will hold, all known before its first block is written."""

    filters: tuple[FilterId, ...]
    faces: FaceTable
    answers: tuple[str, ...]
    """The variables of `layout.ANSWERS` that every block brings."""
    inputs: Mapping[str, str]
    """What decides the numbers; the key of the store is the fingerprint of this."""
    provenance: Provenance
    block_size: int
    layers: tuple[Layer, ...] = ()
    classes: tuple[str, ...] = ()
    face_shape: tuple[int, int] = (0, 0)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of one of `answers` over all images."""
        sizes = {
            IMAGE: len(self.faces),
            FILTER: len(self.filters),
            CLASS: len(self.classes),
            ROW: self.face_shape[0],
            COL: self.face_shape[1],
        }
        return tuple(sizes[dim] for dim in ANSWERS[name].dims)


@dataclass(frozen=True)
class BlockWriter:
    """A store on disk that takes blocks. Raises StoreError when it cannot be used."""

    path: Path | str
    group: zarr.Group

    @classmethod
    def create(cls, path: Path | str, contents: Contents) -> Self:
        """A store without blocks. It appears at `path` whole or not at all."""
        with appearing(path) as partial:
            cls.begin(partial, contents)
        return cls(path, open_group(path, write=True))

    @classmethod
    def begin(cls, partial: Path | str, contents: Contents) -> Self:
        """A store without blocks right at a place that `appearing` gave."""
        store = store_at(partial, write=True)
        group = zarr.create_group(store, zarr_format=layout.ZARR_FORMAT)
        _lay_out(group, contents)
        return cls(partial, group)

    @classmethod
    def resume(cls, path: Path | str, inputs: Mapping[str, str]) -> Self:
        """The store at `path`, if it was begun from the same `inputs`.

        Raises StaleStoreError naming each input that differs.
        """
        group = open_group(path, write=True)
        version = "format version"  # a store never changes from one to another
        recorded = json.loads(str(group.attrs["inputs"]))
        recorded[version] = str(group.attrs["facsinterp_schema"])
        inputs = {**inputs, version: str(FORMAT)}
        differing = differences(recorded, inputs, "the store has")
        if differing:
            message = "\n".join(
                [
                    f"the activation store {path} was made from something else:",
                    *differing,
                    "Choose another path, or remove this store if it is no longer wanted.",
                ]
            )
            raise StaleStoreError(message)
        return cls(path, group)

    @property
    def images(self) -> int:
        """Length of the image axis."""
        return int(array_of(self.group, "peak").shape[0])

    @property
    def filters(self) -> int:
        """Length of the filter axis."""
        return int(array_of(self.group, "peak").shape[1])

    @property
    def blocks(self) -> tuple[slice, ...]:
        """The blocks that the store was laid out with."""
        return layout.blocks(self.images, int(str(self.group.attrs["block_size"])))

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of the blocks that are not marked as finished."""
        done = np.asarray(array_of(self.group, "done")[:])
        return tuple(int(block) for block in np.flatnonzero(~done))

    @property
    def complete(self) -> bool:
        """Whether `finish` ran to its end."""
        return self.group.attrs.get("complete") is True

    @property
    def provenance(self) -> Provenance:
        """How the store is made."""
        return Provenance.from_json(str(self.group.attrs["provenance"]))

    def write(self, block: int, answers: Mapping[str, NDArray[Any]]) -> None:
        """Put one block on disk, then mark it. `answers`: every variable, over its images.

        One that is marked already stays: a worker thought dead may bring it late.
        """
        images, marks = self.blocks[block], array_of(self.group, "done")
        if bool(marks[block]):
            return
        for name, values in answers.items():
            array = array_of(self.group, name)
            self._forget(array, block)
            array[images] = values
        marks[block] = True

    def _forget(self, array: zarr.Array[Any], block: int) -> None:
        """Remove what a writer that died may have left of a block: zarr would read it first."""
        folder = Folder.at(self.path)
        key = array.metadata.encode_chunk_key((block,) + (0,) * (array.ndim - 1))
        if folder.has(f"{array.path}/{key}"):
            folder.remove([f"{array.path}/{key}"])

    def rewrite(self, rows: NDArray[np.int64], answers: Mapping[str, NDArray[Any]]) -> None:
        """Replace what finished blocks hold of the images at `rows`, which only grow.

        A block is written whole or not at all, and nobody else may write to it meanwhile.
        """
        for images in self.blocks:
            inside = (rows >= images.start) & (rows < images.stop)
            if not inside.any():
                continue
            for name, values in answers.items():
                held = self.read(name, images)
                held[rows[inside] - images.start] = values[inside]
                array_of(self.group, name)[images] = held

    def read(self, name: str, images: slice) -> NDArray[Any]:
        """What one variable holds of a block's images."""
        return np.array(array_of(self.group, name)[images])

    def finish(self) -> None:
        """Derive what is computed over all images and declare the store complete.

        What killed writers left in it is removed, so nobody else may write to it now. Raises
        StoreError while a block is missing.
        """
        if self.missing:
            message = f"{self.path} cannot be finished: {len(self.missing)} blocks are missing"
            raise StoreError(message)
        block_size = int(str(self.group.attrs["block_size"]))
        for name, values in derived(array_of(self.group, "peak"), block_size).items():
            array_of(self.group, name)[...] = values
        _remove_unfinished(place_of(self.path))
        self.group.attrs["complete"] = True


def _remove_unfinished(place: Path | str) -> None:
    """Remove half-written files of a local store; objects elsewhere are there whole or not."""
    if isinstance(place, Path):
        for file in place.rglob("*.partial"):
            if _UNFINISHED.fullmatch(file.name):
                file.unlink(missing_ok=True)


def derived(peak: zarr.Array[Any], block_size: int) -> dict[str, NDArray[Any]]:
    """Share of images and ranked list of each filter. `peak`: (image, filter), read by blocks."""
    # Compiled code that opening a store can do without.
    from facsinterp.activations.keeping.toplist import TopLists

    images, filters = peak.shape
    lists = TopLists(filters, layout.ranks(images))
    for block in layout.blocks(images, block_size):
        lists.add(np.asarray(peak[block]), np.arange(block.start, block.stop))
    lists.answering()
    return {
        "active_share": (lists.above / images).astype(np.float32),
        "top_image": lists.positions.astype(np.int32),
        "top_value": lists.values,
    }


def _lay_out(group: zarr.Group, contents: Contents) -> None:
    """Every array of the store: tables written, answers empty."""
    faces = contents.faces.to_dataset()
    for name, variable in faces.variables.items():
        layout.add_table(group, str(name), [str(dim) for dim in variable.dims], variable.values)
    names = {
        FILTER: np.array([str(one) for one in contents.filters]),
        "layer": np.array([one.layer for one in contents.filters]),
        "channel": np.array([one.channel for one in contents.filters], dtype=np.int32),
    }
    for name, values in names.items():
        layout.add_table(group, name, (FILTER,), values)
    if contents.classes:
        layout.add_table(group, CLASS, (CLASS,), np.array(contents.classes))
    for name in contents.answers:
        layout.add_answer(group, name, contents.shape(name), contents.block_size)
    layout.add_derived(group, len(contents.filters), len(contents.faces))
    layout.add_marks(group, len(layout.blocks(len(contents.faces), contents.block_size)))
    group.attrs.update(
        {
            **faces.attrs,
            "facsinterp_schema": FORMAT,
            "complete": False,
            "block_size": contents.block_size,
            "key": fingerprint(dict(contents.inputs)),
            "inputs": json.dumps(dict(contents.inputs), ensure_ascii=False),
            "layers": Layer.to_json(contents.layers),
            "provenance": contents.provenance.to_json(),
            # Read by xarray: these variables are coordinates.
            "coordinates": " ".join(COORDINATES),
        }
    )
