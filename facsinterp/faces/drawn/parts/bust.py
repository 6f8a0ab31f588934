"""Neck, shoulders and what the person wears."""

from __future__ import annotations

from typing import Final

import numpy as np

from facsinterp.faces.drawn.parts.grid import grid
from facsinterp.faces.drawn.parts.smooth import Field, bump
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import Mesh, Part, Whole
from facsinterp.faces.drawn.surface.sheet import HEIGHT, LEFT, TOP, WIDTH
from facsinterp.faces.drawn.surface.unroll import RADIUS, unrolled

_AXIS: Final = -0.2
"""z of the neck's middle."""
_NECK_ROWS: Final = 7
_SHOULDERS: Final = (0.05, 0.12, 0.19, 0.28)
_WORN: Final = (0.0, 0.0, 0.04, 0.20, 0.55, 1.0)
_WORN_OUT: Final = (-0.02, 0.03, 0.045, 0.05, 0.05, 0.05)


def _edge() -> Whole:
    """Numbers of the head's open edge, from the back over the subject's right to the left."""
    face = mean_face()
    ring = face.points[face.groups["neck"]]
    order = np.argsort(np.arctan2(ring[:, 0], ring[:, 2] - _AXIS))
    return face.groups["neck"][order]


def _base(turn: Field) -> Field:
    """y at which the neck goes over into the shoulders, by the angle from the front."""
    ahead = np.cos(turn)
    return np.asarray(1.86 + 0.60 * np.clip(ahead, 0, 1) ** 1.5 + 0.10 * np.clip(-ahead, 0, 1))


def _body(turn: Field, y: Field, spread: Field) -> Field:
    """(..., 3): the neck at height y, and the shoulders by their share `spread` of the way out."""
    across, ahead = np.sin(turn), np.cos(turn)
    front, behind = np.clip(ahead, 0, 1), np.clip(-ahead, 0, 1)
    waist = bump(y - 1.75, 0.45)
    wide = 0.72 - 0.055 * waist + 1.95 * spread**1.25
    deep = np.where(ahead > 0, 0.70 + 0.30 * spread, 0.76 + 0.10 * behind + 0.15 * spread)
    low = y + 0.95 * spread**0.8 * (0.8 + 0.2 * np.abs(across)) + 0.25 * spread**4 * np.abs(across)
    x, z = wide * across, _AXIS + deep * ahead
    z = z - 0.10 * np.clip((low - 1.6) / 0.9, 0, 1) * front
    return np.stack([x, low, z + np.clip(ahead * 1.6, 0, 1) * _throat(x, low)], -1)


def _throat(x: Field, y: Field) -> Field:
    """How far windpipe, neck muscles and collarbones stand out from a plain column."""
    share = np.clip((y - 0.7) / 1.85, 0, 1.05)
    strand = 0.78 - 0.66 * share  # sternocleidomastoid: from behind the ear to the breastbone
    muscle = 0.075 * (bump(x - strand, 0.11) + bump(x + strand, 0.11)) * bump(y - 2.25, 0.5)
    larynx = 0.045 * bump(x, 0.12) * bump(y - 2.0, 0.16)
    notch = 0.08 * bump(x, 0.12) * bump(y - 2.52, 0.14)
    collarbone = 0.06 * bump(y - 2.60 + 0.12 * np.abs(x), 0.06) * (1 - bump(x, 0.16))
    return np.asarray(muscle + larynx - notch + collarbone)


def _turns(ring: Field) -> Field:
    """The columns' angles from the front."""
    return np.asarray(np.arctan2(ring[:, 0], ring[:, 2] - _AXIS))


def neck() -> Mesh:
    """Skin from the head's open edge down to below the neckline (group `neck_skin`, (rows,
    columns); row 0 lies on the edge)."""
    face, edge = mean_face(), _edge()
    ring = face.points[edge].astype(np.float64)
    turn = _turns(ring)
    down = np.linspace(0, 1, _NECK_ROWS)[:, None]
    y = ring[:, 1] + down * (_base(turn) - ring[:, 1])
    column = _body(turn, y, np.zeros_like(y))
    column += (ring - column[0]) * ((1 - down) ** 2)[..., None]
    spread = np.array(_SHOULDERS)[:, None]
    points = np.concatenate([column, _body(*np.broadcast_arrays(turn, _base(turn), spread))])
    number = np.arange(points.shape[0] * points.shape[1], dtype=np.int32)
    groups = {"neck_skin": number.reshape(points.shape[:2])}
    shade = _shade(points, face.open[edge])
    return grid(points, Part.SKIN, _sheet(points), open_=shade, ring=True, groups=groups)


def _sheet(points: Field) -> Field:
    """Place on the skin's sheet: the plain skin below the chin, folded back at the sheet's edges
    so that no texel is drawn out."""
    uv = unrolled(points.reshape(-1, 3)).reshape(*points.shape[:2], 2)
    right, bottom = LEFT + WIDTH - 0.02, TOP + HEIGHT - 0.02
    side = np.abs(uv[..., 0])
    beyond = np.clip((side - right) / (np.pi * RADIUS - right), 0, 1)
    s = np.sign(uv[..., 0]) * np.minimum(side, right) * (1 - beyond)
    t = bottom - np.abs(bottom - uv[..., 1])
    return np.stack([s, t], -1)


def _shade(points: Field, edge: Field) -> Field:
    """Share of the sky that is seen from below the jaw, going on from the head's own."""
    share = np.clip((points[..., 1] - points[0, :, 1]) / 0.7, 0, 1)
    return np.asarray(edge + (1 - edge) * share**1.5)


def clothes() -> Mesh:
    """What is worn over the shoulders, with its neckline; u round the body, v downwards."""
    turn = _turns(mean_face().points[_edge()].astype(np.float64))
    opening = 0.16 + 0.05 * np.clip(np.cos(turn), 0, 1) ** 2
    share, out = np.array(_WORN)[:, None], np.array(_WORN_OUT)[:, None, None]
    spread = opening + (1 - opening) * share
    points = _body(*np.broadcast_arrays(turn, _base(turn), spread))
    away = np.stack([np.sin(turn), np.full_like(turn, -0.8), np.cos(turn)], -1)
    uv = np.stack(np.broadcast_arrays(turn, share), -1)
    return grid(points + out * away, Part.CLOTHES, uv, ring=True)
