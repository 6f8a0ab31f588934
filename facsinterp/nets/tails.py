"""What a network says with filters silenced, many silencings of one batch at a time.

Modules up to the layer are run once for a batch, in a network that is a plain nn.Sequential.
After them come those that treat each channel by itself (pooling, dropout): they too are run
once, and once on constant maps. The first convolution or dense layer is linear, so that its
output changes by what the silenced channels alone add to it. Only what comes after that
is run for each silencing. In any other network the whole forward is run, on stacked copies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from facsinterp.nets.network import Network
from facsinterp.nets.nonlinearity import NONLINEARITIES
from facsinterp.nets.silence import Place, Silencing, check, place, rewriting

# Images of one silencing or of several that go through the network together.
ROOM: Final = 128
# Each channel's output depends on that channel alone, in eval mode.
CHANNELWISE: Final[tuple[type[nn.Module], ...]] = (
    nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d, nn.LPPool2d,
    nn.Dropout, nn.Dropout2d, nn.Identity, nn.BatchNorm2d, *NONLINEARITIES,
)  # fmt: skip

Answer = Callable[[Sequence[Silencing]], Tensor]


@dataclass(frozen=True)
class Silencer:
    """A network that can be asked with filters of one layer silenced."""

    network: Network
    at: Place
    units: tuple[nn.Module, ...] | None
    """The modules in the order in which they are run; None for a network that is no chain."""
    cut: int
    """How many of them are run once a batch: those up to the maps."""

    @classmethod
    def of(cls, network: Network, layer: str, silenced: Sequence[Silencing]) -> Silencer:
        """For silencings of that layer; raises InputError as `nets.silence.place`."""
        at = place(network, layer, check(network, silenced))
        units = _chain(network.module)
        runs = [] if units is None else _runs(network, units, at)
        if units is None or len(runs) < at.execution.number:
            return cls(network, at, None, 0)
        return cls(network, at, units, runs[at.execution.number - 1] + 1)

    def on(self, pixels: Tensor) -> Answer:
        """For (batch, ...) pixels, what gives logits (silencing * batch, class), batch by batch.

        Call it in inference mode, with as many silencings at a time as `together` says.
        """
        if self.units is None:
            return lambda silenced: self._whole(pixels, silenced)
        maps = _through(self.units[: self.cut], pixels)
        return _Tail.of(maps, self.units[self.cut :]).logits

    def together(self, batch: int) -> int:
        """How many silencings of a batch are asked at a time."""
        return max(1, ROOM // batch)

    def _whole(self, pixels: Tensor, silenced: Sequence[Silencing]) -> Tensor:
        stacked = pixels.repeat(len(silenced), 1, 1, 1)
        with rewriting(self.network, self.at, lambda maps: _silenced(maps, silenced)):
            logits: Tensor = self.network.module(stacked)
        return logits


@dataclass(frozen=True)
class _Tail:
    """The modules after the maps, with what need not be run again for each silencing."""

    maps: Tensor
    """After the modules that treat each channel by itself."""
    alone: tuple[nn.Module, ...]
    """Those modules; constants go through them too."""
    size: tuple[int, int]
    """Rows and columns of the maps before them."""
    linear: nn.Linear | nn.Conv2d | None
    given: Tensor | None
    """What the linear module makes of the maps."""
    rest: tuple[nn.Module, ...]
    levels: dict[float, Tensor] = field(default_factory=dict)
    """What `alone` makes of maps of one number, by that number."""

    @classmethod
    def of(cls, maps: Tensor, units: tuple[nn.Module, ...]) -> _Tail:
        size = (maps.shape[2], maps.shape[3])
        count = next((i for i, unit in enumerate(units) if not _is(unit, CHANNELWISE)), len(units))
        alone, rest = units[:count], units[count:]
        maps = _through(alone, maps)
        flat = bool(rest) and _flattens(rest[0])
        first = rest[int(flat)] if len(rest) > int(flat) else None
        if first is None or not (_conv(first) if not flat else _is(first, (nn.Linear,))):
            return cls(maps, alone, size, None, None, rest)
        assert isinstance(first, (nn.Linear, nn.Conv2d))
        given = first(maps.flatten(1) if flat else maps)
        return cls(maps, alone, size, first, given, rest[1 + int(flat) :])

    def logits(self, silenced: Sequence[Silencing]) -> Tensor:
        """(silencing * batch, class)"""
        return _through(self.rest, torch.cat([self._changed(one) for one in silenced]))

    def _changed(self, silenced: Silencing) -> Tensor:
        """What the modules in `rest` take, with one silencing."""
        before = self.maps if self.given is None else self.given
        if not silenced.channels:
            return before
        index, constant = _index(silenced, self.maps), self._constant(silenced)
        if self.given is None:
            return self.maps.index_copy(1, index, constant.expand(len(self.maps), -1, -1, -1))
        return before + self._added(index, constant)

    def _constant(self, silenced: Silencing) -> Tensor:
        """The maps (1, channel, row, col) that stand for silenced ones, after `alone`."""
        pairs = zip(silenced.channels, silenced.values, strict=True)
        return torch.cat([self._level(value)[:, [channel]] for channel, value in pairs], dim=1)

    def _level(self, value: float) -> Tensor:
        """Maps (1, channel, row, col) of one number after `alone`, made once: no channel minds
        what is in the others."""
        if value not in self.levels:
            every = self.maps.new_full((1, self.maps.shape[1], *self.size), value)
            self.levels[value] = _through(self.alone, every)
        return self.levels[value]

    def _added(self, index: Tensor, constant: Tensor) -> Tensor:
        """What the linear module's output changes by."""
        change = constant - self.maps[:, index]
        part = self.linear
        if isinstance(part, nn.Conv2d):
            return functional.conv2d(
                change, part.weight[:, index], None, part.stride, part.padding, part.dilation
            )
        assert part is not None
        weight = part.weight.reshape(len(part.weight), self.maps.shape[1], -1)[:, index]
        return functional.linear(change.flatten(1), weight.flatten(1))


