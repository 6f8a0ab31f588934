"""The network of a run: trained fold by fold on people kept apart, or given with weights.

It may also stay untrained, be a bank of fixed filters, or be rotated: the controls.

Each fold is a step of its own, `network/<fold>/`: weights, training curves, and what the
network said of each held-out face. The filters that are studied are those of the first
fold, whose test subjects it never saw.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import nn

from facsinterp.errors import DataError, Fault, WeightsError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.splits.folds import Fold
from facsinterp.faces.table import FaceTable
from facsinterp.nets.banks import fill
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.network import Network
from facsinterp.nets.normalise import measure
from facsinterp.nets.prediction import predict
from facsinterp.nets.recipes import Recipe
from facsinterp.nets.rotation import rotated_at_random
from facsinterp.nets.training import fit
from facsinterp.nets.weights import load_network, load_weights, save_network
from facsinterp.nets.zoo import from_blueprint
from facsinterp.progress import Progress
from facsinterp.provenance import fingerprint, installed_versions
from facsinterp.study.folder import CURVES, PREDICTIONS, RunFolder
from facsinterp.study.held_out import held_out
from facsinterp.study.ledger import FILE_NAME as LEDGER
from facsinterp.study.ledger import Ledger
from facsinterp.study.lessons import class_names, lesson
from facsinterp.study.locate import DataPlaces
from facsinterp.study.spec import Labels, StudySpec


@dataclass(frozen=True)
class Looker:
    """The network that is studied, and the part each face played in its training."""

    network: Network
    split: NDArray[np.str_]
    noticed: tuple[str, ...] = ()
    """What a reader must know of that, such as pictures on two sides."""


def make_network(
    spec: StudySpec,
    faces: FaceTable,
    pixels: Pixels,
    ledger: Ledger,
    places: DataPlaces,
    *,
    device: str,
    progress: Progress,
) -> Looker:
    """The network that a definition asks for; folds trained before are loaded, not repeated.

    A fold that another run beside this one has made from the same content is taken from it.
    A protocol's classes are learnt and scored; `faces` keep their own expressions.
    """
    if spec.network.train is None:
        network = _given(spec, faces, pixels, places)
        return Looker(_turned(spec, network), np.full(len(faces), "", dtype="U1"))
    asked = held_out(spec, faces, pixels)
    _require_classes(asked.taught, spec.network.train.labels)
    for text in asked.noticed:
        progress.say(f"network: {text}")
    for fold in asked.folds:
        _make(spec, asked.taught, pixels, fold, ledger, device=device, progress=progress)
    first = asked.folds[0]
    place = RunFolder(ledger.folder).network(first.name)
    # Code of the user's own runs because the definition names it, not because a file does.
    network = load_network(place, builder=spec.network.built)
    return Looker(_turned(spec, network), _split(first, len(faces)), asked.noticed)


def _turned(spec: StudySpec, network: Network) -> Network:
    return rotated_at_random(network, spec.network_seed) if spec.network.rotated else network


def _make(
    spec: StudySpec,
    faces: FaceTable,
    pixels: Pixels,
    fold: Fold,
    ledger: Ledger,
    *,
    device: str,
    progress: Progress,
) -> None:
    """The network of one fold in its folder, unless it is there."""
    key = fingerprint(
        spec.network_content, faces.fingerprint, pixels.fingerprint, spec.seed, installed_versions()
    )
    step = f"network/{fold.name}"
    if ledger.has(step, key):
        progress.say(f"network {fold.name}: already {_made(spec)}")
        return
    other = _elsewhere(ledger, step, key)
    with ledger.writing(step, key) as partial:
        if other is not None:
            progress.say(f"network {fold.name}: taken from {other.parent.name}/{other.name}")
            shutil.copytree(other / step, partial, dirs_exist_ok=True)
        else:
            _write(spec, faces, pixels, fold, partial, device=device, progress=progress)


def _made(spec: StudySpec) -> str:
    return "trained" if spec.network.learns else "made"


def _elsewhere(ledger: Ledger, step: str, key: str) -> Path | None:
    """The folder of another run that finished the same step from the same content."""
    for steps in sorted(ledger.folder.parents[1].glob(f"*/*/{LEDGER}")):
        if steps.parent != ledger.folder and Ledger(steps.parent).has(step, key):
            return steps.parent
    return None


def _split(fold: Fold, n: int) -> NDArray[np.str_]:
    """The part of each face in a fold, as the split column of a face table."""
    split = np.full(n, "", dtype="U10")
    split[fold.train], split[fold.validation], split[fold.test] = "train", "validation", "test"
    return split


def _require_classes(faces: FaceTable, labels: Labels) -> None:
    found = class_names(faces)
    if len(found) < 2 and labels != "identity":
        raise DataError(
            Fault(
                "the faces show too few expressions to train a network",
                expected="two or more expressions as labels",
                got=", ".join(found) or "no face with an expression",
                do="add a column `expression` to a manifest, or give trained weights",
            )
        )


def _write(
    spec: StudySpec,
    faces: FaceTable,
    pixels: Pixels,
    fold: Fold,
    folder: Path,
    *,
    device: str,
    progress: Progress,
) -> None:
    """One fold's network, its curves if it learns, and what it says of the fold's test faces."""
    people = len(set(faces.column("subject")[fold.test].tolist()) - {""})
    unknown = f"faces: {len(fold.test):,}, whose subjects are not known"
    told = f"subjects: {people}" if people else unknown
    progress.say(f"network {fold.name}: held-out {told}")
    if spec.network.learns:
        network = _trained(spec, faces, pixels, fold, folder, device=device, progress=progress)
    else:
        network = _untrained(spec, faces, pixels, fold)
        save_network(network, folder)
    if set(network.classes) == set(class_names(faces)) and spec.network.bank is None:
        _predict(network, faces, pixels, fold, folder, device=device)


def _trained(
    spec: StudySpec,
    faces: FaceTable,
    pixels: Pixels,
    fold: Fold,
    folder: Path,
    *,
    device: str,
    progress: Progress,
) -> Network:
    assert spec.network.train is not None  # it learns
    learnt = lesson(faces, fold, spec.network.train.labels, spec.network_seed)
    blueprint = _blueprint(spec, pixels, learnt.classes)
    trained = fit(
        _module(spec, pixels, fold, blueprint),
        images=pixels.array,
        labels=learnt.labels,
        train=learnt.train,
        validation=learnt.validation,
        classes=learnt.classes,
        recipe=_recipe(spec),
        seed=spec.network_seed,
        device=device,
        progress=progress,
        blueprint=blueprint,
    )
    save_network(trained.network, folder)
    (folder / CURVES).write_text(json.dumps(asdict(trained.curves)), encoding="utf-8")
    return trained.network


def _untrained(spec: StudySpec, faces: FaceTable, pixels: Pixels, fold: Fold) -> Network:
    """The network as its seed draws it, or a bank made from the fold's training faces."""
    blueprint = _blueprint(spec, pixels, class_names(faces))
    module = _module(spec, pixels, fold, blueprint)
    if spec.network.bank is not None:
        fill(module, pixels.array[fold.train])
    shape = (blueprint.channels_in, blueprint.size, blueprint.size)
    return Network.of(module, classes=blueprint.classes, input_shape=shape, blueprint=blueprint)


