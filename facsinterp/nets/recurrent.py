"""An LSTM that reads the features of a clip's frames and names the clip's class.

Breuer & Kimmel (2017, section 4) feed the convolutional layers and the first dense layer of
their expression network to an LSTM with recurrent dropout. They give neither its width nor
its rates; the defaults here are chosen. Weights start as in Keras, which the authors used:
Glorot-uniform from the features, orthogonal between frames, forget gates open (bias 1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from facsinterp.errors import Fault, InputError, TrainingError
from facsinterp.nets.devices import pick
from facsinterp.nets.epochs import Course, Schedule, teach, undrawn
from facsinterp.nets.frozen import Positions, Scale, finite_faults, row_faults
from facsinterp.progress import SILENT, Progress

Features = NDArray[np.floating]
Masks = tuple[Tensor, Tensor]


class FrameReader(nn.Module):
    """Logits (clip, class) of clips (clip, frame, feature), from the state after the last frame."""

    def __init__(self, features: int, hidden: int, classes: int, start: torch.Generator) -> None:
        super().__init__()
        self.cell = undrawn(nn.LSTMCell, features, hidden)
        self.output = undrawn(nn.Linear, hidden, classes)
        for weight in (self.cell.weight_ih, self.output.weight):
            nn.init.xavier_uniform_(weight, generator=start)
        nn.init.orthogonal_(self.cell.weight_hh, generator=start)
        for bias in (self.cell.bias_ih, self.cell.bias_hh, self.output.bias):
            nn.init.zeros_(bias)
        with torch.no_grad():
            self.cell.bias_ih[hidden : 2 * hidden] = 1  # torch's order: in, forget, cell, out

    def forward(self, clips: Tensor, lengths: Tensor, masks: Masks | None = None) -> Tensor:
        """`lengths` (clip,): frames after them change nothing.

        `masks` multiply the features (clip, feature) and what a frame takes from the frame
        before (clip, hidden), the same in all frames of a clip (Gal & Ghahramani 2016).
        """
        state = clips.new_zeros(len(clips), self.cell.hidden_size)
        memory = state
        for frame in range(clips.shape[1]):
            given, before = clips[:, frame], state
            if masks is not None:
                given, before = given * masks[0], before * masks[1]
            new, memory = self.cell(given, (before, memory))
            state = torch.where((frame < lengths)[:, None], new, state)
        logits: Tensor = self.output(state)
        return logits


@dataclass(frozen=True, eq=False)
class TrainedLstm:
    """An LSTM with its best weights, on the CPU, and how it came to be."""

    reader: FrameReader
    classes: tuple[str, ...]
    scale: Scale
    course: Course
    validation_accuracy: tuple[float, ...]
    """After each epoch."""

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, whose weights it has: the first of least validation loss."""
        return self.course.best_epoch

    def probabilities(
        self,
        features: Features,
        rows: NDArray[np.integer] | None = None,
        *,
        lengths: NDArray[np.integer] | None = None,
    ) -> NDArray[np.float32]:
        """Class probabilities (row, class) of the clips that `rows` names (None: all).

        `features` and `lengths` as `fit_lstm` takes them. Raises InputError when they do not fit.
        """
        chosen = np.arange(len(features)) if rows is None else np.asarray(rows, np.int64)
        frames = _lengths(features, lengths)
        width = self.reader.cell.input_size
        InputError.raise_any(_feature_faults(features, frames, chosen, width))
        clips = _padded(self.scale, features, frames)
        with torch.inference_mode():
            logits = self.reader(torch.from_numpy(clips[chosen]), torch.from_numpy(frames[chosen]))
            said: NDArray[np.float32] = logits.softmax(dim=1).numpy()
        return said


