"""Small stores with known answers for the tests of associations."""

from pathlib import Path
from typing import Any

import numpy as np

from facsinterp.activations.store import ActivationStore
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId


def store_of(folder: Path, activation: Any, labels: Any, **columns: Any) -> ActivationStore:
    """A store of these activations (image, filter) and labels (image, au), units 1, 2, ..."""
    values, present = np.asarray(activation, dtype=np.float32), np.asarray(labels, dtype=bool)
    images = columns.pop("images", [f"i{i:03d}" for i in range(len(values))])
    units = columns.pop("units", list(range(1, present.shape[1] + 1)))
    shown = columns.pop("faces_shown", None)
    faces = FaceTable.from_arrays(images, units, present, **columns)
    half = -(-values.shape[1] // 2)
    filters = [FilterId(f"conv{1 + i // half}", i % half) for i in range(values.shape[1])]
    return ActivationStore.from_arrays(folder, values, filters, faces, face=shown)


def people(rng: Any, subjects: int, each: int, units: int) -> tuple[list[str], Any]:
    """Subject of each observation, and labels that every unit varies in."""
    owner = [f"S{i:02d}" for i in range(subjects) for _ in range(each)]
    return owner, rng.random((len(owner), units)) < np.linspace(0.25, 0.6, units)
