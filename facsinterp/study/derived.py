"""The definitions of controls: one for each arm and seed, derived from that of the study.

Each is a definition of its own that `run` can report on; it has the faces, folds and
settings of its parent, and the seed of its statistics.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from facsinterp.study.parse import parse_spec
from facsinterp.study.parts import Arm, Bank
from facsinterp.study.spec import StudySpec

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
# The study that a control answers when it is run for itself.
STUDY: Final = "filters"
EMOTION_ONLY: Final = "emotion-only"
# What is made once, whatever the seeds of networks.
SEEDLESS: Final = (*get_args(Bank), EMOTION_ONLY)
# Keys that say whom a network must not have seen.
_HELD_OUT: Final = ("folds", "hold_out", "protocol", "first_fold_only", "copies")
QUESTIONS: Final[Mapping[str, str]] = {
    "trained": "the trained network",
    "untrained": "the network before training",
    "shuffled-labels": "the network trained on expressions shuffled between a person's sequences",
    "identity": "the network trained to tell people apart",
    "rotated": "the trained network with its filters mixed at random",
    "pixels": "a bank of coarse pixels",
    "pca": "a bank of eigenfaces",
    "gabor": "a bank of Gabor filters",
    EMOTION_ONLY: "filters that know the expression of a face and nothing else",
}


@dataclass(frozen=True)
class Member:
    """One network to compare, or the filters that know the emotion alone."""

    arm: Arm
    seed: int | None
    """None for what has no seed."""

    @property
    def name(self) -> str:
        """In words: `identity, seed 3`."""
        return self.arm if self.seed is None else f"{self.arm}, seed {self.seed}"


def members(spec: StudySpec) -> tuple[Member, ...]:
    """Who is compared under a definition, arm by arm. Empty where there are no controls."""
    return tuple(_members(spec))


def others(spec: StudySpec) -> tuple[Member, ...]:
    """The members that are not the network of the definition itself."""
    return tuple(one for one in members(spec) if one != Member("trained", spec.network_seed))


def _members(spec: StudySpec) -> Iterator[Member]:
    if spec.controls is None:
        return
    for arm in spec.controls.arms:
        if arm in SEEDLESS:
            yield Member(arm, None)
        else:
            yield from (Member(arm, seed) for seed in spec.controls.seeds)


def derived(parent: StudySpec, member: Member) -> StudySpec:
    """The definition of a member that is a network. Its text is TOML, to be read or run."""
    content = tomllib.loads(parent.text)
    for key in ("controls", "params"):
        content.pop(key, None)
    content["study"] = STUDY
    seed = "" if member.seed is None else f" (seed {member.seed})"
    content["question"] = f"Which action units do the filters of {QUESTIONS[member.arm]}{seed} see?"
    content["network"] = _network(parent, content["network"], member)
    if member.arm in SEEDLESS:
        content.get("sweep", {}).pop("layers", None)
    end = "" if member.seed is None else f"-{member.seed}"
    return parse_spec(to_toml(content), name=f"{parent.name}-{member.arm}{end}")


def _network(spec: StudySpec, parent: Mapping[str, Any], member: Member) -> dict[str, Any]:
    assert spec.controls is not None  # it has members
    train = dict(parent["train"])
    if "hold_out" not in train:
        train["first_fold_only"] = True
    held_out = {key: train[key] for key in _HELD_OUT if key in train}
    if member.arm in SEEDLESS:
        options = {"filters": spec.controls.filters}
        return {"bank": member.arm, "options": options, "train": held_out}
    network = {**parent, "seed": member.seed, "train": train}
    match member.arm:
        case "untrained":
            network |= {"untrained": True, "train": held_out}
        case "shuffled-labels":
            network["train"] = {**train, "labels": "shuffled"}
        case "identity":
            network["train"] = {**train, "labels": "identity"}
        case "rotated":
            network["rotated"] = True
    return network


def to_toml(content: Mapping[str, Any]) -> str:
    """A TOML text that holds `content`: numbers, texts, truths, lists of them, and tables."""
    return "\n".join(_lines(content, ())) + "\n"


def _lines(table: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    if place and (plain or not table):
        yield f"\n[{'.'.join(map(_key, place))}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _lines(value, (*place, key))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, float):
        return repr(value)
    # JSON writes texts, whole numbers and truths as TOML does, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
