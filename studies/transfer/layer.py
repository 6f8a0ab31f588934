"""A new output layer on features that stay as they are: multinomial logistic regression."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from facsinterp import Fault, InputError

Floats = NDArray[np.floating[Any]]
Names = NDArray[np.str_]

# Strongest penalty first: of equally good ones it is taken. C of scikit-learn.
STRENGTHS: Final = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
UPDATES: Final = 1000


@dataclass(frozen=True, eq=False)
class Layer:
    """An output layer, fitted."""

    scaler: StandardScaler
    machine: LogisticRegression
    strength: float
    """C, as the validation people chose it."""
    loss: float
    """Mean log loss on their faces."""

    def answers(self, features: Floats, classes: tuple[str, ...]) -> NDArray[np.float64]:
        """(face, class) probabilities of these classes; 0 for one that nobody was trained on."""
        given = self.machine.predict_proba(self.scaler.transform(features))
        found = np.zeros((len(features), len(classes)))
        for column, name in enumerate(self.machine.classes_.tolist()):
            if name in classes:
                found[:, classes.index(name)] = given[:, column]
        return found


def new_layer(features: Floats, shown: Names, looked: Floats, looked_shown: Names) -> Layer:
    """The layer of the penalty with the least log loss on the validation faces.

    `features` (face, feature) and `shown` (face,) train, `looked` and `looked_shown` choose.
    Features are standardised by the training faces. Raises InputError where these show fewer
    than two classes, or where nobody validates.
    """
    classes = np.unique(shown)
    known = np.isin(looked_shown, classes)
    if len(classes) < 2 or not known.any():
        raise InputError(
            Fault(
                "no output layer can be trained on these faces",
                expected="training faces of two or more classes, and validation faces of them",
                got=f"{len(shown)} that train, of {', '.join(classes)}; {int(known.sum())} that "
                "validate",
            )
        )
    scaler = StandardScaler().fit(features)
    train, others = scaler.transform(features), scaler.transform(looked[known])
    best: Layer | None = None
    for strength in STRENGTHS:
        machine = LogisticRegression(C=strength, max_iter=UPDATES)
        with warnings.catch_warnings():
            # A weak penalty that has not settled is judged by the others' faces like any other.
            warnings.simplefilter("ignore", ConvergenceWarning)
            machine.fit(train, shown)
        said = machine.predict_proba(others)
        loss = float(log_loss(looked_shown[known], said, labels=classes))
        if best is None or loss < best.loss:
            best = Layer(scaler, machine, strength, loss)
    assert best is not None  # there are strengths
    return best
