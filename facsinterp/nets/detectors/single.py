"""A detector for each action unit alone: a logistic regression on frozen features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from facsinterp.nets.detectors.coding import Coding, Labels, check
from facsinterp.nets.frozen import Floats, Scale
from facsinterp.progress import SILENT, Progress

STRENGTHS: Final = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""scikit-learn's C, the strongest penalty first: one as good as a weaker one is taken."""


@dataclass(frozen=True, eq=False)
class SingleDetectors:
    """One detector an action unit."""

    scale: Scale
    weights: Floats
    """(feature, au) on standardised features; NaN for a unit without a detector."""
    biases: Floats
    """(au,)"""
    strengths: Floats
    """(au,) C as chosen."""
    refused: tuple[str, ...]
    """(au,) why a unit has no detector; "" where it has one."""

    def probabilities(
        self, features: NDArray[np.floating], rows: NDArray[np.integer] | None = None
    ) -> Floats:
        """(row, au) that each unit is present, by the weights it was taught with; NaN without
        a detector."""
        chosen = features if rows is None else features[np.asarray(rows)]
        logits = self.scale.apply(chosen).astype(np.float64) @ self.weights + self.biases
        return np.asarray(expit(logits))


def fit_single_detectors(
    features: NDArray[np.floating],
    coding: Coding,
    train: NDArray[np.integer],
    validation: NDArray[np.integer],
    *,
    balanced: bool = True,
    progress: Progress = SILENT,
) -> SingleDetectors:
    """A logistic regression with L2 penalty for each unit of `features` (face, feature).

    Taught on the rows `train` that are coded for the unit; C from `STRENGTHS` by the log loss on
    the coded rows of `validation`. `balanced` weighs faces with and without the unit so that
    both sides weigh the same, in both. A unit with fewer than ten training faces on either side,
    or none coded to validate on, is refused. Deterministic. Raises InputError for
    arrays or rows that do not fit, and features that are not finite.
    """
    parts = {"train": np.asarray(train, np.int64), "validation": np.asarray(validation, np.int64)}
    check(features, coding, parts)
    refused = coding.too_few(parts["train"], parts["validation"])
    scale = Scale.of(features[parts["train"]])
    scaled = scale.apply(features).astype(np.float64)
    units = len(refused)
    found = SingleDetectors(
        scale,
        np.full((features.shape[1], units), np.nan),
        np.full(units, np.nan),
        np.full(units, np.nan),
        refused,
    )
    usable = [unit for unit in range(units) if not refused[unit]]
    # So small that threads would only wait for each other.
    with threadpool_limits(limits=1), progress.step("teaching detectors", len(usable)) as advance:
        for unit in usable:
            coded = [rows[coding.coded[rows, unit]] for rows in parts.values()]
            present = [coding.present[rows, unit] for rows in coded]
            model, found.strengths[unit] = _chosen(
                scaled[coded[0]], present[0], scaled[coded[1]], present[1], balanced=balanced
            )
            found.weights[:, unit], found.biases[unit] = model
            advance(1)
    return found


def _chosen(
    features: Floats, present: Labels, others: Floats, shown: Labels, *, balanced: bool
) -> tuple[tuple[Floats, float], float]:
    """Weights and bias of least log loss on other faces, and their C."""
    sides = _sides(present) if balanced else (1.0, 1.0)
    model = LogisticRegression(
        max_iter=10_000, tol=1e-6, warm_start=True, class_weight=dict(enumerate(sides))
    )
    best, least, strength = None, np.inf, np.nan
    for c in STRENGTHS:
        model.set_params(C=c).fit(features, present.astype(np.int64))
        margin = np.where(shown, 1, -1) * model.decision_function(others)
        loss = float((np.logaddexp(0, -margin) * np.where(shown, sides[1], sides[0])).sum())
        if best is None or loss < least:
            best, least, strength = (model.coef_[0].copy(), float(model.intercept_[0])), loss, c
    assert best is not None  # there are strengths
    return best, strength


def _sides(present: Labels) -> tuple[float, float]:
    """Weights of a face without and with the unit that make both sides weigh half of all."""
    rate = float(present.mean())
    return 1 / (2 * (1 - rate)), 1 / (2 * rate)
