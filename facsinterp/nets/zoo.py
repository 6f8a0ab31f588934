"""Networks by name: the two papers' own, two they are compared with, and any importable one.

breuer2017    Breuer & Kimmel 2017
khorrami2015  Khorrami, Paine & Huang 2015, as run or as written
vgg           a VGG for 48 px, after Pramerdorfer & Kampel 2016
resnet        a ResNet-34 of half width for 48 px, after Pramerdorfer & Kampel 2016
package.module:builder    a function of the user's that returns an nn.Module
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import torch
from pydantic import BaseModel, ValidationError
from torch import nn

from facsinterp.errors import Fault, InputError
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.breuer import BreuerOptions, breuer2017
from facsinterp.nets.khorrami import KhorramiOptions, khorrami2015
from facsinterp.nets.network import did_you_mean
from facsinterp.nets.resnet import ResnetOptions, resnet
from facsinterp.nets.vgg import VggOptions, vgg

Builder = Callable[..., nn.Module]


@dataclass(frozen=True)
class Architecture:
    """One entry of the zoo."""

    title: str
    options: type[BaseModel]
    builder: Builder
    multiple: int
    """The input size must be a multiple of this many pixels."""


ARCHITECTURES: Final[Mapping[str, Architecture]] = {
    "breuer2017": Architecture("Breuer & Kimmel 2017", BreuerOptions, breuer2017, 8),
    "khorrami2015": Architecture("Khorrami, Paine & Huang 2015", KhorramiOptions, khorrami2015, 8),
    "vgg": Architecture("VGG, after Pramerdorfer & Kampel 2016", VggOptions, vgg, 8),
    "resnet": Architecture("ResNet, after Pramerdorfer & Kampel 2016", ResnetOptions, resnet, 8),
}


def build(
    arch: str,
    options: Mapping[str, Any] | None = None,
    *,
    classes: Sequence[str],
    size: int,
    channels_in: int = 1,
    seed: int = 0,
) -> nn.Module:
    """The untrained network `arch`, its weights drawn from `seed`.

    It takes pixels in [0, 1], (batch, channels_in, size, size), and gives logits,
    (batch, classes). Torch's global generator is left as it was.
    Raises InputError naming every unknown or wrong option, or a close name of `arch`.
    """
    return from_blueprint(
        Blueprint(arch, tuple(classes), size, channels_in, dict(options or {})), seed=seed
    )


def from_blueprint(blueprint: Blueprint, *, seed: int = 0) -> nn.Module:
    """The untrained network that `blueprint` describes; see `build`."""
    if not blueprint.imported:
        return _from_zoo(blueprint, seed)
    builder = import_builder(blueprint.arch)
    with _seeded(seed):
        return _call_builder(builder, blueprint)


def check(blueprint: Blueprint) -> None:
    """InputError with every fault of a blueprint, found without building anything.

    An import path is imported, since only then its options can be checked.
    """
    if blueprint.imported:
        _bound_arguments(import_builder(blueprint.arch), blueprint)
        return
    entry = _entry(blueprint.arch)
    InputError.raise_any([*_shape_faults(entry, blueprint), *_option_faults(entry, blueprint)])


def import_builder(path: str) -> Builder:
    """The function that `package.module:builder` names.

    It is called as `builder(classes=<number>, size=<pixels>, **options)`, and with
    `channels_in=` where it takes that. Raises InputError when nothing can be called there.
    """
    module_name, _, name = path.partition(":")
    where = f"builder {path}"
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise InputError(
            Fault(
                "the network's module cannot be imported",
                where,
                expected="package.module:builder, importable from where you run",
                got=str(error),
                do="install the package, or start from its folder",
            )
        ) from error
    found = getattr(module, name, None)
    if not callable(found):
        public = [key for key, value in vars(module).items() if callable(value)]
        raise InputError(
            Fault(
                f"{module_name} has nothing to call under the name {name!r}",
                where,
                expected="a function that returns an nn.Module",
                do=did_you_mean(name, public),
            )
        )
    builder: Builder = found
    return builder


def _entry(arch: str) -> Architecture:
    if arch not in ARCHITECTURES:
        raise InputError(
            Fault(
                f"there is no network {arch!r}",
                "arch",
                expected=f"{', '.join(ARCHITECTURES)}, or package.module:builder",
                do=did_you_mean(arch, tuple(ARCHITECTURES)),
            )
        )
    return ARCHITECTURES[arch]


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    # Only the CPU's generator: weights are drawn there, and those of devices stay untouched.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def _from_zoo(blueprint: Blueprint, seed: int) -> nn.Module:
    check(blueprint)
    entry = _entry(blueprint.arch)
    options = entry.options.model_validate(dict(blueprint.options))
    with _seeded(seed):
        return entry.builder(
            options,
            outputs=len(blueprint.classes),
            size=blueprint.size,
            channels_in=blueprint.channels_in,
        )


def _shape_faults(entry: Architecture, blueprint: Blueprint) -> Iterator[Fault]:
    if len(blueprint.classes) < 2:
        yield Fault("a network needs at least two classes", "classes", got=str(blueprint.classes))
    if blueprint.size < entry.multiple or blueprint.size % entry.multiple:
        yield Fault(
            f"{blueprint.arch} cannot take this input size",
            "size",
            expected=f"a multiple of {entry.multiple} pixels",
            got=str(blueprint.size),
        )
    if blueprint.channels_in not in (1, 3):
        yield Fault(
            "unknown number of input channels",
            "channels_in",
            expected="1 (grey) or 3 (RGB)",
            got=str(blueprint.channels_in),
        )


def _option_faults(entry: Architecture, blueprint: Blueprint) -> Iterator[Fault]:
    try:
        entry.options.model_validate(dict(blueprint.options))
    except ValidationError as error:
        for fault in error.errors():
            name = ".".join(map(str, fault["loc"]))
            unknown = fault["type"] == "extra_forbidden"
            yield Fault(
                f"{blueprint.arch} has no option {name!r}" if unknown else fault["msg"],
                f"options.{name}",
                got=repr(fault["input"]),
                do=did_you_mean(name, tuple(entry.options.model_fields)) if unknown else "",
            )


def _bound_arguments(builder: Builder, blueprint: Blueprint) -> dict[str, Any]:
    signature = inspect.signature(builder)
    arguments: dict[str, Any] = {
        "classes": len(blueprint.classes),
        "size": blueprint.size,
        **blueprint.options,
    }
    if "channels_in" in signature.parameters:
        arguments["channels_in"] = blueprint.channels_in
    try:
        signature.bind(**arguments)
    except TypeError as error:
        raise InputError(
            Fault(
                "the builder does not take what it is called with",
                f"builder {blueprint.arch}",
                expected=f"a function that takes {', '.join(arguments)}",
                got=f"{signature}: {error}",
            )
        ) from error
    return arguments


def _call_builder(builder: Builder, blueprint: Blueprint) -> nn.Module:
    module: object = builder(**_bound_arguments(builder, blueprint))
    if not isinstance(module, nn.Module):
        raise InputError(
            Fault(
                "the builder did not return a network",
                f"builder {blueprint.arch}",
                expected="torch.nn.Module",
                got=type(module).__name__,
            )
        )
    return module
