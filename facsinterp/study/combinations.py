"""Keys of a definition that do not go together, each with the way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from facsinterp.errors import DefinitionError, Fault
from facsinterp.faces.splits.protocols import protocol, protocols_of
from facsinterp.study.contract import Need, Study

_HELD_OUT: Final = ("folds", "hold_out", "protocol")
_PROTOCOL: Final = "network.train.protocol"


def fixed(network: Mapping[str, Any]) -> bool:
    """Whether a `[network]` part asks for a network that learns nothing."""
    return network.get("untrained") is True or "bank" in network


def network_faults(network: Mapping[str, Any]) -> Iterator[Fault]:
    """What in a `[network]` part, with its recipe gathered, contradicts something else in it."""
    if [network.get(key) for key in ("arch", "import", "bank")].count(None) != 2:
        yield Fault(
            "the definition names no network, or more than one",
            where="network",
            expected='either arch = "breuer2017" or import = "package.module:builder", or '
            'bank = "gabor"',
            got=_given(network, ("arch", "import", "bank")),
        )
    if (network.get("train") is None) == (network.get("weights") is None):
        yield Fault(
            "nothing says where the weights come from, or two things do",
            where="network",
            expected="either a [network.train] part or weights = FILE",
            got=_given(network, ("train", "weights")),
        )
    if "bank" in network:
        for key in ("seed", "untrained", "rotated"):
            if network.get(key) not in (None, False):
                yield Fault(
                    f"a bank of fixed filters goes without {key}",
                    where=f"network.{key}",
                    do=f"remove {key}, or give arch instead of bank",
                )
    if "weights" in network:
        for key in ("untrained", "bank"):
            if network.get(key) not in (None, False):
                yield Fault(
                    f"weights and {key} are two networks",
                    where=f"network.{key}",
                    do="remove weights and say in [network.train] who is held out, "
                    f"or remove {key}",
                )
    train = network.get("train")
    if isinstance(train, Mapping):
        yield from _train_faults(train, learns=not fixed(network))


def _given(part: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return " and ".join(key for key in keys if part.get(key) is not None) or "none of them"


def _train_faults(train: Mapping[str, Any], *, learns: bool) -> Iterator[Fault]:
    if [train.get(key) for key in _HELD_OUT].count(None) != len(_HELD_OUT) - 1:
        yield Fault(
            "nothing says who is held out, or two things do",
            where="network.train",
            expected="either folds (such as 5), hold_out (such as 0.4) or protocol (such as "
            '"ckplus-8-class")',
            got=_given(train, _HELD_OUT),
        )
    if train.get("first_fold_only") is True and "folds" not in train and "protocol" not in train:
        yield Fault(
            "there is a first fold only where there are folds",
            where="network.train.first_fold_only",
            do="remove it, or give folds",
        )
    if learns:
        return
    taught = [*train.get("recipe", {}), *(["labels"] if "labels" in train else [])]
    for key in taught:
        yield Fault(
            "this network learns nothing",
            where=f"network.train.{key}",
            expected="who is held out (folds, hold_out or protocol), and nothing else",
            do=f"remove {key}",
        )


def protocol_faults(content: Mapping[str, Any]) -> Iterator[Fault]:
    """Why the protocol of a definition is none, or not one of its faces."""
    parts = [content.get(name) for name in ("network", "faces")]
    network, faces = (part if isinstance(part, Mapping) else {} for part in parts)
    train, source = network.get("train"), faces.get("source")
    name = train.get("protocol") if isinstance(train, Mapping) else None
    if not isinstance(name, str):
        return  # there is none, or it was told as a fault of StudySpec
    try:
        found = protocol(name)
    except DefinitionError as error:
        yield from (replace(fault, where=_PROTOCOL) for fault in error.faults)
        return
    if isinstance(source, str) and not found.suits(source):
        yield Fault(
            f"the protocol {name} is one of other faces",
            where=_PROTOCOL,
            expected=", ".join(one.name for one in protocols_of(source)),
            got=f"faces of {source}, where it is made for {' and '.join(found.sources)}",
            do=f"choose a protocol of {source}, or folds or hold_out instead of one",
        )


def controls_faults(content: Mapping[str, Any], study: type[Study] | None) -> Iterator[Fault]:
    """Why the `[controls]` of a definition cannot be made, or are missing."""
    asked = study is not None and Need.CONTROLS in study.needs
    if "controls" not in content:
        if asked:
            yield Fault(
                "the study compares with controls",
                where="controls",
                do="add a [controls] part, seeds = [1, 2, 3, 4, 5]",
            )
        return
    if isinstance(content["controls"], Mapping):
        yield from _twice(content["controls"])
        if study is not None:
            yield from _arms_faults(content, asked=asked)
    if isinstance(content.get("network"), Mapping):
        yield from _not_comparable(content["network"])


def _not_comparable(network: Mapping[str, Any]) -> Iterator[Fault]:
    """Why a network is none from which controls can be derived."""
    train = network.get("train")
    labels = train.get("labels", "expression") if isinstance(train, Mapping) else "expression"
    if fixed(network) or network.get("rotated") is True or labels != "expression" or not train:
        yield Fault(
            "controls are compared with a network that is trained on expressions",
            where="network",
            expected="arch or import, with a [network.train] part and its usual labels",
            do="remove bank, weights, untrained, rotated and labels: [controls] derives them",
        )


def _twice(controls: Mapping[str, Any]) -> Iterator[Fault]:
    """What a `[controls]` part names more than once."""
    for name in ("seeds", "arms"):
        given = controls.get(name)
        if isinstance(given, list) and any(given.count(one) > 1 for one in given):
            yield Fault(
                "a name or seed is there twice",
                where=f"controls.{name}",
                expected="name each once",
                got=", ".join(map(str, given)),
            )


def _arms_faults(content: Mapping[str, Any], *, asked: bool) -> Iterator[Fault]:
    """Why the arms compare nothing. `asked`: the study compares by itself, else the report does.

    To a report the run's own network is the trained one, so that no arm has to be.
    """
    arms = content["controls"].get("arms")
    if not isinstance(arms, list) or not arms:
        return
    if asked and "trained" not in arms:
        yield Fault(
            "nothing is compared: the trained networks are missing",
            where="controls.arms",
            expected='"trained", and what it is compared with',
            got=", ".join(map(str, arms)),
            do='add "trained" to arms',
        )
    elif set(arms) == {"trained"} and (asked or _own_alone(content)):
        yield Fault(
            "nothing is compared: there are trained networks only",
            where="controls.arms",
            expected='"trained", and what it is compared with'
            if asked
            else "what the network of the definition is compared with",
            got="trained",
            do='add another arm, such as "untrained", or leave arms out for all of them',
        )


def _own_alone(content: Mapping[str, Any]) -> bool:
    """Whether the only seed of `[controls]` is that of the network itself."""
    network = content.get("network")
    seed = network.get("seed") if isinstance(network, Mapping) else None
    return bool(
        content["controls"].get("seeds") == [content.get("seed", 0) if seed is None else seed]
    )
