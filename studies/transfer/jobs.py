"""The jobs: one network and one fold of the faces it is asked about, and what is like copies.

Each leaves tables of answers: image, subject, true class, and the probability of each class.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import from_numpy
from torch.nn.functional import adaptive_avg_pool2d

from facsinterp import (
    Corpus,
    Given,
    Job,
    NetworkPart,
    Training,
    alike_groups,
    folds_of,
    hidden_features,
    load_network,
    predict,
)

from .layer import new_layer

AS_IS: Final = "as-is.parquet"
RETRAINED: Final = "re-trained.parquet"
LAYER: Final = "layer.json"
COPIES: Final = "copies.parquet"


class Asking(Job):
    """A network as it is, and with a new output layer, asked about a fold of other faces."""

    network: NetworkPart
    """What was made, and from whom: from `corpus`."""
    seed: int
    deal: int
    fold: str
    """Of `corpus`: in which the network was made."""
    onto: str
    """The name in `[also]` of the faces that it is asked about."""
    split: NetworkPart
    """Its `train` says who trains, validates and tests of these."""
    onto_fold: str

    @property
    def name(self) -> str:
        """Such as `breuer2017, seed 3, fold-2, asked about fer2013, fold-2`."""
        about = self.onto or "the definition's own faces"
        return f"{self._training.name}, asked about {about}, {self.onto_fold}"

    @property
    def _training(self) -> Training:
        return Training(
            corpus=self.corpus,
            network=self.network,
            seed=self.seed,
            deal=self.deal,
            fold=self.fold,
        )

    def after(self) -> tuple[Job, ...]:
        """The network's training."""
        return (self._training,)

    def reads(self) -> tuple[str, ...]:
        """The faces that it learnt from, and those that it is asked about."""
        return (self.corpus, self.onto)

    def content(self) -> dict[str, object]:
        """Whose answers they are is the key of the training."""
        return {"deal": self.deal, "split": split_of(self.split), "onto_fold": self.onto_fold}

    def do(self, given: Given) -> None:
        """Write what the network says as it is, and with a new output layer."""
        corpus = given.corpora[self.onto]
        sides = Sides(self.split, corpus, self.deal, self.onto_fold)
        network = load_network(given.of(self._training), builder=self.network.built)
        said = predict(network, corpus.pixels.array, sides.test, device=given.device)
        sides.write(said, network.classes, given.folder / AS_IS)
        features = [
            hidden_features(network, corpus.pixels.take(rows), device=given.device)
            for rows in sides.all
        ]
        sides.taught_anew(features, given.folder)


class Raw(Job):
    """A new output layer on no network at all: on the pictures themselves, made small."""

    split: NetworkPart
    deal: int
    fold: str
    side: int
    """Pixels a side."""

    @property
    def name(self) -> str:
        """Such as `pixels, 16 a side, fold-2`."""
        return f"pixels, {self.side} a side, {self.fold}"

    def content(self) -> dict[str, object]:
        """The split without what decides trainings alone."""
        own = {"deal": self.deal, "fold": self.fold, "side": self.side}
        return {**own, "split": split_of(self.split)}

    def do(self, given: Given) -> None:
        """Write what the layer says."""
        corpus = given.corpora[self.corpus]
        sides = Sides(self.split, corpus, self.deal, self.fold)
        features = [small(corpus.pixels.take(rows), self.side) for rows in sides.all]
        sides.taught_anew(features, given.folder)


class Copies(Job):
    """Which pictures of two data sets are equal in every pixel, or show the same."""

    other: str
    """The name in `[also]` of the second."""

    @property
    def name(self) -> str:
        """Such as `copies of ckplus in fer2013`."""
        first, second = (one or "the definition's own faces" for one in self.reads())
        return f"copies of {first} in {second}"

    def reads(self) -> tuple[str, ...]:
        """Both."""
        return (self.corpus, self.other)

    def content(self) -> dict[str, object]:
        """The faces decide alone."""
        return {}

    def do(self, given: Given) -> None:
        """Write the pictures that have a copy: side (0 or 1), image, equal, expressions."""
        corpora = [given.corpora[name] for name in self.reads()]
        tables = [pd.DataFrame({"side": k, **_known(one)}) for k, one in enumerate(corpora)]
        both = pd.concat(tables, ignore_index=True)
        arrays = [one.pixels.array for one in corpora]
        both["like"] = alike_groups(np.concatenate(arrays))
        both["equal"] = _in_both(both, "print")
        found = both[_in_both(both, "like") | both["equal"]]
        found.drop(columns="print").to_parquet(given.folder / COPIES, index=False)


class Sides:
    """The labelled faces of one fold: who trains, who validates, who tests."""

    def __init__(self, split: NetworkPart, corpus: Corpus, deal: int, fold: str) -> None:
        asked = folds_of(split, corpus, deal)
        self.faces, self.shown = asked.taught, asked.taught.column("expression")
        found = next(one for one in asked.folds if one.name == fold)
        rows = (found.train, found.validation, found.test)
        self.all = tuple(side[self.shown[side] != ""] for side in rows)
        self.test = self.all[2]

    def taught_anew(self, features: Sequence[NDArray[Any]], folder: Path) -> None:
        """Write the answers of an output layer on features of those who train, validate, test."""
        train, looking = (self.shown[rows] for rows in self.all[:2])
        layer = new_layer(features[0], train, features[1], looking)
        classes = tuple(np.unique(self.shown[self.shown != ""]).tolist())
        self.write(layer.answers(features[2], classes), classes, folder / RETRAINED)
        chosen = {"C": layer.strength, "validation log loss": layer.loss}
        (folder / LAYER).write_text(json.dumps(chosen), encoding="utf-8")

    def write(self, said: NDArray[Any], classes: tuple[str, ...], path: Path) -> None:
        """Write answers (test face, class)."""
        known = {
            "image": self.faces.images[self.test],
            "subject": self.faces.column("subject")[self.test],
            "true": self.shown[self.test],
        }
        answers = {f"p {name}": said[:, k] for k, name in enumerate(classes)}
        pd.DataFrame({**known, **answers}).to_parquet(path, index=False)


def split_of(network: NetworkPart) -> dict[str, object]:
    """What of a `[network]` part decides its folds, as plain data."""
    assert network.train is not None  # folds are those of a training
    keys = {"folds", "hold_out", "protocol", "copies"}
    return network.train.model_dump(mode="json", include=keys)


def small(pictures: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """(face, value) grey or RGB of side x side areas, each the mean of its pixels, 0 to 255."""
    values = from_numpy(pictures.astype(np.float32))
    planes = values[:, None] if values.ndim == 3 else values.movedim(3, 1)
    return np.asarray(adaptive_avg_pool2d(planes, side).flatten(1).numpy())


def _known(corpus: Corpus) -> dict[str, Any]:
    faces = corpus.faces
    columns = {name: faces.column(name) for name in ("subject", "expression")}
    prints = [sha256(one.tobytes()).hexdigest() for one in corpus.pixels.array]
    return {"image": faces.images, **columns, "print": prints}


def _in_both(table: pd.DataFrame, key: str) -> NDArray[np.bool_]:
    return np.asarray(table.groupby(key)["side"].transform("nunique") > 1)
