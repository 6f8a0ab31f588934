"""Tapping a network: what its layers give in each forward, while a context is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from facsinterp.errors import ActivationError, Fault, InputError
from facsinterp.nets.network import Network, did_you_mean
from facsinterp.nets.trace import hooked

Visit = Callable[[str, Tensor], object]


@contextmanager
def visiting(network: Network, layers: Sequence[str], visit: Visit) -> Iterator[None]:
    """Calls `visit(layer, maps)` in each forward, once for each of `layers`.

    `maps`, (batch, channel, row, col), is the value before the layer's nonlinearity
    (`network.taps` tells which), at the moment when it is there: the network may write
    over it afterwards, so the visitor takes from it what it wants and changes nothing.
    The hooks are gone when the context ends, also after an exception.

    Raises InputError for layers that are not among `network.layers`. A forward of
    `network.module` raises ActivationError, naming the layer, when it runs other layers
    than the network did on an image of zeros, or gives maps of another shape.
    """
    InputError.raise_any(
        Fault(f"{name!r} is not a tapped layer", "layers", do=did_you_mean(name, network.layers))
        for name in layers
        if name not in network.layers
    )
    with hooked(_Visits(network, layers, visit).hooks()):
        yield


@contextmanager
def tapping(network: Network, layers: Sequence[str]) -> Iterator[Mapping[str, Tensor]]:
    """The maps of each layer, (batch, channel, row, col), filled anew at each forward.

    A map is what the layer's nonlinearity makes of its value, be it a module or a
    function, directly or after a batch norm; `nonlinearities` says which. Where none takes
    it (a sum with a skip connection comes between), the map is the layer's own output.
    Maps are tensors of their own: nothing writes over them, and their gradients reach back to
    the input when those are switched on, but the network's output does not depend on them.
    The hooks are gone when the context ends, also after an exception. Raises as `visiting`.
    """
    maps: dict[str, Tensor] = {}

    def keep(layer: str, value: Tensor) -> None:
        bend = network.taps[layer].nonlinearity
        # Autograd may want the value later, when the network has written over it.
        own = value.clone() if bend is None or value.requires_grad else value
        maps[layer] = own if bend is None else bend.apply(own)

    def empty(_module: nn.Module, _args: tuple[Any, ...]) -> None:
        maps.clear()

    with (
        hooked(iter([network.module.register_forward_pre_hook(empty)])),
        visiting(network, layers, keep),
    ):
        yield maps


def nonlinearities(network: Network) -> dict[str, str]:
    """What stands between each layer's value and its maps: `ReLU`, `functional relu`, `none`."""
    bends = {layer: network.taps[layer].nonlinearity for layer in network.layers}
    return {layer: bend.name if bend else "none" for layer, bend in bends.items()}


class _Visits:
    """Counts through the executions of the modules that matter, and visits at the right ones."""

    def __init__(self, network: Network, layers: Sequence[str], visit: Visit) -> None:
        self._network = network
        self._visit = visit
        taps = {layer: network.taps[layer] for layer in layers}
        self._modules = {one.module for tap in taps.values() for one in (tap.layer, tap.seen)}
        self._order = [run for run in network.order if run.module in self._modules]
        self._layers: dict[int, list[str]] = defaultdict(list)
        for layer, tap in taps.items():
            self._layers[self._order.index(tap.seen)].append(layer)
        self._running = False
        self._next = 0
        self._batch = 0

    def hooks(self) -> Iterator[RemovableHandle]:
        module = self._network.module
        parts = dict(module.named_modules())
        yield module.register_forward_pre_hook(self._begin, with_kwargs=True)
        for name in self._modules:
            yield parts[name].register_forward_hook(partial(self._ran, name))
        yield module.register_forward_hook(self._end, always_call=True)

    def _begin(self, _module: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        self._running = True
        self._next = 0
        pixels = args[0] if args else next(iter(named.values()), None)
        self._batch = len(pixels) if isinstance(pixels, Tensor) else 0

    def _ran(self, name: str, _part: nn.Module, _args: tuple[Any, ...], given: object) -> None:
        if not self._running:  # called by itself, outside a forward of the network
            return
        if self._next == len(self._order) or self._order[self._next].module != name:
            raise self._other_path(name, "was run more often, or earlier,")
        for layer in self._layers.get(self._next, ()):
            self._visit(layer, self._checked(layer, given))
        self._next += 1

    def _end(self, _module: nn.Module, _args: tuple[Any, ...], given: object) -> None:
        self._running = False
        # None: the forward has failed, and says so itself.
        if given is not None and self._next < len(self._order):
            raise self._other_path(self._order[self._next].module, "was run less often")

    def _checked(self, layer: str, given: object) -> Tensor:
        expected = (self._batch, self._network.channels[layer], *self._network.sizes[layer])
        if isinstance(given, Tensor) and tuple(given.shape) == expected:
            return given
        got = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
        message = (
            f"layer {layer!r} gave {got}, expected maps {expected}. The network was looked at "
            f"with images of shape {self._network.input_shape}: give it such images, or make "
            "the Network anew for these"
        )
        raise ActivationError(message)

    def _other_path(self, module: str, what: str) -> ActivationError:
        taps = self._network.taps
        concerned = [
            repr(layer)
            for layers in self._layers.values()
            for layer in layers
            if module in (taps[layer].layer.module, taps[layer].seen.module)
        ]
        return ActivationError(
            f"{module!r} {what} than with an image of zeros, so the maps of layer "
            f"{', '.join(concerned)} are not known. A network whose path depends on its input "
            "cannot be swept: leave these layers out, or let its forward run the same modules "
            "in the same order for every image"
        )
