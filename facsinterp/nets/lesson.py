"""The LightningModule of training: one step, one look at the validation faces, the best kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, final

import lightning.pytorch as pl
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset, RandomSampler, SequentialSampler

from facsinterp.errors import TrainingError
from facsinterp.nets.augment import augment
from facsinterp.nets.network import to_tensor
from facsinterp.nets.recipes import Recipe
from facsinterp.progress import Advance

Batch = tuple[Tensor, Tensor]


@final
class Lesson(pl.LightningModule):
    """Trains `module` by `recipe`; afterwards holds the curves and the best weights."""

    def __init__(
        self,
        module: nn.Module,
        recipe: Recipe,
        *,
        updates: int,
        class_weights: Tensor | None,
        generator: torch.Generator,
        advance: Advance,
    ) -> None:
        super().__init__()
        self.module = module
        self._class_weights: Tensor | None
        self.register_buffer("_class_weights", class_weights, persistent=False)
        self.curves: dict[str, list[float]] = {
            name: []
            for name in (
                "train_loss",
                "train_accuracy",
                "validation_loss",
                "validation_accuracy",
                "learning_rate",
            )
        }
        self.best_epoch = 0
        self.best_weights: dict[str, Tensor] = {}
        self._recipe = recipe
        self._updates = updates
        self._generator = generator
        self._advance = advance
        self._train = _Tally()
        self._validation = _Tally()

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - Lightning takes many shapes
        """The recipe's optimizer, with its learning rate falling after each update."""
        recipe, weights = self._recipe, self.module.parameters()
        optimizer: torch.optim.Optimizer
        if recipe.optimizer == "adam":
            # Fused: one pass over weights, slopes and moments instead of ten, which took a
            # quarter of a step of breuer2017 on 16 faces of 48 px.
            optimizer = torch.optim.Adam(
                weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
            )
        else:
            optimizer = torch.optim.SGD(
                weights,
                lr=recipe.learning_rate,
                momentum=recipe.momentum,
                weight_decay=recipe.weight_decay,
            )
        schedule = LambdaLR(optimizer, factor(recipe, self._updates))
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def training_step(self, batch: Batch, _index: int) -> Tensor:
        """The mean loss of one batch of changed faces."""
        pixels, labels = batch
        logits = self.module(augment(pixels, self._recipe.changes, self._generator))
        loss = functional.cross_entropy(logits.float(), labels, weight=self._class_weights)
        if not torch.isfinite(loss):
            message = (
                f"the loss became {loss.item()} in epoch {self.current_epoch + 1} "
                f"at a learning rate of {self._learning_rate():.3g}; try a lower one"
            )
            raise TrainingError(message)
        self._train.add(loss, logits, labels)
        return loss

    def on_train_batch_end(self, *_: Any) -> None:  # noqa: ANN401
        self._advance(1)

    def validation_step(self, batch: Batch, _index: int) -> None:
        """Adds one batch of unchanged faces to the validation scores."""
        pixels, labels = batch
        logits = self.module(pixels).float()
        self._validation.add(functional.cross_entropy(logits, labels), logits, labels)

    def on_train_epoch_end(self) -> None:
        """Writes down the epoch; Lightning has looked at the validation faces by now."""
        for name, tally in (("train", self._train), ("validation", self._validation)):
            loss, accuracy = tally.empty()
            self.curves[f"{name}_loss"].append(loss)
            self.curves[f"{name}_accuracy"].append(accuracy)
        self.curves["learning_rate"].append(self._learning_rate())
        epoch = self.current_epoch + 1
        if self._is_best():
            self.best_epoch = epoch
            self.best_weights = {
                name: value.detach().cpu().clone()
                for name, value in self.module.state_dict().items()
            }
        patience = self._recipe.patience
        if patience is not None and epoch - self.best_epoch >= patience:
            self.trainer.should_stop = True

    def _is_best(self) -> bool:
        if self._recipe.select == "accuracy":
            *before, last = self.curves["validation_accuracy"]
            return last > max(before, default=-1.0)
        *before, last = self.curves["validation_loss"]
        return last < min(before, default=math.inf) or not before

    def _learning_rate(self) -> float:
        return float(self.trainer.optimizers[0].param_groups[0]["lr"])


class _Tally:
    """Loss and accuracy summed over faces, on the device until they are asked for."""

    def __init__(self) -> None:
        self._sums: Tensor | None = None

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        count = torch.full_like(loss.detach(), len(labels))
        correct = (logits.argmax(dim=1) == labels).sum().to(loss.dtype)
        sums = torch.stack([loss.detach() * count, correct, count])
        self._sums = sums if self._sums is None else self._sums + sums

    def empty(self) -> tuple[float, float]:
        loss, correct, count = [math.nan] * 3 if self._sums is None else self._sums.tolist()
        self._sums = None
        return loss / count, correct / count


def factor(recipe: Recipe, updates: int) -> Callable[[int], float]:
    """The factor on the learning rate at each update, counted from 0."""
    fall = _fall(recipe, updates)
    return lambda update: fall(update) * min(1.0, (update + 1) / (recipe.warmup + 1))


def _fall(recipe: Recipe, updates: int) -> Callable[[int], float]:
    match recipe.schedule:
        case "constant":
            return lambda _update: 1.0
        case "inverse":
            return lambda update: 1 / (1 + recipe.decay * update)
        case "cosine":
            return lambda update: (1 + math.cos(math.pi * min(update / updates, 1))) / 2


class _Faces(Dataset[Batch]):
    """Rows of an array of faces with their labels, fetched a batch at a time."""

    def __init__(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], rows: NDArray[np.int64]
    ) -> None:
        self._images, self._labels, self._rows = images, labels, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitems__(self, positions: list[int]) -> Batch:
        rows = self._rows[positions]
        return to_tensor(self._images[rows]), torch.from_numpy(self._labels[rows])


def train_batches(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    rows: NDArray[np.int64],
    recipe: Recipe,
    generator: torch.Generator,
) -> DataLoader[Batch]:
    """The batches of an epoch of training, drawn by `generator`."""
    faces = _Faces(images, labels, rows)
    per_epoch = recipe.updates_per_epoch
    sampler = RandomSampler(
        faces,
        replacement=recipe.replacement,
        num_samples=None if per_epoch is None else per_epoch * recipe.batch_size,
        generator=generator,
    )
    return DataLoader(
        faces, recipe.batch_size, sampler=sampler, collate_fn=_as_fetched, generator=generator
    )


def validation_batches(
    images: NDArray[np.uint8], labels: NDArray[np.int64], rows: NDArray[np.int64], size: int
) -> DataLoader[Batch]:
    """Every validation face once, in order."""
    faces = _Faces(images, labels, rows)
    return DataLoader(faces, size, sampler=SequentialSampler(faces), collate_fn=_as_fetched)


def _as_fetched(batch: Any) -> Any:  # noqa: ANN401 - a Batch; DataLoader expects lists
    return batch
