"""Parts of a definition with every default filled in, and every fault told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from facsinterp.errors import DefinitionError, Fault
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.sources.registry import source
from facsinterp.study.combinations import fixed, network_faults
from facsinterp.study.faults import bad_keys, faults_of, model_of, nearest, placed
from facsinterp.study.feasible import own_faults
from facsinterp.study.parts import NetworkPart, TrainPart

DEFAULT_RECIPE: Final = "short"


def checked(
    model: type[BaseModel],
    given: Mapping[str, Any],
    where: str,
    faults: list[Fault],
    *,
    also: Iterable[str] = (),
) -> dict[str, Any]:
    """The given keys with the model's defaults, or as they are when there are faults."""
    try:
        return model.model_validate(dict(given)).model_dump(mode="json")
    except ValidationError as error:
        faults.extend(faults_of(error, model, where, also))
        return dict(given)


def faces_of(given: Mapping[str, Any], faults: list[Fault], where: str = "faces") -> dict[str, Any]:
    """A `[faces]` part, its keys gathered, with every default filled in."""
    faces = dict(given)
    faces["preparation"] = settings_of(Preparation, faces["preparation"], where, faults)
    faces["options"] = _source_options(faces, where, faults)
    return faces


def _source_options(faces: Mapping[str, Any], where: str, faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(faces.get("source"), str):
        return {}
    try:
        found = source(faces["source"])
    except DefinitionError as error:
        faults.extend(placed(fault, f"{where}.source") for fault in error.faults)
        return {}
    also = ["source", *model_of(Preparation).model_fields]
    return checked(found.Options, faces["options"], where, faults, also=also)


def network_of(given: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """A `[network]` part, its recipe gathered, with every default filled in."""
    network = dict(given)
    # Architectures and recipes live beside torch, which is slow to load.
    from facsinterp.nets.banks import BankOptions
    from facsinterp.nets.zoo import ARCHITECTURES

    faults.extend(network_faults(network))
    arch = network.get("arch")
    if isinstance(arch, str) and arch in ARCHITECTURES:
        given = network.get("options", {})
        network["options"] = checked(ARCHITECTURES[arch].options, given, "network.options", faults)
    elif isinstance(arch, str):
        faults.append(_unknown("network", "network.arch", arch, list(ARCHITECTURES)))
    elif "bank" in network:
        given = network.get("options", {})
        network["options"] = checked(BankOptions, given, "network.options", faults)
    train = network.get("train")
    if isinstance(train, dict) and not fixed(network):
        network["train"] = {**train, "recipe": _recipe(train["recipe"], faults)}
    return network


def _recipe(given: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """Every field of the recipe that `recipe` names, with the changes given beside it."""
    from facsinterp.nets.recipes import RECIPES, Recipe

    changes = {key: value for key, value in given.items() if key != "recipe"}
    name = given.get("recipe", DEFAULT_RECIPE)
    if name not in RECIPES:
        faults.append(_unknown("recipe", "network.train.recipe", str(name), list(RECIPES)))
        return changes
    return settings_of(Recipe, {**asdict(RECIPES[name]), **changes}, "network.train", faults)


def _unknown(kind: str, where: str, got: str, known: list[str]) -> Fault:
    what = f"there is no {kind} {got!r}"
    return Fault(what, where, expected=", ".join(known), do=nearest(got, known))


def settings_of(
    kind: type, given: Mapping[str, Any], where: str, faults: list[Fault]
) -> dict[str, Any]:
    """The fields of a settings dataclass with defaults; its own checks count too.

    Where some fields cannot be read, the checks are those of the others.
    """
    model = model_of(kind)
    bad: set[str] = set()
    try:
        filled = good = model.model_validate(dict(given)).model_dump(mode="json")
    except ValidationError as error:
        faults.extend(faults_of(error, model, where))
        bad, filled = bad_keys(error), dict(given)
        rest = {key: value for key, value in filled.items() if key not in bad}
        good = model.model_validate(rest).model_dump(mode="json")
    own = kind.__name__.casefold()
    faults.extend(placed(fault, where, own) for fault in own_faults(kind, good, bad))
    return filled


def gathered(network: Mapping[str, Any]) -> dict[str, Any]:
    """A `[network]` part with the free keys of its training moved into the recipe."""
    train = network.get("train")
    if not isinstance(train, Mapping) or (
        "recipe" in train and isinstance(train["recipe"], Mapping)
    ):
        return dict(network)
    own = set(TrainPart.model_fields) - {"recipe"}
    kept = {key: value for key, value in train.items() if key in own}
    recipe = {key: value for key, value in train.items() if key not in kept}
    return {**network, "train": {**kept, "recipe": recipe}}


def network_part(content: Mapping[str, Any]) -> NetworkPart:
    """The `[network]` part that a definition would have with this content, as TOML gives it.

    Raises DefinitionError with every fault.
    """
    faults: list[Fault] = []
    given = gathered(content)
    try:
        NetworkPart.model_validate(given)
    except ValidationError as error:
        faults.extend(faults_of(error, NetworkPart, "network"))
    filled = network_of(given, faults)
    DefinitionError.raise_any(faults)
    return NetworkPart.model_validate(filled)


def changed_network(
    part: NetworkPart,
    *,
    arch: str | None = None,
    options: Mapping[str, Any] | None = None,
    train: Mapping[str, Any] | None = None,
) -> NetworkPart:
    """A `[network]` part with another architecture, other options, or other keys of its training.

    `options` replace all that were there, `train` changes the keys that it names. Another
    architecture has its own options, so the part's do not go with it. Raises DefinitionError
    with every fault.
    """
    content: dict[str, Any] = part.model_dump(mode="json", by_alias=True)
    if arch is not None:
        content |= {"arch": arch, "import": None, "bank": None, "options": {}}
    if options is not None:
        content["options"] = dict(options)
    if content["train"] is not None:
        # Keys at their defaults were written by nobody, and some go with some networks only.
        bare = TrainPart().model_dump(mode="json")
        written = {k: v for k, v in content["train"].items() if v != bare[k] and k != "recipe"}
        content["train"] = {**written, **content["train"]["recipe"], **(train or {})}
    return network_part({key: value for key, value in content.items() if value is not None})
