"""A store of attributions while it is made: block by block of filters, each marked after it.

It grows at `<name>.partial` and gets its name when all is there. Writing a block twice gives
the same bytes, so it does not matter whether a run that was killed had begun it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self, final

import numpy as np
import zarr
from numpy.typing import NDArray

from facsinterp.errors import StaleStoreError, StoreError
from facsinterp.labels import COL, FILTER, POINT, RANK, ROW, XY
from facsinterp.provenance import Provenance, differences, fingerprint
from facsinterp.saliency import layout
from facsinterp.saliency.layout import BLOCK, CCOL, CODECS, CROW, FACE, MARK
from facsinterp.saliency.top import TopFaces

# What a killed process leaves of a chunk that zarr was about to rename into its place.
_UNFINISHED: Final = re.compile(r".+\.[0-9a-f]{32}\.partial")


@final
@dataclass(frozen=True, eq=False)
class MeanFaceTables:
    """The mean face of a store: its landmarks (point, xy), its picture, and those of the faces."""

    landmarks: NDArray[np.float32]
    picture: NDArray[np.uint8]
    of_faces: NDArray[np.float32]
    """(image, point, xy) of all faces; NaN where a face has none."""


@final
@dataclass(frozen=True, eq=False)
class Contents:
    """What a store will hold, all known before its first block is written."""

    top: TopFaces
    names: NDArray[np.str_]
    """(image) identifiers of all faces; those that are shown are kept."""
    shape: tuple[int, int]
    """(rows, cols) of a face."""
    method: str
    clearances: Sequence[Mapping[str, Any]]
    """For each layer what was done so that the method is right there."""
    inputs: Mapping[str, str]
    """What decides the numbers; the key of the store is the fingerprint of this."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    canonical: MeanFaceTables | None = None

    @property
    def faces(self) -> NDArray[np.int64]:
        """Positions of the faces that any filter has, ascending, each once."""
        return np.unique(self.top.image[self.top.used])


