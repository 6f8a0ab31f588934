"""What happens in one forward: which module took which tensor, in order.

Layers of a network are found by what is executed, not by how they are declared: the
order of declaration need not be that of execution, and one ReLU may serve many layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle


@dataclass(frozen=True)
class Call:
    """One execution of one part; a part without parts of its own is `leaf`.

    `taken` and `given` number the tensors: equal numbers are the same tensor with the
    same values. -1 stands for anything else than one tensor.
    """

    name: str
    module: nn.Module
    leaf: bool
    taken: int
    given: int
    shape: tuple[int, ...]
    """Shape of what was given, () when that was not a tensor."""


@dataclass(frozen=True)
class Trace:
    """One forward: its calls in the order in which they ended, and what came out."""

    calls: tuple[Call, ...]
    entered: int
    """The number of the network's input."""
    written_over: frozenset[int]
    """Tensors that were written over after the call that gave them had ended."""
    output: object


def trace(module: nn.Module, input_shape: tuple[int, int, int]) -> Trace:
    """The calls of one forward of `module` on one image of zeros, without gradients.

    The module is run where and as it stands (its mode is not changed) and keeps no hook.
    """
    tensors = _Tensors()
    calls: list[Call] = []
    names = {part: name for name, part in module.named_modules() if name}
    taken: list[int] = []

    def before(_part: nn.Module, args: tuple[Any, ...]) -> None:
        # Numbered before the part runs: it may write its answer over what it took.
        taken.append(tensors.number(args[0]) if args else -1)

    def after(part: nn.Module, _args: tuple[Any, ...], given: object) -> None:
        shape = tuple(given.shape) if isinstance(given, Tensor) else ()
        leaf = next(part.children(), None) is None
        calls.append(Call(names[part], part, leaf, taken.pop(), tensors.number(given), shape))

    hooks = (
        hook
        for part in names
        for hook in (part.register_forward_pre_hook(before), part.register_forward_hook(after))
    )
    # Versions of tensors are counted outside inference mode only.
    with torch.inference_mode(mode=False), torch.no_grad(), hooked(hooks):
        pixels = torch.zeros(1, *input_shape, device=home(module))
        entered = tensors.number(pixels)
        output = module(pixels)
    return Trace(tuple(calls), entered, tensors.written_over(), output)


def home(module: nn.Module) -> torch.device:
    """The device on which the module's weights are."""
    return next((value.device for value in module.state_dict().values()), torch.device("cpu"))


@contextmanager
def hooked(handles: Iterator[RemovableHandle]) -> Iterator[None]:
    """Hooks that are gone at the end, however it ends."""
    placed: list[RemovableHandle] = []
    try:
        placed.extend(handles)
        yield
    finally:
        for handle in placed:
            handle.remove()


class _Tensors:
    """Numbers tensors; one that was written over since counts as another."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, int], int] = {}
        self._kept: list[Tensor] = []  # so that no address is used twice

    def number(self, value: object) -> int:
        if not isinstance(value, Tensor):
            return -1
        key = (id(value), value._version)
        if key not in self._numbers:
            self._numbers[key] = len(self._kept)
            self._kept.append(value)
        return self._numbers[key]

    def written_over(self) -> frozenset[int]:
        return frozenset(
            number
            for (_, version), number in self._numbers.items()
            if self._kept[number]._version != version
        )
