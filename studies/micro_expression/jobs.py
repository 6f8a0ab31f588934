"""The jobs: clips described by patterns, machines that learn them, and an LSTM that reads clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp import (
    Corpus,
    Given,
    HeldOut,
    Job,
    LbpTop,
    Magnification,
    Network,
    NetworkPart,
    Training,
    clips,
    dense_features,
    fit_best,
    fit_lstm,
    lbptop_histograms,
    load_network,
    magnify,
    predict,
)

from .gathered import Gathered, Sides, gather, key_frames, sides
from .settings import Lstm, Texture

ANSWERS: Final = "answers.parquet"
_DESCRIPTIONS: Final = "descriptions.npz"
_PLAIN: Final = "plain"
_CLIPS: Final = "clips"

Features = NDArray[np.float32]


class Teaching(Training):
    """The training of a CNN on five frames of each clip; see `key_frames`."""

    def asked(self, corpus: Corpus) -> HeldOut:
        """The folds, and the faces with the classes of the five frames."""
        known = super().asked(corpus)
        return replace(known, taught=key_frames(known.taught))


class Describing(Job):
    """LBP-TOP of every clip, as it is and magnified in each band."""

    texture: Texture

    @property
    def name(self) -> str:
        """For whoever waits."""
        return "LBP-TOP of all clips"

    def do(self, given: Given) -> None:
        """Write (clip, feature) arrays: `plain`, and one a band, by the order of clips' names."""
        corpus, how = given.corpora[self.corpus], self.texture
        patterns = LbpTop(how.regions, how.points, how.radius, how.frames)
        found: dict[str, list[Features]] = {name: [] for name in (_PLAIN, *how.names)}
        known = [one for one in clips(corpus.faces) if len(one.moving()) >= how.shortest]
        for one in known:
            pictures = corpus.pixels.array[one.moving()]
            found[_PLAIN].append(lbptop_histograms(pictures, patterns))
            for name, (low, high, alpha) in zip(how.names, how.bands, strict=True):
                larger = magnify(pictures, how.rate, Magnification(low, high, alpha))
                found[name].append(lbptop_histograms(larger, patterns))
        kept: dict[str, NDArray[Any]] = {name: np.array(rows) for name, rows in found.items()}
        kept[_CLIPS] = np.array([one.name for one in known])
        np.savez(given.folder / _DESCRIPTIONS, allow_pickle=False, **kept)


class _InFold(Job):
    """What is learnt of the clips of a fold's training people, and asked of its test people."""

    network: NetworkPart
    """Its folds and classes are those of all systems."""
    deal: int
    fold: str
    fewest: int
    shortest: int

    def found(self, given: Given) -> tuple[Gathered, Sides]:
        """The clips, and on which side of the fold each is."""
        corpus = given.corpora[self.corpus]
        known = gather(corpus, self.network, self.deal, self.fewest, self.shortest)
        return known, sides(known, corpus, self.network, self.deal, self.fold)

    def write(
        self,
        folder: Path,
        known: Gathered,
        test: NDArray[np.int64],
        answers: Mapping[str, NDArray[np.int64]],
        seed: int,
    ) -> None:
        """A row for each system and test clip."""
        classes = np.array(known.classes)
        tables = [
            pd.DataFrame(
                {
                    "system": system,
                    "clip": known.names[test],
                    "subject": known.subjects[test],
                    "fold": self.fold,
                    "seed": seed,
                    "true": classes[known.labels[test]],
                    "predicted": classes[said],
                }
            )
            for system, said in answers.items()
        ]
        pd.concat(tables).to_parquet(folder / ANSWERS, index=False)


