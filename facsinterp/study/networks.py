"""The network of a run: trained fold by fold on people kept apart, or given with weights.

Each fold is a step of its own, `network/<fold>/`: weights, training curves, and what the
network said of each held-out face. The filters that are studied are those of the first
fold, whose test subjects it never saw.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault, WeightsError
from facsinterp.faces.folds import Fold, hold_out, k_folds
from facsinterp.faces.pixels import Pixels
from facsinterp.faces.table import FaceTable
from facsinterp.facs import EXPRESSIONS
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.network import Network
from facsinterp.nets.prediction import predict
from facsinterp.nets.recipes import Recipe
from facsinterp.nets.training import fit
from facsinterp.nets.weights import load_network, load_weights, save_network
from facsinterp.nets.zoo import from_blueprint
from facsinterp.progress import Progress
from facsinterp.provenance import fingerprint, installed_versions
from facsinterp.study.folder import CURVES, PREDICTIONS, RunFolder
from facsinterp.study.ledger import Ledger
from facsinterp.study.locate import DataPlaces
from facsinterp.study.spec import StudySpec, TrainPart


@dataclass(frozen=True)
class Looker:
    """The network that is studied, and the part each face played in its training."""

    network: Network
    split: NDArray[np.str_]


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
    """The network that a definition asks for; folds trained before are loaded, not repeated."""
    if spec.network.train is None:
        network = _given(spec, faces, pixels, places)
        return Looker(network, np.full(len(faces), "", dtype="U1"))
    _require_classes(faces)
    folds = _folds(spec.network.train, faces, spec.seed)
    key = fingerprint(
        spec.network.model_dump(mode="json", by_alias=True),
        faces.fingerprint,
        pixels.fingerprint,
        spec.seed,
        installed_versions(),
    )
    for fold in folds:
        step = f"network/{fold.name}"
        if ledger.has(step, key):
            progress.say(f"network {fold.name}: already trained")
            continue
        with ledger.writing(step, key) as partial:
            _train(spec, faces, pixels, fold, partial, device=device, progress=progress)
    first = folds[0]
    place = RunFolder(ledger.folder).network(first.name)
    # Code of the user's own runs because the definition names it, not because a file does.
    network = load_network(place, builder=spec.network.builder or "")
    return Looker(network, _split(first, len(faces)))


def _split(fold: Fold, n: int) -> NDArray[np.str_]:
    """The part of each face in a fold, as the split column of a face table."""
    split = np.full(n, "", dtype="U10")
    split[fold.train], split[fold.validation], split[fold.test] = "train", "validation", "test"
    return split


def class_names(faces: FaceTable) -> tuple[str, ...]:
    """The expressions that label some face: the usual ones in CK+ order, then any others."""
    there = set(faces.column("expression")) - {""}
    return (*(e for e in EXPRESSIONS if e in there), *sorted(there - set(EXPRESSIONS)))


def _require_classes(faces: FaceTable) -> None:
    found = class_names(faces)
    if len(found) < 2:
        raise DataError(
            Fault(
                "the faces show too few expressions to train a network",
                expected="two or more expressions as labels",
                got=", ".join(found) or "no face with an expression",
                do="add a column `expression` to a manifest, or give trained weights",
            )
        )


def _folds(train: TrainPart, faces: FaceTable, seed: int) -> tuple[Fold, ...]:
    if train.folds is not None:
        return k_folds(faces, train.folds, seed)
    assert train.hold_out is not None  # TrainPart holds exactly one of the two
    return (hold_out(faces, train.hold_out, seed),)


def _train(
    spec: StudySpec,
    faces: FaceTable,
    pixels: Pixels,
    fold: Fold,
    folder: Path,
    *,
    device: str,
    progress: Progress,
) -> None:
    """One fold's network, its curves, and what it says of the fold's test faces."""
    classes = class_names(faces)
    expression = faces.column("expression")
    labels = np.array([classes.index(e) if e else -1 for e in expression], dtype=np.int64)
    train, validation, test = (
        rows[labels[rows] >= 0] for rows in (fold.train, fold.validation, fold.test)
    )
    blueprint = _blueprint(spec, pixels, classes)
    held_out = len(set(faces.column("subject")[test]))
    progress.say(f"network {fold.name}: held-out subjects: {held_out}")
    trained = fit(
        from_blueprint(blueprint, seed=spec.seed),
        images=pixels.array,
        labels=labels,
        train=train,
        validation=validation,
        classes=classes,
        recipe=_recipe(spec),
        seed=spec.seed,
        device=device,
        progress=progress,
        blueprint=blueprint,
    )
    save_network(trained.network, folder)
    (folder / CURVES).write_text(json.dumps(asdict(trained.curves)), encoding="utf-8")
    said = predict(trained.network, pixels.array, test, device=device).argmax(axis=1)
    table = pd.DataFrame(
        {
            "image": faces.images[test],
            "subject": faces.column("subject")[test],
            "fold": fold.name,
            "true": expression[test],
            "predicted": np.array(classes)[said],
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
    """The network whose weights the definition names, found in the data folder."""
    weights = spec.network.weights
    assert weights is not None  # NetworkPart: weights where nothing is trained
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
    classes = spec.network.classes or class_names(faces)
    if not classes:
        raise DataError(
            Fault(
                "nothing says what the network's outputs mean",
                do='add classes = ["neutral", ...] to [network]',
            )
        )
    blueprint = _blueprint(spec, pixels, classes)
    module = from_blueprint(blueprint, seed=spec.seed)
    load_weights(module, path)
    shape = (blueprint.channels_in, blueprint.size, blueprint.size)
    return Network.of(module, classes=classes, input_shape=shape, blueprint=blueprint)
