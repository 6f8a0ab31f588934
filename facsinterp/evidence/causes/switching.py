"""What filters answer to switched faces: one unit on or off, all else equal.

    corpus -> pictures as the network wants them -> sweep -> changes of each filter

The faces are drawn. To a network that learnt from drawn faces they are faces of new people; to
any other they are an instrument, as foreign to it as a drawing: a unit that moves a filter
here does move it, one that does not might on a photograph.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.plan import Plan
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweep import sweep
from facsinterp.errors import ActivationError, Fault, InputError
from facsinterp.faces.drawn.switched import Switched
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.labels import FILTER, IMAGE
from facsinterp.nets.network import Network
from facsinterp.progress import SILENT, Progress

Measure = Literal["peak", "mean"]

# Changes below this share of a filter's strongest answer are those of float32 sums made in
# another order, which could have one direction for all people.
ROUNDING: Final = 1e-5
# Numbers that are held at a time while a store is read through.
SLAB: Final = 1 << 24


def switch_units(
    network: Network,
    corpus: Switched,
    preparation: Preparation,
    folder: Path,
    *,
    layers: Sequence[str] | None = None,
    device: str = "cpu",
    progress: Progress = SILENT,
) -> ActivationStore:
    """What the filters of `layers` (None: all) answer to every face of the corpus.

    Pictures are prepared as the network wants them. A crop by landmarks or by a detector
    follows the landmarks of the face without the unit in all pictures of a series; a network
    that takes colour gets grey in each channel. Pictures and store lie in `folder`, and are not
    made again when they are there. Raises InputError where the preparation does not fit the
    network.
    """
    faces = corpus.table()
    held = preparation.held_still()
    pixels = Pixels.decode(faces, corpus.pictures(), held, folder / "pixels", progress)
    plan = Plan.of(network.fingerprint, network.channels, faces, pixels.fingerprint, layers=layers)
    path = folder / f"switched-{plan.key}.zarr"
    return sweep(network, pixels, faces, plan, path, progress, device=device)


def changes_of(
    switched: ActivationStore, corpus: Switched, measure: Measure = "peak"
) -> NDArray[np.float32]:
    """Each filter's answer with the unit less that without: (person, context, unit, step, filter).

    Steps are the intensities of the corpus. What is no more than rounding is 0. Raises
    InputError where the store is not of this corpus.
    """
    _refuse_other(switched, corpus)
    answers = switched.data[measure].transpose(IMAGE, FILTER).values.reshape(*corpus.shape, -1)
    without = answers[:, :, :, :1]
    changes: NDArray[np.float32] = answers[:, :, :, 1:] - without
    strongest = np.abs(answers).max(axis=(0, 1, 2, 3))
    return np.where(np.abs(changes) > ROUNDING * strongest, changes, np.float32(0))


def spread_of(store: ActivationStore, measure: Measure = "peak") -> NDArray[np.float64]:
    """Standard deviation of each filter's answers over the faces of a store, (filter,).

    0 where no answer differs from another: such a filter is dead, or constant. Raises
    ActivationError when an answer is not finite.
    """
    images, filters = store.data.sizes[IMAGE], store.data.sizes[FILTER]
    values = store.data[measure].transpose(IMAGE, FILTER)
    step = max(1, SLAB // max(images, 1))
    spread = np.zeros(filters)
    for start in range(0, filters, step):
        part = values.isel({FILTER: slice(start, start + step)}).values.astype(np.float64)
        if not np.isfinite(part).all():
            message = f"{store.path} holds NaN or infinite activations"
            raise ActivationError(message)
        varied = np.ptp(part, axis=0) > 0
        spread[start : start + step] = np.where(varied, part.std(axis=0), 0.0)
    return spread


def _refuse_other(switched: ActivationStore, corpus: Switched) -> None:
    found, wanted = switched.faces.images.tolist(), corpus.table().images.tolist()
    if found != wanted:
        raise InputError(
            Fault(
                "the store is not of this corpus of switched faces",
                where=str(switched.path),
                expected=f"{len(wanted)} images, {wanted[0]} to {wanted[-1]}",
                got=f"{len(found)} images, {found[0]} to {found[-1]}",
            )
        )
