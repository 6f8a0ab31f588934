"""The eyebrows: three points a side, moved by units 1, 2 and 4."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facsinterp.faces.drawn.plate import Field, Plate, ramp
from facsinterp.faces.drawn.spec import Columns, Moves


@dataclass(frozen=True)
class Brows:
    """Inner end, peak and outer end of each brow; every entry (face, 2), x measured outwards."""

    inner_x: Field
    inner_y: Field
    peak_y: Field
    outer_x: Field
    outer_y: Field
    thick: Field
    tone: Field

    def height(self, x: Field, side: int) -> Field:
        """Height of the brow's middle line at outward distances x (face, n)."""
        inner_x, inner_y, peak_y, outer_x, outer_y = (
            part[:, side : side + 1]
            for part in (self.inner_x, self.inner_y, self.peak_y, self.outer_x, self.outer_y)
        )
        r = np.clip((x - inner_x) / (outer_x - inner_x), 0, 1)
        return np.asarray(
            (1 - r) ** 2 * inner_y + 2 * r * (1 - r) * peak_y + r * r * outer_y, np.float32
        )


def brows(person: Columns, moves: Moves) -> Brows:
    """The brows of a batch."""
    inner, outer, frown, cheek = (moves.sides(unit) for unit in (1, 2, 4, 6))
    sneer = moves.sides(9)
    still = 1 - 0.35 * frown  # a lowered brow cannot rise all the way
    rest = -0.285 + person["brow_height"]
    return Brows(
        inner_x=0.165 + person["brow_gap"] - 0.055 * frown - 0.01 * sneer + 0.01 * inner,
        inner_y=rest - 0.175 * inner * still - 0.02 * outer + 0.10 * frown + 0.06 * sneer,
        peak_y=rest - 0.075 * person["brow_arch"] - 0.05 * inner - 0.185 * outer * still
        + 0.075 * frown + 0.03 * sneer,
        outer_x=0.74 * person["eye_gap"] - 0.01 * frown,
        outer_y=rest + 0.05 - 0.135 * outer * still + 0.035 * frown + 0.02 * cheek,
        thick=0.050 * person["brow_thick"] * (1 + 0.12 * frown),
        tone=np.broadcast_to(person["brow_tone"], inner.shape),
    )  # fmt: skip


def draw_brows(plate: Plate, shape: Brows, strands: Field, hair_tone: Field) -> None:
    """Paints the brows; `strands` is the hair texture over the whole plate."""
    for side in (0, 1):
        view = plate.view((0.0, 0.95), (-0.85, 0.05), side)
        x = view.x[None, :]
        inner, outer = shape.inner_x[:, side : side + 1], shape.outer_x[:, side : side + 1]
        r = (x - inner) / (outer - inner)
        run = np.clip(r, 0, 1)
        taper = (1 - 0.62 * run * run) * (0.72 + 0.28 * ramp((run - 0.2) / 0.2))
        thick = shape.thick[:, side : side + 1] * taper
        distance = np.abs(view.column - shape.height(x, side)[:, None, :])
        soft = max(0.018, 0.8 * view.pixel)
        rows = np.searchsorted(plate.y, view.y[0])
        grain = strands[:, rows : rows + len(view.y), : len(view.x)]
        alpha = ramp((thick[:, None, :] - distance + 0.002 * grain) / soft)
        ends = ramp((r - 0.02) / 0.10) * ramp((1.0 - r) / 0.10)
        alpha = (
            alpha
            * (ends * shape.tone[:, side : side + 1])[:, None, :]
            * np.clip(0.92 + 0.09 * grain, 0, 1)
        )
        view.paint("albedo", 0.8 * hair_tone[:, :, None] + 0.01, alpha)
        view.fields["gloss"] *= 1 - alpha
