"""Hundreds of thousands of small .npy files, each a number, a text or some points."""

from __future__ import annotations

import math
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.pictures import impostor
from facsinterp.faces.sources.reading.files import UnreadableFile, number

_MAGIC: Final = b"\x93NUMPY\x01\x00"
_START: Final = len(_MAGIC) + 2


def read_small_array(path: str | Path) -> NDArray[Any]:
    """The array in a file of numbers or texts; UnreadableFile for anything else.

    Quicker than numpy's own reader, for the headers of one kind of file are all alike.
    """
    try:
        with open(path, "rb", buffering=0) as file:
            content = file.read()
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        raise UnreadableFile(message) from None
    if instead := impostor(content):
        raise UnreadableFile(instead)
    end = _START + int.from_bytes(content[len(_MAGIC) : _START], "little")
    try:
        if not content.startswith(_MAGIC):
            message = "it does not begin like one"
            raise ValueError(message)
        shape, dtype = _header(content[len(_MAGIC) : end])
        count = _size(shape)
        if count * dtype.itemsize > len(content) - end:
            message = f"cut short: {len(content) - end} bytes for {count} values"
            raise ValueError(message)
        return np.frombuffer(content, dtype=dtype, offset=end, count=count).reshape(shape)
    except ValueError as error:
        message = f"not a numpy file of numbers or text ({error})"
        raise UnreadableFile(message) from None


def one_number(values: NDArray[Any]) -> float:
    """The number that an array without dimensions holds, as a number or a text."""
    if values.size != 1:
        message = f"it holds {values.size} values, expected one"
        raise UnreadableFile(message)
    return number(str(values.reshape(()).item()))


@lru_cache(maxsize=256)
def _header(header: bytes) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(BytesIO(header))
    except Exception as error:  # the reader raises errors of many kinds for broken headers
        message = f"its header is damaged: {error}"
        raise ValueError(message) from None
    if min(shape, default=0) < 0:
        message = f"unexpected shape {shape}"
        raise ValueError(message)
    if dtype.hasobject or (fortran and len(shape) > 1):
        message = f"unexpected kind {dtype}"
        raise ValueError(message)
    return shape, dtype


def _size(shape: tuple[int, ...]) -> int:
    return math.prod(shape)
