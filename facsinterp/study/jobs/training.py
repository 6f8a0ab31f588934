"""The job that most studies share: one network, made in one fold from one seed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError, PluginError
from facsinterp.faces.splits.folds import Fold
from facsinterp.nets.weights import WEIGHTS
from facsinterp.study.corpus import Corpus
from facsinterp.study.folder import PREDICTIONS
from facsinterp.study.held_out import HeldOut, held_out
from facsinterp.study.jobs.contract import OWN, Given, Job
from facsinterp.study.making import Making
from facsinterp.study.parts import NetworkPart, TrainPart

Mistake = Literal["", "checkpoint-on-test", "folds-by-image"]


class Training(Job):
    """One network of a definition, made in one fold: its weights, curves and predictions.

    It leaves `network.json` and weights (see `network_of`), `curves.json`, and
    `predictions.parquet`: image, subject, fold, true and predicted class of each test face.
    """

    network: NetworkPart
    """What is made, and from whom: a `[network]` part with its `train`."""
    seed: int
    """Of weights, batches and changes of faces."""
    deal: int
    """Of the folds: the seed of the definition, so that all networks have the same test people."""
    fold: str
    mistake: Mistake = ""
    """A fault of protocol that the papers made, or may have made, to see what it costs.

    `checkpoint-on-test`: validation people train, and the epoch is chosen on those who test.
    `folds-by-image`: images are dealt to folds, whoever they show.
    """
    weights: bool = True
    """Whether the weights are kept (a network of 96 px takes 75 MB)."""

    @property
    def name(self) -> str:
        """Such as `breuer2017, seed 3, fold-2`."""
        mistake = f", {self.mistake}" if self.mistake else ""
        return f"{self.network.name}, seed {self.seed}, {self.fold}{mistake}"

    @property
    def cost(self) -> int:
        """Epochs, and one for all that is not training."""
        recipe = self.network.train.recipe if self.network.train else {}
        return 1 + (int(recipe.get("epochs", 1)) if self.network.learns else 0)

    def content(self) -> dict[str, object]:
        """What decides the weights: not which network is studied, nor what is kept of it."""
        content = self.model_dump(mode="json", exclude={"corpus", "weights"}, by_alias=True)
        network: dict[str, Any] = content["network"]
        for key in ("seed", "rotated"):
            network.pop(key)
        network["train"].pop("first_fold_only")
        return content

    def serves(self, folder: Path) -> bool:
        """Whether weights are there where they are wanted."""
        return super().serves(folder) and (not self.weights or (folder / WEIGHTS).is_file())

    def leaves_more_than(self, other: Job) -> bool:
        """Whether it keeps weights where the other does not."""
        return isinstance(other, Training) and self.weights and not other.weights

    def do(self, given: Given) -> None:
        """Make the network, and ask it about the faces of people that it never saw."""
        corpus = given.corpora[self.corpus]
        making = Making(self.network, self.seed, given.device)
        taught = self.asked(corpus).taught
        making.fold(taught, corpus.pixels, self.split(corpus), given.folder)
        if not self.weights:
            (given.folder / WEIGHTS).unlink()

    def asked(self, corpus: Corpus) -> HeldOut:
        """All folds, and the faces with the classes that are learnt."""
        return folds_of(self.network, corpus, self.deal)

    def split(self, corpus: Corpus) -> Fold:
        """Who trains, validates and tests, the mistake made."""
        found = {one.name: one for one in self.asked(corpus).folds}
        if self.fold not in found:
            message = f"there is no fold {self.fold!r} in {', '.join(found)}"
            raise PluginError(message)
        fold = found[self.fold]
        match self.mistake:
            case "checkpoint-on-test":
                train = np.sort(np.concatenate([fold.train, fold.validation]))
                return Fold(fold.name, train, fold.test, fold.test)
            case "folds-by-image":
                return _by_image(fold, self.asked(corpus), self.deal)
        return fold

    def parts(self, corpus: Corpus) -> NDArray[np.str_]:
        """(image,) the part of each face, as the split of a face table has it."""
        return self.split(corpus).parts(len(corpus.faces))


class OfTraining(Job):
    """A job about one training, done after it."""

    training: Training

    def after(self) -> tuple[Job, ...]:
        """The training."""
        return (self.training,)

    def content(self) -> dict[str, object]:
        """Without the training, whose key is part of this job's key."""
        return self.model_dump(mode="json", exclude={"corpus", "training"})


def trainings(
    network: NetworkPart,
    corpus: Corpus,
    *,
    seeds: Sequence[int],
    deal: int,
    name: str = OWN,
    mistake: Mistake = "",
    weights: bool = True,
) -> tuple[Training, ...]:
    """One training for each seed and fold. `name`: that of the corpus in `[also]`."""
    return tuple(
        Training(
            corpus=name,
            network=network,
            seed=seed,
            deal=deal,
            fold=fold.name,
            mistake=mistake,
            weights=weights,
        )
        for seed in seeds
        for fold in folds_of(network, corpus, deal).folds
    )


class Named(NamedTuple):
    """Shares of held-out faces; both NaN where a network was asked to name none."""

    accuracy: float
    """Named as they are labelled."""
    majority: float
    """What always saying the commonest of their classes would name."""


def named_rightly(folder: Path) -> Named:
    """How well the network that a `Training` left in a folder names the faces of its test."""
    path = folder / PREDICTIONS
    said = pd.read_parquet(path) if path.is_file() else pd.DataFrame()
    if said.empty:
        return Named(float("nan"), float("nan"))
    commonest = said["true"].value_counts(normalize=True).iloc[0]
    return Named(float((said["true"] == said["predicted"]).mean()), float(commonest))


def learning(part: NetworkPart | None) -> NetworkPart:
    """The `[network]` part, if it trains a network on expressions in folds.

    Raises InputError for one that is given, untrained, a bank, rotated, or learns something else:
    a study that trains it over folds and seeds would say of it what is not so.
    """
    train = None if part is None else part.train
    usual = train is not None and train.labels == "expression"
    if part is None or not usual or not part.learns or part.rotated:
        raise InputError(
            Fault(
                "the study trains a network on expressions, over folds and seeds",
                where="network",
                expected="arch or import, with a [network.train] part and its usual labels",
                do="remove weights, bank, untrained, rotated and labels",
            )
        )
    return part


def folds_of(network: NetworkPart, corpus: Corpus, deal: int) -> HeldOut:
    """All folds in which a network is made from a corpus, also where only the first is studied."""
    assert network.train is not None  # weights that are given are made in no fold
    train = network.train.model_copy(update={"first_fold_only": False})
    return _held_out(corpus, train.model_dump_json(), deal)


# Copies are sought among all pictures of a corpus, which many jobs share.
@lru_cache(maxsize=16)
def _held_out(corpus: Corpus, train: str, deal: int) -> HeldOut:
    part = TrainPart.model_validate_json(train)
    return held_out(part, corpus.source, deal, corpus.faces, corpus.pixels)


def _by_image(fold: Fold, asked: HeldOut, deal: int) -> Fold:
    """The fold as if its images had been dealt one by one: as many on each side, of anybody."""
    dealt = np.unique(
        np.concatenate([np.concatenate([f.train, f.validation, f.test]) for f in asked.folds])
    )
    other = np.full(dealt[-1] + 1, -1)
    # The same for all folds of a seed, so that each image still tests once.
    other[dealt] = np.random.default_rng([deal, 1]).permutation(dealt)
    return Fold(fold.name, *(np.sort(other[s]) for s in (fold.train, fold.validation, fold.test)))
