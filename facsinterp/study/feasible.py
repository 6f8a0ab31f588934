"""What a definition asks for and cannot have, also told where other parts of it have faults."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Literal, get_args, get_origin, get_type_hints

from facsinterp.errors import Fault, InputError
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.study.faults import of_network
from facsinterp.study.layers import unknown_layers
from facsinterp.study.parts import Bank, ControlsPart, NetworkPart, SweepPart


def own_faults(kind: type, given: Mapping[str, Any], bad: Collection[str]) -> Iterator[Fault]:
    """What a settings dataclass itself refuses in `given`, whatever `bad` fields should say.

    A bad field of a few words takes each of them in turn, any other one stays as given (its
    default): only what is refused every time is a fault of the others.
    """
    hints = get_type_hints(kind)
    words = {key: get_args(hints[key]) for key in bad if get_origin(hints.get(key)) is Literal}
    tries = [
        _refused(kind, {**given, **dict(zip(words, some, strict=True))})
        for some in product(*words.values())
    ]
    for fault in tries[0]:
        if all(any(other.where == fault.where for other in found) for found in tries):
            yield fault


def _refused(kind: type, given: Mapping[str, Any]) -> tuple[Fault, ...]:
    try:
        kind(**given)
    except InputError as error:
        return error.faults
    except ValueError as error:
        return (Fault(str(error)),)
    return ()


def cannot_be_built(content: Mapping[str, Any], faults: Sequence[Fault]) -> Iterator[Fault]:
    """Why the network, or a bank among the controls, cannot be built for the pictures.

    `content`: a definition with its defaults filled in. What `faults` speak of is not looked at.
    The network is built, without training, only when layers are named.
    """
    prepared = _preparation(content, faults)
    if prepared is None:
        return
    if isinstance(content.get("network"), Mapping) and not _hit(faults, "network", but="train"):
        layers = _layers(content, faults)
        yield from _network_faults({**content["network"], "train": None}, prepared, layers)
    if isinstance(content.get("controls"), Mapping) and not _hit(faults, "controls"):
        yield from _bank_faults(ControlsPart.model_validate(content["controls"]), prepared)


def _hit(faults: Sequence[Fault], part: str, but: str = "") -> bool:
    """Whether some fault is about a part, other than about one inside it."""
    places = [f"{fault.where}." for fault in faults]
    left_out = f"{part}.{but}." if but else "\0"
    return any(one.startswith(f"{part}.") and not one.startswith(left_out) for one in places)


def _preparation(content: Mapping[str, Any], faults: Sequence[Fault]) -> Preparation | None:
    faces = content.get("faces")
    if not isinstance(faces, Mapping) or any(
        fault.where in ("faces", *(f"faces.{key}" for key in faces["preparation"]))
        for fault in faults
    ):
        return None
    return Preparation(
        **{k: v for k, v in faces["preparation"].items() if k in Preparation.__dataclass_fields__}
    )


def _layers(content: Mapping[str, Any], faults: Sequence[Fault]) -> tuple[str, ...] | None:
    if _hit(faults, "sweep"):
        return None
    return SweepPart.model_validate(content.get("sweep", {})).layers


def _network_faults(
    content: Mapping[str, Any], prepared: Preparation, layers: tuple[str, ...] | None
) -> Iterator[Fault]:
    from facsinterp.nets.banks import misfits
    from facsinterp.nets.blueprint import Blueprint
    from facsinterp.nets.zoo import check

    network = NetworkPart.model_validate(content)
    depth = 1 if prepared.colour == "grey" else 3
    # How many classes there are is known only with the faces; any two stand for them.
    classes = network.classes or ("one", "another")
    blueprint = Blueprint(network.built, classes, prepared.size, depth, network.options)
    try:
        check(blueprint)
        if network.bank is not None:
            filters = network.options["filters"]
            InputError.raise_any(misfits(network.bank, filters, prepared.size))
    except InputError as error:
        yield from of_network(error)
        return
    if layers is not None:
        yield from unknown_layers(layers, blueprint, certain=bool(network.classes))


def _bank_faults(controls: ControlsPart, prepared: Preparation) -> Iterator[Fault]:
    from facsinterp.nets.banks import misfits

    for bank in get_args(Bank):
        if bank in controls.arms:
            for fault in misfits(bank, controls.filters, prepared.size):
                yield replace(fault, where="controls.filters")
