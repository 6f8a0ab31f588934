"""The action units that a drawn face can show, and how far each intensity moves them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

UNITS: Final = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 18, 20, 22, 23, 24, 25, 26, 27, 43)

# Units that a person can show on one side of the face alone.
ONE_SIDED: Final = frozenset({1, 2, 6, 7, 9, 10, 12, 14, 15, 20})

# Pairs that cannot be shown together: one opens what the other closes, or they are two
# degrees of one movement (26 and 27; 5 and 43).
EXCLUSIVE: Final = (
    (26, 27),
    (5, 43),
    (7, 43),
    (16, 24),
    (24, 25),
    (24, 26),
    (24, 27),
    (23, 27),
    (12, 18),
    (20, 18),
    (22, 24),
    (18, 22),
    (18, 27),
    (12, 22),
    (20, 22),
)

# A trace to maximum: the share of the full movement (0 is rest).
_SHARES: Final = (0.0, 0.20, 0.38, 0.60, 0.82, 1.0)


def movement(intensity: ArrayLike) -> NDArray[np.float32]:
    """The share (0 to 1) of a unit's full movement at FACS intensities 0 to 5 (E).

    Letters give 20, 38, 60, 82 and 100 %; between letters the share is linear.
    """
    return np.interp(np.asarray(intensity, np.float64), range(6), _SHARES).astype(np.float32)


def intensity(share: ArrayLike) -> NDArray[np.float32]:
    """The FACS intensity (0 to 5) that moves a unit by these shares: `movement` turned round."""
    return np.interp(np.asarray(share, np.float64), _SHARES, range(6)).astype(np.float32)


def agree(units: Iterable[int]) -> bool:
    """Whether one face can show these units together."""
    shown = set(units)
    return not any(first in shown and second in shown for first, second in EXCLUSIVE)
