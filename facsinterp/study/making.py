"""One network of one fold made: trained, left as it is drawn, or filled as a bank."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from torch import nn

from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.splits.folds import Fold
from facsinterp.faces.table import FaceTable
from facsinterp.nets.banks import fill
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.network import Network
from facsinterp.nets.normalise import measure
from facsinterp.nets.prediction import predict
from facsinterp.nets.recipes import Recipe
from facsinterp.nets.training import fit
from facsinterp.nets.weights import save_network
from facsinterp.nets.zoo import from_blueprint
from facsinterp.progress import SILENT, Progress
from facsinterp.study.folder import CURVES, PREDICTIONS
from facsinterp.study.lessons import class_names, lesson
from facsinterp.study.parts import NetworkPart
from facsinterp.study.spec import StudySpec
from facsinterp.study.work import Work


@dataclass(frozen=True)
class Making:
    """How networks are made, whatever the fold."""

    network: NetworkPart
    seed: int
    """Of weights, batches, changes of faces and shuffled labels."""
    device: str
    progress: Progress = SILENT

    @classmethod
    def of(cls, spec: StudySpec, work: Work) -> Self:
        """As a definition says."""
        return cls(spec.network, spec.network_seed, work.device, work.progress)

    def fold(self, faces: FaceTable, pixels: Pixels, fold: Fold, folder: Path) -> None:
        """One fold's network in `folder`, its curves if it learns, and what it says of test faces.

        `faces` have the classes that are learnt for expressions.
        """
        people = len(set(faces.column("subject")[fold.test].tolist()) - {""})
        unknown = f"faces: {len(fold.test):,}, whose subjects are not known"
        told = f"subjects: {people}" if people else unknown
        self.progress.say(f"network {fold.name}: held-out {told}")
        if self.network.learns:
            network = self._trained(faces, pixels, fold, folder)
        else:
            network = self._untrained(faces, pixels, fold)
            save_network(network, folder)
        if set(network.classes) == set(class_names(faces)) and self.network.bank is None:
            self._predict(network, faces, pixels, fold, folder)

    def _trained(self, faces: FaceTable, pixels: Pixels, fold: Fold, folder: Path) -> Network:
        train = self.network.train
        assert train is not None  # it learns
        learnt = lesson(faces, fold, train.labels, self.seed)
        blueprint = blueprint_of(self.network, pixels, learnt.classes)
        trained = fit(
            self._module(pixels, fold, blueprint),
            images=pixels.array,
            labels=learnt.labels,
            train=learnt.train,
            validation=learnt.validation,
            classes=learnt.classes,
            recipe=Recipe(**train.recipe),
            seed=self.seed,
            device=self.device,
            progress=self.progress,
            blueprint=blueprint,
        )
        save_network(trained.network, folder)
        (folder / CURVES).write_text(json.dumps(asdict(trained.curves)), encoding="utf-8")
        return trained.network

    def _untrained(self, faces: FaceTable, pixels: Pixels, fold: Fold) -> Network:
        """The network as its seed draws it, or a bank made from the fold's training faces."""
        blueprint = blueprint_of(self.network, pixels, class_names(faces))
        module = self._module(pixels, fold, blueprint)
        if self.network.bank is not None:
            fill(module, pixels.array[fold.train])
        shape = (blueprint.channels_in, blueprint.size, blueprint.size)
        return Network.of(module, classes=blueprint.classes, input_shape=shape, blueprint=blueprint)

    def _module(self, pixels: Pixels, fold: Fold, blueprint: Blueprint) -> nn.Module:
        """The module as its seed draws it, normalising by the fold's training faces if it does."""
        module = from_blueprint(blueprint, seed=self.seed)
        measure(module, pixels.array, fold.train)
        return module

    def _predict(
        self, network: Network, faces: FaceTable, pixels: Pixels, fold: Fold, folder: Path
    ) -> None:
        expression = faces.column("expression")
        test = fold.test[expression[fold.test] != ""]
        said = predict(network, pixels.array, test, device=self.device).argmax(axis=1)
        table = pd.DataFrame(
            {
                "image": faces.images[test],
                "subject": faces.column("subject")[test],
                "fold": fold.name,
                "true": expression[test],
                "predicted": np.array(network.classes)[said],
            }
        )
        table.to_parquet(folder / PREDICTIONS, index=False)


def blueprint_of(network: NetworkPart, pixels: Pixels, classes: tuple[str, ...]) -> Blueprint:
    """How the network of a definition is built for these pixels and classes."""
    return Blueprint(
        arch=network.built,
        classes=classes,
        size=pixels.array.shape[1],
        channels_in=1 if pixels.array.ndim == 3 else 3,
        options=network.options,
    )
