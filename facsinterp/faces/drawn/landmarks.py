"""The 68 landmarks (iBUG order) of drawn faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.spec import Face


def landmarks(faces: Sequence[Face], size: int) -> NDArray[np.float32]:
    """(face, 68, 2): x, y in pixels of a picture of `size`, top left pixel's centre (0, 0).

    They are places of the skin: a contour point of a turned head does not slide to the outline
    of the picture, as an annotator's would.
    """
    # Here: whoever asks only for codes need not wait for what is compiled.
    from facsinterp.faces.drawn.optics.marks import marked

    found = np.empty((len(faces), 68, 2), np.float32)
    for row, face in zip(found, faces, strict=True):
        row[:] = marked(face, size)
    return found
