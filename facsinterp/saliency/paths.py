"""The way from the input to a layer's maps: what autograd will walk, named by module.

The way is autograd's own graph, so it is what a rule is applied to. What the graph does not
see (a comparison, a number read into Python, a detached copy) is watched beside it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from facsinterp.nets.trace import hooked
from facsinterp.saliency.cut import Cut
from facsinterp.saliency.rectifying import name_of

Node = Any  # torch has no public type with the attributes that are asked for here

# These tell the shape of what they take and nothing of its values.
_SHAPES: Final = re.compile(r"(.*_like|new_.*|size|shape|dim)$")
_NUMBERS: Final = frozenset({
    "item", "tolist", "numpy", "__float__", "__int__", "__index__", "__array__",
})  # fmt: skip
_READ: Final = _NUMBERS | {"equal", "allclose", "__bool__", "__contains__"}


@dataclass(frozen=True)
class Place:
    """Where something happens: in which module, by which function of torch."""

    module: str
    kind: str
    """The module's class."""
    function: str

    @property
    def gives_number(self) -> bool:
        """Whether a value was read into Python as a number, whose gradient is then lost."""
        return self.function in _NUMBERS

    def __str__(self) -> str:
        inside = f"{self.module} ({self.kind})" if self.module else f"the forward of {self.kind}"
        return f"{self.function} in {inside}"


@dataclass(frozen=True)
class Step:
    """One operation on the way."""

    node: Node
    place: Place
    operands: tuple[bool, ...]
    """For each operand that a signal can go back to, whether it comes from the input."""

    @property
    def operation(self) -> str:
        """Autograd's name: `Convolution`, `Relu`, `Mul`."""
        return re.sub(r"Backwards?\d*$", "", self.node.name().rpartition("::")[2])


@dataclass(frozen=True)
class Path:
    """All steps between the input and the value of a layer, the last one first."""

    steps: tuple[Step, ...]
    rectifiers: tuple[tuple[Place, nn.Module], ...]
    """Where the cut's rectifiers were run, and the network's module there."""
    compared: tuple[Place, ...]
    """What looked at values that come from the input, as far as the layer depends on it."""
    detached: tuple[Place, ...]
    """Likewise, what gave numbers without their gradient."""


def path_to(cut: Cut, leaf: Tensor) -> Path:
    """The way to the value of the cut's layer, from one forward of the open cut on `leaf`."""
    leaf = leaf.detach().requires_grad_()
    watch = _Watch()
    with hooked(watch.hooks(cut.network.module)), watch:
        value = cut.value(leaf)
    severed = watch.severed_in(value)
    return Path(
        tuple(_steps(value.grad_fn, leaf, watch.places)),
        tuple(watch.rectifiers),
        tuple(place for place, compared in severed if compared),
        tuple(place for place, compared in severed if not compared),
    )


def _steps(last: Node, leaf: Tensor, places: Mapping[Node, Place]) -> Iterator[Step]:
    """Breadth first from the layer; a step that nothing is known of is part of the next one."""
    order: dict[Node, Place] = {}
    waiting = deque([(last, Place("", "the network", "an operation"))])
    takers: dict[Node, list[Node]] = {}
    start = None
    while waiting:
        node, place = waiting.popleft()
        if node is None or node in order:
            continue
        order[node] = places.get(node, place)
        if getattr(node, "variable", None) is leaf:
            start = node
        for before, _ in node.next_functions:
            takers.setdefault(before, []).append(node)
            waiting.append((before, order[node]))
    reached = _reached(start, takers)
    for node, place in order.items():
        if node in reached and node is not start:
            yield Step(node, place, tuple(one in reached for one, _ in node.next_functions))


def _reached(start: Node, takers: Mapping[Node, Sequence[Node]]) -> set[Node]:
    found: set[Node] = set()
    waiting = [] if start is None else [start]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(takers.get(node, ()))
    return found


_Severed = tuple[tuple[Place, bool], ...]


class _Watch(TorchFunctionMode):
    """Names the steps of a forward, and follows values that the graph knows nothing of.

    Only the input requires gradients, so what depends on it and does not require any was
    severed: by a comparison, by `detach`, under `no_grad`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[Node, Place] = {}
        self.rectifiers: list[tuple[Place, nn.Module]] = []
        self._inside: list[tuple[str, nn.Module]] = []
        self._tensors: dict[int, _Severed] = {}
        self._memory: dict[int, _Severed] = {}
        self._read: _Severed = ()
        self._kept: list[Tensor] = []  # so that no address is used twice

    def hooks(self, module: nn.Module) -> Iterator[RemovableHandle]:
        for name, part in module.named_modules():
            yield part.register_forward_pre_hook(partial(self._enter, name))
            yield part.register_forward_hook(self._leave)

    def severed_in(self, value: Tensor) -> _Severed:
        """What severed a value from the input, also in part."""
        own = self._tensors.get(id(value), ())
        return tuple(dict.fromkeys((*own, *self._memory.get(_address(value), ()), *self._read)))

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        named = kwargs or {}
        taken = list(_tensors_in((*args, *named.values())))
        before = tuple(dict.fromkeys(one for value in taken for one in self._of(value)))
        depends = any(value.requires_grad for value in taken)
        made = func(*args, **named)
        if depends or before:
            over = args[:1] if name_of(func) == "__setitem__" else _tensors_in([named.get("out")])
            given = list(_tensors_in([made]))
            written = [value for value in given if args and value is args[0]] + list(over)
            self._write(name_of(func), before, given, written, depends=depends)
        return made

    def _write(
        self,
        name: str,
        before: _Severed,
        given: Sequence[Tensor],
        written: Sequence[Tensor],
        *,
        depends: bool,
    ) -> None:
        """Notes what a function gave, and what it wrote over."""
        module, part = self._inside[-1] if self._inside else ("", nn.Module())
        place = Place(module, type(part).__name__, name)
        if name in _READ:
            self._read += ((place, True),)
        if name == "relu":
            self.rectifiers.append((place, part))
        if name in _READ or _SHAPES.match(name):
            return
        for value in (*given, *written):
            if value.grad_fn is not None:
                self.places.setdefault(value.grad_fn, place)
            own = before
            if depends and not value.requires_grad:
                own = (*before, (place, not value.is_floating_point()))
            self._sever(self._tensors, id(value), value, own)
        for value in written:
            self._sever(self._memory, _address(value), value, before)

    def _of(self, value: Tensor) -> _Severed:
        return (*self._tensors.get(id(value), ()), *self._memory.get(_address(value), ()))

    def _sever(self, where: dict[int, _Severed], key: int, value: Tensor, by: _Severed) -> None:
        if by:
            where[key] = tuple(dict.fromkeys((*where.get(key, ()), *by)))
            self._kept.append(value)

    def _enter(self, name: str, part: nn.Module, _args: object) -> None:
        self._inside.append((name, part))

    def _leave(self, _part: nn.Module, _args: object, _given: object) -> None:
        self._inside.pop()


def _address(value: Tensor) -> int:
    return value.untyped_storage().data_ptr()


def _tensors_in(values: Iterable[object]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors_in(value)
        elif isinstance(value, dict):
            yield from _tensors_in(value.values())
