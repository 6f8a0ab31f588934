"""Pictures of faces: `render(faces, size)`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.spec import Face
from facsinterp.provenance import fingerprint

_AT_ONCE: Final = 8
"""Faces that a thread takes at once; fewer are not worth a second thread."""


def render(faces: Sequence[Face], size: int) -> NDArray[np.uint8]:
    """Grey pictures (face, size, size); each depends on its own face alone.

    As many threads as the process may use cores (fewer if OMP_NUM_THREADS says so) draw
    them; the pictures do not depend on how many.
    """
    # Here: whoever asks only for codes need not wait for what is compiled.
    from facsinterp.faces.drawn.optics.picture import picture

    pictures = np.zeros((len(faces), size, size), np.uint8)

    def draw(start: int) -> None:
        for i in range(start, min(start + _AT_ONCE, len(faces))):
            pictures[i] = picture(faces[i], size)

    starts = range(0, len(faces), _AT_ONCE)
    threads = min(_cores(), len(starts))
    if threads <= 1:
        for start in starts:
            draw(start)
        return pictures
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(draw, starts))
    return pictures


def _cores() -> int:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(allowed or 1, int(wanted)) if wanted.isdigit() else allowed or 1


@lru_cache(maxsize=1)
def drawing_code() -> str:
    """A fingerprint of all code that draws: other code may draw other pictures.

    With that of FACS, whose prototypes tell which units go with an emotion.
    """
    drawn = Path(__file__).parent
    files = [*sorted(drawn.rglob("*.py")), *sorted((drawn.parents[1] / "facs").glob("*.py"))]
    return fingerprint(*(file.read_bytes() for file in files))
