"""Network: a trained classifier with the layers that are looked at, ready to be asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facsinterp.errors import Fault, InputError
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.layers import Tap, executed, layer_faults, module_of, tap
from facsinterp.nets.trace import Execution, Trace, trace
from facsinterp.provenance import fingerprint


@dataclass(frozen=True)
class Network:
    """A network in eval mode and what must be known to tap it.

    The module takes float pixels in [0, 1], (batch, channel, row, col): normalisation is
    its own first part. Make one with `Network.of`.
    """

    module: nn.Module
    layers: tuple[str, ...]
    """The layers looked at, in the order in which they are executed; `conv@2` is the second
    run of a module that is run more than once."""
    channels: Mapping[str, int]
    """Filters of each layer."""
    sizes: Mapping[str, tuple[int, int]]
    """Rows and columns of each layer's maps."""
    classes: tuple[str, ...]
    input_shape: tuple[int, int, int]
    """Channels, rows and columns."""
    fingerprint: str
    """Changes with weights, architecture, input shape and classes; not with `layers`.

    The architecture counts as torch prints it, so code inside a `forward` of the user's
    own does not count beyond the weights that it uses.
    """
    taps: Mapping[str, Tap]
    """For each layer, where its value is seen and which nonlinearity follows."""
    order: tuple[Execution, ...]
    """The modules that the taps name, in the order in which they are run."""
    blueprint: Blueprint | None = None
    """How the module was built, when that is known; needed to save the network."""

    @classmethod
    def of(
        cls,
        module: nn.Module,
        *,
        classes: Sequence[str],
        input_shape: tuple[int, int, int],
        layers: Sequence[str] | None = None,
        blueprint: Blueprint | None = None,
    ) -> Self:
        """`module` as a Network, put into eval mode; `layers` None means every Conv2d used.

        One image of zeros goes through it, to see what each layer gives. A module that is
        run more than once has a layer for each run (`conv@1`, `conv@2`), and its plain name
        means them all. Raises InputError with every fault: layers that are unknown, never
        used or give no maps, or an output that is not one number for each class.
        """
        InputError.raise_any(_fact_faults(classes, input_shape))
        module.eval()
        known = _parts(module)
        if layers is None:
            conv_layers(module)
        else:
            InputError.raise_any(_name_faults(known, layers))
        seen = _run(module, input_shape)
        InputError.raise_any(
            [*layer_faults(seen, layers, known), *_output_faults(seen.output, len(classes))]
        )
        found = executed(seen, layers, known)
        taps = {name: tap(seen, by, call) for name, (by, call) in found.items()}
        tapped = {run.module for each in taps.values() for run in (each.layer, each.seen)}
        return cls(
            module=module,
            layers=tuple(found),
            channels={name: call.shape[1] for name, (_, call) in found.items()},
            sizes={name: (call.shape[2], call.shape[3]) for name, (_, call) in found.items()},
            classes=tuple(classes),
            input_shape=input_shape,
            fingerprint=network_fingerprint(module, classes=classes, input_shape=input_shape),
            taps=taps,
            order=tuple(run for run, _ in seen.executions if run.module in tapped),
            blueprint=blueprint,
        )


def conv_layers(module: nn.Module) -> tuple[str, ...]:
    """Names of every Conv2d of `module`, as declared; InputError when there is none."""
    names = tuple(
        name for name, part in module.named_modules() if name and isinstance(part, nn.Conv2d)
    )
    if not names:
        raise InputError(
            Fault(
                "the network has no convolution to look at",
                expected="at least one nn.Conv2d inside it",
                got=type(module).__name__,
                do="name the layers yourself, or load a network that is not scripted or compiled",
            )
        )
    return names


def conv_executions(module: nn.Module, input_shape: tuple[int, int, int]) -> tuple[str, ...]:
    """The layers that a Network of `module` has: every run of a Conv2d, in order.

    One image of zeros goes through it. Raises InputError when that fails, or nothing is run.
    """
    module.eval()
    seen = _run(module, input_shape)
    known = _parts(module)
    InputError.raise_any(layer_faults(seen, None, known))
    return tuple(executed(seen, None, known))


def describe(module: nn.Module) -> str:
    """The architecture as torch prints it, without memory addresses."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(module))


def tensor_fingerprints(module: nn.Module) -> dict[str, str]:
    """A fingerprint of each weight and buffer, by name, from its shape, type and bytes."""
    return {
        name: fingerprint(list(value.shape), str(value.dtype), _bytes(value))
        for name, value in module.state_dict().items()
    }


def network_fingerprint(
    module: nn.Module, *, classes: Sequence[str], input_shape: tuple[int, int, int]
) -> str:
    """The fingerprint of weights, architecture, classes and input shape together."""
    return fingerprint(
        tensor_fingerprints(module), describe(module), list(classes), list(input_shape)
    )


def to_tensor(images: NDArray[np.uint8]) -> Tensor:
    """Pixels (image, row, col) or (image, row, col, 3), 0 to 255, as a network takes them.

    Float32 in [0, 1], (image, channel, row, col).
    """
    pixels = torch.from_numpy(np.array(images, dtype=np.uint8))
    channelled = pixels[:, None] if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
    return channelled.float() / 255


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Advice for a name that is not known: the nearest known one, or all of them."""
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known) or 'none'}"


def _bytes(value: Tensor) -> NDArray[Any]:
    plain = value.detach().cpu().contiguous().reshape(-1)
    return plain.view(torch.uint8).numpy()


def _fact_faults(classes: Sequence[str], input_shape: Sequence[int]) -> Iterator[Fault]:
    repeated = [name for name, count in Counter(classes).items() if count > 1]
    if len(classes) < 2 or repeated:
        yield Fault(
            "a network needs at least two classes, each named once",
            "classes",
            got=", ".join(classes) or "none",
        )
    if len(input_shape) != 3 or min(input_shape) < 1:
        yield Fault(
            "unusable input shape",
            "input_shape",
            expected="(channels, rows, columns), each at least 1",
            got=str(tuple(input_shape)),
        )


def _parts(module: nn.Module) -> dict[str, nn.Module]:
    return {name: part for name, part in module.named_modules() if name}


def _name_faults(known: Mapping[str, nn.Module], layers: Sequence[str]) -> Iterator[Fault]:
    for name in layers:
        if module_of(name, known) not in known:
            convs = [key for key, part in known.items() if isinstance(part, nn.Conv2d)]
            near = did_you_mean(name, convs)
            yield Fault(f"the network has no layer {name!r}", "layers", do=near)
    for name, count in Counter(layers).items():
        if count > 1:
            yield Fault(f"layer {name!r} is named {count} times", "layers", expected="once")


def _run(module: nn.Module, input_shape: tuple[int, int, int]) -> Trace:
    try:
        return trace(module, input_shape)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise InputError(
            Fault(
                "the network cannot take an image of this shape",
                "input_shape",
                expected="a module that takes (batch, channel, row, col) pixels in [0, 1]",
                got=f"{input_shape}: {error}",
            )
        ) from error


def _output_faults(output: object, classes: int) -> Iterator[Fault]:
    got = str(tuple(output.shape)) if isinstance(output, Tensor) else type(output).__name__
    if not isinstance(output, Tensor) or tuple(output.shape) != (1, classes):
        yield Fault(
            "the network's output does not fit the classes",
            "output",
            expected=f"(batch, {classes}) logits for {classes} classes",
            got=got,
        )
