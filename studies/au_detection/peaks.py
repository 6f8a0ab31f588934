"""Which faces stand for the sequences: one coded face of each, its peak."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facsinterp import FaceTable


def peaks(faces: FaceTable) -> NDArray[np.int64]:
    """Positions, ascending, of one coded face of each sequence: the apex, or its last frame.

    As associations take them. Frames of one sequence are near copies, which would count one
    observation several times. A face without a sequence stands for itself.
    """
    coded = np.flatnonzero(faces.data["coded"].values.any(axis=1))
    images, sequence = faces.images[coded], faces.column("sequence")[coded]
    alone = sequence == ""
    names = np.where(alone, images, sequence)
    apex = faces.column("phase")[coded] == "apex"
    order = np.lexsort((images, faces.data["frame"].values[coded], apex, names, alone))
    same = (names[order][1:] == names[order][:-1]) & (alone[order][1:] == alone[order][:-1])
    return np.sort(coded[order[np.append(~same, [True] * bool(len(order)))]]).astype(np.int64)
