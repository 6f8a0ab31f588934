"""Every pair of networks: filters matched on some people, findings compared on others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp import FaceTable, Fault, InputError, associations_in, store_in

from .matching import Matching, match, within
from .recurrence import Recurrence, recurrence

Claim = Literal["auroc", "beyond"]
# The claims that an association can pass, and what they are called.
CLAIMS: Final[Mapping[Claim, str]] = {
    "auroc": "answers to the unit",
    "beyond": "knows more than the emotion",
}
_TESTABLE: Final[Mapping[Claim, str]] = {"auroc": "testable", "beyond": "testable_beyond"}
OTHER_SEED: Final = "other seed, same people"
OTHER_PEOPLE: Final = "other training people"
UNTRAINED: Final = "untrained networks"
EMOTION: Final = "faces shuffled within their expression"
_COMPARED: Final = (OTHER_SEED, OTHER_PEOPLE)


@dataclass(frozen=True, eq=False)
class Trained:
    """One network: the answers of a layer to all faces, and what was found of its filters."""

    fold: str
    layer: str
    part: NDArray[np.str_]
    """(image,) train, validation, test or ""."""
    subject: NDArray[np.str_]
    """(image,) "" where it is not known."""
    answers: NDArray[np.float64]
    """(image, filter)"""
    expression: NDArray[np.str_]
    found: dict[Claim, NDArray[np.bool_]]
    """(filter, unit) by claim; a claim that was not tested is missing."""
    units: NDArray[np.int64]
    testable: dict[Claim, NDArray[np.bool_]]
    """(unit,) by claim: the null of each shuffles something else."""

    @property
    def asked(self) -> NDArray[np.bool_]:
        """(image,) every face of the people who test here, in whatever part it is."""
        tests = self.part == "test"
        known = np.setdiff1d(self.subject[tests], [""])
        return np.asarray(tests | np.isin(self.subject, known))

    @classmethod
    def of(
        cls,
        folder: Path,
        fold: str,
        part: NDArray[np.str_],
        faces: FaceTable,
        layer: str | None,
    ) -> Self:
        """What an `Analysis` left. Raises InputError for a layer that is not there."""
        store, table = store_in(folder), associations_in(folder)
        layers = list(dict.fromkeys(one.layer for one in store.filters))
        chosen = layers[-1] if layer is None else layer
        if chosen not in layers:
            raise InputError(Fault("unknown layer", "params.layer", ", ".join(layers), chosen))
        mine = np.array([one.layer == chosen for one in store.filters])
        found = {
            claim: table.significant(test=claim).values[mine]
            for claim in CLAIMS
            if np.isfinite(table.data[f"q_{claim}"].values).any()
        }
        return cls(
            fold,
            chosen,
            part,
            faces.column("subject"),
            store.peaks(chosen).values.astype(np.float64),
            faces.column("expression"),
            found,
            table.data["au"].values,
            {claim: table.data[_TESTABLE[claim]].values for claim in CLAIMS},
        )


@dataclass(frozen=True, eq=False)
class Pair:
    """Two networks, by their places in the list of networks, and how they were matched."""

    first: int
    second: int
    kind: str
    matching: Matching
    faces: int
    """Faces on which they were matched."""
    recurring: dict[Claim, Recurrence]
    """What became of the findings of the first in the second, by claim."""


@dataclass(frozen=True, eq=False)
class Measured:
    """All that the tables of the study are made of."""

    networks: tuple[Trained, ...]
    pairs: tuple[Pair, ...]
    """Trained networks, each two in both directions."""
    beside: tuple[Pair, ...]
    """What likeness must be read against: untrained networks, and shuffled faces."""

    @property
    def layer(self) -> str:
        """The layer whose filters were matched."""
        return self.networks[0].layer


def measured(
    networks: Sequence[Trained], untrained: Sequence[Trained], rng: np.random.Generator
) -> Measured:
    """Every pair of trained networks both ways, and likeness where nothing was learnt."""
    pairs = [
        _pair(networks, one, other, _kind(networks[one], networks[other]))
        for one, other in permutations(range(len(networks)), 2)
    ]
    beside = [
        _pair(untrained, one, other, UNTRAINED)
        for one, other in combinations(range(len(untrained)), 2)
    ]
    beside += [
        _pair(networks, one, other, EMOTION, rng)
        for one, other in combinations(range(len(networks)), 2)
    ]
    return Measured(tuple(networks), tuple(pairs), tuple(beside))


def _kind(one: Trained, other: Trained) -> str:
    return OTHER_SEED if one.fold == other.fold else OTHER_PEOPLE


def _pair(
    networks: Sequence[Trained],
    first: int,
    second: int,
    kind: str,
    rng: np.random.Generator | None = None,
) -> Pair:
    """Two networks matched on people who test in neither, their findings being of those who do.

    With `rng` the second one sees the faces in another order, shuffled within expressions.
    """
    one, other = networks[first], networks[second]
    rows = np.flatnonzero(~one.asked & ~other.asked)
    there = rows if rng is None else rows[within(one.expression[rows], rng)]
    matching = match(one.answers[rows], other.answers[there])
    recurring = dict(_recurring(one, other, matching)) if kind in _COMPARED else {}
    return Pair(first, second, kind, matching, len(rows), recurring)


def _recurring(
    one: Trained, other: Trained, matching: Matching
) -> Iterator[tuple[Claim, Recurrence]]:
    """Each claim of which the two networks could test some unit both."""
    for claim in CLAIMS:
        if claim not in one.found or claim not in other.found:
            continue
        # A unit that one of the two could not test says nothing about recurrence.
        both = one.testable[claim] & other.testable[claim]
        if both.any():
            mine, theirs = one.found[claim] & both, other.found[claim] & both
            yield claim, recurrence(mine, theirs, matching.partner)


def likenesses(found: Measured) -> Iterator[tuple[str, NDArray[np.float64], int]]:
    """(kind, correlations of matched filters over all pairs, pairs) of each kind that is there."""
    once = [pair for pair in found.pairs if pair.first < pair.second]
    for kind in (OTHER_SEED, OTHER_PEOPLE, UNTRAINED, EMOTION):
        some = [pair for pair in (*once, *found.beside) if pair.kind == kind]
        if some:
            values = np.concatenate([pair.matching.correlation for pair in some])
            yield kind, values[np.isfinite(values)], len(some)


def found_in(found: Measured, claim: Claim) -> pd.DataFrame:
    """One row a unit: networks, those that could test it, and those that found it on a filter."""
    units = found.networks[0].units
    some = [one for one in found.networks if claim in one.found]
    counts = np.array([one.found[claim].sum(axis=0) for one in some]).reshape(-1, len(units))
    tested = np.array([one.testable[claim] for one in some]).reshape(-1, len(units))
    return pd.DataFrame(
        {
            "au": units,
            "networks": len(found.networks),
            "could test": tested.sum(axis=0),
            "found in": ((counts > 0) & tested).sum(axis=0),
            "median filters": [
                float(np.median(column[known])) if known.any() else np.nan
                for column, known in zip(counts.T, tested.T, strict=True)
            ],
        }
    )
