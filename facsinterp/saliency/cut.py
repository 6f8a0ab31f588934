"""A network cut at one layer: normalised pictures in, that layer's maps out.

The user's module runs as it is, by its own forward. A hook takes the layer's value and stops
the forward there; another puts what is asked for in the place of the normalised picture.
Rectifiers, be they modules or functions, run as modules of the cut, so that rules which
hook rectifiers change nothing of the user's. The layer's own rectifier is not among them: it
only says whether the unit is open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import final

import torch
from torch import Tensor, nn, zeros_like
from torch.utils.hooks import RemovableHandle

from facsinterp.errors import ActivationError
from facsinterp.nets.entrance import normaliser
from facsinterp.nets.network import Network
from facsinterp.nets.trace import hooked
from facsinterp.saliency.rectifying import Rectifying


class _Reached(BaseException):
    """The layer's value is there. No Exception, so that no forward catches it by mistake."""

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value


@final
class Cut(nn.Module):
    """`network` up to the maps of `layer`, (batch, channel, row, col), after its nonlinearity.

    Takes normalised pictures where the first module that is run is one of `NORMALISERS`, else
    pictures as the network does. If `rectifying` is false, rectifiers are left alone. Use it
    inside `opened`; the network's own modules are no parts of it.
    """

    def __init__(self, network: Network, layer: str, *, rectifying: bool) -> None:
        super().__init__()
        self.layer = layer
        self.maps = nn.Identity()
        """Gives the maps: the layer that captum is told."""
        self.rectifiers = nn.ModuleList()
        """One for each time that a rectifier is run before the layer, if `rectifying`."""
        self.met = 0
        """How many of them were run in the last forward."""
        self.hooked = 0
        """How many of them had hooks."""
        self.entry = normaliser(network)
        """The name of the normaliser, None where there is none."""
        self._tap = network.taps[layer]
        self._rectifying = rectifying
        # In a tuple: torch would count it among the parts.
        self._network = (network,)
        self._leaf: Tensor | None = None
        self._runs = 0

    @property
    def network(self) -> Network:
        """The network that is cut."""
        return self._network[0]

    @property
    def rectified(self) -> bool:
        """Whether the maps are those of a rectifier, so that a unit may be closed."""
        bend = self._tap.nonlinearity
        return bend is not None and bend.rectifies

    @contextmanager
    def opened(self) -> Iterator[None]:
        """While it is open, the network has two hooks."""
        with hooked(self._hooks()):
            yield

    @torch.no_grad()
    def normalised(self, pixels: Tensor) -> Tensor:
        """What the cut takes for pictures in [0, 1]."""
        if self.entry is None:
            return pixels
        first = self.network.module.get_submodule(self.entry)
        made: Tensor = first(pixels)
        return made

    def forward(self, leaf: Tensor) -> Tensor:
        """The maps of normalised pictures. Raises as `value`."""
        value = self.value(leaf)
        bend = self._tap.nonlinearity
        maps: Tensor = self.maps(value if bend is None else bend.apply(value))
        return maps

    def value(self, leaf: Tensor) -> Tensor:
        """What the layer's nonlinearity takes. Raises ActivationError when it is never there."""
        self._leaf, self._runs, self.met, self.hooked = leaf, 0, 0, 0
        try:
            with Rectifying(self._rectify) if self._rectifying else nullcontext():
                # A copy: a leaf cannot be written over, and networks may do that. What a
                # normaliser takes is not used.
                self.network.module(leaf.clone() if self.entry is None else zeros_like(leaf))
        except _Reached as reached:
            return reached.value
        finally:
            self._leaf = None
        message = f"the forward ended before layer {self.layer!r} was run"
        raise ActivationError(message)

    def _rectify(self, value: Tensor) -> Tensor:
        if self.met == len(self.rectifiers):
            self.rectifiers.append(nn.ReLU())
        part = self.rectifiers[self.met]
        self.met += 1
        self.hooked += bool(part._forward_hooks)
        made: Tensor = part(value)
        return made

    def _hooks(self) -> Iterator[RemovableHandle]:
        module = self.network.module
        yield module.get_submodule(self._tap.seen.module).register_forward_hook(self._ran)
        if self.entry is not None:
            yield module.get_submodule(self.entry).register_forward_hook(self._enter)

    def _ran(self, _part: nn.Module, _args: object, given: Tensor) -> None:
        if self._leaf is None:  # run outside a forward of the cut
            return
        self._runs += 1
        if self._runs == self._tap.seen.number:
            raise _Reached(given)

    def _enter(self, _part: nn.Module, _args: object, given: Tensor) -> Tensor:
        return given if self._leaf is None else self._leaf.clone()
