"""Probes: what the last hidden features of a network still tell of each action unit.

A logistic regression a unit, on people who trained the network, judged on people who did not.
It says what can be read out of the features (Alain & Bengio 2016), not that the network
reads it. A probe that is no better than chance on other people is not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import fmin_l_bfgs_b
from scipy.special import expit
from threadpoolctl import threadpool_limits

from facsinterp.errors import Fault, InputError
from facsinterp.stats.effect import auroc
from facsinterp.stats.people.bootstrap import (
    FEWEST_SUBJECTS,
    auroc_interval,
    within_subject_interval,
)

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Subjects = NDArray[np.str_]

# Strongest first: one that is as good as a weaker one is taken.
PENALTIES: Final = (10.0, 1.0, 0.1, 0.01, 0.001)
FOLDS: Final = 5
FEWEST_FACES: Final = 10
"""Faces with a unit, and without it, that a probe is trained on and judged by: at least."""
FEWEST_PEOPLE: Final = 5
"""Subjects that they are of: at least."""


@dataclass(frozen=True, eq=False)
class ProbeFaces:
    """Faces with their hidden features and codes."""

    features: NDArray[np.floating]
    """(face, feature)"""
    present: Labels
    """(face, au)"""
    coded: Labels
    """(face, au)"""
    subjects: Subjects
    """(face,)"""


@dataclass(frozen=True, eq=False)
class Probes:
    """One probe an action unit; its logit for a face is features @ weights + bias."""

    weights: Floats
    """(feature, au); NaN for a unit without a probe."""
    biases: Floats
    """(au,)"""
    penalties: Floats
    """(au,) as chosen."""
    auroc: Floats
    """(au,) on the people judged by (of few, the mean inside them); NaN without a probe."""
    low: Floats
    high: Floats
    """(au,) 95 % interval over people."""
    refused: tuple[str, ...]
    """(au,) why a unit has no probe that can be used; "" where it has one."""

    @property
    def usable(self) -> Labels:
        """(au,) units with a probe that is better than chance on other people."""
        return np.array([not reason for reason in self.refused], dtype=bool)


def fit_probes(train: ProbeFaces, test: ProbeFaces, *, seed: int = 0) -> Probes:
    """Probes of all action units, trained on some people and judged on others.

    L2 penalty from `PENALTIES` by the log loss in five folds of whole subjects, dealt by name;
    `seed` is that of the intervals: bootstrap over subjects, or the mean of within-subject
    AUROCs with a t-interval where fewer than 20 are judged. Raises InputError when one
    person is on both sides, or features are not finite.
    """
    InputError.raise_any(_faults(train, test))
    units = train.present.shape[1]
    reasons = [_too_few(train, unit, "training") or _too_few(test, unit, "held-out")
               for unit in range(units)]  # fmt: skip
    weights = np.full((train.features.shape[1], units), np.nan)
    biases, penalties = np.full(units, np.nan), np.full(units, np.nan)
    found = np.full((3, units), np.nan)
    # So small that threads would only wait for each other.
    with threadpool_limits(limits=1):
        for unit in [unit for unit, reason in enumerate(reasons) if not reason]:
            rows = train.coded[:, unit]
            weights[:, unit], biases[unit], penalties[unit] = _fitted(
                train.features[rows], train.present[rows, unit], train.subjects[rows]
            )
            found[:, unit] = _judged(test, unit, weights[:, unit], seed)
            if not found[1, unit] > 0.5:
                reasons[unit] = f"its probe is no better than chance (AUROC {found[0, unit]:.2f})"
    return Probes(weights, biases, penalties, found[0], found[1], found[2], tuple(reasons))


def logistic(
    features: Floats, present: Labels, penalty: float, start: Floats | None = None
) -> Floats:
    """Bias and weights (1 + feature,) of least mean log loss + penalty / 2 * |weights|^2.

    The bias is not penalised. sklearn's C is 1 / (faces * penalty). `start`: where to begin.
    """
    sign = np.where(present, 1.0, -1.0)

    def loss(beta: Floats) -> tuple[float, Floats]:
        margin = sign * (features @ beta[1:] + beta[0])
        slope = -sign * expit(-margin) / len(sign)
        gradient = np.concatenate([[slope.sum()], features.T @ slope + penalty * beta[1:]])
        value = np.logaddexp(0, -margin).mean() + penalty / 2 * (beta[1:] @ beta[1:])
        return float(value), gradient

    first = np.zeros(features.shape[1] + 1) if start is None else start
    found = fmin_l_bfgs_b(loss, first, maxiter=2000, maxfun=4000, pgtol=1e-6, factr=10)
    return np.asarray(found[0])


def _fitted(
    features: NDArray[np.floating], present: Labels, subjects: Subjects
) -> tuple[Floats, float, float]:
    """Weights and bias for features as they are, and the penalty chosen."""
    values = features.astype(np.float64)
    centre, spread = values.mean(axis=0), values.std(axis=0)
    scaled = (values - centre) / np.where(spread > 0, spread, 1) * (spread > 0)
    losses = np.zeros(len(PENALTIES))
    for fold in _folds(subjects):
        losses += _losses(scaled[~fold], present[~fold], scaled[fold], present[fold])
    chosen = PENALTIES[int(losses.argmin())]
    beta = logistic(scaled, present, chosen)
    weights = beta[1:] / np.where(spread > 0, spread, 1) * (spread > 0)
    return weights, float(beta[0] - weights @ centre), chosen


def _losses(features: Floats, present: Labels, other: Floats, shown: Labels) -> Floats:
    """Log loss on other people for each penalty, summed over their faces."""
    losses, beta = [], None
    for penalty in PENALTIES:
        beta = logistic(features, present, penalty, beta)
        margin = np.where(shown, 1, -1) * (other @ beta[1:] + beta[0])
        losses.append(np.logaddexp(0, -margin).sum())
    return np.array(losses)


def _folds(subjects: Subjects) -> list[Labels]:
    people = np.unique(subjects)
    return [np.isin(subjects, people[start::FOLDS]) for start in range(FOLDS)]


def _judged(test: ProbeFaces, unit: int, weights: Floats, seed: int) -> tuple[float, float, float]:
    """AUROC on the judged people with its interval."""
    rows = test.coded[:, unit]
    # The bias moves all faces alike.
    logit = (test.features[rows].astype(np.float64) @ weights)[:, None]
    shown, subjects = test.present[rows, unit][:, None], test.subjects[rows]
    estimate = float(auroc(logit, shown)[0, 0])
    if len(np.unique(subjects)) >= FEWEST_SUBJECTS:
        low, high = auroc_interval(logit, shown, subjects, seed=seed)
    else:
        within = within_subject_interval(logit, shown, subjects)
        estimate, low, high = float(within.mean[0, 0]), within.low, within.high
    return estimate, float(low[0, 0]), float(high[0, 0])


def _too_few(people: ProbeFaces, unit: int, who: str) -> str:
    rows = people.coded[:, unit]
    for has, words in ((people.present[:, unit], "with it"), (~people.present[:, unit], "without")):
        faces, shown_by = int((rows & has).sum()), len(np.unique(people.subjects[rows & has]))
        if faces < FEWEST_FACES or shown_by < FEWEST_PEOPLE:
            return f"too few {who} faces {words} ({faces}, of {shown_by} people)"
    return ""


def _faults(train: ProbeFaces, test: ProbeFaces) -> list[Fault]:
    both = np.intersect1d(train.subjects, test.subjects)
    faults = []
    if len(both):
        faults.append(
            Fault("probes are judged on people they were trained on", got=", ".join(both[:5]))
        )
    if not (np.isfinite(train.features).all() and np.isfinite(test.features).all()):
        faults.append(Fault("hidden features are not finite"))
    return faults
