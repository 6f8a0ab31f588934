"""Training: a module and labelled faces in, a Network with its curves out."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.fabric.utilities.warnings import PossibleUserWarning
from numpy.typing import NDArray
from torch import Tensor, nn

from facsinterp.errors import Fault, InputError, TrainingError
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.devices import lower_precision, pick
from facsinterp.nets.lesson import Lesson, train_batches, validation_batches
from facsinterp.nets.network import Network
from facsinterp.nets.recipes import Recipe
from facsinterp.progress import SILENT, Progress

VALIDATION_BATCH: Final = 128


@dataclass(frozen=True)
class Curves:
    """How training went, one number an epoch."""

    train_loss: tuple[float, ...]
    """Mean over the epoch's faces, under augmentation and dropout."""
    train_accuracy: tuple[float, ...]
    """Likewise: of the changed faces, while the weights were still moving."""
    validation_loss: tuple[float, ...]
    validation_accuracy: tuple[float, ...]
    learning_rate: tuple[float, ...]
    """After the epoch's last update."""


@dataclass(frozen=True)
class Trained:
    """A trained network and how it came to be."""

    network: Network
    curves: Curves
    best_epoch: int
    """The epoch, counted from 1, whose weights the network has."""
    stopped: bool
    """Whether training ended before the recipe's last epoch."""


def fit(  # noqa: PLR0913 - each is a fact of its own, and all are named
    module: nn.Module,
    *,
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    train: NDArray[np.integer],
    validation: NDArray[np.integer],
    classes: Sequence[str],
    recipe: Recipe,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = SILENT,
    blueprint: Blueprint | None = None,
) -> Trained:
    """`module` trained on the rows `train` of `images`, with its best weights.

    `images` is (image, row, col) grey or (image, row, col, 3) RGB, 0 to 255; `labels` (image,)
    number the `classes`, and rows that are not named may hold any label. Best is the first
    epoch with the best score on the rows `validation`. The module is changed in place and
    comes back on the CPU. On one machine with the same number of threads a seed gives the same
    bits on the CPU; torch's generators are left as they were, and no file is written.

    Raises InputError for rows and labels that cannot be used, and TrainingError when there is
    nothing to tell apart or the loss is no longer a number.
    """
    rows = _Rows(np.asarray(train, np.int64), np.asarray(validation, np.int64))
    numbers = np.asarray(labels, np.int64)
    _check(images, numbers, rows, classes)
    target = pick(device)
    channels = 1 if images.ndim == 3 else images.shape[3]
    shape = (channels, images.shape[1], images.shape[2])
    Network.of(module, classes=classes, input_shape=shape)  # its complaints come before the work
    _tell_absent(numbers[rows.train], classes, progress)

    generator = torch.Generator().manual_seed(seed)
    teaching = train_batches(images, numbers, rows.train, recipe, generator)
    looking = validation_batches(images, numbers, rows.validation, VALIDATION_BATCH)
    updates = recipe.epochs * len(teaching)
    with progress.step(f"training on {len(rows.train)} faces", updates) as advance:
        lesson = Lesson(
            module.train(),
            recipe,
            updates=updates,
            class_weights=_class_weights(numbers[rows.train], classes, recipe),
            generator=generator,
            advance=advance,
        )
        with _seeded(seed), _quiet():
            _teach(lesson, _trainer(recipe, target), teaching, looking)
    return _result(lesson, recipe, classes, shape, blueprint)