def fit_lstm(  # noqa: PLR0913 - each is a fact of its own, and all are named
    features: Features,
    labels: NDArray[np.integer],
    train: NDArray[np.integer],
    validation: NDArray[np.integer],
    classes: Sequence[str],
    *,
    lengths: NDArray[np.integer] | None = None,
    hidden: int = 128,
    dropout: float = 0.25,
    recurrent_dropout: float = 0.25,
    epochs: int = 60,
    learning_rate: float = 1e-3,
    batch: int = 16,
    class_weights: bool = False,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = SILENT,
) -> TrainedLstm:
    """An LSTM trained on the clips `train`, with the weights that do best on `validation`.

    `features` (clip, frame, feature); `lengths` (clip,) says how many frames a clip has, the
    others being padding of any value (None: all). `labels` (clip,) number the `classes`, and
    clips that are not named may hold any label. Features are standardised by the frames of the
    training clips. `dropout` is the share of features, `recurrent_dropout` the share of the
    state's connections from frame to frame, that are dropped in training, one draw a clip, held
    over its frames (`dropout` and `recurrent_dropout` of Keras). `class_weights` weighs a clip
    by clips / (classes seen x clips of its class), in training and validation.

    Deterministic in `seed` on one machine and device; torch's generators are not drawn from.
    Raises InputError for what cannot be used, TrainingError with one class or a loss that is
    no number.
    """
    rows = {"train": np.asarray(train, np.int64), "validation": np.asarray(validation, np.int64)}
    numbers, frames = np.asarray(labels, np.int64), _lengths(features, lengths)
    _check(features, numbers, frames, rows, classes, dropout, recurrent_dropout)
    target, lot = pick(device), torch.Generator().manual_seed(seed)
    scale = Scale.of(features[rows["train"]][_read(frames[rows["train"]], features.shape[1])])
    reader = FrameReader(features.shape[2], hidden, len(classes), lot).to(target)
    clips = torch.from_numpy(_padded(scale, features, frames)).to(target)
    ends, truth = (torch.from_numpy(one).to(target) for one in (frames, numbers))
    weights = _weights(numbers[rows["train"]], len(classes)) if class_weights else None
    weights = None if weights is None else weights.to(target)
    held = torch.from_numpy(rows["validation"]).to(target)
    right: list[float] = []

    def loss(some: Tensor) -> Tensor:
        kept = (_mask(len(some), clips.shape[2], dropout, lot),
                _mask(len(some), hidden, recurrent_dropout, lot))  # fmt: skip
        masks = (kept[0].to(target), kept[1].to(target))
        chosen = some.to(target)
        logits = reader(clips[chosen], ends[chosen], masks)
        return functional.cross_entropy(logits, truth[chosen], weight=weights)

    def judge() -> Tensor:
        logits = reader(clips[held], ends[held])
        right.append(float((logits.argmax(dim=1) == truth[held]).float().mean()))
        return functional.cross_entropy(logits, truth[held], weight=weights)

    course = teach(
        reader,
        loss,
        judge,
        torch.from_numpy(rows["train"]),
        Schedule(epochs, learning_rate, batch),
        lot,
        title=f"teaching an LSTM on {len(rows['train'])} clips",
        progress=progress,
    )
    return TrainedLstm(reader.cpu(), tuple(classes), scale, course, tuple(right))


def _lengths(features: Features, lengths: NDArray[np.integer] | None) -> Positions:
    if lengths is not None:
        return np.asarray(lengths, np.int64)
    return np.full(len(features), features.shape[1] if features.ndim > 1 else 0, np.int64)


def _read(frames: Positions, most: int) -> NDArray[np.bool_]:
    """(clip, frame) which frames are of the clip."""
    return np.asarray(np.arange(most) < frames[:, None])


def _padded(scale: Scale, features: Features, frames: Positions) -> NDArray[np.float32]:
    """Standardised features, 0 where a clip has ended: NaN there would spoil the gradients."""
    read = _read(frames, features.shape[1])[:, :, None]
    return np.where(read, scale.apply(np.where(read, features, 0)), np.float32(0))


def _mask(clips: int, width: int, share: float, lot: torch.Generator) -> Tensor:
    """0 for the share that is dropped, else 1 / (1 - share); drawn on the CPU on any device."""
    kept = torch.rand(clips, width, generator=lot) >= share
    return kept.float() / (1 - share)


def _weights(labels: Positions, classes: int) -> Tensor:
    counts = np.bincount(labels, minlength=classes)
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    # A class that nobody teaches cannot be learnt; it shall not rule the validation either.
    return torch.from_numpy(np.where(counts > 0, weights, 1.0).astype(np.float32))


def _check(
    features: Features,
    labels: Positions,
    frames: Positions,
    rows: dict[str, Positions],
    classes: Sequence[str],
    *shares: float,
) -> None:
    faults = [*row_faults(rows, len(features), "clips")]
    if labels.shape != features.shape[:1]:
        expected = f"({len(features)},)"
        faults.append(Fault("labels do not match the clips", "labels", expected, str(labels.shape)))
    faults += [
        Fault("dropout is no share", expected="0 or more, below 1", got=str(share))
        for share in shares
        if not 0 <= share < 1
    ]
    InputError.raise_any(faults)
    named = np.concatenate([*rows.values()])
    wrong = np.unique(labels[named][(labels[named] < 0) | (labels[named] >= len(classes))])
    if wrong.size:
        fault = Fault(
            "clips to train or validate on have labels that are no class",
            "labels",
            expected=f"0 to {len(classes) - 1}",
            got=", ".join(map(str, wrong[:5])),
        )
        raise InputError(fault)
    InputError.raise_any(_feature_faults(features, frames, named))
    present = np.unique(labels[rows["train"]])
    if len(present) < 2:
        message = f"all training clips are of the class {classes[present[0]]!r}"
        raise TrainingError(message)


def _feature_faults(
    features: NDArray[Any], frames: Positions, named: Positions, width: int | None = None
) -> Iterator[Fault]:
    if features.ndim != 3 or (width is not None and features.shape[2] != width):
        expected = f"(clip, frame, feature{'' if width is None else f' = {width}'})"
        yield Fault("unusable features", "features", expected, str(features.shape))
        return
    if frames.shape != features.shape[:1]:
        yield Fault("not one length a clip", "lengths", f"({len(features)},)", str(frames.shape))
        return
    if frames.size and (frames.min() < 1 or frames.max() > features.shape[1]):
        yield Fault(
            "clips cannot be that long",
            "lengths",
            expected=f"1 to {features.shape[1]} frames",
            got=f"{frames.min()} to {frames.max()}",
        )
        return
    read = _read(frames, features.shape[1])[:, :, None]
    yield from finite_faults(np.where(read, features, 0), named)
