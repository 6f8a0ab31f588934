"""Silencing: single filters of a layer give a fixed map, while a context is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from facsinterp.errors import ActivationError, Fault, InputError
from facsinterp.nets.layers import Tap
from facsinterp.nets.network import Network, did_you_mean
from facsinterp.nets.nonlinearity import copies
from facsinterp.nets.trace import Call, Execution, Trace, hooked, trace

Rewrite = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Silencing:
    """Filters of one layer whose maps are set to numbers; none of them leaves all as it is."""

    layer: str
    channels: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    """What each channel's map is set to everywhere."""

    @classmethod
    def zero(cls, layer: str, *channels: int) -> Silencing:
        """Maps set to zero."""
        return cls(layer, channels, (0.0,) * len(channels))


@dataclass(frozen=True)
class Place:
    """Whose output is written over, so that a layer's maps become what is wanted."""

    execution: Execution
    runs: int
    """How often that module is run in a forward."""
    shape: tuple[int, int, int]
    """Channels, rows and columns of the maps."""


@contextmanager
def silencing(network: Network, silenced: Silencing) -> Iterator[None]:
    """Every forward of `network.module` has these filters silenced, for all images.

    A map is what the layer's nonlinearity gives, as in `nets.taps`; whatever reads it gets
    the fixed numbers. The module's weights, mode and hooks are as before when the context ends,
    also after an exception.

    Raises InputError, naming the layer, where this cannot be done exactly (`place`), or a
    channel is not there or named twice; a forward raises ActivationError when it runs other
    modules than with an image of zeros.
    """
    at = place(network, silenced.layer, check(network, [silenced]))

    def write(maps: Tensor) -> Tensor:
        index = torch.tensor(silenced.channels, dtype=torch.int64, device=maps.device)
        return maps.index_copy(1, index, _flat(maps.new_tensor(silenced.values), maps))

    with rewriting(network, at, write):
        yield


@contextmanager
def rewriting(network: Network, at: Place, rewrite: Rewrite) -> Iterator[None]:
    """Every forward goes on with `rewrite(maps)` where the maps of a place were.

    `rewrite` gets (batch, channel, row, col), gives the same shape and leaves alone what it
    got. Hooks are gone when the context ends. Raises ActivationError as `silencing`.
    """
    with hooked(_Writer(network.module, at, rewrite).hooks()):
        yield


def check(network: Network, silenced: Sequence[Silencing]) -> tuple[float, ...]:
    """Every number that a map is set to; InputError with all channels that are not there."""
    InputError.raise_any(fault for one in silenced for fault in _faults(network, one))
    return tuple(dict.fromkeys(value for one in silenced for value in one.values))


def place(network: Network, layer: str, values: Sequence[float]) -> Place:
    """Where the maps of a layer are written over so that they become `values` exactly.

    After the nonlinearity when that is a module; before it when it is a function that leaves
    the values as they are (a ReLU, values of 0 or more) and nothing else reads what it
    takes; at the layer itself when nothing bends its value. Raises InputError, naming the
    layer, in all other cases.
    """
    if layer not in network.layers:
        raise InputError(
            Fault(
                f"{layer!r} is not a tapped layer", "layer", do=did_you_mean(layer, network.layers)
            )
        )
    seen = trace(network.module, network.input_shape)
    shape = (network.channels[layer], *network.sizes[layer])
    execution = _execution(seen, layer, network.taps[layer], values)
    runs = sum(by.module == execution.module for by, _ in seen.executions)
    return Place(execution, runs, shape)


