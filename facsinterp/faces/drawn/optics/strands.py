"""Hair and lashes: how light runs along strands, and where they let the skin through."""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.compiled import piece
from facsinterp.faces.drawn.optics.lamps import Lamps, Point, along
from facsinterp.faces.drawn.optics.noise import lattice
from facsinterp.faces.drawn.surface.mesh import Floats, Part

_EDGE: Final = 0.10
"""How far into the hair, from the hairline, single strands let the skin through."""


@piece
def strand(
    lamps: Lamps, tone: float, uv: tuple[float, float], t: Point, n: Point, seen: Point
) -> float:
    """Brightness of hair by the model of Kajiya and Kay (1989).

    uv: place across and along the strands; t: unit vector along them; seen: the shares of the
    lamp and of the sky that it sees, and that of the finest strands which the picture resolves.
    """
    u, v = uv
    shadow, sky, fine = seen
    tuft = lattice(u * 9, v * 1.3)
    thin = lattice(u * 31, v * 1.7 + 5)
    single = lattice(u * 90, v * 1.5 + 9) - 0.5 if fine > 0 else 0.0
    grain = 0.45 + 0.5 * tuft + 0.6 * thin * (0.4 + 0.6 * fine) + 0.5 * fine * single
    slip = 0.22 * (tuft - 0.5) + 0.25 * (thin - 0.5)
    tx, ty, tz = t[0] + slip * n[0], t[1] + slip * n[1], t[2] + slip * n[2]
    over = 1 / sqrt(tx * tx + ty * ty + tz * tz)
    t = (tx * over, ty * over, tz * over)
    light = lamps.power[2] * sky * (0.74 - 0.26 * n[1])
    shine = 0.0
    for i in range(2):
        lamp = lamps.key if i == 0 else lamps.side
        power = lamps.power[i] * (shadow if i == 0 else 1.0)
        facing = min(max(along(lamp, n) * 0.85 + 0.15, 0.0), 1.0)
        run = along(lamp, t)
        across = sqrt(max(1 - run * run, 0.0))
        light += power * facing * across
        peak = max(across * sqrt(max(1 - t[2] * t[2], 0.0)) - run * t[2], 0.0)
        for _ in range(5):
            peak *= peak
        shine += power * facing * peak
    return float(0.85 * tone * grain * light + (0.03 + 0.2 * tone) * (0.3 + thin) * shine)


@piece
def cover(u: float, v: float, fine: float) -> float:
    """How much of what lies behind hair is hidden: little at the hairline, all further in."""
    if v > 1.35 * _EDGE:
        return 1.0
    comb = lattice(u * 26, v * 2) * (0.6 + 0.4 * fine) + 0.2 * (1 - fine)
    return min(max((v - _EDGE * comb) / (0.35 * _EDGE), 0.0), 1.0)


@piece
def lash(u: float, v: float) -> float:
    """How much of what lies behind a lash strip is hidden, from root (v 0) to tip (v 1).

    Single lashes are finer than any pixel: they are a line that thins out, a little uneven.
    """
    return (1 - v) * (0.72 + 0.28 * lattice(u * 26, 3.5))


_LASH: Final = int(Part.LASH)


def hidden(uv: Floats, part: NDArray[np.uint8], fine: float) -> Floats:
    """(n,): how much strands at uv (n, 2) hide; each is of a lash or, by its part, of hair."""
    share = np.empty(len(uv), np.float32)
    _hidden(uv, part, fine, share)
    return share


@piece
def _hidden(uv: Floats, part: NDArray[np.uint8], fine: float, share: Floats) -> None:
    for i in range(len(uv)):
        u, v = uv[i, 0], uv[i, 1]
        share[i] = lash(u, v) if part[i] == _LASH else cover(u, v, fine)
