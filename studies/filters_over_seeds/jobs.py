"""The work of the study that falls apart: both papers' analyses of one network, or of none.

Every job leaves `counts.parquet`: layer, looked (`image` or `sequence`), stage, n (where the stage
has an N), alone and together (filters that pass the stage, and all before it as well), tested
(tests that the stage made; where there are none nothing can pass it), live, filters; and
`kl.parquet`: layer, bins, live, kl, kl_null (means over live filters), passing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from facsinterp import (
    ActivationStore,
    Associations,
    Corpus,
    FaceTable,
    Given,
    Job,
    NetworkPart,
    OfTraining,
    Pixels,
    Plan,
    Settings,
    associate,
    counting_device,
    emotion_filters,
    folds_of,
    load_network,
    papers_kl,
    papers_rule,
    sweep,
    unanimous,
)

COUNTS: Final = "counts.parquet"
KL: Final = "kl.parquet"
RATES: Final = "rates.parquet"
RULE: Final = "P = 1"
STAGES: Final = (
    "live",
    "P = 1, every image",
    "P = 1, one image a sequence",
    "answers to a unit",
    "beyond the emotion",
    "the same unit on other people",
)
"""What a filter must pass, from the least asked to the most."""
_SPLIT: Final = ("folds", "hold_out", "protocol", "copies")
"""Keys of `[network.train]` that say who tests."""
ALIKE: Final = 1e-6
"""Frames of one sequence differ by so little that they stand together in every ranking."""


class _Analysis(Job):
    """Settings that all analyses share."""

    version: ClassVar[int] = 2
    settings: Mapping[str, Any]
    """Of the associations, as `Settings` takes them."""
    ns: tuple[int, ...]
    bins: tuple[int, ...]
    shuffles: int
    """Of the labels, for the chance of the KL divergence."""
    bar: float
    """Least AUROC on other people."""

    def analyse(self, store: ActivationStore, given: Given) -> None:
        """Both papers' analyses of a store, written to the job's folder."""
        settings = Settings(**self.settings)
        found = associate(store, settings, device=counting_device(given.device))
        counts = pd.DataFrame(_counts(store, found, settings, self.ns, self.bar))
        counts.to_parquet(given.folder / COUNTS)
        kl = papers_kl(store, self.bins, settings, count=self.shuffles)
        pd.DataFrame(_of_kl(kl, settings.alpha)).to_parquet(given.folder / KL)


class OfNetwork(_Analysis, OfTraining):
    """Both papers' analyses of one network, on the people of its fold that it never saw."""

    layers: tuple[str, ...] | None
    """None: every conv layer."""

    @property
    def name(self) -> str:
        """Such as `filters of breuer2017, seed 3, fold-2`."""
        return f"filters of {self.training.name}"

    def do(self, given: Given) -> None:
        """Sweep the test faces, analyse the answers, and keep the counts alone."""
        corpus, builder = given.corpora[self.corpus], self.training.network.built
        network = load_network(given.of(self.training), builder=builder)
        faces, pixels = held_out(corpus, self.training.split(corpus).test)
        plan = Plan.of(
            network.fingerprint, network.channels, faces, pixels.fingerprint, layers=self.layers
        )
        place = given.folder / "answers.zarr"
        self.analyse(
            sweep(network, pixels, faces, plan, place, device=given.device),
            given,
        )
        shutil.rmtree(place)


class OfFold(Job):
    """Work on the faces that test in a fold of a network, which is not asked itself."""

    network: NetworkPart
    """Whose fold it is."""
    deal: int
    fold: str
    seed: int

    def content(self) -> dict[str, object]:
        """Of the network only what says who tests: any that shares its folds has this done."""
        content = super().content()
        del content["network"]
        assert self.network.train is not None  # a network that is given has no folds
        return {**content, "split": self.network.train.model_dump(include=set(_SPLIT))}

    def faces(self, given: Given) -> FaceTable:
        """The test faces of the fold."""
        corpus = given.corpora[self.corpus]
        folds = {one.name: one for one in folds_of(self.network, corpus, self.deal).folds}
        images = corpus.pixels.images[folds[self.fold].test]
        return corpus.faces.select(images).with_split(["test"] * len(images))


class OfEmotion(OfFold, _Analysis):
    """The same of filters that know the emotion of each test face, and nothing else."""

    @property
    def name(self) -> str:
        """Such as `filters of the emotion alone, fold-2`."""
        return f"filters of the emotion alone, {self.fold}"

    def do(self, given: Given) -> None:
        """Draw the filters, analyse their answers, and keep the counts alone."""
        faces = self.faces(given)
        peak, filters = emotion_filters(faces, self.seed)
        place = given.folder / "answers.zarr"
        self.analyse(ActivationStore.from_arrays(place, peak, filters, faces), given)
        shutil.rmtree(place)


class OfChance(OfFold):
    """How often filters that answer at random pass the rule P = 1, on the test faces of a fold.

    It leaves `rates.parquet`: what, looked, n, rate.
    """

    version: ClassVar[int] = 2
    ns: tuple[int, ...]
    draws: int
    """Random filters of each kind."""

    @property
    def name(self) -> str:
        """Such as `random filters, fold-2`."""
        return f"random filters, {self.fold}"

    def do(self, given: Given) -> None:
        """Draw filters of each kind, and count those that pass."""
        faces = self.faces(given)
        rng = np.random.default_rng([self.seed, 5])
        rows = [
            {"what": what, "looked": looked, "n": n, "rate": float(passed.mean())}
            for what, looked, some, activation in at_random(faces, self.draws, rng)
            for n, passed in zip(
                self.ns,
                unanimous(
                    activation,
                    faces.data["present"].values[some],
                    faces.data["coded"].values[some],
                    self.ns,
                ),
                strict=True,
            )
        ]
        pd.DataFrame(rows).to_parquet(given.folder / RATES)


