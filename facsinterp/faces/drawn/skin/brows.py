"""Eyebrows, hair by hair."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.skin.outline import sheet_places
from facsinterp.faces.drawn.spec import Identity
from facsinterp.faces.drawn.surface.sheet import Sheet, coarser, texel, texels

HAIRS = 820
_STEPS = 18
_BAND = slice(152, 272)  # rows of level 0 that brows may reach

# Middle line of the average left brow from the inner to the outer end.
_X = np.array([0.165, 0.26, 0.38, 0.50, 0.60, 0.69, 0.765])
_T = np.array([-0.275, -0.288, -0.322, -0.350, -0.352, -0.325, -0.280])
_HALF = np.array([0.048, 0.058, 0.058, 0.053, 0.046, 0.036, 0.022])
# Where hairs point, degrees above outwards, at the lower and at the upper edge.
_LOW = np.radians([82.0, 66.0, 48.0, 36.0, 22.0, 4.0, -18.0])
_HIGH = np.radians([66.0, 40.0, 18.0, 2.0, -12.0, -26.0, -34.0])


def brows(identity: Identity, level: int) -> Sheet:
    """(H, W): how much of the skin brow hairs hide, 0 to 1."""
    rng = np.random.Generator(np.random.PCG64((identity.texture, 1)))
    total = np.zeros((_BAND.stop - _BAND.start, texels(0)[1]), np.float32)
    for side in (-1, 1):
        places, ink = _hairs(identity, rng)
        places[..., 0] *= side
        at = texel(places, 0).astype(np.float64)
        at[..., 1] = np.clip(at[..., 1] - _BAND.start, 0, len(total) - 1.5)
        _splat(total, at, ink)
    band = np.asarray(1 - np.exp(-total), np.float32)
    for _ in range(level):
        band = coarser(band)
    sheet = np.zeros(texels(level), np.float32)
    sheet[_BAND.start >> level : _BAND.stop >> level] = band
    return sheet


def _hairs(
    identity: Identity, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places (hair, step, 2) and ink (hair, step) of the left brow's hairs."""
    count = round(HAIRS * np.clip(identity.brow_thick, 0.6, 1.6))
    along = rng.uniform(0, 1, count) ** 0.95 * (len(_X) - 1)
    across = np.clip(rng.normal(0, 0.55, count), -1.05, 1.05)

    def at(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.interp(along, np.arange(len(_X)), values))

    middle = sheet_places(np.stack([_X, _T], 1))[:, 0]
    base = np.interp(along, [0, len(_X) - 1], [-0.275, -0.265])
    s = at(middle) + identity.brow_gap
    t = base + (at(_T) - base) * identity.brow_arch + identity.brow_height
    t = t + across * at(_HALF) * identity.brow_thick + 0.012
    share = (across + 1) / 2  # 0 at the upper edge
    angle = at(_HIGH) * (1 - share) + at(_LOW) * share + rng.normal(0, 0.13, count)
    length = rng.uniform(0.055, 0.095, count) * np.interp(along, [0, 1, 4, 6], [0.75, 1, 1, 0.6])
    step = np.linspace(0, 1, _STEPS)[None, :]
    bend = rng.normal(0.25, 0.2, count)[:, None] * step  # hairs lie down towards their tips
    turned = angle[:, None] - bend
    reach = (length[:, None] / (_STEPS - 1)) * np.ones_like(step)
    places = np.stack(
        [
            s[:, None] + np.cumsum(reach * np.cos(turned), 1),
            t[:, None] - np.cumsum(reach * np.sin(turned), 1),
        ],
        -1,
    )
    ink = (1 - step**2) * rng.uniform(0.5, 1.0, count)[:, None] * identity.brow_tone * 0.85
    return places, ink


def _splat(total: Sheet, at: NDArray[np.float64], ink: NDArray[np.float64]) -> None:
    """Add ink at places (column, row), shared between the four nearest texels."""
    columns, rows = at[..., 0].ravel(), at[..., 1].ravel()
    column, row = np.floor(columns).astype(int), np.floor(rows).astype(int)
    right, down = columns - column, rows - row
    for i, share_down in enumerate((1 - down, down)):
        for j, share_right in enumerate((1 - right, right)):
            flat = (row + i) * total.shape[1] + column + j
            drops = np.bincount(flat, ink.ravel() * share_down * share_right, total.size)
            total += drops.reshape(total.shape).astype(np.float32)
