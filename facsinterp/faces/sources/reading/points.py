"""Landmarks as text, `x;y;x;y;...`, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

POINTS: Final = 68
_NUMBERS: Final = 2 * POINTS
_AT_ONCE: Final = 50_000


def parse_points(texts: Sequence[str]) -> NDArray[np.float32]:
    """The points (text, 68, 2); NaN for a text that holds anything but 68 finite points."""
    found = np.full((len(texts), _NUMBERS), np.nan, dtype=np.float32)
    usable = [row for row, text in enumerate(texts) if text.count(";") == _NUMBERS - 1]
    for start in range(0, len(usable), _AT_ONCE):
        rows = usable[start : start + _AT_ONCE]
        found[rows] = _together([texts[row] for row in rows])
    found[~np.isfinite(found).all(axis=1)] = np.nan
    return found.reshape(-1, POINTS, 2)


def _together(texts: Sequence[str]) -> NDArray[np.float32]:
    """Texts of the right length parsed as one table; one by one where some cell is no number."""
    try:
        table = pd.read_csv(
            StringIO("\n".join(texts)), sep=";", header=None, dtype=np.float32, quoting=3
        )
    except (ValueError, pd.errors.ParserError):
        return np.stack([_alone(text) for text in texts])
    if table.shape != (len(texts), _NUMBERS):
        return np.stack([_alone(text) for text in texts])
    return np.asarray(table)


def _alone(text: str) -> NDArray[np.float32]:
    try:
        return np.array(text.split(";"), dtype=np.float32)
    except ValueError:
        return np.full(_NUMBERS, np.nan, dtype=np.float32)
