"""Layers: which executions of which modules are looked at, and where their values are seen.

A layer is one execution of one module in a forward. It has the module's name, or
`conv@1`, `conv@2`, ... in the order of execution when the module is run more than once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from torch import nn

from facsinterp.errors import Fault
from facsinterp.nets.nonlinearity import Nonlinearity, combines, copies
from facsinterp.nets.trace import Call, Execution, Trace

# A convolution and its nonlinearity stay one layer with one of these in between.
BETWEEN: Final[tuple[type[nn.Module], ...]] = (
    nn.BatchNorm2d, nn.InstanceNorm2d, nn.GroupNorm, nn.LocalResponseNorm,
    nn.Identity, nn.Dropout, nn.Dropout2d,
)  # fmt: skip


@dataclass(frozen=True)
class Tap:
    """Where the value of one layer is seen before its nonlinearity, and what follows."""

    layer: Execution
    seen: Execution
    """The execution whose output is the value: of the layer itself, or of a batch norm or
    the like after it."""
    nonlinearity: Nonlinearity | None
    """None where none takes that value: the map is the layer's own output."""


def module_of(layer: str, known: Collection[str]) -> str:
    """The module that a layer's name means: `conv` for `conv@2`, unless that is one itself."""
    module, at, number = layer.rpartition("@")
    if layer in known or not (at and module in known and number.isascii() and number.isdigit()):
        return layer
    return module


def executed(
    seen: Trace, wanted: Sequence[str] | None, known: Collection[str]
) -> dict[str, tuple[Execution, Call]]:
    """The layers that `wanted` names, by name, in the order of execution.

    A module's name means all its executions, `name@2` the second. None means every
    execution of an nn.Conv2d. `known`: names of the network's modules. Call it when
    `layer_faults` finds none.
    """
    runs = _runs(seen)
    chosen = {one for name in _wanted(seen, wanted) for one in _executions(name, runs, known)}
    return {
        by.module if runs[by.module] == 1 else f"{by.module}@{by.number}": (by, call)
        for by, call in seen.executions
        if by in chosen
    }


def layer_faults(
    seen: Trace, wanted: Sequence[str] | None, known: Collection[str]
) -> Iterator[Fault]:
    """What is wrong with layers: never run, no such execution, named twice, without maps."""
    names, runs = _wanted(seen, wanted), _runs(seen)
    if not names:
        yield Fault(
            "no convolution is used in a forward",
            "layers",
            expected="at least one nn.Conv2d that is run",
            do="name the layers to look at yourself",
        )
    for name in names:
        yield from _name_faults(name, runs, known)
    chosen = Counter(one for name in names for one in _executions(name, runs, known))
    for layer, (by, call) in executed(seen, wanted, known).items():
        yield from _call_faults(layer, by, call, known)
        if chosen[by] > 1:
            yield Fault(f"layer {layer!r} is named {chosen[by]} times", "layers", expected="once")


def tap(seen: Trace, layer: Execution, call: Call) -> Tap:
    """Follows what the layer gave from module to module, up to a nonlinearity."""
    return _followed(seen, layer, layer, call) or Tap(layer, layer, None)


def _followed(seen: Trace, layer: Execution, last: Execution, given: Call) -> Tap | None:
    """The tap at `last`, which gave `given`, or further on; None where nothing bends it."""
    start = seen.calls.index(given) + 1
    for position, call in enumerate(seen.calls[start:], start):
        if not call.leaf or call.taken != given.given:
            continue
        if call.nonlinearity is not None:
            if not _is_gate(seen, position, given.given):
                return Tap(layer, last, call.nonlinearity)
        elif copies(call.operation) or isinstance(call.part, BETWEEN):
            further = _followed(seen, layer, call.by or last, call)
            if further is not None:
                return further
    return None


def _is_gate(seen: Trace, position: int, value: int) -> bool:
    """Whether the call there is only a part of a nonlinearity, as in x * sigmoid(x)."""
    made = {seen.calls[position].given}
    for call in seen.calls[position + 1 :]:
        if call.nonlinearity is not None and call.taken in made:
            made.add(call.given)
        if combines(call.operation) and value in call.inputs and made & call.inputs:
            return True
    return False


def _runs(seen: Trace) -> Counter[str]:
    return Counter(by.module for by, _ in seen.executions)


def _wanted(seen: Trace, wanted: Sequence[str] | None) -> tuple[str, ...]:
    if wanted is not None:
        return tuple(wanted)
    convs = (by.module for by, call in seen.executions if isinstance(call.part, nn.Conv2d))
    return tuple(dict.fromkeys(convs))


def _executions(name: str, runs: Counter[str], known: Collection[str]) -> Iterator[Execution]:
    module = module_of(name, known)
    if module != name:
        yield Execution(module, int(name.removeprefix(f"{module}@")))
    else:
        yield from (Execution(module, number + 1) for number in range(runs[module]))


def _name_faults(name: str, runs: Counter[str], known: Collection[str]) -> Iterator[Fault]:
    module = module_of(name, known)
    times = runs[module]
    if times == 0:
        yield Fault(
            f"layer {module!r} is used 0 times in one forward",
            "layers",
            expected="at least once",
            do="name the layers to look at without it",
        )
        return
    numbered = [f"{module}@{number + 1}" for number in range(times)]
    if name != module and (times == 1 or name not in numbered):
        yield Fault(
            f"the network has no layer {name!r}",
            "layers",
            expected=module if times == 1 else ", ".join(numbered),
            got=f"{module!r} is used {times} times in one forward",
        )


def _call_faults(layer: str, by: Execution, call: Call, known: Collection[str]) -> Iterator[Fault]:
    if layer != by.module and layer in known:
        yield Fault(
            f"two layers would be called {layer!r}: a module, and one run of {by.module!r}",
            "layers",
            do=f"rename the module {layer!r}",
        )
    if len(call.shape) != 4 or call.shape[0] != 1:
        yield Fault(
            f"layer {layer!r} gives no maps",
            "layers",
            expected="a tensor (batch, channel, row, col), one map of a filter for an image",
            got=f"{call.shape} for one image",
            do="name the layers to look at without it",
        )
