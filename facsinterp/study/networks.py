"""The network of a run: trained fold by fold on people kept apart, or given with weights.

It may also stay untrained, be a bank of fixed filters, or be rotated: the controls.

Each fold is a step of its own, `network/<fold>/`: weights, training curves, and what the
network said of each held-out face. The filters that are studied are those of the first
fold, whose test subjects it never saw.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from facsinterp.errors import DataError, Fault, WeightsError
from facsinterp.faces.splits.folds import Fold
from facsinterp.faces.table import FaceTable
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.network import Network
from facsinterp.nets.rotation import rotated_at_random
from facsinterp.nets.weights import load_network, load_weights
from facsinterp.nets.zoo import from_blueprint
from facsinterp.provenance import fingerprint, installed_versions
from facsinterp.study.corpus import Corpus
from facsinterp.study.folder import RunFolder
from facsinterp.study.held_out import HeldOut, held_out
from facsinterp.study.jobs.contract import OWN
from facsinterp.study.jobs.keeping import lend
from facsinterp.study.jobs.runner import Runner
from facsinterp.study.jobs.training import Training
from facsinterp.study.ledger import FILE_NAME as LEDGER
from facsinterp.study.ledger import Ledger
from facsinterp.study.lessons import class_names
from facsinterp.study.locate import DataPlaces
from facsinterp.study.making import Making, blueprint_of
from facsinterp.study.parts import Labels
from facsinterp.study.spec import StudySpec
from facsinterp.study.work import Work


@dataclass(frozen=True)
class Looker:
    """The network that is studied, and the part each face played in its training."""

    network: Network
    split: NDArray[np.str_]
    noticed: tuple[str, ...] = ()
    """What a reader must know of that, such as pictures on two sides."""


def make_network(
    spec: StudySpec, corpus: Corpus, ledger: Ledger, places: DataPlaces, work: Work
) -> Looker:
    """The network that a definition asks for; folds trained before are loaded, not repeated.

    A fold that another run beside this one has made from the same content is taken from it.
    Several folds that learn are jobs, done at a time; one alone is trained here, with all
    threads. A protocol's classes are learnt and scored; `faces` keep their own expressions.
    """
    faces, train = corpus.faces, spec.network.train
    if train is None:
        network = _given(spec, corpus, places)
        return Looker(_turned(spec, network), np.full(len(faces), "", dtype="U1"))
    asked = held_out(train, spec.faces.source, spec.seed, faces, corpus.pixels)
    _require_classes(asked.taught, train.labels)
    for text in asked.noticed:
        work.progress.say(f"network: {text}")
    _Folds(spec, corpus, asked, ledger, work).make()
    first = asked.folds[0]
    place = RunFolder(ledger.folder).network(first.name)
    # Code of the user's own runs because the definition names it, not because a file does.
    network = load_network(place, builder=spec.network.built)
    return Looker(_turned(spec, network), first.parts(len(faces)), asked.noticed)


def _turned(spec: StudySpec, network: Network) -> Network:
    return rotated_at_random(network, spec.network_seed) if spec.network.rotated else network


@dataclass(frozen=True, eq=False)
class _Folds:
    """The networks of all folds, each in its folder."""

    spec: StudySpec
    corpus: Corpus
    asked: HeldOut
    ledger: Ledger
    work: Work

    def make(self) -> None:
        """Make those that are not there."""
        key = self._key()
        missing = []
        for fold in self.asked.folds:
            step = f"network/{fold.name}"
            if self.ledger.has(step, key):
                made = "trained" if self.spec.network.learns else "made"
                self.work.progress.say(f"network {fold.name}: already {made}")
            elif not self._taken(step, key):
                missing.append(fold)
        if self._as_jobs():
            self._do(missing, key)
            return
        making = Making.of(self.spec, self.work)
        for fold in missing:
            with self.ledger.writing(f"network/{fold.name}", key) as partial:
                making.fold(self.asked.taught, self.corpus.pixels, fold, partial)

    def _key(self) -> str:
        faces, pixels = self.asked.taught.fingerprint, self.corpus.pixels.fingerprint
        content = self.spec.network_content
        return fingerprint(content, faces, pixels, self.spec.seed, installed_versions())

    def _taken(self, step: str, key: str) -> bool:
        """Whether another run had finished the same step from the same content."""
        other = _elsewhere(self.ledger, step, key)
        if other is None:
            return False
        with self.ledger.writing(step, key) as partial:
            fold = step.rpartition("/")[2]
            self.work.progress.say(f"network {fold}: taken from {other.parent.name}/{other.name}")
            shutil.copytree(other / step, partial, dirs_exist_ok=True)
        return True

    def _as_jobs(self) -> bool:
        return self.spec.network.learns and len(self.asked.folds) > 1

    def _do(self, missing: Sequence[Fold], key: str) -> None:
        """Train folds at a time, and put each in its place."""
        if not missing:
            return
        spec = self.spec
        jobs = {
            fold.name: Training(
                network=spec.network, seed=spec.network_seed, deal=spec.seed, fold=fold.name
            )
            for fold in missing
        }
        out = self.ledger.folder.parents[1]
        runner = Runner.at(out, {OWN: self.corpus}, self.work)
        done = runner.finish(list(jobs.values()), "network")
        for name, job in jobs.items():
            with self.ledger.writing(f"network/{name}", key) as partial:
                lend(done[job.key(runner.corpora)], partial)


def _elsewhere(ledger: Ledger, step: str, key: str) -> Path | None:
    """The folder of another run that finished the same step from the same content."""
    for steps in sorted(ledger.folder.parents[1].glob(f"*/*/{LEDGER}")):
        if steps.parent != ledger.folder and Ledger(steps.parent).has(step, key):
            return steps.parent
    return None


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


def _given(spec: StudySpec, corpus: Corpus, places: DataPlaces) -> Network:
    """The network whose weights the definition names."""
    classes = spec.network.classes or class_names(corpus.faces)
    if not classes:
        raise DataError(
            Fault(
                "nothing says what the network's outputs mean",
                do='add classes = ["neutral", ...] to [network]',
            )
        )
    blueprint = blueprint_of(spec.network, corpus.pixels, classes)
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
