"""Where plain sums of movements go wrong: which unit gives way to which."""

from __future__ import annotations

from typing import Final

import numpy as np

from facsinterp.faces.drawn.muscles.waters import Array, step
from facsinterp.faces.drawn.surface.mesh import Floats
from facsinterp.faces.drawn.units import UNITS

PLACE: Final = {unit: number for number, unit in enumerate(UNITS)}

DAMPED: Final = (
    (4, 1, 0.40, "1+4: the brows are drawn together, but their inner ends go up"),
    (4, 2, 0.25, "1+2+4: brows raised and straight"),
    (4, 9, 0.40, "9 lowers the brows' inner ends itself"),
    (7, 6, 0.25, "6 lifts the lower lid already"),
    (6, 12, 0.35, "12 lifts the cheeks already"),
    (10, 9, 0.40, "9 lifts the upper lip already"),
    (11, 10, 0.50, "10 deepens the same fold"),
    (14, 12, 0.40, "12 draws the corners back already"),
    (14, 18, 0.70, "puckered lips hold the corners in front"),
    (15, 12, 0.35, "corners cannot go down as far as without 12"),
    (20, 12, 0.40, "12 draws the corners sideways already"),
    (20, 15, 0.25, "15 draws the corners out already"),
    (20, 14, 0.50, "14 draws the corners back already"),
    (23, 24, 0.50, "pressed lips have little red left to roll in"),
    (25, 16, 0.60, "16 lowers the lower lip already"),
    (25, 22, 0.50, "22 parts the lips itself"),
    (25, 26, 0.30, "the dropped jaw parts the lips already"),
    (25, 27, 0.70, "the open mouth has taken up the lips' slack"),
    (16, 27, 0.60, "the open mouth has taken up the lower lip's slack"),
    (10, 27, 0.40, "the open mouth has taken up the upper lip's slack"),
    (20, 27, 0.50, "the open mouth draws the corners in"),
    (12, 27, 0.30, "the open mouth draws the corners in"),
    (15, 27, 0.50, "the open mouth draws the corners in"),
    (17, 27, 0.70, "the chin's skin is taut over the open jaw"),
    (17, 16, 0.60, "16 and 17 pull the lower lip against each other"),
)
"""(unit, by, share, reason): at E, `by` takes this share of what `unit` moves."""

_PARTING: Final = (
    *((25, 0.0, 0.3), (26, 0.0, 0.3), (27, 0.0, 0.3), (16, 0.0, 0.3), (22, 0.0, 0.3)),
    *((10, 0.58, 0.72), (32, 0.0, 0.3), (33, 0.0, 0.3)),
)
"""(unit, from, to): lips are sealed below the first share, free to part from the second on."""

_SEALING: Final = (24, 28, 34, 35)
"""Units that keep the lips closed whatever else parts them (26 with 28)."""


_GIVES: Final = np.array([PLACE[unit] for unit, _, _, _ in DAMPED])
_TAKES: Final = np.array([PLACE[by] for _, by, _, _ in DAMPED])
_TAKEN: Final = np.array([[share] for _, _, share, _ in DAMPED])
_PARTS: Final = np.array([PLACE[unit] for unit, _, _ in _PARTING])
_FROM, _TO = (np.array([[row[k]] for row in _PARTING]) for k in (1, 2))
_SEALS: Final = np.array([PLACE[unit] for unit in _SEALING])


def gains(shares: Floats | Array) -> Array:
    """(unit, 2): the share of its full movement that each unit makes beside the others."""
    given = np.asarray(shares, np.float64)
    made = given.copy()
    np.multiply.at(made, _GIVES, 1 - _TAKEN * given[_TAKES])
    return made


def parting(shares: Floats | Array) -> Array:
    """(2,): how far the lips are free to part, right and left: 0 sealed, 1 free."""
    held = (1 - step(_FROM, _TO, shares[_PARTS])).prod(axis=0)
    return np.asarray((1 - held) * (1 - shares[_SEALS]).prod(axis=0))
