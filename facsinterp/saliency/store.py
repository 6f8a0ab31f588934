"""What moved each filter on its strongest faces: a store of attributions, opened and asked.

An `Attributions` is a zarr group that any xarray can read (docs/attributions-format.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, final

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray

from facsinterp.errors import Fault, IncompleteStoreError, InputError, SchemaError, StoreError
from facsinterp.labels import FILTER, RANK, FilterId
from facsinterp.provenance import Provenance
from facsinterp.saliency.layout import (
    ATTRIBUTES,
    ATTRIBUTIONS,
    CANONICAL,
    FACE,
    FORMAT,
    MARK,
    ON_MEAN_FACE,
    PICTURES,
    ZARR_FORMAT,
)

# Where the scale of colours ends: single pixels may be far above all others.
SCALE_QUANTILE: Final = 0.995
# Read when asked for; all else is small and read when the store is opened.
_LAZY: Final = (*PICTURES, *ON_MEAN_FACE)


@final
@dataclass(frozen=True)
class Attributions:
    """Attributions of filters to their strongest faces, and their means on one mean face.

    `data` has dims filter, rank, row, col, face, and with landmarks also point, xy, crow and
    ccol: the pixels of the mean face. `attribution` (filter, rank, row, col) is in the pixels
    that the network takes, 0 where `image` (filter, rank) is -1: there is no face.
    docs/attributions-format.md tells every variable.
    """

    data: xr.Dataset

    def __post_init__(self) -> None:
        SchemaError.raise_any(_faults(ATTRIBUTIONS.check(self.data)))

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """The complete store at `path`, nothing read but its tables.

        Raises IncompleteStoreError while it is being made, StoreError when there is none, or
        one that is damaged or of another version; what was found is named.
        """
        path = Path(path)
        group = _group_at(path)
        lost = [
            name
            for name, array in group.arrays()
            if array.size and array.nchunks_initialized < array.nchunks
        ]
        if lost:
            message = f"the attributions {path} are damaged: parts of {_listed(lost)} are lost"
            raise StoreError(message)
        try:
            data = xr.open_zarr(path, consolidated=False, zarr_format=ZARR_FORMAT, chunks=None)
            return cls(_tables_read(data.drop_vars("done")))
        except (SchemaError, ValueError, KeyError, TypeError, OSError) as error:
            message = f"the attributions {path} are damaged: {error}"
            raise StoreError(message) from error

    @property
    def key(self) -> str:
        """The fingerprint of `inputs`."""
        return str(self.data.attrs["key"])

    @property
    def inputs(self) -> dict[str, str]:
        """What decided the numbers: network, pixels, faces, method, versions."""
        return dict(json.loads(self.data.attrs["inputs"]))

    @property
    def method(self) -> str:
        """How the answer was attributed to the pixels."""
        return str(self.data.attrs["method"])

    @property
    def clearances(self) -> tuple[dict[str, Any], ...]:
        """For each layer what was done so that the method is right there, in words."""
        return tuple(json.loads(self.data.attrs["clearances"]))

    @property
    def provenance(self) -> Provenance:
        """How the store was made."""
        return Provenance.from_json(self.data.attrs["provenance"])

    @property
    def filters(self) -> tuple[FilterId, ...]:
        """Every filter, in the order of the filter dimension."""
        return tuple(FilterId.parse(str(name)) for name in self.data[FILTER].values)

    @property
    def on_mean_face(self) -> bool:
        """Whether the faces had landmarks, so that there are means on one face."""
        return "canonical_landmarks" in self.data

    def of(self, which: FilterId | str) -> xr.Dataset:
        """All that is kept of one filter, read: dims rank, row, col, and crow, ccol.

        With landmarks also `landmarks` (rank, point, xy) of its faces, NaN where there is no
        face. `face_name` (rank) is the face's identifier, empty where there is none.
        Raises InputError for an unknown filter.
        """
        one = self.data.isel({FILTER: self._position(which)})
        shown = one["image"].values
        there = shown >= 0
        place = np.searchsorted(one[FACE].values, shown[there])
        found = one.drop_dims(FACE).load()
        names = np.full(len(shown), "", dtype=one["face_name"].dtype)
        names[there] = one["face_name"].values[place]
        found = found.assign_coords(face_name=(RANK, names))
        if self.on_mean_face:
            table = one["landmarks"]
            points = np.full((len(shown), *table.shape[1:]), np.nan, np.float32)
            points[there] = table.values[place]
            found["landmarks"] = ((RANK, *table.dims[1:]), points)
        return found

    def strongest(self, which: FilterId | str) -> NDArray[np.int64]:
        """Positions of a filter's faces on the image axis, strongest first; may be none."""
        image = self.data["image"].values[self._position(which)]
        return np.asarray(image[image >= 0], dtype=np.int64)

    def scale(self, which: FilterId | str) -> float:
        """The |attribution| at which the colours of a filter's faces should end.

        One number for all faces of a filter, so that they can be compared: `scale_of`.
        """
        return scale_of(self.data["attribution"].isel({FILTER: self._position(which)}).values)

    def _position(self, which: FilterId | str) -> int:
        names = self.data[FILTER].values
        found = np.flatnonzero(names == str(which))
        if not found.size:
            raise InputError(
                Fault("unknown filter", expected=f"{names[0]} to {names[-1]}", got=str(which))
            )
        return int(found[0])