class Machines(_InFold):
    """Linear machines on LBP-TOP, taught on a fold's training people."""

    texture: Texture

    @property
    def name(self) -> str:
        """For whoever waits."""
        return f"LBP-TOP + SVM, {self.fold}"

    def after(self) -> tuple[Job, ...]:
        """The clips described."""
        return (Describing(corpus=self.corpus, texture=self.texture),)

    def do(self, given: Given) -> None:
        """Plain, magnified in the first band, and in the band that validation people like best."""
        known, side = self.found(given)
        (described,) = self.after()
        with np.load(given.of(described) / _DESCRIPTIONS) as kept:
            place = {name: row for row, name in enumerate(kept[_CLIPS].tolist())}
            rows = [place[name] for name in known.names.tolist()]
            features = {name: kept[name][rows] for name in (_PLAIN, *self.texture.names)}
        teach = partial(
            fit_best,
            labels=known.labels,
            train=side.train,
            validation=side.validation,
            classes=len(known.classes),
        )
        first = self.texture.names[0]
        asked = {
            "lbptop": [_PLAIN],
            "lbptop-magnified": [first],
            "lbptop-adaptive": list(self.texture.names),
        }
        answers = {}
        for system, names in asked.items():
            chosen, machine = teach({name: features[name] for name in names})
            answers[system] = machine.predict(features[chosen][side.test])
        self.write(given.folder, known, side.test, answers, seed=0)


class Reading(_InFold):
    """LSTMs on the first dense layer of a fold's CNN, and the CNN alone."""

    seed: int
    lstm: Lstm

    @property
    def name(self) -> str:
        """For whoever waits."""
        return f"LSTM, seed {self.seed}, {self.fold}"

    @property
    def training(self) -> Teaching:
        """The CNN whose features are read."""
        return Teaching(
            corpus=self.corpus,
            network=self.network,
            seed=self.seed,
            deal=self.deal,
            fold=self.fold,
        )

    def after(self) -> tuple[Job, ...]:
        """The CNN trained."""
        return (self.training,)

    @property
    def cost(self) -> int:
        """About that of an epoch of the CNN for each system."""
        return 6

    def do(self, given: Given) -> None:
        """Ask the CNN and each LSTM about the clips of the fold's test people, once."""
        known, side = self.found(given)
        network = load_network(given.of(self.training), builder=self.network.built)
        pixels = given.corpora[self.corpus].pixels.array
        rows = known.spread(self.lstm.frames)
        own = [network.classes.index(name) for name in known.classes]

        def said(asked: NDArray[np.int64]) -> Features:
            return predict(network, pixels, asked, device=given.device)[:, own]

        answers = {
            "cnn-apex": said(known.apex[side.test]).argmax(axis=1),
            "cnn-mean": said(rows[side.test].ravel())
            .reshape(len(side.test), rows.shape[1], -1)
            .mean(axis=1)
            .argmax(axis=1),
        }
        for system, features in self._seen(network, pixels, rows, known.apex, given.device).items():
            trained = fit_lstm(
                features,
                known.labels,
                side.train,
                side.validation,
                known.classes,
                **self.lstm.learning,
                seed=self.seed,
                device=given.device,
            )
            answers[system] = trained.probabilities(features, side.test).argmax(axis=1)
        self.write(given.folder, known, side.test, answers, self.seed)

    def _seen(
        self,
        network: Network,
        pixels: NDArray[np.uint8],
        rows: NDArray[np.int64],
        apex: NDArray[np.int64],
        device: str,
    ) -> dict[str, Features]:
        """What each LSTM is given (clip, frame, feature)."""
        moving = dense_features(network, pixels, rows.ravel(), device=device)
        moving = moving.reshape(*rows.shape, -1)
        changes = moving - moving[:, :1]
        peak = dense_features(network, pixels, apex, device=device)
        order = np.random.default_rng(self.seed).permuted(
            np.tile(np.arange(rows.shape[1]), (len(rows), 1)), axis=1
        )
        return {
            "lstm": moving,
            "changes": changes,
            "changes-shuffled": np.take_along_axis(changes, order[:, :, None], axis=1),
            "changes-apex": peak[:, None] - moving[:, :1],
        }
