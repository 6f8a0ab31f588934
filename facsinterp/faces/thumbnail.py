"""A face as a small picture file, for cards and pages."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LARGEST: Final = 128
"""Pixels of the longer side."""
_QUALITY: Final = 84  # a face of 64 pixels takes about 1 KB and shows no blocks at double size


def webp(face: NDArray[np.uint8]) -> bytes:
    """A WebP file of a face (row, col) or (row, col, 3), at most `LARGEST` pixels long.

    Whether the terms allow that it is shown is for the caller to ask.
    """
    picture = Image.fromarray(np.ascontiguousarray(face))
    picture.thumbnail((LARGEST, LARGEST))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=_QUALITY, method=4)
    return out.getvalue()
