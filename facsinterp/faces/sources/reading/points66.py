"""Landmarks in MATLAB files: 66, 49 or 68 points, given back as the 68 of iBUG.

The shorter schemes leave points of iBUG's out: 66 the inner mouth corners, which here take the
places of the outer corners (a closed mouth has them there); 49 the jaw too, which stays NaN.
"""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.faces.pictures import impostor
from facsinterp.faces.sources.reading.files import UnreadableFile

_INNER_CORNERS: Final = {60: 48, 64: 54}
"""Inner corner of the mouth, and the outer one that stands for it."""
_JAW: Final = 17
_FARTHEST: Final = 1e6
_MATLAB5: Final = b"\x00\x01IM"
"""Version and byte order (little endian first) at the end of a file's header."""
_TAG: Final = struct.Struct("<II")
_HEAD: Final = struct.Struct("<10I")
"""Tags of a matrix, its flags and its shape, with flags and shape."""
_MATRIX, _COMPRESSED, _UINT32, _INT32, _FLOAT64 = 14, 15, 6, 5, 9
_DOUBLES: Final = 6
"""Flags of a matrix of real doubles."""
_MOST: Final = 4_096
"""More bytes than 68 points need."""


def ibug68(points: ArrayLike) -> NDArray[np.float32]:
    """(68, 2) of 66, 49 or 68 points; UnreadableFile for other numbers or absurd places."""
    exact = np.asarray(points, dtype=np.float64)
    if exact.ndim != 2 or exact.shape[1] != 2 or len(exact) not in (49, 66, 68):
        message = f"the points have shape {exact.shape}, expected (66, 2)"
        raise UnreadableFile(message)
    if (np.abs(exact) > _FARTHEST).any():
        message = "its points lie outside of any picture"
        raise UnreadableFile(message)
    given = exact.astype(np.float32)
    if len(given) == 68:
        return given
    full = np.full((68, 2), np.nan, dtype=np.float32)
    first = _JAW if len(given) == 49 else 0
    taken = [place for place in range(first, 68) if place not in _INNER_CORNERS]
    full[taken] = given
    for inner, outer in _INNER_CORNERS.items():
        full[inner] = full[outer]
    return full


def read_points(path: Path) -> NDArray[np.float32]:
    """The points of a file with a variable `pts`, as iBUG's 68; UnreadableFile without them."""
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        raise UnreadableFile(message) from None
    simple = _first_matrix(content, b"pts")
    if simple is not None:
        return ibug68(simple)
    found = _variables(content)
    if "pts" not in found:
        names = ", ".join(name for name in found if not name.startswith("__"))
        message = f"it holds no variable pts, but {names or 'nothing'}"
        raise UnreadableFile(message)
    try:
        return ibug68(found["pts"])
    except (TypeError, ValueError):
        message = "its points are no numbers"
        raise UnreadableFile(message) from None


def _first_matrix(content: bytes, name: bytes) -> NDArray[np.float64] | None:
    """The first variable of a MATLAB file, where it is a plain matrix of doubles so named.

    None for any other, also for a damaged file: scipy reads those, or tells what is wrong. It
    takes several times as long, which tells in DISFA's 130,000 files.
    """
    if content[124:128] != _MATLAB5:
        return None
    try:
        kind, size = _TAG.unpack_from(content, 128)
        if kind == _COMPRESSED:
            # Never more than such a matrix can need.
            body = zlib.decompressobj().decompress(content[136 : 136 + size], _MOST)
        else:
            body = content[128 : 128 + _MOST]
        matrix, _, flags_tag, flags_size, flags, _, *dims_tag, rows, cols = _HEAD.unpack_from(body)
        tags = (matrix, flags_tag, flags_size, *dims_tag)
        place = _HEAD.size
        kind, size = _TAG.unpack_from(body, place)
        if kind >> 16:  # a short name stands in its tag
            called, place = body[place + 4 : place + 4 + (kind >> 16)], place + 8
        else:
            called, place = body[place + 8 : place + 8 + size], place + 8 + (size + 7) // 8 * 8
        data = _TAG.unpack_from(body, place)
    except (struct.error, zlib.error):
        return None
    plain = tags == (_MATRIX, _UINT32, 8, _INT32, 8) and flags & 0xFFFF == _DOUBLES
    end = place + 8 + 8 * rows * cols
    if not plain or called != name or data != (_FLOAT64, 8 * rows * cols) or end > len(body):
        return None
    values = np.frombuffer(body, dtype="<f8", count=rows * cols, offset=place + 8)
    return values.reshape(cols, rows).T


def _variables(content: bytes) -> dict[str, Any]:
    """The variables of a MATLAB file; UnreadableFile when it is none."""
    from scipy.io import loadmat

    instead = impostor(content)
    if instead:
        raise UnreadableFile(instead)
    try:
        file: Any = BytesIO(content)  # files are not among the types that scipy's stubs know
        found: dict[str, Any] = loadmat(file, struct_as_record=False, squeeze_me=True)
    except Exception as error:  # the reader raises its own kinds for broken files
        message = f"not a MATLAB file that can be read ({str(error) or type(error).__name__})"
        raise UnreadableFile(message) from None
    return found
