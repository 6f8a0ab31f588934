"""Prints how many drawn faces a second one process renders at 48, 96 and 128 pixels.

python benchmarks/drawn_speed.py
"""

from __future__ import annotations

import time
from itertools import islice

from facsinterp.faces.drawn import cast, render


def main() -> None:
    """Time one pass at each size after a short warm-up."""
    faces = [frame.face for frame in islice(cast(60, 10, 0), 1024)]
    for size, count in ((48, 1024), (96, 256), (128, 128)):
        render(faces[:16], size)
        start, busy = time.perf_counter(), time.process_time()
        render(faces[:count], size)
        wall, cpu = time.perf_counter() - start, time.process_time() - busy
        print(f"{size:4d} px: {count / wall:6.0f} faces/s ({count / cpu:.0f} per CPU second)")


if __name__ == "__main__":
    main()