@dataclass(frozen=True)
class _Rows:
    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def _trainer(recipe: Recipe, device: torch.device) -> pl.Trainer:
    lower = lower_precision(device, recipe.precision)
    return pl.Trainer(
        accelerator=device.type,
        devices=1 if device.index is None else [device.index],
        precision="bf16-mixed" if lower else "32-true",
        max_epochs=recipe.epochs,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _teach(lesson: Lesson, trainer: pl.Trainer, teaching: object, looking: object) -> None:
    if trainer.precision == "bf16-mixed":
        # Low-precision convolutions are fastest with the channels of a pixel side by side.
        _lay_out(lesson.module, torch.channels_last)
    with _interruptible():
        trainer.fit(lesson, teaching, looking)


def _lay_out(module: nn.Module, layout: torch.memory_format) -> None:
    module.to(memory_format=layout)  # type: ignore[call-overload]  # known to torch, not to its types


def _result(
    lesson: Lesson,
    recipe: Recipe,
    classes: Sequence[str],
    shape: tuple[int, int, int],
    blueprint: Blueprint | None,
) -> Trained:
    module = lesson.module.cpu()
    _lay_out(module, torch.contiguous_format)
    module.load_state_dict(lesson.best_weights)
    return Trained(
        network=Network.of(module, classes=classes, input_shape=shape, blueprint=blueprint),
        curves=Curves(**{name: tuple(values) for name, values in lesson.curves.items()}),
        best_epoch=lesson.best_epoch,
        stopped=len(lesson.curves["train_loss"]) < recipe.epochs,
    )


def _check(
    images: NDArray[np.uint8], labels: NDArray[np.int64], rows: _Rows, classes: Sequence[str]
) -> None:
    InputError.raise_any([*_image_faults(images, labels), *_row_faults(rows, len(images))])
    named = labels[np.concatenate([rows.train, rows.validation])]
    wrong = np.unique(named[(named < 0) | (named >= len(classes))])
    if wrong.size:
        raise InputError(
            Fault(
                "faces to train or validate on have labels that are no class",
                "labels",
                expected=f"0 to {len(classes) - 1}",
                got=", ".join(map(str, wrong[:5])),
                do="leave faces without a class out of the rows",
            )
        )
    present = np.unique(labels[rows.train])
    if len(present) < 2:
        message = (
            f"all {len(rows.train)} training faces are of the class {classes[present[0]]!r}; "
            "there is nothing to tell apart"
        )
        raise TrainingError(message)


def _image_faults(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Iterator[Fault]:
    grey_or_rgb = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)
    if images.dtype != np.uint8 or not grey_or_rgb:
        yield Fault(
            "unusable images",
            "images",
            expected="uint8 (image, row, col) or (image, row, col, 3)",
            got=f"{images.dtype} {images.shape}",
        )
    if labels.shape != (len(images),):
        yield Fault(
            "labels do not match the images",
            "labels",
            expected=f"({len(images)},)",
            got=str(labels.shape),
        )


def _row_faults(rows: _Rows, count: int) -> Iterator[Fault]:
    for name, given in (("train", rows.train), ("validation", rows.validation)):
        if given.size == 0:
            yield Fault(f"no faces to {'train' if name == 'train' else 'validate'} on", name)
        elif given.min() < 0 or given.max() >= count:
            yield Fault(
                "rows outside the images",
                name,
                expected=f"0 to {count - 1}",
                got=f"{given.min()} to {given.max()}",
            )
    shared = np.intersect1d(rows.train, rows.validation)
    if shared.size:
        yield Fault(
            "faces are both trained and validated on",
            "train, validation",
            expected="no row in both",
            got=f"{shared.size} rows, the first {shared[0]}",
        )


def _tell_absent(labels: NDArray[np.int64], classes: Sequence[str], progress: Progress) -> None:
    present = set(labels.tolist())
    absent = [name for number, name in enumerate(classes) if number not in present]
    if absent:
        progress.say(f"no training face shows {', '.join(absent)}")


def _class_weights(
    labels: NDArray[np.int64], classes: Sequence[str], recipe: Recipe
) -> Tensor | None:
    if not recipe.class_weights:
        return None
    counts = np.bincount(labels, minlength=len(classes))
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return torch.from_numpy(weights.astype(np.float32))


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Torch's own generators, which dropout draws from, start at `seed` and are put back."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning's news and advice are not heard; those of others are."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PossibleUserWarning)
            warnings.filterwarnings("ignore", module=r"lightning\.")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C stays a KeyboardInterrupt: Lightning turns it into an exit and goes deaf to it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as stop:
        if isinstance(stop.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from stop
        raise
    finally:
        signal.signal(signal.SIGINT, handler)