def _module(spec: StudySpec, pixels: Pixels, fold: Fold, blueprint: Blueprint) -> nn.Module:
    """The module as its seed draws it, normalising by the fold's training faces if it does."""
    module = from_blueprint(blueprint, seed=spec.network_seed)
    measure(module, pixels.array, fold.train)
    return module


def _predict(
    network: Network, faces: FaceTable, pixels: Pixels, fold: Fold, folder: Path, *, device: str
) -> None:
    expression = faces.column("expression")
    test = fold.test[expression[fold.test] != ""]
    said = predict(network, pixels.array, test, device=device).argmax(axis=1)
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


def _recipe(spec: StudySpec) -> Recipe:
    assert spec.network.train is not None
    return Recipe(**spec.network.train.recipe)


def _blueprint(spec: StudySpec, pixels: Pixels, classes: tuple[str, ...]) -> Blueprint:
    """How the definition's network is built for these pixels and classes."""
    return Blueprint(
        arch=spec.network.built,
        classes=classes,
        size=pixels.array.shape[1],
        channels_in=1 if pixels.array.ndim == 3 else 3,
        options=spec.network.options,
    )


def _given(spec: StudySpec, faces: FaceTable, pixels: Pixels, places: DataPlaces) -> Network:
    """The network whose weights the definition names."""
    classes = spec.network.classes or class_names(faces)
    if not classes:
        raise DataError(
            Fault(
                "nothing says what the network's outputs mean",
                do='add classes = ["neutral", ...] to [network]',
            )
        )
    blueprint = _blueprint(spec, pixels, classes)
    module = with_given_weights(spec, blueprint, places)
    shape = (blueprint.channels_in, blueprint.size, blueprint.size)
    return Network.of(module, classes=classes, input_shape=shape, blueprint=blueprint)


def with_given_weights(spec: StudySpec, blueprint: Blueprint, places: DataPlaces) -> nn.Module:
    """The module with the weights that the definition names, found in the data folder.

    Raises WeightsError when they are not there, or of another network.
    """
    weights = spec.network.weights
    assert weights is not None  # a definition gives weights where nothing is trained
    root = places.default
    path = (root / weights) if root else Path(weights)
    if not path.exists():
        raise WeightsError(
            Fault(
                "the weights that the definition names are not there",
                where=str(path),
                expected="a file in the folder given with --data",
                do="put the checkpoint there, or train with a [network.train] part",
            )
        )
    module = from_blueprint(blueprint, seed=spec.seed)
    load_weights(module, path)
    return module
