"""Detectors of all action units at once: one head on frozen features, presence and intensity.

Breuer & Kimmel (2017, section 3.2) train all units "against all" with an L1 + L2 sparsity term in
the loss, and give neither its size nor the loss of the intensities; both are chosen here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from facsinterp.errors import Fault, InputError, TrainingError
from facsinterp.nets.detectors.coding import FEWEST, Coding, Labels, check
from facsinterp.nets.devices import pick
from facsinterp.nets.epochs import Course, Schedule, teach, undrawn
from facsinterp.nets.frozen import Floats, Positions, Scale
from facsinterp.progress import SILENT, Progress


class Heads(nn.Module):
    """Logits of presence and intensities, (face, au) each, from features (face, feature)."""

    def __init__(
        self, features: int, hidden: int | None, units: int, start: torch.Generator
    ) -> None:
        super().__init__()
        self.trunk: nn.Linear | None = None
        if hidden is not None:
            self.trunk = _linear(features, hidden, start)
        width = features if hidden is None else hidden
        self.presence = _linear(width, units, start)
        self.intensity = _linear(width, units, start)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Presence and intensity."""
        values = features if self.trunk is None else self.trunk(features).relu()
        return self.presence(values), self.intensity(values)

    def penalty(self, l1: float, l2: float) -> Tensor:
        """l1 * sum |w| + l2 * sum w**2 over all weights; biases are free."""
        weights = torch.cat([one.flatten() for one in self.parameters() if one.ndim == 2])
        return l1 * weights.abs().sum() + l2 * weights.square().sum()


@dataclass(frozen=True, eq=False)
class JointDetectors:
    """One head for all action units, on the CPU, with its best weights."""

    heads: Heads
    scale: Scale
    course: Course
    refused: tuple[str, ...]
    """(au,) why nothing is said of a unit's presence; "" where something is."""
    refused_intensity: tuple[str, ...]
    """(au,) likewise of its intensity."""

    def probabilities(
        self, features: NDArray[np.floating], rows: NDArray[np.integer] | None = None
    ) -> Floats:
        """(row, au) that each unit is present; NaN for a unit that is refused."""
        return _known(self._said(features, rows)[0].sigmoid(), self.refused)

    def intensities(
        self, features: NDArray[np.floating], rows: NDArray[np.integer] | None = None
    ) -> Floats:
        """(row, au) from 0 to 5, not rounded; NaN for a unit whose intensity is refused."""
        return _known(self._said(features, rows)[1].clamp(0, 5), self.refused_intensity)

    def _said(
        self, features: NDArray[np.floating], rows: NDArray[np.integer] | None
    ) -> tuple[Tensor, Tensor]:
        chosen = features if rows is None else features[np.asarray(rows)]
        with torch.inference_mode():
            said: tuple[Tensor, Tensor] = self.heads(torch.from_numpy(self.scale.apply(chosen)))
        return said


