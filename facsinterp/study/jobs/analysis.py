"""The job after a training: what the network's filters answer, and to which action units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Self

from facsinterp.activations.plan import Plan
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweep import sweep
from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.association.table import FORMAT, Associations
from facsinterp.nets.weights import load_network
from facsinterp.study.associated import counting_device
from facsinterp.study.jobs.contract import Given
from facsinterp.study.jobs.training import OfTraining, Training

STORE: Final = "activations.zarr"
ASSOCIATIONS: Final = "associations.zarr"


class Analysis(OfTraining):
    """The activation store and the associations of one training, over all faces of its corpus.

    The split of the store is that of the training's fold, so that associations are asked of the
    people who test there. `store_in` and `associations_in` open what it leaves.
    """

    layers: tuple[str, ...] | None = None
    """Layers that are read; None: every conv layer."""
    settings: Mapping[str, Any] = {}
    """Keys of `[association]`, `seed` among them."""
    batch_size: int = 64

    @classmethod
    def of(cls, training: Training, settings: Settings) -> Self:
        """All conv layers of a training, associated as `[association]` says."""
        return cls(corpus=training.corpus, training=training, settings=asdict(settings))

    @property
    def name(self) -> str:
        """Such as `filters of breuer2017, seed 3, fold-2`."""
        return f"filters of {self.training.name}"

    @property
    def cost(self) -> int:
        """A sweep and the shuffles, in about as many epochs of training."""
        return 5

    def content(self) -> dict[str, object]:
        """With the form of the table of associations."""
        return {**super().content(), "format": FORMAT}

    def do(self, given: Given) -> None:
        """Sweep and associate."""
        corpus = given.corpora[self.corpus]
        place = given.of(self.training)
        network = load_network(place, builder=self.training.network.built)
        faces = corpus.faces.with_split(self.training.parts(corpus).tolist())
        plan = Plan.of(
            network.fingerprint,
            network.channels,
            faces,
            corpus.pixels.fingerprint,
            layers=self.layers,
            batch_size=self.batch_size,
        )
        folder, device = given.folder, given.device
        store = sweep(network, corpus.pixels, faces, plan, folder / STORE, device=device)
        table = associate(store, Settings(**self.settings), device=counting_device(device))
        table.save(folder / ASSOCIATIONS)


def store_in(folder: Path) -> ActivationStore:
    """The activation store that an `Analysis` left."""
    return ActivationStore.open(folder / STORE)


def associations_in(folder: Path) -> Associations:
    """The associations that an `Analysis` left."""
    return Associations.open(folder / ASSOCIATIONS)
