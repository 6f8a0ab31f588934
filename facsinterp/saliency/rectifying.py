"""Rectifiers found wherever a forward calls one: module, function, method, in place or not.

`nn.ReLU` itself ends in a function, so does a class of the user's own; all are met at torch's
functions, where any of them can be run by another module instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_IN_PLACE: Final = frozenset({"relu_", "threshold_", "clamp_", "clip_", "clamp_min_"})
# By name: a function, its method and its operation are three objects.
_BOUNDED: Final = frozenset({"clamp", "clip"})
_BELOW: Final = frozenset({"clamp_min"})
_THRESHOLD: Final = frozenset({"threshold", "_threshold"})
# Where functions of torch.nn.functional are told to work in place.
_PLACE: Final = {"relu": 1, "threshold": 3, "_threshold": 3}


def name_of(function: Callable[..., Any]) -> str:
    """The name under which torch knows a function: `relu`, `clamp_`, `data`."""
    if isinstance(function, torch._ops.OpOverload):
        return function._opname
    name = getattr(function, "__name__", type(function).__name__)
    if name in ("__get__", "__set__"):  # an attribute of tensors
        name = getattr(getattr(function, "__self__", None), "__name__", name)
    return str(name)


def rectifies(name: str, args: Sequence[Any], named: Mapping[str, Any]) -> bool:
    """Whether torch's function of this name, called so, gives max(x, 0)."""
    plain = name.removesuffix("_")
    if "out" in named:
        return False
    if plain == "relu":
        return True
    if plain in _BELOW:
        return _is_zero(_given(args, named, 1, "min"))
    if plain in _BOUNDED:
        return _is_zero(_given(args, named, 1, "min")) and _given(args, named, 2, "max") is None
    if plain in _THRESHOLD:
        return _is_zero(_given(args, named, 1, "threshold")) and _is_zero(
            _given(args, named, 2, "value")
        )
    return False


class Rectifying(TorchFunctionMode):
    """While it is entered, rectifiers of values with gradients are run by `rectify`.

    `rectify` gets a view of the value that nobody else holds: a value that goes past the
    rectifier, too, keeps the signal that comes back there to itself. What is rectified in
    place is written over afterwards.
    """

    def __init__(self, rectify: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._rectify = rectify

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        named = kwargs or {}
        name = name_of(func)
        value = args[0] if args else named.get("input")
        if not isinstance(value, Tensor) or not value.requires_grad:
            return func(*args, **named)
        if not rectifies(name, args or (value,), named):
            return func(*args, **named)
        made = self._rectify(value.view_as(value))
        in_place = name in _IN_PLACE or _told_in_place(name, args, named)
        return value.copy_(made) if in_place else made


def _told_in_place(name: str, args: Sequence[Any], named: Mapping[str, Any]) -> bool:
    return name in _PLACE and _given(args, named, _PLACE[name], "inplace") is True


def _given(args: Sequence[Any], named: Mapping[str, Any], position: int, name: str) -> object:
    return args[position] if len(args) > position else named.get(name)


def _is_zero(bound: object) -> bool:
    return isinstance(bound, (int, float)) and bound == 0
