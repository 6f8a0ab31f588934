"""The features of a network's first dense layer: what its convolutions are summed up in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facsinterp.errors import Fault, InputError
from facsinterp.nets.devices import pick
from facsinterp.nets.layers import Tap, tap
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.trace import home, hooked, trace
from facsinterp.progress import SILENT, Progress


class Dense(NamedTuple):
    """The first nn.Linear that a forward runs, and how many features it gives."""

    tap: Tap
    width: int


def first_dense(network: Network) -> Dense:
    """The first dense layer that is run, with the nonlinearity that follows it.

    Raises InputError where a forward runs no nn.Linear on a vector for each image, or the first
    one gives the network's own output: then there are no features between.
    """
    seen = trace(network.module, network.input_shape)
    dense = [(by, call) for by, call in seen.executions if isinstance(call.part, nn.Linear)]
    if len(dense) > 1 and len(dense[0][1].shape) == 2:
        by, call = dense[0]
        return Dense(tap(seen, by, call), call.shape[1])
    raise InputError(
        Fault(
            "the network has no dense layer between its convolutions and its output",
            expected="two nn.Linear or more, the first on a vector for each image",
            got=", ".join(by.module for by, _ in dense) or "no nn.Linear in a forward",
            do="take hidden_features: what the output layer takes",
        )
    )


def dense_features(
    network: Network,
    images: NDArray[np.uint8],
    rows: NDArray[np.integer] | None = None,
    *,
    device: str = "auto",
    batch: int = 64,
    progress: Progress = SILENT,
) -> NDArray[np.float32]:
    """Features (row, feature) of the first dense layer after its nonlinearity, without dropout.

    `images` as `predict` takes them; `rows` None means all. For breuer2017 the 512 outputs of
    fc4's ReLU, for khorrami2015 the 300. Raises InputError as `first_dense`.
    """
    found = first_dense(network)
    chosen = np.arange(len(images)) if rows is None else np.asarray(rows)
    features = np.empty((len(chosen), found.width), np.float32)
    before = home(network.module)
    network.module.to(pick(device))
    try:
        with (
            torch.inference_mode(),
            _seen(network, found.tap) as values,
            progress.step("features of the first dense layer", len(chosen)) as advance,
        ):
            for start in range(0, len(chosen), batch):
                part = chosen[start : start + batch]
                values.clear()
                network.module(to_tensor(images[part]).to(home(network.module)))
                value = values[found.tap.seen.number - 1]
                bend = found.tap.nonlinearity
                bent = value if bend is None else bend.apply(value)
                features[start : start + len(part)] = bent.float().cpu().numpy()
                advance(len(part))
    finally:
        network.module.to(before)
    return features


@contextmanager
def _seen(network: Network, at: Tap) -> Iterator[list[Tensor]]:
    """What the tapped module gives, (batch, feature), at each of its runs."""
    values: list[Tensor] = []

    def keep(_part: nn.Module, _args: tuple[Any, ...], output: Tensor) -> None:
        # A copy: a ReLU that works in place follows.
        values.append(output.clone())

    part = network.module.get_submodule(at.seen.module)
    with hooked(iter([part.register_forward_hook(keep)])):
        yield values
