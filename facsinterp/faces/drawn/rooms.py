"""Rooms and settings drawn by lot: how people are seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facsinterp.faces.drawn.lot import Lot
from facsinterp.faces.drawn.spec import Setting


def draw_room(rng: np.random.Generator) -> Setting:
    """Light, camera and wall by lot: one for each subject."""
    lot = Lot(rng)
    return Setting(
        light_x=lot.between(0.1, 0.5) * (1 if lot.chance(0.5) else -1),
        light_y=lot.between(-0.65, -0.25),
        light=lot.between(0.8, 1.1),
        fill=lot.between(0.35, 0.6),
        side_x=lot.between(0.4, 0.9) * (1 if lot.chance(0.5) else -1),
        side=lot.between(0.0, 0.3),
        distance=lot.between(12.0, 24.0),
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
    lot = Lot(rng)
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
        gaze_x=lot.about(0.0, 0.06),
        gaze_y=lot.about(0.0, 0.04),
    )


def stir(setting: Setting, rng: np.random.Generator) -> Setting:
    """The same setting a moment later: small stray movement of head and eyes."""
    lot = Lot(rng)
    return replace(
        setting,
        yaw=setting.yaw + lot.about(0.0, 0.008),
        pitch=setting.pitch + lot.about(0.0, 0.008),
        roll=setting.roll + lot.about(0.0, 0.005),
        shift_x=setting.shift_x + lot.about(0.0, 0.006),
        shift_y=setting.shift_y + lot.about(0.0, 0.006),
        zoom=setting.zoom + lot.about(0.0, 0.003),
        gaze_x=setting.gaze_x + lot.about(0.0, 0.015),
        gaze_y=setting.gaze_y + lot.about(0.0, 0.01),
    )
