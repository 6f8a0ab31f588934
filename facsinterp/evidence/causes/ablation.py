"""Ablation: what a network and its probes say when filters are silenced, and what is lost.

After Morcos et al. (2018) and Zhou et al. (2018): a filter that is selective need not matter,
and one that matters may matter to one class alone. Each loss is positive where silencing harms.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from torch import Tensor

from facsinterp.evidence.causes.probe import Probes
from facsinterp.nets.devices import pick
from facsinterp.nets.hidden import head_of, reading
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.silence import Silencing
from facsinterp.nets.tails import Silencer
from facsinterp.nets.trace import home
from facsinterp.progress import SILENT, Progress

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answers:
    """What was said of each face with each silencing."""

    logits: NDArray[np.float32]
    """(silencing, face, class)"""
    scores: NDArray[np.float32]
    """(silencing, face, au) logits of the probes; NaN without a usable probe."""

    @property
    def probability(self) -> Floats:
        """(silencing, face, class)"""
        return np.asarray(softmax(self.logits.astype(np.float64), axis=2))


def ablate(
    network: Network,
    images: NDArray[np.uint8],
    silenced: Sequence[Silencing],
    probes: Probes | None = None,
    *,
    device: str = "auto",
    batch: int = 128,
    progress: Progress = SILENT,
) -> Answers:
    """What the network says of `images` (as `predict` takes them) with each silencing.

    Silencings may be of different layers; one without channels gives the network as it is.
    The network is afterwards as it was, also after an exception. Raises InputError where a
    layer cannot be silenced exactly, and with probes as `nets.hidden.head_of`.
    """
    by_layer = _by_layer(silenced)
    silencers = {
        layer: Silencer.of(network, layer, [silenced[i] for i in numbers])
        for layer, numbers in by_layer.items()
    }
    readout = None if probes is None else _Readout(network, head_of(network), probes)
    units = 0 if probes is None else len(probes.biases)
    logits = np.empty((len(silenced), len(images), len(network.classes)), np.float32)
    scores = np.full((len(silenced), len(images), units), np.nan, np.float32)
    before = home(network.module)
    network.module.to(pick(device))
    try:
        total = len(silenced) * len(images)
        with torch.inference_mode(), progress.step("silencing filters", total) as advance:
            for layer, numbers in by_layer.items():
                for start in range(0, len(images), batch):
                    part = slice(start, start + batch)
                    pixels = to_tensor(images[part]).to(home(network.module))
                    some = [silenced[i] for i in numbers]
                    said = _asked(silencers[layer], pixels, some, readout)
                    logits[numbers, part], scores[numbers, part] = said
                    advance(len(numbers) * len(pixels))
    finally:
        network.module.to(before)
    return Answers(logits, scores)


@dataclass(frozen=True, eq=False)
class _Readout:
    """Probes on the features that the head takes."""

    network: Network
    head: str
    probes: Probes

    def scores(self, features: Tensor) -> NDArray[np.float32]:
        """(image, au)"""
        used = self.probes.usable
        found = np.full((len(features), len(used)), np.nan, np.float32)
        values = features.double().cpu().numpy()
        found[:, used] = values @ self.probes.weights[:, used] + self.probes.biases[used]
        return found


def _by_layer(silenced: Sequence[Silencing]) -> dict[str, list[int]]:
    numbers: dict[str, list[int]] = {}
    for number, one in enumerate(silenced):
        numbers.setdefault(one.layer, []).append(number)
    return numbers


def _asked(
    silencer: Silencer, pixels: Tensor, silenced: list[Silencing], readout: _Readout | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits (silencing, image, class) and scores (silencing, image, au) of one batch."""
    logits, scores = [], []
    # Before the silencer looks at the network: it runs a module that is read as it stands.
    reads: AbstractContextManager[list[Tensor]] = nullcontext([])
    if readout is not None:
        reads = reading(readout.network, readout.head)
    with reads as taken:
        answer, room = silencer.on(pixels), silencer.together(len(pixels))
        for start in range(0, len(silenced), room):
            some = silenced[start : start + room]
            shape = (len(some), len(pixels), -1)
            logits.append(_numpy(answer(some)).reshape(shape))
            if readout is not None:
                scores.append(readout.scores(taken.pop()).reshape(shape))
    nothing = np.empty((len(silenced), len(pixels), 0), np.float32)
    return np.concatenate(logits), np.concatenate(scores) if scores else nothing


def _numpy(value: Tensor) -> NDArray[np.float32]:
    return np.asarray(value.float().cpu().numpy())
