"""May this rule be used up to this layer? Asked before a picture is made, and refused in words.

Guided backpropagation and deconvnet say what a rectifier does to a signal and leave all else to
the gradient. That is their definition for linear operations, max pooling and rectifiers; for
any other operation they say nothing, and software that goes on regardless gives a picture
of something else.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from facsinterp.errors import Fault, InputError
from facsinterp.nets.network import Network, did_you_mean
from facsinterp.nets.taps import tapping
from facsinterp.nets.trace import home
from facsinterp.saliency.cut import Cut
from facsinterp.saliency.methods import Method
from facsinterp.saliency.operations import SUMS, shifts_along, undefined
from facsinterp.saliency.paths import Path, path_to
from facsinterp.saliency.rules import METHODS, RECTIFIER_RULES, STEPS, Selector, led_back

_WAY_OUT: Final = 'use method "gradient" or "integrated-gradients", which are exact here'
# Of the largest value: the cut may compute in another order, not otherwise.
_ROUNDING: Final = 1e-5


@dataclass(frozen=True)
class Clearance:
    """A layer and a rule that go together, and what is to be known of it."""

    layer: str
    method: Method
    conversions: tuple[str, ...]
    """What was run otherwise than the network is written, with the same values."""
    notes: tuple[str, ...]


def preflight(network: Network, layer: str, method: Method) -> Clearance:
    """What is to be known of `method` up to `layer`, if it is exact there.

    For guided backpropagation and deconvnet everything between input and layer must be a
    linear operation, max pooling or a rectifier. Two made-up pictures go through the cut and
    through the network as it is, and must give the same maps. Raises InputError with every
    fault, each naming the module and the operation, and a way out.
    """
    return prepared(network, layer, method).clearance


@dataclass(frozen=True)
class Prepared:
    """A cut that was cleared."""

    clearance: Clearance
    cut: Cut
    plain: bool
    """Whether the way is a chain of convolutions, poolings and what takes numbers one by one."""


def prepared(network: Network, layer: str, method: Method) -> Prepared:
    """The cut of `network` at `layer`, cleared. Raises as `preflight`."""
    InputError.raise_any(_name_faults(network, layer, method))
    InputError.raise_any(_opaque_faults(network.module))
    training = sum(part.training for part in network.module.modules())
    with still(network.module):
        pictures = _made_up(network)
        try:
            cut = Cut(network, layer, rectifying=method in RECTIFIER_RULES).to(pictures.device)
            with cut.opened():
                path = path_to(cut, cut.normalised(pictures))
        except (RuntimeError, TypeError, ValueError) as error:
            raise InputError(_not_run(layer, error)) from error
        InputError.raise_any(_path_faults(cut, method, path))
        with cut.opened():
            InputError.raise_any([*same_maps(cut, pictures), *_batch_faults(cut, pictures)])
            try:
                _tried(cut, method, pictures[:1])
            except RuntimeError as error:
                raise InputError(_not_led_back(layer, error)) from error
    found = Clearance(layer, method, _conversions(path, training), _notes(cut, method, path))
    return Prepared(found, cut, plain=all(shifts_along(step) for step in path.steps))


@contextmanager
def still(module: nn.Module) -> Iterator[None]:
    """The module in eval mode with weights that want no gradients; afterwards as it was.

    Gradients are computed inside, also for callers who have switched them off.
    """
    modes = [(part, part.training) for part in module.modules()]
    wanting = [(weight, weight.requires_grad) for weight in module.parameters()]
    try:
        module.eval()
        module.requires_grad_(False)
        with torch.inference_mode(mode=False), torch.enable_grad():
            yield
    finally:
        for part, training in modes:
            part.training = training
        for weight, wants in wanting:
            weight.requires_grad = wants


def same_maps(cut: Cut, pictures: Tensor) -> Iterator[Fault]:
    """A fault where the cut gives other maps for pictures in [0, 1] than the network itself.

    The cut is open: opened twice, it would count each run of a layer twice.
    """
    network = cut.network
    with torch.no_grad():
        with tapping(network, [cut.layer]) as maps:
            network.module(pictures)
        given = cut(cut.normalised(pictures))
    expected = maps[cut.layer]
    reach = float(expected.abs().max())
    apart = float((given - expected).abs().max()) if given.shape == expected.shape else math.nan
    # Two infinities have no difference; what is not finite is told with its image later.
    if math.isfinite(reach) and not apart <= _ROUNDING * reach:
        yield Fault(
            f"layer {cut.layer!r} gives other maps when the network is cut there",
            "layer",
            expected="the same maps for the same pictures",
            got=f"a difference of {apart:.3g} where the largest value is {reach:.3g}",
            do="attributions need a forward that gives the same for the same picture (no noise) "
            "and uses pictures only behind the normalisation, where it has one",
        )


def _batch_faults(cut: Cut, pictures: Tensor) -> Iterator[Fault]:
    """A fault where the maps of a picture depend on the other pictures of its batch."""
    with torch.no_grad():
        leaf = cut.normalised(pictures)
        together = cut(leaf)[:1]
    with torch.no_grad():
        alone = cut(leaf[:1])
    reach = float(together.abs().max())
    apart = float((together - alone).abs().max())
    if math.isfinite(reach) and not apart <= _ROUNDING * reach:
        yield Fault(
            f"the maps of layer {cut.layer!r} depend on the other pictures of the batch",
            "layer",
            expected="the same maps for a picture in any batch",
            got=f"a difference of {apart:.3g} where the largest value is {reach:.3g}",
            do="give batch norms running statistics (track_running_stats=True)",
        )


def _made_up(network: Network) -> Tensor:
    """Two pictures of noise, where the network is."""
    noise = torch.rand(2, *network.input_shape, generator=torch.Generator().manual_seed(0))
    return noise.to(home(network.module))


def _name_faults(network: Network, layer: str, method: str) -> Iterator[Fault]:
    if layer not in network.layers:
        do = did_you_mean(layer, network.layers)
        yield Fault(f"{layer!r} is not a tapped layer", "layer", do=do)
    if method not in METHODS:
        yield Fault(f"unknown method {method!r}", "method", expected=", ".join(METHODS))


def _opaque_faults(module: nn.Module) -> Iterator[Fault]:
    for name, part in module.named_modules():
        kind = type(part)
        if isinstance(part, torch.jit.ScriptModule):
            what = "scripted"
        elif any(weight.is_inference() for weight in part.parameters(recurse=False)):
            what = "made inside torch.inference_mode"
        elif hasattr(part, "_orig_mod") or getattr(part, "_compiled_call_impl", None) is not None:
            what = "compiled"
        elif "quantized" in kind.__module__ and kind.__module__.startswith("torch."):
            what = "quantized"
        else:
            continue
        yield Fault(
            f"{name or 'the network'} ({kind.__name__}) is {what}",
            "network",
            expected="modules whose operations can be seen and have gradients",
            do=f"make the Network of a module that is not {what}, with the same weights",
        )


def _not_run(layer: str, error: Exception) -> Fault:
    return Fault(
        f"the network cannot be run up to layer {layer!r} with gradients",
        "network",
        got=f"{type(error).__name__}: {error}",
    )


def _tried(cut: Cut, method: Method, pictures: Tensor) -> None:
    """One attribution, thrown away: what runs forwards may still not run backwards."""
    first = torch.zeros(len(pictures), dtype=torch.int64, device=pictures.device)
    leaf = cut.normalised(pictures)
    led_back(cut, method, leaf, Selector(first, first, first), leaf.clone())


def _not_led_back(layer: str, error: Exception) -> Fault:
    return Fault(
        f"the answer of layer {layer!r} cannot be led back to the picture",
        "network",
        got=f"{type(error).__name__}: {error}",
        do="switch off what runs parts again for their gradients (torch.utils.checkpoint)",
    )


def _path_faults(cut: Cut, method: Method, path: Path) -> Iterator[Fault]:
    if not path.steps:
        yield Fault(f"layer {cut.layer!r} does not depend on the picture by gradients", "layer")
    for place in path.detached:
        yield Fault(
            f"gradients are cut off by {place}",
            f"before layer {cut.layer!r}",
            do="let the forward compute without detach(), .data and no_grad()",
        )
    for place in dict.fromkeys(place for place in path.compared if place.gives_number):
        yield Fault(
            f"gradients are cut off by {place}",
            f"before layer {cut.layer!r}",
            got="a number in Python that depends on the picture",
            do="let the forward compute with tensors alone",
        )
    if method not in RECTIFIER_RULES:
        return
    for what, why in dict.fromkeys(_undefined(cut, path)):
        yield Fault(
            f"{method} is not defined for {what}",
            f"before layer {cut.layer!r}",
            expected="linear operations, max pooling and rectifiers",
            got=why,
            do=_WAY_OUT,
        )


def _undefined(cut: Cut, path: Path) -> Iterator[tuple[str, str]]:
    for step in reversed(path.steps):
        why = undefined(step)
        if why:
            yield str(step.place), why
    for place in (place for place in path.compared if not place.gives_number):
        yield str(place), "numbers that depend on the picture and have no gradient"
    bend = cut.network.taps[cut.layer].nonlinearity
    if bend is not None and not bend.rectifies:
        yield f"the layer's own nonlinearity, {bend.name}", "not a rectifier"


def _conversions(path: Path, training: int) -> tuple[str, ...]:
    found = [
        f"{place} was run as a module of its own"
        for place, part in path.rectifiers
        if type(part) is not nn.ReLU
    ]
    found += [
        f"{place.module} (ReLU in place) was run on a copy"
        for place, part in path.rectifiers
        if type(part) is nn.ReLU and part.inplace
    ]
    if training:
        found.append(f"{training} modules were in train mode; all were run in eval mode")
    return tuple(dict.fromkeys(found))


def _notes(cut: Cut, method: Method, path: Path) -> tuple[str, ...]:
    found = []
    if cut.entry is not None:
        kind = type(cut.network.module.get_submodule(cut.entry)).__name__
        found.append(f"attributed to what {cut.entry} ({kind}) gives, not to the pixels before it")
    if method in RECTIFIER_RULES:
        found += [
            f"{step.place}: a sum of two ways; the signal goes back along both"
            for step in reversed(path.steps)
            if step.operation in SUMS and sum(step.operands) > 1
        ]
    runs = Counter(place.module for place, part in path.rectifiers if type(part) is nn.ReLU)
    found += [
        f"{name} (ReLU) is run {count} times; each time has a rectifier of its own"
        for name, count in runs.items()
        if count > 1
    ]
    if method == "integrated-gradients":
        found.append(
            f"integrated in {STEPS} Gauss-Legendre steps from a flat picture of the image's own "
            "mean grey"
        )
    return tuple(dict.fromkeys(found))