@final
@dataclass(frozen=True, eq=False)
class AttributionWriter:
    """A store that grows at `<name>.partial`. Raises StoreError when it cannot be used."""

    path: Path
    group: zarr.Group

    @classmethod
    def begin(cls, path: Path, contents: Contents) -> Self:
        """The store that was begun for `path` from the same inputs, else one without blocks.

        Raises StaleStoreError naming each input that differs, StoreError when what is begun
        is of another format or was begun on another kind of device.
        """
        partial = partial_of(path)
        if not _is_laid_out(partial):
            shutil.rmtree(partial, ignore_errors=True)
            partial.parent.mkdir(parents=True, exist_ok=True)
            _lay_out(zarr.create_group(partial, zarr_format=layout.ZARR_FORMAT), contents)
        group = zarr.open_group(partial, mode="r+", zarr_format=layout.ZARR_FORMAT)
        refuse_other(partial, json.loads(str(group.attrs["inputs"])), contents.inputs)
        begun = Provenance.from_json(str(group.attrs["provenance"])).settings
        if begun != contents.settings:
            message = (
                f"the attributions at {partial} were begun with {begun} and cannot go on with "
                f"{dict(contents.settings)}, which rounds differently: go on as they were begun, "
                "or remove them"
            )
            raise StoreError(message)
        return cls(path, group)

    @property
    def blocks(self) -> tuple[slice, ...]:
        """Blocks of the filter axis."""
        return layout.blocks(int(self._array(FILTER).shape[0]))

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of the blocks that are not marked as finished."""
        done = np.asarray(self._array("done")[:])
        return tuple(int(block) for block in np.flatnonzero(~done))

    def write(self, block: int, pictures: Mapping[str, NDArray[Any]]) -> None:
        """Put one block on disk, then mark it. `pictures`: every one, over its filters."""
        for name, values in pictures.items():
            array = self._array(name)
            # zarr would read and keep what is there of a block that is not full.
            key = array.metadata.encode_chunk_key((block,) + (0,) * (array.ndim - 1))
            (partial_of(self.path) / name / key).unlink(missing_ok=True)
            array[self.blocks[block]] = values
        self._array("done")[block] = True

    def finish(self) -> None:
        """Declare the store complete and give it its name.

        What killed runs left in it is removed. Raises StoreError while a block is missing,
        or when somebody else made a store there meanwhile.
        """
        partial = partial_of(self.path)
        if self.missing:
            message = f"{partial} cannot be finished: {len(self.missing)} blocks are missing"
            raise StoreError(message)
        for file in partial.rglob("*.partial"):
            if _UNFINISHED.fullmatch(file.name):
                file.unlink(missing_ok=True)
        self.group.attrs["complete"] = True
        try:
            os.rename(partial, self.path)
        except OSError as error:
            message = f"{partial} is whole but cannot be renamed to {self.path}: {error}"
            raise StoreError(message) from error

    def _array(self, name: str) -> zarr.Array[Any]:
        found = self.group.get(name)
        if not isinstance(found, zarr.Array):
            message = f"{partial_of(self.path)} is damaged: it lacks {name}; remove it"
            raise StoreError(message)
        return found.with_config(CODECS["config"])


def partial_of(path: Path) -> Path:
    """Where a store grows before it has its name."""
    return path.with_name(path.name + ".partial")


def refuse_other(where: Path, recorded: Mapping[str, str], inputs: Mapping[str, str]) -> None:
    """Raise StaleStoreError, naming each recorded input that is not as it should be."""
    differing = differences(recorded, inputs, "there from")
    if differing:
        message = "\n".join(
            [
                f"the attributions at {where} are made from something else:",
                *differing,
                "Choose another path, or remove them if they are no longer wanted.",
            ]
        )
        raise StaleStoreError(message)


def _is_laid_out(partial: Path) -> bool:
    """Whether a store was laid out there; False also for what a run that was killed at it left.

    Raises StoreError for anything else: it is not ours to remove.
    """
    if not partial.exists():
        return False
    if not (partial / "zarr.json").is_file():
        message = (
            f"{partial} is no store of attributions that was begun: it is needed as a place to "
            "work in; move it away, or choose another path"
        )
        raise StoreError(message)
    try:
        group = zarr.open_group(partial, mode="r", zarr_format=layout.ZARR_FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return MARK in group.attrs


def _lay_out(group: zarr.Group, contents: Contents) -> None:
    """Every array: tables written, pictures empty; the attributes last, they make it a store."""
    top, used = contents.top, contents.top.used
    tables: dict[str, tuple[Sequence[str], NDArray[Any]]] = {
        FILTER: ((FILTER,), np.array([str(one) for one in top.filters])),
        "layer": ((FILTER,), np.array([one.layer for one in top.filters])),
        "channel": ((FILTER,), np.array([one.channel for one in top.filters], np.int32)),
        "image": ((FILTER, RANK), top.image.astype(np.int32)),
        "value": ((FILTER, RANK), np.where(used, top.value, np.nan).astype(np.float32)),
        "peak_row": ((FILTER, RANK), np.where(used, top.row, 0).astype(np.uint16)),
        "peak_col": ((FILTER, RANK), np.where(used, top.col, 0).astype(np.uint16)),
        FACE: ((FACE,), contents.faces.astype(np.int32)),
        "face_name": ((FACE,), contents.names[contents.faces]),
        "done": ((BLOCK,), np.zeros(len(layout.blocks(len(top))), bool)),
    }
    sizes = {FILTER: len(top), RANK: top.ranks, ROW: contents.shape[0], COL: contents.shape[1]}
    pictures = dict(layout.PICTURES)
    if contents.canonical is not None:
        mean = contents.canonical
        tables["landmarks"] = ((FACE, POINT, XY), mean.of_faces[contents.faces])
        tables["canonical_landmarks"] = ((POINT, XY), mean.landmarks)
        tables["canonical_face"] = ((CROW, CCOL), mean.picture)
        sizes |= dict(zip((CROW, CCOL), mean.picture.shape, strict=True))
        pictures |= layout.ON_MEAN_FACE
    for name, (dims, values) in tables.items():
        layout.add_table(group, name, dims, values)
    for name, picture in pictures.items():
        layout.add_picture(group, name, picture, sizes)
    group.attrs.update(
        {
            "complete": False,
            "method": contents.method,
            "clearances": json.dumps(list(contents.clearances), ensure_ascii=False),
            "key": fingerprint(dict(contents.inputs)),
            "inputs": json.dumps(dict(contents.inputs), ensure_ascii=False),
            "provenance": Provenance(contents.inputs, contents.settings).to_json(),
            MARK: layout.FORMAT,
            # Read by xarray: these variables are coordinates.
            "coordinates": " ".join(layout.COORDINATES),
        }
    )
