"""People and settings drawn by lot: who is looked at, and how they are seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facsinterp.faces.drawn.spec import HAIR_STYLES, Identity, Setting


class _Lot:
    """Draws that stay inside what a face can be."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def about(self, middle: float, spread: float) -> float:
        """A normal draw, cut at two deviations."""
        return middle + spread * float(np.clip(self._rng.standard_normal(), -2, 2))

    def between(self, low: float, high: float) -> float:
        return float(self._rng.uniform(low, high))

    def chance(self, share: float) -> bool:
        return bool(self._rng.random() < share)


def draw_identity(rng: np.random.Generator) -> Identity:
    """A person by lot."""
    lot = _Lot(rng)
    build = lot.about(0, 0.5)  # from a slight, long-haired to a broad, rough-cut face
    skin = lot.between(0.13, 0.62)
    dark = skin < 0.28
    grey = lot.chance(0.15)
    style = _hair_style(lot, build)
    return Identity(
        length=lot.about(1.0, 0.025),
        width=lot.about(0.99, 0.03),
        jaw=lot.about(0.03 * build - 0.01, 0.02),
        chin=lot.about(0.06 * build, 0.05),
        cheek=lot.about(-0.01 * build, 0.02),
        skin=skin,
        mottle=lot.between(0.3, 0.8),
        age=lot.between(0.55, 0.95) if grey else lot.between(0.0, 0.7),
        stubble=lot.between(0.15, 0.6) if build > 0.1 and lot.chance(0.5) else 0.0,
        brow_height=lot.about(-0.012 + 0.012 * build, 0.014),
        brow_thick=max(0.6, lot.about(1.0 + 0.2 * build, 0.15)),
        brow_arch=lot.about(1.0 - 0.3 * build, 0.35),
        brow_tone=lot.between(0.6, 0.95),
        brow_gap=lot.about(0.01, 0.02),
        eye_gap=lot.about(1.0, 0.03),
        eye_width=lot.about(1.0, 0.05),
        eye_open=lot.about(1.0, 0.10),
        eye_tilt=lot.about(0.0, 0.010),
        eye_lid=lot.about(0.95, 0.22),
        iris=lot.between(0.03, 0.08) if dark else lot.between(0.04, 0.24),
        nose_width=lot.about(1.12 if dark else 0.98, 0.08),
        nose_length=lot.about(1.0, 0.035),
        nose_height=lot.about(0.95 if dark else 1.05, 0.12),
        mouth_width=lot.about(1.0, 0.06),
        mouth_drop=lot.about(0.0, 0.015),
        lip_upper=lot.about((1.2 if dark else 0.95) - 0.1 * build, 0.15),
        lip_lower=lot.about((1.15 if dark else 0.98) - 0.1 * build, 0.14),
        lip_tone=lot.between(0.50, 0.78),
        lip_bow=lot.between(0.2, 0.9),
        hair_style=style,
        hair_tone=lot.between(0.18, 0.40) if grey else _hair_tone(lot, dark),
        hairline=lot.about(0.0, 0.07),
        hair_peak=lot.about(0.02, 0.05),
        texture=int(rng.integers(0, 2**31 - 1)),
    )


def _hair_style(lot: _Lot, build: float) -> int:
    if build > 0.15:
        return HAIR_STYLES.index("cropped" if lot.chance(0.4) else "short")
    if build < -0.15:
        return HAIR_STYLES.index("long" if lot.chance(0.65) else "tied")
    return int(lot.between(0, len(HAIR_STYLES)))


def _hair_tone(lot: _Lot, dark: bool) -> float:
    return lot.between(0.008, 0.03) if dark or lot.chance(0.5) else lot.between(0.03, 0.22)


def draw_room(rng: np.random.Generator) -> Setting:
    """Light, camera and wall by lot: one for each subject."""
    lot = _Lot(rng)
    return Setting(
        light_x=lot.between(0.1, 0.5) * (1 if lot.chance(0.5) else -1),
        light_y=lot.between(-0.65, -0.25),
        light=lot.between(0.8, 1.1),
        fill=lot.between(0.35, 0.6),
        backdrop=lot.between(0.05, 0.6),
        backdrop_slope=lot.about(0.0, 0.12),
        clothes=lot.between(0.03, 0.5),
        blur=lot.between(0.05, 0.25),
        noise=lot.between(0.7, 2.0),
    )


def draw_setting(room: Setting, skin: float, rng: np.random.Generator) -> Setting:
    """How one sequence is taken in a room: pose, framing, gaze, exposure.

    The exposure follows the skin part of the way, as a camera's would.
    """
    lot = _Lot(rng)
    return replace(
        room,
        yaw=lot.about(0.0, 0.07),
        pitch=lot.about(0.0, 0.045),
        roll=lot.about(0.0, 0.03),
        shift_x=lot.about(0.0, 0.03),
        shift_y=lot.about(0.0, 0.025),
        zoom=lot.about(1.0, 0.02),
        light_x=room.light_x + lot.about(0.0, 0.05),
        light_y=room.light_y + lot.about(0.0, 0.04),
        exposure=(0.42 / skin) ** 0.45 * lot.between(0.9, 1.1),
        gaze_x=lot.about(0.0, 0.012),
        gaze_y=lot.about(0.0, 0.008),
    )


def stir(setting: Setting, rng: np.random.Generator) -> Setting:
    """The same setting a moment later: small stray movement of head and eyes."""
    lot = _Lot(rng)
    return replace(
        setting,
        yaw=setting.yaw + lot.about(0.0, 0.008),
        pitch=setting.pitch + lot.about(0.0, 0.008),
        roll=setting.roll + lot.about(0.0, 0.005),
        shift_x=setting.shift_x + lot.about(0.0, 0.006),
        shift_y=setting.shift_y + lot.about(0.0, 0.006),
        zoom=setting.zoom + lot.about(0.0, 0.003),
        gaze_x=setting.gaze_x + lot.about(0.0, 0.003),
        gaze_y=setting.gaze_y + lot.about(0.0, 0.002),
    )
