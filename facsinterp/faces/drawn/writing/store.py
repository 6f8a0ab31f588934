"""The arrays of a written design in a Zarr store that xarray opens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import ZstdCodec

from facsinterp.faces.drawn.designs.contract import Design
from facsinterp.faces.drawn.units import UNITS
from facsinterp.faces.drawn.writing.blocks import SIZE, Block
from facsinterp.faces.drawn.writing.truth import DENSE, DIMS, GAZE, LIGHT, POSE

NAME: Final = "faces.zarr"
_NOTES: Final[dict[str, Any]] = {
    "gaze": {"description": "of the eyes in the head, in radians: not as seen from the camera"}
}
_TEXTS: Final = ("image", "subject", "sequence", "phase", "expression", "split")
# A chunk is on disk even if all its values are zero: one that is not there was lost.
_WRITING: Final[Any] = {"write_empty_chunks": True}
_CODECS: Final[Any] = {
    "compressors": [ZstdCodec(level=3, checksum=True)],
    "config": _WRITING,
}


def begin(folder: Path, design: Design) -> None:
    """A store that holds every small array, and no frame yet."""
    group = zarr.create_group(folder / NAME, zarr_format=3)
    group.attrs.update(
        {"design": json.dumps(design.settings), "coordinates": " ".join((*_TEXTS, "frame", "time"))}
    )
    axes = {
        "au": np.array(design.coded, np.int16),
        "shown": np.array(UNITS, np.int16),
        "side": np.array(["right", "left"]),
        "xy": np.array(["x", "y"]),
        "xyz": np.array(["x", "y", "z"]),
        "pose_of": np.array(POSE),
        "gaze_of": np.array(GAZE),
        "light_of": np.array(LIGHT),
    }
    for name, values in axes.items():
        _whole(group, name, name, values)
    frames = list(design)
    for name in _TEXTS:
        _whole(group, name, "image", np.array([getattr(frame, name) for frame in frames], str))


def put(folder: Path, design: Design, block: Block) -> None:
    """Write the frames of a block; an array that nothing is in yet is made first."""
    group = zarr.open_group(folder / NAME, mode="r+")
    images = slice(block.number * SIZE, block.number * SIZE + len(block.arrays["frame"]))
    for name, values in block.arrays.items():
        array = group.get(name)
        if not isinstance(array, zarr.Array):
            array = group.create_array(
                name,
                shape=(len(design), *values.shape[1:]),
                chunks=(SIZE, *values.shape[1:]),
                dtype=values.dtype,
                fill_value=np.nan if values.dtype.kind == "f" else 0,
                dimension_names=(DIMS | DENSE)[name],
                attributes=_NOTES.get(name),
                **_CODECS,
            )
        # What is made carries this wish; what is opened again does not.
        array.with_config(_WRITING)[images] = values


def _whole(group: zarr.Group, name: str, dim: str, values: NDArray[Any]) -> None:
    """A small array, written in one piece; text as the zarr type `string`."""
    text = values.dtype.kind == "U"
    array = group.create_array(
        name,
        shape=values.shape,
        dtype=str if text else values.dtype,
        chunks=values.shape,
        dimension_names=(dim,),
        **_CODECS,
    )
    array[...] = values.astype(object) if text else values
