"""A linear support vector machine that names expressions from descriptions of pictures or clips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from facsinterp.errors import Fault, InputError, TrainingError

Array = NDArray[np.float64]

PENALTIES: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Values of C that are tried, for features whose training rows have a mean square length of 1.
At the last, training faces in so many dimensions are told apart without an error: more changes
nothing."""
# Far above what any fit needed (some hundred).
_ROUNDS: Final = 100_000


@dataclass(frozen=True, eq=False)
class ExpressionSVM:
    """One linear machine for each class against all others.

    `penalty` is the C that was kept; `tried` gives the accuracy on the validation rows for
    each C. A class without a training row has the offset -inf: it is never answered.
    """

    weights: Array
    """(feature, class)"""
    offsets: Array
    """(class,)"""
    penalty: float
    tried: Mapping[float, float]

    @property
    def validation_accuracy(self) -> float:
        """Of the machine that was kept, on the rows that chose it: flattered by the choice."""
        return self.tried[self.penalty]

    def scores(self, features: NDArray[np.floating]) -> Array:
        """(row, class) signed distances from each class's border, in its own margins.

        They order the classes of a row; they are no probabilities and are not calibrated. A
        class that was never trained has -inf. Raises InputError for other features than
        those of training.
        """
        if features.ndim != 2 or features.shape[1] != len(self.weights):
            expected = f"(row, {len(self.weights)})"
            raise InputError(
                Fault("other features than in training", expected=expected, got=str(features.shape))
            )
        return np.asarray(features @ self.weights + self.offsets, np.float64)

    def predict(self, features: NDArray[np.floating]) -> NDArray[np.int64]:
        """(row,) the number of the class with the highest score."""
        return _answers(self.scores(features))


def fit_svm(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    train: NDArray[np.integer],
    validation: NDArray[np.integer],
    classes: int,
) -> ExpressionSVM:
    """The machine trained on the rows `train` whose C names most of the rows `validation`.

    `features` is (row, feature), `labels` (row,) class numbers below `classes`; rows that are
    not named may hold any label. Features are centred on the training rows and all scaled by
    one number; they should have one unit (those of this package do: standardising each made
    them no better). Of equally good C the smallest is kept. The machine is not trained again
    on the validation rows, as networks are not. Hinge loss, one class against the rest
    (scikit-learn's LinearSVC, in its dual with a fixed order of draws): the same rows give the
    same machine.

    Raises InputError for rows, labels or features that cannot be used, and TrainingError when
    the training rows are of one class or do not differ.
    """
    rows = np.asarray(train, np.int64)
    looking = np.asarray(validation, np.int64)
    numbers = np.asarray(labels, np.int64)
    values = np.asarray(features, np.float64)
    InputError.raise_any(_faults(values, numbers, rows, looking, classes))
    if len(np.unique(numbers[rows])) < 2:
        message = f"all {len(rows)} training rows are of one class: nothing to tell apart"
        raise TrainingError(message)
    with threadpool_limits(1):  # sums in another order would be another machine
        centre, scale = _scaling(values[rows])
        points = (values[rows] - centre) * scale
        basis = _basis(points)
        points = points @ basis
        machines = [_machine(points, numbers[rows], classes, penalty) for penalty in PENALTIES]
        seen = ((values[looking] - centre) * scale) @ basis
        said = [_answers(seen @ weights + offsets) for weights, offsets in machines]
        right = [float(np.mean(answers == numbers[looking])) for answers in said]
        best = int(np.argmax(right))
        weights, offsets = machines[best]
        weights = basis @ weights * scale
        offsets = offsets - centre @ weights
    return ExpressionSVM(
        weights, offsets, PENALTIES[best], dict(zip(PENALTIES, right, strict=True))
    )


