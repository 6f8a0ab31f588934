"""What happens in one forward: which module or operation took which tensor, in order.

Layers of a network are found by what is executed, not by how they are declared: the
order of declaration need not be that of execution, one ReLU may serve many layers, and a
function that is called in a `forward` is not declared at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
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
class Operand:
    """A tensor that an operation took or gave: its number and its shape."""

    number: int
    shape: tuple[int, ...]


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
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """For an operation, what it was called with by the names of its schema, defaults too;
    Operands stand for tensors."""
    gave: tuple[Operand, ...] = ()
    """Every tensor that was given, in order, where it is one or several."""

    @property
    def operation(self) -> torch._ops.OpOverload | None:
        """The operation of torch, None for a module."""
        return None if isinstance(self.part, nn.Module) else self.part

    @property
    def operands(self) -> tuple[Operand, ...]:
        """For an operation, every tensor that it took, in order."""
        values = (one for given in self.arguments.values() for one in _each(given))
        return tuple(one for one in values if isinstance(one, Operand))

    @property
    def inputs(self) -> frozenset[int]:
        """For an operation, the numbers of the tensors that it took."""
        return frozenset(operand.number for operand in self.operands)

    @property
    def name(self) -> str:
        """The operation's plain name, empty for a module."""
        return nonlinearity.plain_name(self.operation) if self.operation is not None else ""

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
    weights: frozenset[int] = frozenset()
    """The numbers of the module's weights and buffers, as they were at the start."""

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
    with torch.inference_mode(mode=False), torch.no_grad():
        pixels = torch.zeros(1, *input_shape, device=home(module))
        entered = recorder.tensors.number(pixels)
        held = (*module.parameters(), *module.buffers())
        # Those of lazy modules are made in their first forward, and have no values before.
        weights = frozenset(recorder.tensors.number(one) for one in held if not is_lazy(one))
        with hooked(recorder.hooks(module)), recorder:
            output = module(pixels)
            recorder.settle()
    return Trace(tuple(recorder.calls), entered, output, weights)


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
        arguments = self._arguments(func, args, named)
        given = func(*args, **named)
        bend = nonlinearity.of_operation(func, args, named)
        self._last = partial(self._write, None, func, taken, given, bend, arguments)
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
        arguments: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        shape = tuple(given.shape) if isinstance(given, Tensor) else ()
        number = self.tensors.number(given)
        gave = tuple(self._operand(one) for one in _each(given) if isinstance(one, Tensor))
        self.calls.append(Call(by, part, taken, number, shape, bend, arguments, gave))

    def _arguments(
        self, func: torch._ops.OpOverload, args: Sequence[Any], named: Mapping[str, Any]
    ) -> dict[str, Any]:
        expected = func._schema.arguments
        given = {argument.name: value for argument, value in zip(expected, args, strict=False)}
        found = {argument.name: argument.default_value for argument in expected} | given
        return {name: self._plain(value) for name, value in (found | dict(named)).items()}

    def _plain(self, value: object) -> object:
        if isinstance(value, Tensor):
            return self._operand(value)
        return tuple(map(self._plain, value)) if isinstance(value, (list, tuple)) else value

    def _operand(self, value: Tensor) -> Operand:
        # Weights of lazy modules have no shape before their first forward.
        shape = () if is_lazy(value) else tuple(value.shape)
        return Operand(self.tensors.number(value), shape)


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


def _each(value: object) -> Iterable[object]:
    return value if isinstance(value, (list, tuple)) else (value,)
