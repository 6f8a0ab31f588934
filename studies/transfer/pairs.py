"""Each pair of data sets: which jobs answer for it, and how often they are right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp import Inputs, Job, crossed_gain, crossed_share
from facsinterp.stats.multiple import adjust

from .answers import Answers
from .sets import FaceSet, ordered

if TYPE_CHECKING:
    from .jobs import Asking

AS_IS: Final = "as is"
RETRAINED: Final = "re-trained"
UNTRAINED: Final = "untrained"
PIXELS: Final = "pixels"
WITHIN: Final = "within"
WAYS: Final = {
    AS_IS: "the network as it is",
    RETRAINED: "its features, the output layer re-trained on the other set",
    UNTRAINED: "an untrained network's features, the output layer trained on the other set",
    PIXELS: "small pictures, the output layer trained on the other set",
    WITHIN: "a network trained on the other set itself",
}
# What is set against what: the question each difference answers.
DIFFERENCES: Final = {
    (AS_IS, WITHIN): "what is lost by another data set",
    (RETRAINED, AS_IS): "what re-training the output layer adds",
    (UNTRAINED, AS_IS): "what it adds where no feature was learnt",
    (RETRAINED, UNTRAINED): "what features learnt elsewhere are worth",
    (RETRAINED, PIXELS): "what they are worth beside no network at all",
    (RETRAINED, WITHIN): "what is still lost",
}
FEWEST_CLASSES: Final = 2
ALPHA: Final = 0.05
"""A corrected p that counts as shown."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Who answers for which pair: the jobs, by what they tell."""

    sets: tuple[FaceSet, ...]
    seeds: tuple[int, ...]
    side: int
    """Of the small pictures."""

    def asked(self, source: FaceSet, target: FaceSet, seed: int) -> tuple[Asking, ...]:
        """One job a fold of the target, so that each of its faces is answered once.

        Folds of the source answer in turn: within one set, each fold's network answers the people
        that it never saw.
        """
        from .jobs import Asking

        return tuple(
            Asking(
                corpus=source.name,
                network=source.part,
                seed=seed,
                deal=source.deal,
                fold=source.folds[k % len(source.folds)],
                onto=target.name,
                split=target.part,
                onto_fold=fold,
            )
            for k, fold in enumerate(target.folds)
        )

    def fresh(self, target: FaceSet, seed: int) -> tuple[Asking, ...]:
        """The same of networks as their seed draws them."""
        part = target.part.model_copy(update={"untrained": True})
        asked = self.asked(target, target, seed)
        return tuple(job.model_copy(update={"network": part}) for job in asked)

    def raw(self, target: FaceSet) -> tuple[Job, ...]:
        """The same of small pictures, which have no seed."""
        from .jobs import Raw

        return tuple(
            Raw(
                corpus=target.name,
                split=target.part,
                deal=target.deal,
                fold=fold,
                side=self.side,
            )
            for fold in target.folds
        )

    def jobs(self) -> Iterator[Job]:
        """All of them."""
        for target in self.sets:
            yield from self.raw(target)
            for seed in self.seeds:
                yield from self.fresh(target, seed)
                for source in self.sets:
                    yield from self.asked(source, target, seed)


@dataclass(frozen=True, eq=False)
class Pair:
    """The answers of networks of one set to the faces of another."""

    source: FaceSet
    target: FaceSet
    answers: dict[str, Answers]
    """By way."""

    @property
    def name(self) -> str:
        """Such as `ckplus → fer2013`."""
        return f"{self.source.label} → {self.target.label}"

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """Classes that both have."""
        return ordered(set(self.source.classes) & set(self.target.classes))

    @cached_property
    def rows(self) -> NDArray[np.bool_]:
        """(face,) of the faces that test, those of a shared class."""
        return np.isin(self.answers[AS_IS].true, self.shared)

    @property
    def known(self) -> bool:
        """Whether anything can be told."""
        return len(self.shared) >= FEWEST_CLASSES and bool(self.rows.any())

    @cached_property
    def people(self) -> NDArray[np.str_]:
        """(face,) of `rows`."""
        return self.answers[AS_IS].people[self.rows]

    def right(self, way: str) -> NDArray[np.float64]:
        """(seed, face) 1 where the answer is right."""
        return self.answers[way].right(self.shared, self.rows)


