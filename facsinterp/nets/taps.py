"""Tapping a network: its maps after each nonlinearity, kept while a context is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from facsinterp.errors import Fault, InputError
from facsinterp.nets.network import NONLINEARITIES, Network, did_you_mean
from facsinterp.nets.trace import hooked


@contextmanager
def tapping(network: Network, layers: Sequence[str]) -> Iterator[Mapping[str, Tensor]]:
    """The maps of each layer, (batch, channel, row, col), filled anew at each forward.

    A map is taken after the nonlinearity module that takes the layer's output, directly
    or through a batch norm; `nonlinearities` says which. Where none does (a functional
    ReLU, a sum with a skip connection), the map is the layer's own output. A map that
    the network later writes over is copied. Maps keep their gradients when those are switched on.
    The hooks are gone when the context ends, also after an exception. Raises InputError
    for layers that are not among `network.layers`.
    """
    InputError.raise_any(
        Fault(f"{name!r} is not a tapped layer", "layers", do=did_you_mean(name, network.layers))
        for name in layers
        if name not in network.layers
    )
    taps = _Taps(network, layers)
    with hooked(taps.hooks()):
        yield taps.maps


def nonlinearities(network: Network) -> dict[str, str]:
    """What stands between each layer and its maps: a class such as `ReLU`, or `none`."""
    parts = dict(network.module.named_modules())
    found = {}
    for layer in network.layers:
        last = parts[(layer, *network.taps[layer].followed)[-1]]
        found[layer] = type(last).__name__ if isinstance(last, NONLINEARITIES) else "none"
    return found


class _Taps:
    """Follows each layer's output from module to module by identity, so that a ReLU which
    serves many layers, or writes over what it takes, gives each layer its own map."""

    def __init__(self, network: Network, layers: Sequence[str]) -> None:
        self.maps: dict[str, Tensor] = {}
        self._network = network
        self._layers = tuple(layers)
        self._awaited: dict[str, Tensor] = {}

    def hooks(self) -> Iterator[RemovableHandle]:
        parts = dict(self._network.module.named_modules())
        yield self._network.module.register_forward_pre_hook(self._begin)
        for layer in self._layers:
            chain = self._network.taps[layer].followed
            yield parts[layer].register_forward_hook(partial(self._given, layer, not chain))
            for name in chain:
                last = name == chain[-1]
                yield parts[name].register_forward_hook(partial(self._passed, layer, last))

    def _begin(self, _module: nn.Module, _args: tuple[Any, ...]) -> None:
        self.maps.clear()
        self._awaited.clear()

    def _passed(
        self, layer: str, last: bool, _part: nn.Module, args: tuple[Any, ...], given: Tensor
    ) -> None:
        if args[0] is self._awaited.get(layer):
            self._given(layer, last, _part, args, given)

    def _given(
        self, layer: str, last: bool, _part: nn.Module, _args: tuple[Any, ...], given: Tensor
    ) -> None:
        if last:
            self._awaited.pop(layer, None)
            self.maps[layer] = given.clone() if self._network.taps[layer].copied else given
        else:
            self._awaited[layer] = given
