"""What the network's own first part makes of prepared pictures, and that in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import nn

from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.entrance import normaliser
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.normalise import DataSetStandard, measure
from facsinterp.nets.zoo import from_blueprint
from facsinterp.study.desk import Desk, Seen
from facsinterp.study.lessons import class_names
from facsinterp.study.locate import DataPlaces
from facsinterp.study.networks import with_given_weights
from facsinterp.study.spec import StudySpec

MEASURED: Final = 500
"""Faces from which the statistics of a data set are estimated."""
_NORMALISED: Final = {
    "ImageStandard": "each image by its own mean and deviation",
    "LocalMean": "less the mean of the 5 x 5 box around each pixel{divided}; outside counts as 0",
    "PatchStandard": "less the mean of the 5 x 5 pixels around each{divided}, inside the image",
    "DataSetStandard": "by mean and deviation {measured}",
}


def normalised(
    spec: StudySpec, desk: Desk, some: Sequence[Seen], places: DataPlaces
) -> tuple[list[NDArray[np.float32] | None], str]:
    """Each picture as the network's own first part gives it, and that in a sentence.

    Weights that the definition names are read where the first part keeps numbers of a data set.
    """
    prepared = np.stack([one.prepared for one in some])
    blueprint = _blueprint(spec, desk, prepared)
    module = from_blueprint(blueprint, seed=spec.network_seed)
    measured = ""
    if _by_data_set(module):
        module, measured = _filled(spec, desk, prepared, module, blueprint, places)
    shape = (blueprint.channels_in, blueprint.size, blueprint.size)
    network = Network.of(module, classes=blueprint.classes, input_shape=shape)
    entry = normaliser(network)
    if entry is None:
        return [None] * len(some), (
            f"Normalisation: {spec.network.name} has none of its own at its entrance that is "
            "known here; it takes the prepared picture, 0 to 1."
        )
    part = module.get_submodule(entry)
    values = part(to_tensor(prepared)).detach().numpy().astype(np.float32)
    divided = ", divided by the local deviation" if getattr(part, "divide", False) else ""
    words = _NORMALISED[type(part).__name__].format(divided=divided, measured=measured)
    return list(values), f"Normalisation: {words}."


def _blueprint(spec: StudySpec, desk: Desk, prepared: NDArray[np.uint8]) -> Blueprint:
    classes = spec.network.classes or class_names(desk.faces)
    return Blueprint(
        arch=spec.network.built,
        classes=classes if len(classes) > 1 else ("one", "another"),
        size=spec.preparation.size,
        channels_in=1 if prepared.ndim == 3 else 3,
        options=spec.network.options,
    )


def _by_data_set(module: nn.Module) -> bool:
    return any(isinstance(part, DataSetStandard) for part in module.modules())


def _filled(
    spec: StudySpec,
    desk: Desk,
    prepared: NDArray[np.uint8],
    module: nn.Module,
    blueprint: Blueprint,
    places: DataPlaces,
) -> tuple[nn.Module, str]:
    """The module with numbers of a data set to normalise by, and where these are from."""
    if spec.network.weights is not None:
        return with_given_weights(spec, blueprint, places), "that its weights hold"
    sample = _sample(desk, prepared)
    measure(module, sample, np.arange(len(sample)))
    estimated = f"here estimated over {len(sample):,} faces of all"
    return module, f"over the training faces of each fold, {estimated}"


def _sample(desk: Desk, shown: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Prepared faces to estimate the statistics of the data set from; those shown without any."""
    rows = np.random.default_rng(0).permutation(len(desk.faces))[:MEASURED]
    found = desk.seen(np.sort(rows).tolist())
    ready = [one.prepared for one in found if isinstance(one, Seen)]
    return np.stack(ready) if ready else shown
