"""What happens in one forward: which module or operation took which tensor, in order.

Layers of a network are found by what is executed, not by how they are declared: the
order of declaration need not be that of execution, one ReLU may serve many layers, and a
function that is called in a `forward` is not declared at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.hooks import RemovableHandle

from facsinterp.nets import nonlinearity
from facsinterp.nets.nonlinearity import Nonlinearity


@dataclass(frozen=True)
class Execution:
    """One of the times that a module is run in a forward, counted from 1."""

    module: str
    number: int


@dataclass(frozen=True)
class Call:
    """One execution of a module that has no parts or some, or of an operation of torch.

    `taken` and `given` number the tensors: equal numbers are the same tensor with the
    same values. -1 stands for anything else than one tensor.
    """

    by: Execution | None
    """None for an operation."""
    part: nn.Module | torch._ops.OpOverload
    taken: int
    """The first argument."""
    given: int
    shape: tuple[int, ...]
    """Shape of what was given, () when that was not a tensor."""
    nonlinearity: Nonlinearity | None
    inputs: frozenset[int] = frozenset()
    """For an operation, every tensor that it took."""

    @property
    def operation(self) -> torch._ops.OpOverload | None:
        """The operation of torch, None for a module."""
        return None if isinstance(self.part, nn.Module) else self.part

    @property
    def leaf(self) -> bool:
        """Whether it has no parts of its own."""
        return not isinstance(self.part, nn.Module) or next(self.part.children(), None) is None


@dataclass(frozen=True)
class Trace:
    """One forward: its calls in the order in which they ended, and what came out."""

    calls: tuple[Call, ...]
    entered: int
    """The number of the network's input."""
    output: object

    @property
    def executions(self) -> Iterator[tuple[Execution, Call]]:
        """The calls of modules."""
        return ((call.by, call) for call in self.calls if call.by is not None)


def trace(module: nn.Module, input_shape: tuple[int, int, int]) -> Trace:
    """The calls of one forward of `module` on one image of zeros, without gradients.

    The module is run where and as it stands (its mode is not changed) and keeps no hook.
    Operations inside a module of `NONLINEARITIES` have no calls: the module stands for them.
    Modules inside a scripted one cannot be seen, only their operations.
    """
    recorder = _Recorder()
    # Versions of tensors are counted outside inference mode only.
    with (
        torch.inference_mode(mode=False),
        torch.no_grad(),
        hooked(recorder.hooks(module)),
        recorder,
    ):
        pixels = torch.zeros(1, *input_shape, device=home(module))
        entered = recorder.tensors.number(pixels)
        output = module(pixels)
        recorder.settle()
    return Trace(tuple(recorder.calls), entered, output)


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


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down calls of modules (by hooks) and of operations (by dispatch)."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tensors = _Tensors()
        self.calls: list[Call] = []
        self._taken: list[int] = []
        self._runs: Counter[str] = Counter()
        self._inside = 0  # modules of NONLINEARITIES that are being run
        self._last: Callable[[], None] | None = None

    def hooks(self, module: nn.Module) -> Iterator[RemovableHandle]:
        # Placed one by one, so that none stays when a later one cannot be placed.
        for name, part in module.named_modules():
            if name and not isinstance(part, torch.jit.ScriptModule):
                yield part.register_forward_pre_hook(self._before, with_kwargs=True)
                yield part.register_forward_hook(partial(self._after, name))

    def settle(self) -> None:
        """Writes down the last operation.

        Only when the next thing happens: torch counts a tensor's version up after an
        operation in place has been seen here.
        """
        if self._last is not None:
            self._last()
            self._last = None

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        named = kwargs or {}
        if self._inside:
            return func(*args, **named)
        self.settle()
        # Numbered before it runs: it may write its answer over what it took.
        taken = self.tensors.number(args[0]) if args else -1
        inputs = frozenset(map(self.tensors.number, _tensors_in((*args, *named.values()))))
        given = func(*args, **named)
        bend = nonlinearity.of_operation(func, args, named)
        self._last = partial(self._write, None, func, taken, given, bend, inputs)
        return given

    def _before(self, part: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.settle()
        first = args[0] if args else next(iter(named.values()), None)
        self._taken.append(self.tensors.number(first))
        self._inside += nonlinearity.of_module(part) is not None

    def _after(self, name: str, part: nn.Module, _args: tuple[Any, ...], given: object) -> None:
        self.settle()
        self._runs[name] += 1
        bend = nonlinearity.of_module(part)
        self._inside -= bend is not None
        self._write(Execution(name, self._runs[name]), part, self._taken.pop(), given, bend)

    def _write(
        self,
        by: Execution | None,
        part: nn.Module | torch._ops.OpOverload,
        taken: int,
        given: object,
        bend: Nonlinearity | None,
        inputs: frozenset[int] = frozenset(),
    ) -> None:
        shape = tuple(given.shape) if isinstance(given, Tensor) else ()
        number = self.tensors.number(given)
        self.calls.append(Call(by, part, taken, number, shape, bend, inputs))


class _Tensors:
    """Numbers tensors; one that was written over since counts as another."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, int], int] = {}
        self._kept: list[Tensor] = []  # so that no address is used twice

    def number(self, value: object) -> int:
        if not isinstance(value, Tensor):
            return -1
        # Weights that were made in inference mode have no version, and are not written over.
        key = (id(value), 0 if value.is_inference() else value._version)
        if key not in self._numbers:
            self._numbers[key] = len(self._kept)
            self._kept.append(value)
        return self._numbers[key]


def _tensors_in(values: Iterable[object]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors_in(value)
