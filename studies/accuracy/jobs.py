"""The job of this study alone: a support vector machine in each fold, for networks to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp import (
    Given,
    Job,
    NetworkPart,
    Training,
    fit_svm,
    folds_of,
    gabor_magnitudes,
    lbp_histograms,
)

from .reading import PREDICTIONS, classes_of
from .systems import Features, Mistake

_SPLITS: Final = frozenset({"folds", "hold_out", "protocol", "copies"})
_DESCRIBED: Final[Mapping[Features, Callable[[NDArray[np.uint8]], NDArray[np.float32]]]] = {
    "lbp": lbp_histograms,
    "gabor": gabor_magnitudes,
}


class Machines(Job):
    """A linear machine on LBP histograms or Gabor magnitudes, trained in each fold.

    It leaves `predictions.parquet` in the form of a `Training`, of all folds: image, subject,
    fold, true and predicted class of each test face. The penalty is chosen on the fold's
    validation faces, as the epoch of a network is.
    """

    features: Features
    split: NetworkPart
    """Who is held out: a `[network]` part of which nothing but its `train` counts."""
    deal: int
    """Of the folds: the seed of the definition."""
    mistake: Mistake = ""
    """As of a `Training`; with `checkpoint-on-test` it is the penalty that is chosen there."""

    @property
    def name(self) -> str:
        """Such as `lbp-svm`."""
        return f"{self.features}-svm" + (f", {self.mistake}" if self.mistake else "")

    def content(self) -> dict[str, object]:
        """What decides the answers: of the network, who is held out."""
        content: dict[str, Any] = self.model_dump(mode="json", exclude={"corpus"}, by_alias=True)
        train = content.pop("split")["train"]
        return {**content, "train": {k: v for k, v in train.items() if k in _SPLITS}}

    def do(self, given: Given) -> None:
        """Describe all faces once, and train and ask a machine in each fold."""
        corpus = given.corpora[self.corpus]
        asked = folds_of(self.split, corpus, self.deal)
        expression = asked.taught.column("expression")
        classes = classes_of(expression)
        labels = np.array([classes.index(e) if e else -1 for e in expression])
        described = _DESCRIBED[self.features](corpus.pixels.array)
        tables = []
        for one in asked.folds:
            fold = self._training(one.name).split(corpus)
            train, validation, test = (
                rows[labels[rows] >= 0] for rows in (fold.train, fold.validation, fold.test)
            )
            machine = fit_svm(
                described, labels, train=train, validation=validation, classes=len(classes)
            )
            said = machine.predict(described[test])
            tables.append(
                pd.DataFrame(
                    {
                        "image": asked.taught.images[test],
                        "subject": asked.taught.column("subject")[test],
                        "fold": fold.name,
                        "true": expression[test],
                        "predicted": np.array(classes)[said],
                    }
                )
            )
        pd.concat(tables, ignore_index=True).to_parquet(given.folder / PREDICTIONS, index=False)

    def _training(self, fold: str) -> Training:
        """A training that would be held out from the same faces."""
        return Training(network=self.split, seed=0, deal=self.deal, fold=fold, mistake=self.mistake)
