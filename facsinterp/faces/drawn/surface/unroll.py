"""Where a place on the average head lies on the skin's textures."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

RADIUS: Final = 1.4
"""Head units to the radian, so that s is about x in the middle of the face."""


def unrolled(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """(n, 2): s and t of these points (n, 3) of the average head: angle round the vertical
    axis through the ears times `RADIUS`, and y."""
    turn = np.arctan2(points[:, 0], points[:, 2])
    return np.stack([RADIUS * turn, points[:, 1]], 1).astype(np.float32)