def fit_joint_detectors(  # noqa: PLR0913 - each is a fact of its own, and all are named
    features: NDArray[np.floating],
    coding: Coding,
    train: NDArray[np.integer],
    validation: NDArray[np.integer],
    *,
    hidden: int | None = None,
    balanced: bool = True,
    l1: float = 1e-4,
    l2: float = 1e-4,
    epochs: int = 100,
    learning_rate: float = 1e-3,
    batch: int = 64,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = SILENT,
) -> JointDetectors:
    """One head on `features` (face, feature) for the presence and the intensity of all units.

    Linear, or with `hidden` units and a ReLU between. The loss is the mean binary cross-entropy
    over the coded cells (face, au), plus the mean squared error over the scored ones, plus
    l1 * sum |w| + l2 * sum w**2; the weights kept are those of the epoch with the least loss on
    `validation` without the penalty. `balanced` weighs cells so that faces with and without a
    unit weigh the same. A unit with fewer than ten training faces on either side, or none coded
    to validate on, is refused; its intensity also where fewer than ten of its training faces
    are scored above 0. Refused cells are in no loss.

    Deterministic in `seed` on one machine and device; torch's generators are not drawn from.
    Raises InputError for arrays or rows that do not fit, features that are not finite or
    a negative penalty; TrainingError when every unit is refused or the loss is no number.
    """
    parts = {"train": np.asarray(train, np.int64), "validation": np.asarray(validation, np.int64)}
    check(features, coding, parts)
    if min(l1, l2) < 0:
        raise InputError(Fault("a penalty is negative", "l1, l2", "0 or more", f"{l1}, {l2}"))
    refused = coding.too_few(parts["train"], parts["validation"])
    if all(refused):
        message = f"no action unit can be taught; the first: {refused[0]}"
        raise TrainingError(message)
    unscored = _unscored(coding, parts["train"], refused)
    target, lot = pick(device), torch.Generator().manual_seed(seed)
    scale = Scale.of(features[parts["train"]])
    heads = Heads(features.shape[1], hidden, len(refused), lot).to(target)
    given = torch.from_numpy(scale.apply(features)).to(target)
    cells = _Cells.of(coding, parts["train"], refused, unscored, balanced=balanced).to(target)
    held = torch.from_numpy(parts["validation"]).to(target)
    course = teach(
        heads,
        lambda some: cells.loss(heads(given[some.to(target)]), some) + heads.penalty(l1, l2),
        lambda: cells.loss(heads(given[held]), held),
        torch.from_numpy(parts["train"]),
        Schedule(epochs, learning_rate, batch),
        lot,
        title=f"teaching detectors on {len(parts['train'])} faces",
        progress=progress,
    )
    return JointDetectors(heads.cpu(), scale, course, refused, unscored)


@dataclass(frozen=True, eq=False)
class _Cells:
    """What is known of each cell (face, au), and how much it weighs."""

    present: Tensor
    weight: Tensor
    """0 where not coded or refused."""
    intensity: Tensor
    """0 where not scored."""
    scored: Tensor

    @classmethod
    def of(
        cls,
        coding: Coding,
        train: Positions,
        refused: tuple[str, ...],
        unscored: tuple[str, ...],
        *,
        balanced: bool,
    ) -> _Cells:
        counts = coding.coded & _usable(refused)
        weight = counts.astype(np.float64)
        if balanced:
            shown = (coding.present & counts)[train].sum(axis=0)
            absent = counts[train].sum(axis=0) - shown
            half = (shown + absent) / 2
            side = np.where(
                coding.present, half / np.maximum(shown, 1), half / np.maximum(absent, 1)
            )
            weight *= side
        intensity = coding.scored()
        scored = np.isfinite(intensity) & _usable(unscored)
        arrays = (coding.present, weight, np.where(scored, intensity, 0), scored)
        return cls(*(torch.from_numpy(one.astype(np.float32)) for one in arrays))

    def to(self, device: torch.device) -> _Cells:
        four = (self.present, self.weight, self.intensity, self.scored)
        return _Cells(*(one.to(device) for one in four))

    def loss(self, said: tuple[Tensor, Tensor], rows: Tensor) -> Tensor:
        """Mean over the cells that count; 0 where none does."""
        rows = rows.to(self.present.device)
        weight, scored = self.weight[rows], self.scored[rows]
        bits = functional.binary_cross_entropy_with_logits(
            said[0], self.present[rows], weight=weight, reduction="sum"
        )
        errors = ((said[1] - self.intensity[rows]).square() * scored).sum()
        coded = (weight > 0).sum().clamp(min=1)
        return bits / coded + errors / scored.sum().clamp(min=1)


def _linear(features: int, outputs: int, start: torch.Generator) -> nn.Linear:
    part = undrawn(nn.Linear, features, outputs)
    nn.init.xavier_uniform_(part.weight, generator=start)
    nn.init.zeros_(part.bias)
    return part


def _unscored(coding: Coding, train: Positions, refused: tuple[str, ...]) -> tuple[str, ...]:
    above = (coding.scored()[train] > 0).sum(axis=0)
    return tuple(
        reason
        or (
            ""
            if count >= FEWEST
            else f"too few training faces scored above 0: {count}, fewer than {FEWEST}"
        )
        for reason, count in zip(refused, above.tolist(), strict=True)
    )


def _usable(refused: tuple[str, ...]) -> Labels:
    return np.array([not reason for reason in refused], dtype=bool)


def _known(said: Tensor, refused: tuple[str, ...]) -> Floats:
    return np.where(_usable(refused), said.numpy().astype(np.float64), np.nan)
