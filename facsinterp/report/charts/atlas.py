"""The pictures of the atlas: one sheet of every unit at A to E, from the front and turned."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image

from facsinterp.faces.drawn.atlas import STEPS, VIEWS, ladder
from facsinterp.faces.drawn.units import UNITS

COLUMNS: Final = len(VIEWS) * (len(STEPS) - 1)
ROWS: Final = 1 + len(UNITS)
"""The face at rest is in the first row alone, at the first step of each view."""
_BLANK: Final = 128


@lru_cache(maxsize=2)  # it is the same on every site
def sheet(size: int, quality: int) -> bytes:
    """WebP: the face at rest, then a row of `COLUMNS` faces of `size` pixels for each unit."""
    rows = [np.full((size, COLUMNS * size), _BLANK, np.uint8)]
    for unit in UNITS:
        views = [ladder(unit, view, size) for view in VIEWS]
        rows.append(np.hstack([face for view in views for face in view[1:]]))
    for place, view in enumerate(views):
        left = place * (len(STEPS) - 1) * size
        rows[0][:, left : left + size] = view[0]
    out = io.BytesIO()
    Image.fromarray(np.vstack(rows)).save(out, "WEBP", quality=quality, method=6)
    return out.getvalue()