def _silenced(maps: Tensor, silenced: Sequence[Silencing]) -> Tensor:
    """Stacked maps (silencing * batch, ...) with each copy's own channels written over."""
    written = maps.clone()
    for copy, one in zip(written.chunk(len(silenced)), silenced, strict=True):
        values = maps.new_tensor(one.values)[None, :, None, None]
        copy[:, _index(one, maps)] = values.expand(len(copy), -1, *maps.shape[2:])
    return written


def _index(silenced: Silencing, like: Tensor) -> Tensor:
    return torch.tensor(silenced.channels, dtype=torch.int64, device=like.device)


def _chain(module: nn.Module) -> tuple[nn.Module, ...] | None:
    """The modules that a plain Sequential runs one after another; None for anything else."""
    if type(module) is not nn.Sequential or _hooks(module):
        return None
    units: list[nn.Module] = []
    for part in module:
        inner = _chain(part) if type(part) is nn.Sequential else (part,)
        if inner is None:
            return None
        units.extend(inner)
    return tuple(units)


def _runs(network: Network, units: tuple[nn.Module, ...], at: Place) -> list[int]:
    wanted = network.module.get_submodule(at.execution.module)
    return [i for i, unit in enumerate(units) if unit is wanted]


def _through(units: Sequence[nn.Module], value: Tensor) -> Tensor:
    for unit in units:
        value = unit(value)
    return value


def _hooks(module: nn.Module) -> bool:
    """Somebody looks on: such a module is run as it stands."""
    return bool(module._forward_hooks or module._forward_pre_hooks)


def _is(unit: nn.Module, kinds: tuple[type[nn.Module], ...]) -> bool:
    return type(unit) in kinds and not _hooks(unit)


def _flattens(unit: nn.Module) -> bool:
    return (
        isinstance(unit, nn.Flatten)
        and _is(unit, (nn.Flatten,))
        and (unit.start_dim, unit.end_dim) == (1, -1)
    )


def _conv(unit: nn.Module) -> bool:
    return (
        isinstance(unit, nn.Conv2d)
        and _is(unit, (nn.Conv2d,))
        and unit.groups == 1
        and unit.padding_mode == "zeros"
    )
