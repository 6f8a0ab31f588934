"""The skin's fine relief: patches of single units, summed with weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn.compiled import kernel
from facsinterp.faces.drawn.skin.furrow import raised
from facsinterp.faces.drawn.skin.grain import grain, shifted
from facsinterp.faces.drawn.skin.wrinkles import LATE, RESTING, WRINKLES
from facsinterp.faces.drawn.skin.zones import zones
from facsinterp.faces.drawn.spec import Identity
from facsinterp.faces.drawn.surface.sheet import LEVELS, Sheet, coarser, facing, places
from facsinterp.faces.drawn.units import UNITS

Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Patches:
    """What moves the relief at one level: a box of the sheet each."""

    boxes: Whole
    """(patch, 4): first row, last row + 1, first column, last column + 1."""
    starts: Whole
    """(patch,): where the patch's heights start in `heights`, rows by rows."""
    heights: NDArray[np.float32]


KEYS = (*WRINKLES, *LATE)
"""What brings a pair of patches up; patch 2k is the right one of KEYS[k], 2k + 1 the left."""

_FIRST = np.array([UNITS.index(key[0]) for key in KEYS])
_SECOND = np.array([UNITS.index(key[-1]) for key in KEYS])
_PAIRED = np.array([[len(key) > 1] for key in KEYS])


@lru_cache(maxsize=1)
def _left() -> tuple[Sheet, ...]:
    """Relief of the left side at level 0, one for each of `KEYS`."""
    sheets = {key: raised(shapes) for key, shapes in WRINKLES.items()}
    sheets[(17,)] = sheets[(17,)] + _orange_peel()
    return *sheets.values(), *(raised(shapes) for shapes in LATE.values())


def _orange_peel() -> Sheet:
    """Dimples of a bunched chin, left half."""
    s, t = places(0)
    away = (s / 0.30) ** 2 + ((t - 1.38) / 0.19) ** 2
    window = np.clip(1 - away, 0, 1) ** 2
    half = np.clip(s / 0.12 + 0.5, 0, 1)
    noise = grain(0.032)
    noise = noise + noise[:, ::-1]  # both sides alike, so that halves meet without a seam
    return np.asarray(-0.0010 * noise * window * half * half * (3 - 2 * half), np.float32)


@lru_cache(maxsize=LEVELS)
def patches(level: int) -> Patches:
    """All patches at a level, right and left of each of `KEYS` in turn."""
    boxes, starts, heights = [], [], []
    start = 0
    for left in _left():
        for sheet in (left[:, ::-1], left):
            small = sheet
            for _ in range(level):
                small = coarser(small)
            rows, columns = np.flatnonzero(small.any(1)), np.flatnonzero(small.any(0))
            box = (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1)
            piece = small[box[0] : box[1], box[2] : box[3]].ravel()
            boxes.append(box)
            starts.append(start)
            heights.append(piece)
            start += piece.size
    return Patches(np.array(boxes, np.int64), np.array(starts, np.int64), np.concatenate(heights))


@lru_cache(maxsize=256)
def _depths(texture: int, age: float) -> NDArray[np.float32]:
    """(key, 1): how deep a person's furrows are: young skin folds less sharply and in fewer
    places, and everybody's in some places more than in others."""
    rng = np.random.Generator(np.random.PCG64((texture, 3)))
    own = rng.uniform(0.75, 1.25, (len(WRINKLES), 1)) * (0.6 + 0.8 * age)
    late = rng.uniform(0.4, 1.4, (len(LATE), 1)) * min(1.6 * age, 1.2)
    return np.asarray(np.concatenate([own, late]), np.float32)


def weights(identity: Identity, shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """(patch,): weight of each patch: its units' shares, multiplied, times the skin's depth."""
    moved = shares[_FIRST] * np.where(_PAIRED, shares[_SECOND], np.float32(1))
    return np.asarray(moved * _depths(identity.texture, identity.age), np.float32).ravel()


@lru_cache(maxsize=32)
def resting(identity: Identity, level: int) -> Sheet:
    """(H, W): the relief of a face at rest: pores, and the lines that age has left."""
    rng = np.random.Generator(np.random.PCG64((identity.texture, 2)))
    pores = np.float32(-0.00028 * (0.5 + identity.mottle))
    here = (
        np.clip(0.6 + 0.4 * shifted(rng, level, 0.2), 0.1, 1.6)
        * facing(level)
        * (1 - zones(level).lid)
    )
    sheet = np.asarray(pores * shifted(rng, level, 0.009, 0.6) * here, np.float32)
    kept = [RESTING.get(key, 0.0) * identity.age**2 * rng.uniform(0.5, 1.2) for key in WRINKLES]
    every = patches(level)
    both = np.repeat(np.array([*kept, *[0.0] * len(LATE)], np.float32), 2)
    add_patches(sheet, both, every.boxes, every.starts, every.heights)
    return sheet


@kernel
def add_patches(
    sheet: Sheet,
    weight: NDArray[np.float32],
    boxes: Whole,
    starts: Whole,
    heights: NDArray[np.float32],
) -> None:
    """Add each patch to the sheet, times its weight."""
    for k in range(len(weight)):
        if weight[k] == 0:
            continue
        top, bottom, left, right = boxes[k]
        at, wide = starts[k], right - left
        for row in range(top, bottom):
            line, piece = sheet[row, left:right], heights[at : at + wide]
            for column in range(wide):
                line[column] += weight[k] * piece[column]
            at += wide


def relief(identity: Identity, shares: NDArray[np.float32], level: int) -> Sheet:
    """(H, W): height of the skin's fine relief in head units.

    `shares`: (unit, 2), see `spec.shares`. Linear in each unit's share; nothing but the boxes
    of the moving units' furrows differs from rest.
    """
    sheet = resting(identity, level).copy()
    every = patches(level)
    add_patches(sheet, weights(identity, shares), every.boxes, every.starts, every.heights)
    return sheet
