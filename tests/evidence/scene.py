"""Faces with two places, and filters of which it is known where they look."""

from dataclasses import dataclass

import numpy as np

from facsinterp.activations.store import ActivationStore
from facsinterp.evidence.places.looks import Regions
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId

SIZE, MAP = 24, 12
BROW, MOUTH, LIPS, NOWHERE = 1, 12, 25, 7
UNITS = (BROW, NOWHERE, MOUTH, LIPS)
PEOPLE, TAKES = 14, 8
OTHERS = 40
DETECTOR, KEEPER, FRAMED, BROWS, SILENT, MISNAMED = range(6)
FILTERS = 6 + OTHERS
# Rows of the picture: the mouth moves down and grows where it is open.
SHUT, OPEN, BROW_ROWS, COLS = (15, 19), (16, 23), (2, 8), (6, 18)


@dataclass(frozen=True)
class OneField:
    """Units that see 4 x 4 pixels, two apart, from one pixel outside the picture."""

    def window(self, row, col):
        return 2 * row - 1, 2 * col - 1, 2 * row + 3, 2 * col + 3


FIELDS, SIZES = {"c": OneField()}, {"c": (MAP, MAP)}


def codes(seed):
    """(image, au): people have habits; lips go with the mouth."""
    rng = np.random.default_rng(seed)
    habit = rng.uniform(0.25, 0.75, (PEOPLE, 1, 2))
    brow, mouth = np.moveaxis(rng.random((PEOPLE, TAKES, 2)) < habit, -1, 0).reshape(2, -1)
    return np.column_stack([brow, rng.random(brow.size) < 0.5, mouth, mouth])


def masks(unit, faces, present):
    """The brows stay where they are; the mouth moves and grows. Face 0 is not known."""
    found = np.zeros((len(faces), SIZE, SIZE), dtype=bool)
    for k, face in enumerate(faces):
        rows = BROW_ROWS
        if unit != BROW:
            rows = OPEN if present[face, 2] else SHUT
        if face != 0:
            found[k, slice(*rows), slice(*COLS)] = True
    return found


def regions(present, faces=None):
    every = np.arange(len(present)) if faces is None else faces
    return Regions(lambda unit, at: masks(unit, at, present), (BROW, MOUTH, LIPS), every)


def peaks(present, seed):
    """(image, filter) peaks and their rows and columns."""
    rng = np.random.default_rng(seed)
    shape = len(present), FILTERS
    peak = rng.uniform(0.5, 1, shape)
    row, col = rng.integers(0, MAP, (2, *shape))
    inner = rng.integers(3, 9, len(present))
    brow, mouth = present[:, 0], present[:, 2]
    lips = np.where(mouth, rng.integers(8, 11, len(present)), 8)
    peak[:, DETECTOR] += mouth
    row[:, DETECTOR] = np.where(mouth, lips, row[:, DETECTOR])
    col[:, DETECTOR] = np.where(mouth, inner, col[:, DETECTOR])
    # Keeps to the middle of the mouth, wherever that is.
    row[:, KEEPER], col[:, KEEPER] = np.where(mouth, 9, 8), inner
    # Keeps to rows of the picture that the mouth grows over.
    row[:, FRAMED], col[:, FRAMED] = rng.integers(8, 11, len(present)), inner
    row[:, BROWS] = np.where(brow, rng.integers(1, 4, len(present)), row[:, BROWS])
    col[:, BROWS] = np.where(brow, inner, col[:, BROWS])
    row[:, MISNAMED], col[:, MISNAMED] = row[:, BROWS], col[:, BROWS]
    peak[:, SILENT] = 0
    return peak, row, col


def store(folder, seed=0):
    """(store, present)"""
    present = codes(seed)
    count = len(present)
    subject = [f"S{k // TAKES}" for k in range(count)]
    faces = FaceTable.from_arrays(
        [f"{k}" for k in range(count)],
        UNITS,
        present,
        subject=subject,
        sequence=[f"q{k}" for k in range(count)],
    )
    peak, row, col = peaks(present, seed)
    filters = [FilterId("c", j) for j in range(FILTERS)]
    made = ActivationStore.from_arrays(
        folder / f"{seed}.zarr",
        peak.astype(np.float32),
        filters,
        faces,
        peak_row=row.astype(np.uint16),
        peak_col=col.astype(np.uint16),
    )
    return made, present


def name(filter_):
    return str(FilterId("c", filter_))
