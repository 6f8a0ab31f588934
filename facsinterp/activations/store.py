"""What every filter answered to every face: the complete matrix, opened lazily and asked.

An `ActivationStore` is a zarr group that any xarray can read (docs/store-format.md). The
pooled answers of all filters to all images are kept, so that any ranking, any set of codes
and any test can be had from them without running the network again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import xarray as xr
import zarr
from numpy.typing import ArrayLike

from facsinterp.activations.asking.queries import Queries
from facsinterp.activations.keeping import layout
from facsinterp.activations.keeping.arrays import contents_of
from facsinterp.activations.keeping.folder import place_of, reaching
from facsinterp.activations.keeping.integrity import lost_chunks, wrong_content, wrong_variables
from facsinterp.activations.keeping.layout import ACTIVATIONS, Layer, Precision
from facsinterp.activations.keeping.place import appearing, open_group
from facsinterp.activations.keeping.writer import BlockWriter, Contents
from facsinterp.activations.plan import BLOCK_SIZE
from facsinterp.errors import Fault, IncompleteStoreError, InputError, StoreError
from facsinterp.faces.table import FACES, FaceTable
from facsinterp.labels import FILTER, FilterId
from facsinterp.provenance import Provenance


@dataclass(frozen=True, repr=False)
class ActivationStore(Queries):
    """Answers of filters to faces. `data` has dims image, filter, au and rank, read when used.

    `data["peak"]` (image, filter): spatial maximum after the nonlinearity, float32, never
    NaN. docs/store-format.md tells every other variable.
    """

    path: Path | str
    """A Path on this machine, else the URL."""
    data: xr.Dataset

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """The complete store at a path or any URL of fsspec, nothing read but its tables.

        It is opened to be read: nothing done to `data` changes what is there.

        Raises IncompleteStoreError while its sweep has not finished, StoreError when there
        is no store, or one that is damaged; what was found is named.
        """
        path = place_of(path)
        group = open_group(path)
        if group.attrs.get("complete") is not True:
            raise IncompleteStoreError(_progress_of(path, group))
        with reaching(path):
            _refuse(path, [*wrong_variables(group), *lost_chunks(group)])
        try:
            data = xr.open_zarr(group.store, consolidated=False, zarr_format=3, chunks=None)
            ACTIVATIONS.check(data)
            store = cls(path, _plain_text(data.drop_vars("done")))
            len(store.faces)  # codes that contradict each other are damage too
        except (ValueError, KeyError, TypeError) as error:
            _refuse(path, [str(error)])
        return store

    @classmethod
    def create(cls, path: Path | str, contents: Contents) -> BlockWriter:
        """A new store at `path` without blocks, and the writer that fills it."""
        return BlockWriter.create(path, contents)

    @classmethod
    def from_arrays(  # noqa: PLR0913 - one keyword a variable of the store
        cls,
        path: Path | str,
        peak: ArrayLike,
        filters: Sequence[FilterId],
        faces: FaceTable,
        *,
        mean: ArrayLike | None = None,
        peak_row: ArrayLike | None = None,
        peak_col: ArrayLike | None = None,
        face: ArrayLike | None = None,
        overwrite: bool = False,
    ) -> Self:
        """A store of activations that were made elsewhere, at `path` whole or not at all.

        `peak`, `mean`, `peak_row`, `peak_col`: (image, filter); `face`: (image, row, col)
        uint8. `path`: a path or any URL of fsspec. Raises InputError with every fault of the
        arrays, StoreError when something is at `path` (with `overwrite`: something that is
        no activation store).
        """
        given = {
            "peak": peak,
            "peak_row": peak_row,
            "peak_col": peak_col,
            "mean": mean,
            "face": face,
        }
        contents, answers = contents_of(given, filters, faces, BLOCK_SIZE)
        with appearing(path, overwrite=overwrite) as partial:
            writer = BlockWriter.begin(partial, contents)
            for block, images in enumerate(writer.blocks):
                writer.write(block, {name: values[images] for name, values in answers.items()})
            writer.finish()
        return cls.open(path)

    @cached_property
    def filters(self) -> tuple[FilterId, ...]:
        """Every filter, in the order of the filter dimension."""
        layers, channels = self.data["layer"].values, self.data["channel"].values
        return tuple(
            FilterId(str(layer), int(channel))
            for layer, channel in zip(layers, channels, strict=True)
        )

    @cached_property
    def faces(self) -> FaceTable:
        """The faces that the network saw, with their codes and terms."""
        names = [name for name in FACES.variables if name in self.data]
        return FaceTable.from_dataset(self.data[names])

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What is known of each layer."""
        return Layer.from_json(self.data.attrs["layers"])

    @property
    def key(self) -> str:
        """The fingerprint of `inputs`."""
        return str(self.data.attrs["key"])

    @property
    def inputs(self) -> dict[str, str]:
        """What decided the numbers: network, layers, pixels, faces, reduction, versions."""
        return dict(json.loads(self.data.attrs["inputs"]))

    @property
    def precision(self) -> Precision:
        """`float32`, or `bf16`: then the strongest images of each filter are exact, others near."""
        return layout.precision_of(self.data.attrs)

    @property
    def provenance(self) -> Provenance:
        """How the store was made."""
        return Provenance.from_json(self.data.attrs["provenance"])

    def response(self, which: FilterId | str) -> xr.DataArray:
        """One filter's peak for every image: (image), read, with the columns of the faces.

        Raises InputError when the store has no such filter.
        """
        return self.data["peak"].isel({FILTER: self._position(which)}).load()

    def peaks(self, layer: str | None = None) -> xr.DataArray:
        """The peaks (image, filter) of one layer or of all, read when used.

        Raises InputError when the store has no such layer.
        """
        if layer is None:
            return self.data["peak"]
        inside = np.flatnonzero(self.data["layer"].values == layer)
        if not inside.size:
            known = ", ".join(dict.fromkeys(one.layer for one in self.filters))
            raise InputError(Fault("unknown layer", str(self.path), expected=known, got=layer))
        return self.data["peak"].isel({FILTER: inside})

    def active_share(self, which: FilterId | str) -> float:
        """The share of images for which a filter's peak is above zero."""
        return float(self.data["active_share"].isel({FILTER: self._position(which)}))

    def verify(self) -> Self:
        """The same store after every number in it was read and checked.

        Raises StoreError with all that is wrong: chunks that cannot be read, values that
        are not finite, derived variables that do not follow from the peaks, a key that
        does not follow from the recorded inputs, codes that contradict each other; in a
        bf16 store also peaks that do not follow from the scores, and filters whose list of
        strongest images is not certain to be that of float32.
        """
        _refuse(self.path, wrong_content(open_group(self.path)))
        return self


def _progress_of(path: Path | str, group: zarr.Group) -> str:
    done = np.asarray(layout.array_of(group, "done")[:])
    return (
        f"the activation store {path} is not complete: {int(done.sum())} of {done.size} blocks "
        "are there. Run the same sweep again: it goes on with the others"
    )


def _refuse(path: Path | str, faults: Iterable[str]) -> None:
    found = "\n".join(faults)
    if found:
        message = f"the activation store {path} is damaged:\n{found}"
        raise StoreError(message)


def _plain_text(data: xr.Dataset) -> xr.Dataset:
    """Text as numpy str, whatever type the reader of the file gives it."""
    text = {
        name: (variable.dims, np.array(variable.values.tolist(), dtype=str).reshape(variable.shape))
        for name, variable in data.variables.items()
        if variable.dtype.kind in "OT"
    }
    return data.assign(text)
