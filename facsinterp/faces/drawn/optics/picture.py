"""A picture as the sensor gives it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.optics.lens import develop, wall
from facsinterp.faces.drawn.optics.taking import exposure
from facsinterp.faces.drawn.spec import Face


def picture(face: Face, size: int) -> NDArray[np.uint8]:
    """(size, size): grey levels of a face before its wall."""
    light, cover = exposure(face, size)
    return develop(light + wall(face, size) * (1 - cover), face)
