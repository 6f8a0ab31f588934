"""Networks whose weights were drawn again: what a picture must be compared with.

Adebayo et al. (2018), section 3: a picture that stays as it is when what the network has
learnt is gone does not show what the network has learnt.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facsinterp.errors import Fault, InputError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.devices import pick
from facsinterp.nets.lending import lent, repeatable
from facsinterp.nets.network import Network, did_you_mean, to_tensor
from facsinterp.nets.taps import tapping
from facsinterp.nets.trace import trace
from facsinterp.nets.zoo import from_blueprint

# What has a weight of fewer dimensions only rescales what the block before it gave.
_MATRIX: Final = 2


def blocks(network: Network, layer: str) -> tuple[tuple[str, ...], ...]:
    """The modules with weights that lead to `layer`, block by block, the layer's own first.

    A block is a convolution or dense layer with the norms that follow it; blocks stand in
    the reverse of the order in which they are run, so that a cascade takes the first one,
    the first two, and so on. Raises InputError for a layer that is not looked at.
    """
    if layer not in network.layers:
        advice = did_you_mean(layer, network.layers)
        raise InputError(Fault(f"{layer!r} is not a tapped layer", "layer", do=advice))
    found: list[list[str]] = []
    # Of a copy: running a norm that stands in train mode would change it.
    still = copy.deepcopy(network.module).eval()
    for by, call in trace(still, network.input_shape).executions:
        part = call.part
        if isinstance(part, nn.Module) and any(True for _ in part.parameters(recurse=False)):
            matrix = any(value.ndim >= _MATRIX for value in part.parameters(recurse=False))
            if matrix or not found:
                found.append([])
            found[-1].append(by.module)
        if by == network.taps[layer].seen:
            break
    # A module that is run twice has one set of weights, and counts where it is nearest.
    nearest: dict[str, int] = {}
    for place, block in enumerate(reversed(found)):
        for name in block:
            nearest.setdefault(name, place)
    grouped = (
        tuple(name for name in dict.fromkeys(block) if nearest[name] == place)
        for place, block in enumerate(reversed(found))
    )
    return tuple(block for block in grouped if block)


def redrawn(network: Network, modules: Collection[str], seed: int) -> Network:
    """`network` with the weights of `modules` drawn anew from `seed`; the given one stays.

    Where the network knows how it was built (`blueprint`) the modules get what its own
    initialiser draws: weights, biases and the running numbers of norms. Else each of their
    weight tensors is shuffled within itself, which keeps the sizes that training gave it and
    takes all else. Raises InputError when a module is unknown, or what the blueprint builds
    does not fit.
    """
    module = copy.deepcopy(network.module)
    parts = dict(module.named_modules())
    unknown = [name for name in modules if name not in parts]
    InputError.raise_any(
        Fault(f"the network has no module {name!r}", "modules", do=did_you_mean(name, list(parts)))
        for name in unknown
    )
    with torch.no_grad():
        if network.blueprint is None:
            for name in modules:
                _shuffle(parts[name], np.random.default_rng([seed, list(parts).index(name)]))
        else:
            fresh = dict(from_blueprint(network.blueprint, seed=seed).named_modules())
            InputError.raise_any(
                Fault(
                    "the blueprint builds another network, so its weights cannot be drawn again",
                    f"module {name}",
                    do="give Network.of the blueprint that built this module, or none",
                )
                for name in modules
                if name not in fresh or _shapes(fresh[name]) != _shapes(parts[name])
            )
            for name in modules:
                _take(parts[name], fresh[name])
    return _as(network, module)


def untrained(network: Network, layer: str, seed: int) -> Network:
    """`network` with every weight that leads to `layer` drawn anew."""
    return redrawn(network, [name for block in blocks(network, layer) for name in block], seed)


def jittered(network: Network, share: float, seed: int) -> Network:
    """`network` with noise on every weight, `share` of the deviation of its tensor."""
    module = copy.deepcopy(network.module)
    draws = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in module.parameters():
            if value.numel() > 1:
                noise = torch.randn(value.shape, generator=draws).to(value)
                value.add_(noise, alpha=share * float(value.std()))
    return _as(network, module)


def answers(
    network: Network,
    layer: str,
    pixels: Pixels,
    rows: NDArray[np.int64],
    places: NDArray[np.int64],
    *,
    device: str = "cpu",
    batch_size: int = 64,
) -> NDArray[np.float32]:
    """What every filter of `layer` answers at one place of each sample: (sample, channel).

    `rows`: (sample,) positions in `pixels`; `places`: (sample, 2) row and column of the map.
    """
    found = np.empty((len(rows), network.channels[layer]), np.float32)
    images, sample_of = np.unique(rows, return_inverse=True)
    at = torch.as_tensor(places, dtype=torch.int64)
    target = pick(device)
    with (
        repeatable(),
        lent(network, target) as layout,
        torch.inference_mode(),
        tapping(network, [layer]) as maps,
    ):
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size]
            network.module(to_tensor(pixels.take(batch)).to(target, memory_format=layout))
            samples = np.flatnonzero((sample_of >= start) & (sample_of < start + len(batch)))
            which = torch.as_tensor(sample_of[samples] - start)
            rows_at, cols_at = at[samples].T
            found[samples] = maps[layer].cpu()[which, :, rows_at, cols_at].numpy()
    return found


def stand_ins(answered: NDArray[np.float32], channels: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each sample the first filter from its own on that answers above 0; -1 where none does.

    `answered`: (sample, channel). In a layer whose weights were drawn anew all filters are
    draws of one kind, so that the next one that answers is as good as drawing the silent one
    again until it answers: half of all random filters are silent at any place, and a silent
    filter has no picture.
    """
    count = answered.shape[1]
    order = (channels[:, None] + np.arange(count)) % count
    firing = np.take_along_axis(answered, order, axis=1) > 0
    first = np.take_along_axis(order, firing.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(firing.any(axis=1), first, -1)


def _as(network: Network, module: nn.Module) -> Network:
    return Network.of(
        module,
        classes=network.classes,
        input_shape=network.input_shape,
        layers=network.layers,
        blueprint=network.blueprint,
    )


def _own(part: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from part.named_parameters(recurse=False)
    yield from part.named_buffers(recurse=False)


def _shapes(part: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in _own(part)}


def _take(part: nn.Module, fresh: nn.Module) -> None:
    given = dict(_own(fresh))
    for name, value in _own(part):
        value.copy_(given[name])


def _shuffle(part: nn.Module, draws: np.random.Generator) -> None:
    for _, value in part.named_parameters(recurse=False):
        order = torch.from_numpy(draws.permutation(value.numel())).to(value.device)
        value.copy_(value.reshape(-1)[order].reshape(value.shape))