def scale_of(attributions: NDArray[np.floating]) -> float:
    """The |attribution| at which colours should end, of all faces (rank, row, col) of a filter.

    The 99.5 % quantile of the absolute values of all pixels that are not zero; 0 when all are.
    """
    strong = np.abs(attributions[attributions != 0])
    return float(np.quantile(strong, SCALE_QUANTILE)) if strong.size else 0.0


def _group_at(path: Path) -> zarr.Group:
    """The zarr group of a complete store. Raises StoreError telling what was found instead."""
    if not (path / "zarr.json").is_file():
        begun = path.with_name(path.name + ".partial").exists()
        message = f"no attributions at {path}" + (
            f", but {path.name}.partial of a run that was stopped or is at work: run the same "
            "again, it goes on"
            if begun
            else ""
        )
        raise (IncompleteStoreError if begun else StoreError)(message)
    try:
        group = zarr.open_group(path, mode="r", zarr_format=ZARR_FORMAT)
    except (ValueError, KeyError, TypeError, OSError) as error:
        message = f"the attributions {path} are damaged: {error}"
        raise StoreError(message) from error
    version = group.attrs.get(MARK)
    if version is None:
        message = f"no attributions at {path}: found a zarr group of another kind"
        raise StoreError(message)
    if version != FORMAT:
        message = f"{path} holds attributions of version {version}; this facsinterp reads {FORMAT}"
        raise StoreError(message)
    lacking = [name for name in ATTRIBUTES if name not in group.attrs]
    if lacking:
        message = f"the attributions {path} are damaged: they lack {_listed(lacking)}"
        raise StoreError(message)
    if group.attrs["complete"] is not True:
        message = f"the attributions {path} are not complete: run the same again, it goes on"
        raise IncompleteStoreError(message)
    return group


def _tables_read(data: xr.Dataset) -> xr.Dataset:
    """Small variables read, and text as numpy str, whatever type the reader of the file gives."""
    return data.assign(
        {
            name: (
                variable.dims,
                np.array(variable.values.tolist(), dtype=str)
                if variable.dtype.kind in "OT"
                else variable.values,
            )
            for name, variable in data.variables.items()
            if name not in _LAZY
        }
    )


def _faults(data: xr.Dataset) -> Iterator[Fault]:
    """What a schema cannot say."""
    there = [name for name in CANONICAL if name in data]
    if there and len(there) < len(CANONICAL):
        yield Fault(
            "half a mean face", expected=f"all of {_listed(CANONICAL)}, or none", got=_listed(there)
        )
    image = data["image"].values
    if image.size and not set(np.unique(image[image >= 0]).tolist()) <= set(
        data[FACE].values.tolist()
    ):
        yield Fault("faces of filters that are not in the table of faces")
    if not np.array_equal(data[FACE].values, np.sort(data[FACE].values)):
        yield Fault("the table of faces is not in the order of its positions")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
