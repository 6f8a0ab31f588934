"""Which furrows each unit brings up, on the subject's left side.

Places are x and y on the average face at rest, seen from the front. Places and depths follow
the appearance changes that the FACS manual (Ekman, Friesen and Hager, 2002) lists for each
unit. Large folds are in the mesh; here are the fine ones.
"""

from __future__ import annotations

from typing import Final

from facsinterp.faces.drawn.skin.furrow import Furrow, Swelling

Shapes = tuple[Furrow | Swelling, ...]


def _forehead(t: float, reach: float, rise: float, depth: float, width: float = 0.019) -> Furrow:
    """A line across the middle of the forehead, bowed up in the middle."""
    side = (reach, t + rise)
    half = (reach * 0.5, t + rise * 0.3)
    line = ((-side[0], side[1]), (-half[0], half[1]), (0, t), half, side)
    return Furrow(line, depth, width, uneven=0.45)


def _arch(t: float, inner: float, outer: float, depth: float, width: float = 0.019) -> Furrow:
    """A line above the outer brow, highest at x = 0.55."""
    mid = 0.5 * (inner + 0.55), 0.5 * (outer + 0.55)
    line = tuple((x, t + 0.6 * (x - 0.55) ** 2) for x in (inner, mid[0], 0.55, mid[1], outer))
    return Furrow(line, depth, width, uneven=0.45)


def _nasolabial(line: tuple[tuple[float, float], ...], depth: float, width: float) -> Furrow:
    """The furrow from the wing of the nose, deepest in its upper third, the cheek over it."""
    return Furrow(line, depth, width, 0.5, 1.0, ends=(0.22, 0.6), uneven=0.1)


def _lip_lines(places: tuple[float, ...], depth: float, reach: float) -> Shapes:
    """Short upright wrinkles above and below the lips, turned to the mouth's middle, none as
    long or deep as the next. `reach`: how far beyond the red of the lips."""
    lines = []
    for number, s in enumerate(places):
        uneven = (0.0, 0.6, 0.2, 1.0, 0.4)[number % 5]
        deep = depth * (1 - 0.5 * uneven)
        lines += [
            Furrow(((1.12 * s, 0.86 - reach * (1 - 0.5 * uneven)), (s, 0.94)), deep, 0.012),
            Furrow(((s, 1.01), (1.10 * s, 1.09 + reach * (1 - 0.5 * uneven))), 0.7 * deep, 0.012),
        ]
    return tuple(lines)


_INNER = (
    _forehead(-0.53, 0.44, 0.035, 1.3),
    _forehead(-0.655, 0.40, 0.03, 1.1, 0.021),
    Furrow(((0.06, -0.462), (0.18, -0.452), (0.33, -0.40)), 0.9, 0.015, uneven=0.45),
)
_INNER_LATE = (
    Furrow(((0.10, -0.600), (0.24, -0.578), (0.44, -0.535)), 0.9, 0.014, uneven=0.6),
    Furrow(((-0.10, -0.735), (0, -0.74), (0.10, -0.735), (0.24, -0.712)), 0.8, 0.017, uneven=0.6),
    Furrow(((0.16, -0.80), (0.28, -0.785), (0.40, -0.75)), 0.5, 0.015, uneven=0.6),
)
_OUTER = (
    _arch(-0.535, 0.32, 0.83, 1.2),
    _arch(-0.640, 0.28, 0.80, 1.1, 0.021),
    _arch(-0.460, 0.42, 0.74, 0.7, 0.015),
)
_OUTER_LATE = (
    _arch(-0.590, 0.44, 0.72, 0.7, 0.014),
    _arch(-0.725, 0.30, 0.66, 0.9, 0.018),
)
_FROWN = (
    Furrow(((0.105, -0.43), (0.080, -0.29), (0.10, -0.12)), 1.6, 0.018, 0.6),
    Furrow(((0.175, -0.38), (0.150, -0.29), (0.16, -0.20)), 0.6, 0.014),
    Furrow(((0.03, -0.40), (0.02, -0.31), (0.03, -0.22)), 0.5, 0.014),
    Swelling((0.20, -0.25), 0.11, 0.08, 1.0),
    Swelling((0.0, -0.25), 0.06, 0.13, 0.5),
)
_NOSE_ROOT = (
    Furrow(((-0.14, -0.07), (0, -0.045), (0.14, -0.07)), 1.0),
    Furrow(((-0.15, 0.03), (0, 0.045), (0.15, 0.03)), 0.9),
    Furrow(((0.08, 0.06), (0.15, 0.13), (0.27, 0.19)), 1.0, 0.014),
    Furrow(((0.08, 0.15), (0.15, 0.22), (0.25, 0.27)), 1.0, 0.014),
    Furrow(((0.10, 0.25), (0.16, 0.31), (0.23, 0.34)), 0.8, 0.014),
    Furrow(((0.23, 0.42), (0.31, 0.52), (0.37, 0.66), (0.40, 0.80)), 1.2, 0.026, 0.5, 1.0),
)
_CROW = (
    Furrow(((0.70, -0.05), (0.77, -0.09), (0.82, -0.15)), 0.5, 0.010, 0.2),
    Furrow(((0.70, -0.015), (0.81, -0.04), (0.92, -0.11)), 0.9, 0.011, 0.25),
    Furrow(((0.71, 0.02), (0.78, 0.03), (0.84, 0.02)), 0.6, 0.010, 0.2),
    Furrow(((0.69, 0.05), (0.80, 0.09), (0.91, 0.10)), 0.9, 0.011, 0.25),
    Furrow(((0.67, 0.08), (0.74, 0.14), (0.82, 0.19)), 0.6, 0.010, 0.2),
)
_UNDER_EYE = (
    Furrow(((0.28, 0.13), (0.42, 0.175), (0.56, 0.155), (0.68, 0.09)), 0.9, 0.013),
    Furrow(((0.27, 0.18), (0.42, 0.24), (0.58, 0.23), (0.72, 0.15)), 0.8, 0.016),
)
_LID_UP = Furrow(((0.25, -0.11), (0.42, -0.185), (0.58, -0.165), (0.68, -0.09)), 0.6)
# Nasolabial furrows lie, when the unit is at its strongest, just above and beside the wing of
# the nose and 10 mm outside the corner of the mouth; here is the skin that is then there.
_RAISED = (
    (0.240, 0.50),
    (0.292, 0.60),
    (0.365, 0.676),
    (0.431, 0.758),
    (0.47, 0.883),
    (0.48, 0.98),
)
_DEEPENED = (
    (0.235, 0.475),
    (0.260, 0.575),
    (0.302, 0.695),
    (0.375, 0.785),
    (0.430, 0.855),
    (0.455, 0.930),
)
_SMILED = (
    (0.247, 0.480),
    (0.288, 0.563),
    (0.331, 0.672),
    (0.394, 0.806),
    (0.469, 0.926),
    (0.537, 0.995),
    (0.554, 1.057),
)
_PUFFED = (
    (0.260, 0.490),
    (0.334, 0.600),
    (0.362, 0.703),
    (0.401, 0.812),
    (0.452, 0.904),
    (0.455, 1.000),
)

