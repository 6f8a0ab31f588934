"""How much light the skin throws back: its tone, its blotches and its hairs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from facsinterp.faces.drawn.parts.hairline import hairline
from facsinterp.faces.drawn.skin.brows import brows
from facsinterp.faces.drawn.skin.grain import grain, shifted
from facsinterp.faces.drawn.skin.zones import Zones, zones
from facsinterp.faces.drawn.spec import Identity
from facsinterp.faces.drawn.surface.sheet import Sheet, facing, places


@lru_cache(maxsize=32)
def albedo(identity: Identity, level: int) -> Sheet:
    """(H, W): linear reflectance of the skin, 0 to 1; level 0 is the finest.

    Painted at each level from the means of the finer ones' noise, so that levels agree but for
    the texels where products vary fast.
    """
    rng = np.random.Generator(np.random.PCG64((identity.texture, 0)))
    where = zones(level)
    sheet = identity.skin * _tone(identity, where, rng, level)
    sheet *= 1 - where.nostrils * np.float32(0.55)
    sheet *= 1 - where.beard * identity.stubble * _stubble(rng, level)
    sheet = _lips(identity, where, sheet, level)
    sheet *= 1 - where.lash * np.float32(0.7)
    # Brows stay darker than hair that has turned grey, or they would not be seen.
    brow = min(0.8 * identity.hair_tone, 0.33 * identity.skin) + 0.008
    sheet = _hidden(sheet, brows(identity, level), brow)
    sheet = _hidden(sheet, _scalp(identity, rng, level), identity.hair_tone + 0.01)
    return np.clip(sheet, 0.004, 0.95).astype(np.float32)


def _hidden(sheet: Sheet, share: Sheet, tone: float) -> Sheet:
    """What is seen where hairs of a tone hide a share of the skin."""
    return np.asarray(sheet + share * (np.float32(tone) - sheet), np.float32)


def _tone(identity: Identity, where: Zones, rng: np.random.Generator, level: int) -> Sheet:
    """Factor of the skin's reflectance: blotches, pores, freckles, shaded places."""
    marks = (
        (0.038, 0.22, None),
        (0.026, 0.07, None),
        (0.022, 0.018, None),
        (0.020, 0.007, None),
        (-0.35, 0.013, 2.1),  # freckles
        (-0.50 * identity.age**2, 0.05, 2.0),  # spots of age
    )
    factor = np.zeros_like(where.shade)
    for strength, size, floor in marks:
        factor += np.float32(strength * identity.mottle) * shifted(rng, level, size, floor)
    factor = 1 + factor * facing(level) * (1 - where.lid)
    factor *= 1 - np.float32(0.17 * (0.8 + 0.5 * identity.age)) * where.shade
    factor *= 1 + np.float32(0.06) * where.rim
    return factor


def _stubble(rng: np.random.Generator, level: int) -> Sheet:
    """Darkness of a full beard's stubble: an even shadow and single dots."""
    return np.asarray(0.60 + 0.6 * shifted(rng, level, 0.008, 0.5) * facing(level), np.float32)


def _lips(identity: Identity, where: Zones, sheet: Sheet, level: int) -> Sheet:
    lines = grain(0.010, 0.3, level, 7.0)
    red = sheet * identity.lip_tone * (1 - 0.13 * lines) * (1 - 0.6 * where.meet)
    return np.asarray(sheet + where.lips * (red - sheet), np.float32)


def _scalp(identity: Identity, rng: np.random.Generator, level: int) -> Sheet:
    """Share of the skin that is darkened by hair's roots."""
    s, t = places(level)
    above = hairline(s, identity.hairline, identity.hair_peak) - t
    roots = above + np.float32(0.04) * shifted(rng, level, 0.005, None, 6.0)
    share = np.clip(roots / 0.22 + 0.25, 0, 1)
    return np.asarray(0.8 * share * share * (3 - 2 * share), np.float32)
