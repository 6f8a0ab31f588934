"""The jobs: detectors taught on the people who train a fold, asked about those who test it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.nn.functional import adaptive_avg_pool2d

from facsinterp import (
    Coding,
    Corpus,
    Given,
    Job,
    NetworkPart,
    Training,
    fit_joint_detectors,
    fit_single_detectors,
    hidden_features,
    load_network,
    predict,
    trainings,
)
from facsinterp.stats.detection import CUT

from .peaks import peaks

Features = Literal["hidden", "posteriors", "pixels"]
Floats = NDArray[np.floating]

PREDICTIONS: Final = "predictions.parquet"
DETECTORS: Final = (("alone", True), ("together", True), ("together", False))
"""Taught alone or all at once, and whether both sides of a unit weigh the same. Without weights,
as in the paper, one half is the best cut for plain accuracy, with them for balanced accuracy."""
GRID: Final = 24
"""Side of the small grey pictures that stand for the pixels: 576 values, about as many as the 512
features of breuer2017."""


class Detecting(Job):
    """Detectors of every action unit in one fold, and what they say of the people who test it.

    It leaves `predictions.parquet`, one row for each peak of the test people, action unit,
    detector and weighing: image, subject, sequence, expression, fold, au, coded, present,
    intensity (the coder's), detector (alone, together), weighed, probability, answer (whether it
    says present), told (the intensity from 0 to 5, by detectors together), refused (why nothing
    is said: numbers are NaN there, and the answer is no).
    """

    training: Training
    """The network, and the fold: who teaches, who chooses and who tests."""
    features: Features
    """What the detectors see: the last hidden features, the probabilities of the classes, or
    small grey pictures, which need no network."""
    l1: float
    l2: float
    epochs: int
    learning_rate: float
    """Of the detectors that are taught together."""

    @property
    def name(self) -> str:
        """Such as `detectors on hidden features, breuer2017, seed 3, fold-2`."""
        if self.features == "pixels":
            return f"detectors on pixels, {self.training.fold}"
        what = "hidden features" if self.features == "hidden" else "emotions"
        untrained = ", untrained" if self.training.network.untrained else ""
        return f"detectors on {what}, {self.training.name}{untrained}"

    def after(self) -> tuple[Job, ...]:
        """The network must be there, where one is asked."""
        return () if self.features == "pixels" else (self.training,)

    def content(self) -> dict[str, object]:
        """The fields, of the training those that decide what it is."""
        own = self.model_dump(mode="json", exclude={"corpus", "training"})
        return {**own, "training": self.training.content()}

    def do(self, given: Given) -> None:
        """Teach the detectors, and ask them about people whom they never saw."""
        corpus = given.corpora[self.corpus]
        fold = self.training.split(corpus)
        shown = peaks(corpus.faces)
        sides = [np.intersect1d(side, shown) for side in (fold.train, fold.validation, fold.test)]
        rows = np.concatenate(sides)
        features = self._features(given, corpus, rows)
        ends = np.cumsum([len(side) for side in sides])
        train, validation, test = np.split(np.arange(len(rows)), ends[:-1])
        data = corpus.faces.data
        coding = Coding(
            data["present"].values[rows],
            data["coded"].values[rows],
            data["intensity"].values[rows],
        )
        cells = _cells(corpus, rows[test]).assign(fold=fold.name)
        found = [
            cells.assign(
                **said, detector=detector, weighed=weighed, answer=said["probability"] >= CUT
            )
            for detector, weighed in DETECTORS
            for said in [
                self._said(detector, features, coding, (train, validation, test), weighed, given)
            ]
        ]
        pd.concat(found, ignore_index=True).to_parquet(given.folder / PREDICTIONS, index=False)

    def _features(self, given: Given, corpus: Corpus, rows: NDArray[np.int64]) -> Floats:
        """(row, feature)"""
        if self.features == "pixels":
            return small_pictures(corpus.pixels.array[rows])
        network = load_network(given.of(self.training), builder=self.training.network.built)
        if self.features == "posteriors":
            return predict(network, corpus.pixels.array, rows, device=given.device)
        return hidden_features(network, corpus.pixels.array[rows], device=given.device)

    def _said(
        self,
        detector: str,
        features: Floats,
        coding: Coding,
        sides: Sequence[NDArray[np.int64]],
        weighed: bool,
        given: Given,
    ) -> Mapping[str, NDArray[Any]]:
        """Probability, told intensity and refusals of the cells (test face, au), flat."""
        train, validation, test = sides
        refused = coding.too_few(train, validation)
        nothing = np.full((len(test), coding.present.shape[1]), np.nan)
        probability = told = nothing
        if not all(refused) and detector == "alone":
            single = fit_single_detectors(features, coding, train, validation, balanced=weighed)
            probability = single.probabilities(features, test)
        elif not all(refused):
            joint = fit_joint_detectors(
                features,
                coding,
                train,
                validation,
                balanced=weighed,
                l1=self.l1,
                l2=self.l2,
                epochs=self.epochs,
                learning_rate=self.learning_rate,
                seed=self.training.seed,
                device=given.device,
            )
            probability = joint.probabilities(features, test)
            told = joint.intensities(features, test)
        return {
            "probability": probability.ravel(),
            "told": told.ravel(),
            "refused": np.tile(np.array(refused, dtype=str), len(test)),
        }


def small_pictures(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Means of grey over a grid, (image, GRID * GRID), from 0 to 255."""
    values = torch.from_numpy(images.astype(np.float32))
    grey = values if values.ndim == 3 else values.mean(dim=3)
    return adaptive_avg_pool2d(grey[:, None], GRID).flatten(1).numpy()


def plan(
    network: NetworkPart,
    corpus: Corpus,
    *,
    seeds: Sequence[int],
    deal: int,
    l1: float,
    l2: float,
    epochs: int,
    learning_rate: float,
) -> dict[str, tuple[Detecting, ...]]:
    """The jobs by what the detectors see: the trained network and the controls beside it."""
    untrained = network.model_copy(update={"untrained": True})
    known = {
        "trained": (network, "hidden", seeds),
        "untrained": (untrained, "hidden", seeds),
        "pixels": (network, "pixels", seeds[:1]),
        "emotion": (network, "posteriors", seeds),
    }
    return {
        arm: tuple(
            Detecting(
                training=one,
                features=features,
                l1=l1,
                l2=l2,
                epochs=epochs,
                learning_rate=learning_rate,
            )
            for one in trainings(part, corpus, seeds=some, deal=deal)
        )
        for arm, (part, features, some) in known.items()
    }


def _cells(corpus: Corpus, rows: NDArray[np.int64]) -> pd.DataFrame:
    """What is known of each cell (face, au), a row each."""
    faces = corpus.faces.select(rows)
    many = len(faces.units)
    texts = ("subject", "sequence", "expression")
    codes = ("coded", "present", "intensity")
    return pd.DataFrame(
        {
            "image": np.repeat(faces.images, many),
            **{name: np.repeat(faces.column(name), many) for name in texts},
            "au": np.tile(np.array(faces.units), len(rows)),
            **{name: faces.data[name].values.ravel() for name in codes},
        }
    )
