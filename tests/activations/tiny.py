"""Small faces and activations for the tests of this folder."""

from __future__ import annotations

from typing import Any

import numpy as np

from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found, Terms
from facsinterp.labels import FilterId


def faces(n: int = 12, *, units=(1, 12), seed: int = 0, full: bool = False) -> FaceTable:
    """`n` faces of subjects with four images each, in sequences of two."""
    rng = np.random.default_rng(seed)
    present = rng.random((n, len(units))) < 0.4
    extra: dict[str, Any] = {}
    if full:
        extra = {
            "side": np.where(present, "L", ""),
            "landmarks": rng.normal(size=(n, 5, 2)),
            "terms": Terms("a corpus", "show nobody else", frozenset({"S000"})),
            "found": Found("flat", {"images": n}, {"images": 99}, (("x.png", "cut off"),), ("w",)),
        }
    return FaceTable.from_arrays(
        [f"face{i:03d}" for i in range(n)],
        units,
        present,
        subject=[f"S{i // 4:03d}" for i in range(n)],
        sequence=[f"S{i // 4:03d}_{i // 2:03d}" for i in range(n)],
        frame=list(range(n)),
        expression=["happy"] * n,
        **extra,
    )


def filters(count: int = 3) -> tuple[FilterId, ...]:
    """Filters of two layers."""
    first = count // 2
    return FilterId.of_layers([("conv1", first), ("conv2", count - first)])


def peaks(n: int = 12, count: int = 3, *, seed: int = 0) -> np.ndarray:
    """Peaks as a ReLU gives them, with ties."""
    rng = np.random.default_rng(seed)
    return np.maximum(np.round(rng.normal(size=(n, count)), 1), 0).astype(np.float32)