WRINKLES: Final[dict[tuple[int, ...], Shapes]] = {
    (1,): _INNER,
    (2,): _OUTER,
    (1, 4): (_forehead(-0.51, 0.20, 0.05, 0.6), _forehead(-0.41, 0.16, 0.05, 0.5)),
    (4,): _FROWN,
    (5,): (_LID_UP,),
    (6,): (*_CROW, *_UNDER_EYE, Swelling((0.48, 0.34), 0.26, 0.11, 1.0, 0.2)),
    (7,): (
        Swelling((0.44, 0.11), 0.21, 0.05, 0.9),
        Furrow(((0.26, 0.10), (0.36, 0.15), (0.52, 0.15), (0.65, 0.07)), 0.9, 0.012),
    ),
    (9,): _NOSE_ROOT,
    (10,): (
        _nasolabial(_RAISED, 1.9, 0.028),
        Swelling((0.40, 0.50), 0.16, 0.10, 0.8, 0.9),
    ),
    (11,): (_nasolabial(_DEEPENED, 3.0, 0.028),),
    (12,): (_nasolabial(_SMILED, 2.4, 0.028),),
    (6, 12): (Furrow(((0.66, 0.12), (0.74, 0.19), (0.82, 0.28)), 0.6, 0.014),),
    (13,): (
        _nasolabial(_PUFFED, 1.5, 0.022),
        Swelling((0.55, 0.62), 0.22, 0.20, 1.0),
    ),
    (14,): (
        Furrow(((0.41, 0.87), (0.445, 0.98), (0.41, 1.09)), 1.8, 0.020, 0.7),
        Swelling((0.44, 0.98), 0.07, 0.09, -1.2),
    ),
    (15,): (
        Furrow(
            ((0.40, 1.00), (0.435, 1.12), (0.44, 1.24), (0.42, 1.38)),
            1.4,
            0.026,
            0.25,
            0.3,
            (0.4, 0.5),
        ),
        Swelling((0.36, 1.18), 0.13, 0.16, 0.6),
    ),
    (16,): (Furrow(((-0.18, 1.21), (0, 1.19), (0.18, 1.21)), 0.7, 0.020),),
    (17,): (
        Furrow(((-0.22, 1.26), (-0.11, 1.20), (0.11, 1.20), (0.22, 1.26)), 1.5, 0.022),
        Swelling((0.0, 1.40), 0.24, 0.17, 0.5),
    ),
    (18,): _lip_lines((0.02, 0.07, 0.13, 0.21, 0.27), 0.42, 0.07),
    (20,): (
        Furrow(((0.43, 0.84), (0.47, 0.97), (0.44, 1.12)), 1.2, 0.018),
        Furrow(((0.52, 0.82), (0.56, 0.98), (0.52, 1.15)), 0.9, 0.020),
        Furrow(((0.61, 0.90), (0.64, 1.02), (0.60, 1.16)), 0.6, 0.020),
    ),
    (22,): _lip_lines((0.06, 0.16, 0.26), 0.6, 0.09),
    (23,): _lip_lines((0.03, 0.075, 0.15, 0.19, 0.28), 0.28, 0.04),
    (24,): (
        *_lip_lines((0.07, 0.20), 0.4, 0.04),
        Swelling((0.16, 0.80), 0.18, 0.06, 0.9),
        Swelling((0.14, 1.15), 0.18, 0.06, 0.9),
    ),
    (28,): _lip_lines((0.05, 0.17, 0.27), 0.33, 0.02),
}
"""Units that must all move -> shapes; weight: the product of the units' shares, times age."""

LATE: Final[dict[tuple[int, ...], Shapes]] = {(1,): _INNER_LATE, (2,): _OUTER_LATE}
"""Further furrows of the same units that the young have not yet."""

RESTING: Final[dict[tuple[int, ...], float]] = {
    (1,): 0.30,
    (2,): 0.28,
    (4,): 0.28,
    (6,): 0.32,
    (10,): 0.40,
    (15,): 0.38,
    (17,): 0.25,
    (23,): 0.25,
}
"""Share of a unit's furrows that the oldest skin keeps at rest."""
