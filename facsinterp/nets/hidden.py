"""The last hidden features of a network: what its output layer takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from facsinterp.errors import Fault, InputError
from facsinterp.nets.devices import pick
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.trace import home, hooked
from facsinterp.progress import SILENT, Progress


def head_of(network: Network) -> str:
    """The name of the nn.Linear whose output is the network's.

    Found in a forward of one image of noise. Raises InputError where the logits are not what a
    Linear gave to vectors, one an image, or that Linear is run more than once.
    """
    given: dict[str, list[tuple[Tensor, Tensor]]] = {}

    def keep(name: str, _part: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
        given.setdefault(name, []).append((args[0].detach().clone(), output.detach().clone()))

    def hooks() -> Iterator[RemovableHandle]:
        for name, part in network.module.named_modules():
            if isinstance(part, nn.Linear):
                yield part.register_forward_hook(partial(keep, name))

    noise = torch.rand(1, *network.input_shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), hooked(hooks()):
        logits = network.module(noise.to(home(network.module)))
    for name, runs in given.items():
        took, gave = runs[-1]
        if len(runs) == 1 and took.ndim == 2 and torch.equal(gave, logits):
            return name
    raise InputError(
        Fault(
            "the network's last hidden features cannot be found",
            expected="logits that one nn.Linear gives to a vector for each image",
            got=", ".join(given) or "no nn.Linear in a forward",
        )
    )


@contextmanager
def reading(network: Network, head: str) -> Iterator[list[Tensor]]:
    """What the head takes, (batch, feature), appended at each of its runs."""
    taken: list[Tensor] = []
    part = network.module.get_submodule(head)

    def keep(_part: nn.Module, args: tuple[Any, ...]) -> None:
        taken.append(args[0])

    with hooked(iter([part.register_forward_pre_hook(keep)])):
        yield taken


def hidden_features(
    network: Network,
    images: NDArray[np.uint8],
    *,
    device: str = "auto",
    batch: int = 64,
    progress: Progress = SILENT,
) -> NDArray[np.float32]:
    """The last hidden features (image, feature) of images as `predict` takes them.

    Raises InputError as `head_of`.
    """
    head, before = head_of(network), home(network.module)
    found: list[NDArray[np.float32]] = []
    network.module.to(pick(device))
    try:
        with (
            torch.inference_mode(),
            reading(network, head) as taken,
            progress.step("hidden features", len(images)) as advance,
        ):
            for start in range(0, len(images), batch):
                pixels = to_tensor(images[start : start + batch])
                network.module(pixels.to(home(network.module)))
                found.append(taken.pop().float().cpu().numpy())
                advance(len(pixels))
    finally:
        network.module.to(before)
    return np.concatenate(found)