def _execution(seen: Trace, layer: str, tap: Tap, values: Sequence[float]) -> Execution:
    bend = tap.nonlinearity
    if bend is None:
        return tap.layer
    given = next(call.given for by, call in seen.executions if by == tap.seen)
    readers = list(_readers(seen, given))
    bending = next((call for call in readers if call.nonlinearity is not None), None)
    if bending is not None and bending.by is not None:
        return bending.by
    wanted = torch.tensor(values)
    if not torch.equal(bend.apply(wanted), wanted):
        raise InputError(
            Fault(
                f"filters of layer {layer!r} cannot be silenced exactly",
                expected=f"numbers that its {bend.name} leaves as they are",
                got=", ".join(f"{value:g}" for value in values),
                do="let the network call a module for this nonlinearity, such as nn.GELU()",
            )
        )
    others = [call for call in readers if call.nonlinearity is None]
    if others or len(readers) != 1:
        raise InputError(
            Fault(
                f"filters of layer {layer!r} cannot be silenced exactly",
                expected=f"that nothing but its {bend.name} reads its value",
                got=", ".join(_name(call) for call in readers) or "a reader that is not seen",
                do="let the network call a module for this nonlinearity, such as nn.ReLU()",
            )
        )
    return tap.seen


def _readers(seen: Trace, given: int) -> Iterator[Call]:
    """Calls without parts that read a tensor, through copies of it."""
    for call in seen.calls:
        if not call.leaf or given not in {call.taken, *call.inputs}:
            continue
        if copies(call.operation):
            yield from _readers(seen, call.given)
        elif call.given != given:  # an Identity gives what it takes
            yield call


def _name(call: Call) -> str:
    return call.by.module if call.by is not None else str(call.operation)


def _faults(network: Network, silenced: Silencing) -> Iterator[Fault]:
    layer, channels = silenced.layer, silenced.channels
    if layer not in network.layers:
        yield Fault(f"{layer!r} is not a tapped layer", do=did_you_mean(layer, network.layers))
        return
    count = network.channels[layer]
    outside = [channel for channel in channels if not 0 <= channel < count]
    if outside or len(set(channels)) < len(channels):
        yield Fault(
            f"layer {layer!r} has no such filters",
            expected=f"channels 0 to {count - 1}, each once",
            got=", ".join(map(str, channels)),
        )
    finite = [value for value in silenced.values if torch.isfinite(torch.tensor(value))]
    if len(finite) != len(channels) or len(silenced.values) != len(channels):
        yield Fault(
            f"filters of layer {layer!r} are set to no numbers",
            expected=f"{len(channels)} finite numbers",
            got=", ".join(map(str, silenced.values)) or "none",
        )


def _flat(values: Tensor, maps: Tensor) -> Tensor:
    """Constant maps (batch, value, row, col)."""
    return values[None, :, None, None].expand(len(maps), -1, *maps.shape[2:])


class _Writer:
    """Counts the runs of one module, and gives another output at the right one."""

    def __init__(self, module: nn.Module, at: Place, rewrite: Rewrite) -> None:
        self._module = module
        self._at = at
        self._rewrite = rewrite
        self._running = False
        self._run = 0

    def hooks(self) -> Iterator[RemovableHandle]:
        part = self._module.get_submodule(self._at.execution.module)
        yield self._module.register_forward_pre_hook(self._begin)
        yield part.register_forward_hook(self._ran)
        yield self._module.register_forward_hook(self._end, always_call=True)

    def _begin(self, _module: nn.Module, _args: tuple[Any, ...]) -> None:
        self._running, self._run = True, 0

    def _ran(self, part: nn.Module, _args: tuple[Any, ...], given: object) -> Tensor | None:
        if not self._running:  # called by itself, outside a forward of the network
            return None
        self._run += 1
        if self._run != self._at.execution.number:
            return None
        if not isinstance(given, Tensor) or tuple(given.shape[1:]) != self._at.shape:
            got = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
            message = f"{self._at.execution.module!r} gave {got}, expected maps {self._at.shape}"
            raise ActivationError(message)
        written = self._rewrite(given)
        if getattr(part, "inplace", False):  # others may read the tensor that it wrote over
            given.copy_(written)
            return None
        return written

    def _end(self, _module: nn.Module, _args: tuple[Any, ...], given: object) -> None:
        self._running = False
        # None: the forward has failed, and says so itself.
        if given is not None and self._run != self._at.runs:
            message = (
                f"{self._at.execution.module!r} was run {self._run} times in a forward and "
                f"{self._at.runs} times with an image of zeros. In a network whose path "
                "depends on its input no filter can be silenced"
            )
            raise ActivationError(message)
