"""Filters that know the expression of a face and nothing else.

What such filters are associated with is what any network that tells expressions apart
gets for nothing, since expressions and action units go together.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import StoreError
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId

MIXTURES: Final = 56
# So small that it orders faces of one expression and never two expressions.
NOISE: Final = 1e-6


def emotion_filters(
    faces: FaceTable, seed: int
) -> tuple[NDArray[np.float32], tuple[FilterId, ...]]:
    """Peaks (image, filter), and the names of the filters.

    Layer `expression`: 1 for the faces of one expression. Layer `mixture`: a random weight in
    [0, 1] for each expression, faces without a known one being a kind of their own. All have
    tiny noise on top, so that no two faces are equal.
    """
    names, of_face = np.unique(faces.column("expression"), return_inverse=True)
    rng = np.random.default_rng([seed, 3])
    known = np.eye(len(names))[:, names != ""]
    levels = np.concatenate([known, rng.random((len(names), MIXTURES))], axis=1)
    peak = levels[of_face] + NOISE * rng.random((len(faces), levels.shape[1]))
    layers = (("expression", known.shape[1]), ("mixture", MIXTURES))
    return peak.astype(np.float32), FilterId.of_layers(layers)


def emotion_store(faces: FaceTable, seed: int, path: Path) -> ActivationStore:
    """The store of these filters at `path`; one that is there and the same is opened."""
    peak, filters = emotion_filters(faces, seed)
    if path.exists():
        try:
            found = ActivationStore.open(path)
        except StoreError:
            pass  # damaged: made again
        else:
            if _same(found, faces, peak, filters):
                return found
    return ActivationStore.from_arrays(path, peak, filters, faces, overwrite=True)


def _same(
    store: ActivationStore,
    faces: FaceTable,
    peak: NDArray[np.float32],
    filters: Sequence[FilterId],
) -> bool:
    return (
        store.inputs.get("faces") == faces.fingerprint
        and store.filters == tuple(filters)
        and np.array_equal(store.data["peak"].values, peak)
    )