def read_pairs(inputs: Inputs, plan: Plan) -> tuple[Pair, ...]:
    """The answers of all pairs, from what the jobs left."""
    from .jobs import AS_IS as PLAIN
    from .jobs import RETRAINED as ANEW

    def read(jobs: Sequence[Sequence[Job]], file: str) -> Answers:
        return Answers.read([[inputs.folder(job) / file for job in some] for some in jobs])

    found = []
    for target in plan.sets:
        within = read([plan.asked(target, target, seed) for seed in plan.seeds], PLAIN)
        fresh = read([plan.fresh(target, seed) for seed in plan.seeds], ANEW)
        raw = read([plan.raw(target)], ANEW)
        for source in plan.sets:
            asked = [plan.asked(source, target, seed) for seed in plan.seeds]
            ways = {AS_IS: read(asked, PLAIN), RETRAINED: read(asked, ANEW)}
            ways |= {UNTRAINED: fresh, PIXELS: raw, WITHIN: within}
            found.append(Pair(source, target, ways))
    order = {one.name: k for k, one in enumerate(plan.sets)}
    return tuple(sorted(found, key=lambda one: (order[one.source.name], order[one.target.name])))


def accuracy_table(pairs: Sequence[Pair]) -> pd.DataFrame:
    """A row a pair and way: the share named rightly with what it must be read against.

    known: whether `people` counts people; where nobody knows whose faces they are, images.
    """
    return pd.DataFrame([_row(pair, way) for pair in pairs if pair.known for way in WAYS])


def _row(pair: Pair, way: str) -> dict[str, Any]:
    right = pair.right(way)
    found = crossed_share(right, pair.people)
    true = pair.answers[AS_IS].true[pair.rows]
    _, counts = np.unique(true, return_counts=True)
    of_seeds = right.mean(axis=1)
    return {
        "train": pair.source.label,
        "test": pair.target.label,
        "way": way,
        "accuracy": found.value,
        "low": found.low,
        "high": found.high,
        "balanced": float(np.mean([right[:, true == one].mean() for one in np.unique(true)])),
        "least seed": float(of_seeds.min()),
        "best seed": float(of_seeds.max()),
        "chance": 1 / len(pair.shared),
        "majority": float(counts.max() / counts.sum()),
        "classes": len(pair.shared),
        "faces": right.shape[1],
        "people": found.people,
        "known": pair.answers[AS_IS].known,
        "seeds": len(right),
    }


def difference_table(pairs: Sequence[Pair]) -> pd.DataFrame:
    """A row a pair of two sets and a difference, on the same faces; q over all rows of a kind."""
    rows = [
        _difference(pair, one, other)
        for one, other in DIFFERENCES
        for pair in pairs
        if pair.known and pair.source is not pair.target
    ]
    columns = ["train", "test", "of", "less", "difference", "low", "high", "p", "q"]
    table = pd.DataFrame(rows, columns=columns)
    for _, some in table.groupby(["of", "less"]).groups.items():
        table.loc[some, "q"] = adjust(table.loc[some, "p"].to_numpy(float))
    return table.astype(dict.fromkeys(columns[4:], float))


def _difference(pair: Pair, one: str, other: str) -> dict[str, Any]:
    # What has no seed answers every network of the other way alike.
    first, second = np.broadcast_arrays(pair.right(one), pair.right(other))
    found = crossed_gain(first, second, pair.people, paired=True)
    return {
        "train": pair.source.label,
        "test": pair.target.label,
        "of": one,
        "less": other,
        "difference": found.value,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "q": np.nan,
    }


def class_table(pairs: Sequence[Pair]) -> pd.DataFrame:
    """A row a pair: which classes are compared, and what is left out for it."""
    rows = []
    for pair in pairs:
        there, asked = set(pair.target.classes), set(pair.source.classes)
        rows.append(
            {
                "train": pair.source.label,
                "test": pair.target.label,
                "shared": ", ".join(pair.shared),
                "of train only": ", ".join(ordered(asked - there)),
                "of test only": ", ".join(ordered(there - asked)),
                "faces": int(pair.rows.sum()),
                "faces left out": int((~pair.rows).sum()),
                "probability left out": pair.answers[AS_IS].elsewhere(pair.shared, pair.rows)
                if pair.known
                else np.nan,
            }
        )
    return pd.DataFrame(rows)
