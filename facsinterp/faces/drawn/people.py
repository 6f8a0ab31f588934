"""People drawn by lot."""

from __future__ import annotations

import numpy as np

from facsinterp.faces.drawn.lot import Lot
from facsinterp.faces.drawn.spec import HAIR_STYLES, Identity


def draw_identity(rng: np.random.Generator) -> Identity:
    """A person by lot."""
    lot = Lot(rng)
    broad = lot.chance(0.5)
    build = lot.about(0.55 if broad else -0.5, 0.25)  # from a slight to a rough-cut face
    skin = lot.between(0.13, 0.62)
    dark = skin < 0.28
    grey = lot.chance(0.15)
    age = lot.between(0.55, 0.95) if grey else lot.between(0.0, 0.7)
    bald = broad and lot.chance(0.1 + 0.6 * age)
    return Identity(
        length=lot.about(1.0 + 0.01 * build, 0.03),
        width=lot.about(0.99 + 0.01 * build, 0.03),
        jaw=lot.about(0.07 * build, 0.03),
        chin=lot.about(0.06 * build, 0.035),
        chin_out=lot.about(0.02 * build, 0.035),
        chin_wide=lot.about(0.07 * build, 0.025),
        cheek=lot.about(-0.03 * build, 0.035),
        cheekbone=lot.about(0.0, 0.03),
        brow_ridge=lot.about(0.04 * build - 0.005, 0.018),
        forehead=lot.about(-0.04 * build, 0.04),
        skin=skin,
        mottle=lot.between(0.3, 0.8),
        age=age,
        stubble=lot.between(0.2, 0.75) if broad and lot.chance(0.6) else 0.0,
        brow_height=lot.about(-0.010 + 0.020 * build, 0.014),
        brow_thick=max(0.6, lot.about(1.05 + 0.4 * build, 0.15)),
        brow_arch=lot.about(1.0 - 0.45 * build, 0.3),
        brow_tone=lot.between(0.6, 0.85) + 0.1 * build,
        brow_gap=lot.about(0.01, 0.02),
        eye_gap=lot.about(1.0, 0.035),
        eye_width=lot.about(1.0, 0.05),
        eye_open=lot.about(1.0 - 0.05 * build, 0.11),
        eye_tilt=lot.about(0.0, 0.013),
        eye_lid=lot.about(0.95, 0.35),
        eye_depth=lot.about(0.01 * build, 0.015),
        iris=lot.between(0.03, 0.08) if dark else lot.between(0.04, 0.24),
        nose_width=lot.about((1.14 if dark else 0.98) + 0.08 * build, 0.08),
        nose_length=lot.about(1.0 + 0.04 * build, 0.05),
        nose_height=lot.about((0.92 if dark else 1.03) + 0.08 * build, 0.13),
        nose_tip=lot.about(0.0, 0.025),
        nose_bridge=lot.about((-0.02 if dark else 0.01) + 0.015 * build, 0.022),
        mouth_width=lot.about(1.0 + 0.03 * build, 0.05),
        mouth_drop=lot.about(0.0, 0.02),
        lip_upper=lot.about((1.3 if dark else 0.92) - 0.3 * build, 0.17),
        lip_lower=lot.about((1.25 if dark else 0.98) - 0.25 * build, 0.16),
        lip_tone=lot.between(0.54, 0.74) + 0.08 * build,
        lip_bow=lot.between(0.0, 1.0),
        lip_out=lot.about(0.02 if dark else 0.0, 0.018),
        ear=lot.about(1.0, 0.06),
        neck=lot.about(0.97 + 0.12 * build, 0.03),
        hair_style=_hair_style(lot, build, bald),
        hair_tone=lot.between(0.18, 0.40) if grey else _hair_tone(lot, dark),
        hairline=lot.between(0.10, 0.45) if bald else lot.about(0.0, 0.07),
        hair_peak=lot.about(0.02, 0.05),
        texture=int(rng.integers(0, 2**31 - 1)),
    )


def _hair_style(lot: Lot, build: float, bald: bool) -> int:
    if bald:
        return HAIR_STYLES.index("cropped")
    if build > 0.15:
        return HAIR_STYLES.index("cropped" if lot.chance(0.4) else "short")
    if build < -0.15:
        return HAIR_STYLES.index("long" if lot.chance(0.65) else "tied")
    return int(lot.between(0, len(HAIR_STYLES)))


def _hair_tone(lot: Lot, dark: bool) -> float:
    return lot.between(0.008, 0.03) if dark or lot.chance(0.5) else lot.between(0.03, 0.22)
