"""One system against another on the same clips: differences with intervals over people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from facsinterp import paired_test

Floats = NDArray[np.float64]

MEASURES: Final = ("accuracy", "UF1", "UAR")
FEWEST_PEOPLE: Final = 5


@dataclass(frozen=True)
class Difference:
    """A system's score less another's, for new people; bounds are NaN with too few people."""

    estimate: float
    low: float
    high: float
    p: float
    """One-sided, of the accuracy alone: the signs of the people's differences are flipped. NaN for
    other measures."""


def differences(
    first: pd.DataFrame, second: pd.DataFrame, classes: tuple[str, ...]
) -> dict[str, Difference]:
    """Accuracy, UF1 and UAR of `first` less those of `second`, by name.

    Both have a row for each clip (and training seed), with `subject`, `true` and `predicted`.
    The interval is the jackknife's over people (Efron & Stein 1981): each is left out in turn with
    all clips, from both systems, and the deviation of what is left gives a t-interval with one
    degree of freedom less than people. In simulated systems that are equally good, of 20 and 26
    people with 6 clips each, it held no difference in 94.3 and 94.2 % (accuracy), 93.7 and 94.7 %
    (UF1), 93.8 and 94.7 % (UAR) of 600 studies; resampling people did so in 93.2 % of UF1.
    """
    people = np.unique(first["subject"])
    tables = np.stack([_confusions(one, people, classes) for one in (first, second)])
    once = _scores(tables.sum(axis=1))
    without = _scores(tables.sum(axis=1, keepdims=True) - tables)
    estimate, left = once[0] - once[1], without[0] - without[1]
    count = len(people)
    spread = np.sqrt((count - 1) / count * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    enough = count >= FEWEST_PEOPLE
    half = stats.t.ppf(0.975, count - 1) * spread if enough else np.full(3, np.nan)
    p = paired_test(_gained(tables)).p
    return {
        name: Difference(
            float(estimate[k]),
            float(estimate[k] - half[k]),
            float(estimate[k] + half[k]),
            p if name == "accuracy" else float("nan"),
        )
        for k, name in enumerate(MEASURES)
    }


def _confusions(
    answers: pd.DataFrame, people: NDArray[np.str_], classes: tuple[str, ...]
) -> Floats:
    """(person, true class, answered class) clips; those of several seeds count in parts."""
    table = np.zeros((len(people), len(classes), len(classes)))
    number = {name: k for k, name in enumerate(classes)}
    where = (
        np.searchsorted(people, answers["subject"].to_numpy(str)),
        answers["true"].map(number).to_numpy(),
        answers["predicted"].map(number).to_numpy(),
    )
    np.add.at(table, where, 1 / answers["seed"].nunique())
    return table


def _scores(tables: Floats) -> Floats:
    """(..., measure) of confusion tables (..., true class, answered class)."""
    hits = tables.diagonal(axis1=-2, axis2=-1)
    shown, said = tables.sum(axis=-1), tables.sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        known = np.where(shown > 0, 1.0, np.nan)
        f1, recall = 2 * hits / (shown + said) * known, hits / shown * known
        accuracy = hits.sum(axis=-1) / shown.sum(axis=-1)
    return np.stack([accuracy, np.nanmean(f1, axis=-1), np.nanmean(recall, axis=-1)], axis=-1)


def _gained(tables: Floats) -> Floats:
    """(person,) clips that the first system names rightly, less those of the second."""
    hits = tables.diagonal(axis1=-2, axis2=-1).sum(axis=-1)
    return np.asarray(hits[0] - hits[1])