def fit_best(
    candidates: Mapping[str, NDArray[np.floating]],
    labels: NDArray[np.integer],
    *,
    train: NDArray[np.integer],
    validation: NDArray[np.integer],
    classes: int,
) -> tuple[str, ExpressionSVM]:
    """The name of the features that serve the validation rows best, and their machine.

    `candidates` are descriptions of the same rows, as by several bands of motion
    magnification; of equally good ones the first is kept. That is one band for all clips,
    where the adaptive magnification of Park, Lee & Ro (ACM Multimedia 2015) learns to predict
    one for each clip. Raises as `fit_svm` does.
    """
    if not candidates:
        raise InputError(Fault("no features to choose from", "candidates"))
    machines = {
        name: fit_svm(values, labels, train=train, validation=validation, classes=classes)
        for name, values in candidates.items()
    }
    best = max(machines, key=lambda name: machines[name].validation_accuracy)
    return best, machines[best]


def _scaling(points: Array) -> tuple[Array, float]:
    """The centre of the points, and what brings their mean square distance from it to 1."""
    if np.all(points == points[0]):
        message = f"the features of all {len(points)} training rows are the same"
        raise TrainingError(message)
    centre = points.mean(axis=0)
    return centre, float(1 / np.sqrt(((points - centre) ** 2).sum(axis=1).mean()))


def _basis(points: Array) -> Array:
    """(feature, direction) directions in which the weights must lie: those of the points.

    The machine is the same as in all features, and found in fewer numbers.
    """
    if points.shape[1] <= len(points):
        return np.eye(points.shape[1])
    spread, directions = linalg.eigh(points @ points.T)
    there = spread > 1e-10 * spread[-1]  # centred points have one direction less
    return np.asarray(points.T @ (directions[:, there] / np.sqrt(spread[there])))


def _machine(
    points: Array, labels: NDArray[np.int64], classes: int, penalty: float
) -> tuple[Array, Array]:
    """(direction, class) weights and (class,) offsets; 0 and -inf for classes without a point."""
    svm = LinearSVC(C=penalty, loss="hinge", dual=True, max_iter=_ROUNDS, random_state=0)
    svm.fit(points, labels)
    found, offset = svm.coef_.T, svm.intercept_
    if len(svm.classes_) == 2:  # one border, whose positive side is the second class
        found, offset = np.hstack([-found, found]), np.r_[-offset, offset]
    weights = np.zeros((points.shape[1], classes))
    offsets = np.full(classes, -np.inf)
    weights[:, svm.classes_], offsets[svm.classes_] = found, offset
    return weights, offsets


def _answers(scores: Array) -> NDArray[np.int64]:
    return np.asarray(scores.argmax(axis=1), np.int64)


def _faults(
    features: Array,
    labels: NDArray[np.int64],
    train: NDArray[np.int64],
    validation: NDArray[np.int64],
    classes: int,
) -> Iterator[Fault]:
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        yield Fault(
            "labels do not match the features",
            expected="features (row, feature) and labels (row,)",
            got=f"{features.shape} and {labels.shape}",
        )
        return
    for name, rows in (("train", train), ("validation", validation)):
        if not rows.size:
            yield Fault(f"no {name} rows", name)
        elif rows.min() < 0 or rows.max() >= len(features):
            yield Fault(
                "rows that are not there",
                name,
                expected=f"0 to {len(features) - 1}",
                got=f"{rows.min()} to {rows.max()}",
            )
        else:
            yield from _row_faults(features[rows], labels[rows], classes, name)


def _row_faults(
    features: Array, labels: NDArray[np.int64], classes: int, name: str
) -> Iterator[Fault]:
    if labels.min() < 0 or labels.max() >= classes:
        yield Fault(
            "labels that are no class",
            name,
            expected=f"0 to {classes - 1}",
            got=f"{labels.min()} to {labels.max()}",
            do="leave rows without a class out",
        )
    if not np.isfinite(features).all():
        yield Fault("features that are no numbers", name, expected="finite", got="NaN or infinity")
