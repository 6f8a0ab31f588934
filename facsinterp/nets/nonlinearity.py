"""Nonlinearities: modules and functions that bend each number of a map by itself.

A network may call one as a module (`nn.ReLU()`), as a function (`F.relu(x)`), as a method
(`x.relu()`) or in place (`F.relu_(x)`); all end in the same few operations of torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

NONLINEARITIES: Final[tuple[type[nn.Module], ...]] = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.Threshold, nn.ELU, nn.SELU,
    nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Softplus, nn.Softsign, nn.Sigmoid, nn.LogSigmoid,
    nn.Tanh, nn.Tanhshrink, nn.Softshrink, nn.Hardshrink, nn.Hardtanh, nn.Hardsigmoid,
    nn.Hardswish,
)  # fmt: skip

# Operations as torch names them, without the underscore of those that work in place. What
# is not here is composed of others (softsign), or needs weights or noise (PReLU, RReLU).
_OPERATIONS: Final[Mapping[str, str]] = {
    "log_sigmoid_forward": "log_sigmoid",
} | {
    name: name
    for name in (
        "relu", "clamp", "clamp_min", "clamp_max", "threshold", "leaky_relu", "elu", "celu",
        "gelu", "silu", "mish", "softplus", "sigmoid", "tanh", "softshrink", "hardshrink",
        "hardtanh", "hardsigmoid", "hardswish",
    )
}  # fmt: skip

# torch has no operation of its own for these: they are others with these numbers.
_SPECIAL: Final[Mapping[tuple[object, ...], str]] = {
    ("hardtanh", 0, 6): "relu6",
    ("elu", 1.6732632423543772, 1.0507009873554805): "selu",
}

_RECTIFIERS: Final = frozenset(
    {("relu",), ("clamp", 0), ("clamp", 0, None), ("clamp_min", 0), ("threshold", 0, 0)}
)


@dataclass(frozen=True)
class Nonlinearity:
    """What stands between the value that a layer gives and its map."""

    name: str
    """The module's class (`ReLU`), or `functional relu`."""
    rectifies: bool
    """Whether it is max(x, 0), so that it never changes which of two values is larger."""
    apply: Callable[[Tensor], Tensor]
    """The map for a value. What it is given stays as it is; no hook of the module is run;
    weights (PReLU) are those of the network, wherever that is moved to."""


def of_module(module: nn.Module) -> Nonlinearity | None:
    """What `module` does when it is a nonlinearity, else None."""
    if not isinstance(module, NONLINEARITIES) or next(module.children(), None) is not None:
        return None
    name = type(module).__name__
    if type(module) is nn.ReLU:
        return Nonlinearity(name, True, functional.relu)
    rectifies = type(module) is nn.Threshold and module.threshold == 0 and module.value == 0
    # A class of the user's own may write over what it takes without saying so.
    writes = type(module) not in NONLINEARITIES or getattr(module, "inplace", False)
    return Nonlinearity(name, rectifies, partial(_forward_of_copy if writes else _forward, module))


def of_operation(
    operation: torch._ops.OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Nonlinearity | None:
    """What `operation` does to its first argument when it is a nonlinearity, else None.

    `args` and `kwargs`: what it was called with. They are numbers and words: with tensors
    for bounds, whose values may change from one forward to the next, an operation is
    another overload than the default one, which gives None.
    """
    name = _OPERATIONS.get(plain_name(operation))
    settings = tuple(args[1:])
    if name is None or operation.namespace != "aten" or operation._overloadname != "default":
        return None
    called = (name, *settings) if not kwargs else None
    return Nonlinearity(
        f"functional {_SPECIAL.get(called, name) if called else name}",
        called in _RECTIFIERS,
        partial(_run, name, settings, dict(kwargs)),
    )


def combines(operation: torch._ops.OpOverload | None) -> bool:
    """Whether `operation` can make one nonlinearity of two values, as x * sigmoid(x) does."""
    return operation is not None and plain_name(operation) in {"mul", "sub", "div"}


def copies(operation: torch._ops.OpOverload | None) -> bool:
    """Whether `operation` gives the same values again, perhaps laid out otherwise in memory."""
    return operation is not None and plain_name(operation) in {"clone", "alias", "detach"}


def plain_name(operation: torch._ops.OpOverload) -> str:
    """Its name without namespace, overload and the underscore of those that work in place."""
    name: str = operation._schema.name
    return name.rpartition(":")[2].removesuffix("_")


# Functions of modules and not lambdas, so that a network can be copied and pickled.
def _forward(module: nn.Module, value: Tensor) -> Tensor:
    made: Tensor = module.forward(value)
    return made


def _forward_of_copy(module: nn.Module, value: Tensor) -> Tensor:
    return _forward(module, value.clone())


def _run(name: str, settings: tuple[Any, ...], named: Mapping[str, Any], value: Tensor) -> Tensor:
    operation = getattr(torch.ops.aten, name).default
    made: Tensor = operation(value, *settings, **named)
    return made
