"""Epochs: a small module is taught on frozen features, and its best weights are kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from facsinterp.errors import TrainingError
from facsinterp.progress import SILENT, Progress

Part = TypeVar("Part", bound=nn.Module)


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a module is taught; Adam with a constant learning rate."""

    epochs: int
    learning_rate: float
    batch: int
    """Rows of an update."""


@dataclass(frozen=True)
class Course:
    """How it went, one number an epoch."""

    train_loss: tuple[float, ...]
    """Mean over the epoch's rows, under dropout and with penalties, weights still moving."""
    validation_loss: tuple[float, ...]
    best_epoch: int
    """The first epoch of least validation loss, counted from 1: its weights are kept."""


def undrawn(kind: type[Part], *sizes: int) -> Part:
    """A module whose weights are yet to be drawn; torch's own generators stay where they are."""
    part: Part = nn.utils.skip_init(kind, *sizes)  # type: ignore[no-untyped-call]
    return part


def teach(
    module: nn.Module,
    loss: Callable[[Tensor], Tensor],
    judge: Callable[[], Tensor],
    rows: Tensor,
    schedule: Schedule,
    generator: torch.Generator,
    *,
    title: str,
    progress: Progress = SILENT,
) -> Course:
    """`module` with the weights of its best epoch, left in eval mode, and how it went.

    `loss` gives the mean loss of some of the `rows` in training mode, `judge` the loss on other
    rows in eval mode. `generator` shuffles the rows of each epoch. Raises TrainingError when a
    loss is no longer a number.
    """
    optimizer = torch.optim.Adam(module.parameters(), lr=schedule.learning_rate)
    train, validation = [], []
    best: dict[str, Tensor] = {}
    with progress.step(title, schedule.epochs) as advance:
        for _ in range(schedule.epochs):
            module.train()
            train.append(_epoch(loss, rows, schedule, generator, optimizer))
            module.eval()
            with torch.no_grad():
                validation.append(float(judge()))
            _refuse_nan(validation[-1], len(validation), schedule)
            if not best or validation[-1] < min(validation[:-1], default=math.inf):
                best = {name: value.clone() for name, value in module.state_dict().items()}
            advance(1)
    module.load_state_dict(best)
    return Course(tuple(train), tuple(validation), 1 + validation.index(min(validation)))


def _epoch(
    loss: Callable[[Tensor], Tensor],
    rows: Tensor,
    schedule: Schedule,
    generator: torch.Generator,
    optimizer: torch.optim.Optimizer,
) -> float:
    """Mean loss over the rows of one epoch."""
    order = rows[torch.randperm(len(rows), generator=generator)]
    total = 0.0
    for part in order.split(schedule.batch):  # type: ignore[no-untyped-call]
        optimizer.zero_grad()
        with torch.enable_grad():
            value = loss(part)
            value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += value.item() * len(part)
    return total / len(rows)


def _refuse_nan(value: float, epoch: int, schedule: Schedule) -> None:
    if not math.isfinite(value):
        message = (
            f"the validation loss became {value} in epoch {epoch} "
            f"at a learning rate of {schedule.learning_rate:.3g}; try a lower one"
        )
        raise TrainingError(message)
