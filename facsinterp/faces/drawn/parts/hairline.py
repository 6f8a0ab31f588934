"""Where the hair ends on the skin."""

from __future__ import annotations

from typing import Final

import numpy as np

from facsinterp.faces.drawn.parts.smooth import Field
from facsinterp.faces.drawn.surface.unroll import RADIUS

# From the middle of the forehead over temple, whiskers and ear to the nape: s (half the unrolled
# head), t.
_LINE: Final = np.array(
    [
        (0.00, -0.97), (0.25, -0.98), (0.50, -0.95), (0.68, -0.86), (0.80, -0.70), (0.88, -0.52),
        (0.98, -0.42), (1.15, -0.34), (1.32, -0.27), (1.42, -0.14), (1.48, 0.06), (1.54, 0.13),
        (1.90, 0.13), (1.98, 0.02), (2.12, -0.14), (2.30, -0.29), (2.60, -0.27), (2.85, 0.00),
        (3.00, 0.35), (3.20, 0.70), (3.60, 0.92), (4.00, 0.98), (np.pi * RADIUS, 0.98),
    ]
)  # fmt: skip


def hairline(s: Field, lift: float, peak: float) -> Field:
    """t (as y) of the hairline at these s: `lift` (Identity.hairline) raises it over the
    forehead, `peak` (Identity.hair_peak) lets it down in the middle."""
    side = np.abs(s)
    line = np.interp(side, _LINE[:, 0], _LINE[:, 1])
    over = np.clip((1.3 - side) / 0.5, 0, 1)
    return np.asarray(line - lift * over + peak * np.exp(-((s / 0.15) ** 2)))