Drawn = tuple[str, str, NDArray[np.int64], NDArray[np.float64]]


def at_random(faces: FaceTable, draws: int, rng: np.random.Generator) -> Iterator[Drawn]:
    """Answers drawn at random, (face, draw), with what is random about them and for which faces.

    Images: each by itself, of all faces or of those that are not neutral. Sequences: all frames of
    one that are not neutral are near copies; or each has one frame, its last.
    """
    coded = np.flatnonzero(faces.data["coded"].values.any(axis=1))
    shown = coded[faces.column("phase")[coded] != "neutral"]
    sequence = np.where(
        faces.column("sequence") != "", faces.column("sequence"), faces.column("image")
    )
    _, which = np.unique(sequence[shown], return_inverse=True)
    frame = faces.data["frame"].values[shown]
    last = shown[np.lexsort((frame, which))[np.flatnonzero(np.diff(np.sort(which), append=-1))]]
    yield "random images", "image", coded, rng.random((len(coded), draws))
    yield "random images that are not neutral", "image", shown, rng.random((len(shown), draws))
    levels = rng.random((int(which.max()) + 1, draws))[which]
    yield "random sequences", "image", shown, levels + ALIKE * rng.random(levels.shape)
    yield "random sequences", "sequence", last, rng.random((len(last), draws))


def held_out(corpus: Corpus, rows: NDArray[np.int64]) -> tuple[FaceTable, Pixels]:
    """The faces at some rows as those that no network saw, and their pictures."""
    images = corpus.pixels.images[rows]
    faces = corpus.faces.select(images).with_split(["test"] * len(rows))
    return faces, Pixels.from_array(images, corpus.pixels.take(rows))


def _counts(
    store: ActivationStore,
    found: Associations,
    settings: Settings,
    ns: Sequence[int],
    bar: float,
) -> Iterator[dict[str, object]]:
    """How many filters of each layer pass the rule at each N, and each stage at the settings' N."""
    by_looked = {
        looked: papers_rule(store, (*ns, settings.top_n), settings, looked=looked)
        for looked in ("image", "sequence")
    }
    stages, tests = passing(found, by_looked, bar), how_often_tested(found)
    layers = found.data["layer"].values.astype(str)
    for layer in dict.fromkeys(layers):
        inside = layers == layer
        who = {"layer": layer, "filters": int(inside.sum())}
        for looked, rule in by_looked.items():
            live = int(rule["live"].values[inside].sum())
            for at, n in enumerate(ns):
                count = int(rule["accepted"].values[at, inside].sum())
                yield {**who, "looked": looked, "stage": RULE, "n": n, "live": live,
                       "tested": live, "alone": count, "together": count}  # fmt: skip
        live, together = int(stages[STAGES[0]][inside].sum()), inside
        for stage in STAGES:
            together = together & stages[stage]
            yield {**who, "looked": "", "stage": stage, "n": settings.top_n, "live": live,
                   "tested": int(tests[stage][inside].sum()) if stage in tests else live,
                   "alone": int((stages[stage] & inside).sum()),
                   "together": int(together.sum())}  # fmt: skip


def passing(
    found: Associations, by_looked: Mapping[str, xr.Dataset], bar: float
) -> dict[str, NDArray[np.bool_]]:
    """Which filters pass each of `STAGES`; the rule is taken at the last N of `by_looked`."""
    live = found.live.values
    data = found.data
    held = (data["named_auroc_held_out"].values >= bar) & (data["named_agreement"].values >= 0.5)
    each = (
        live,
        by_looked["image"]["accepted"].values[-1],
        by_looked["sequence"]["accepted"].values[-1],
        found.significant().any("au").values,
        found.significant(test="beyond").any("au").values,
        held,
    )
    return {stage: passed & live for stage, passed in zip(STAGES, each, strict=True)}


def how_often_tested(found: Associations) -> dict[str, NDArray[np.int64]]:
    """How many tests each filter took part in, of the stages that may have none: (filter,) each.

    With few people no unit is testable, or none beyond the emotion, or nobody is left over to
    ask again; what was never asked has passed nothing, and failed nothing.
    """
    data = found.data
    pairs = [np.isfinite(data[name].values).sum(axis=1) for name in ("p_auroc", "p_beyond")]
    asked_again = np.isfinite(data["named_auroc_held_out"].values).astype(np.int64)
    return dict(zip(STAGES[3:], (*pairs, asked_again), strict=True))


def _of_kl(kl: xr.Dataset, alpha: float) -> Iterator[dict[str, object]]:
    """How large each layer's divergences are in each number of bins, beside chance."""
    layers = kl["layer"].values.astype(str)
    for layer in dict.fromkeys(layers):
        for at, bins in enumerate(kl["bins"].values.tolist()):
            values, null, p = (kl[name].values[at, layers == layer] for name in kl.data_vars)
            known = np.isfinite(values)
            yield {
                "layer": layer,
                "bins": bins,
                "live": int(known.sum()),
                "kl": float(values[known].mean()) if known.any() else float("nan"),
                "kl_null": float(null[known].mean()) if known.any() else float("nan"),
                "passing": int((p[known] <= alpha).sum()),
            }


def read(folder: Path, name: str) -> pd.DataFrame:
    """One of the tables that a job left."""
    return pd.read_parquet(folder / name)
