"""From TOML text to a `StudySpec`: every default filled in, every fault told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from facsinterp.association.settings import Settings
from facsinterp.errors import DefinitionError, Fault, PluginError
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.sources.registry import source
from facsinterp.study import registry
from facsinterp.study.combinations import controls_faults, fixed, network_faults, protocol_faults
from facsinterp.study.contract import Study
from facsinterp.study.faults import bad_keys, faults_of, model_of, nearest, placed
from facsinterp.study.feasible import cannot_be_built, own_faults
from facsinterp.study.spec import StudySpec, TrainPart

FILE_NAME: Final = "study.toml"
DEFAULT_RECIPE: Final = "short"


def read_spec(path: Path) -> StudySpec:
    """The definition in a file, or in the `study.toml` of a folder.

    Raises DefinitionError with every fault.
    """
    file = path / FILE_NAME if path.is_dir() else path
    if not file.is_file():
        raise DefinitionError(
            Fault(
                "there is no study definition here",
                where=str(path),
                expected=f"a definition file, or a folder with a {FILE_NAME}",
                got="a folder without one" if path.is_dir() else "nothing",
                do="name a definition, such as studies/quickstart",
            )
        )
    name = file.parent.resolve().name if file.name == FILE_NAME else file.stem
    try:
        return parse_spec(file.read_text(encoding="utf-8"), name=name)
    except DefinitionError as error:
        raise error.inside(str(file)) from None
    except UnicodeDecodeError as error:
        fault = Fault("the definition is not UTF-8 text", where=str(file), got=str(error))
        raise DefinitionError(fault) from None


def parse_spec(text: str, *, name: str) -> StudySpec:
    """The definition that a TOML text holds. Raises DefinitionError with every fault."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        fault = Fault("the definition is not TOML", got=str(error))
        raise DefinitionError(fault) from None
    faults: list[Fault] = []
    content = _gathered(content)
    spec = _validated(content, name, text, faults)
    content = _filled(content, faults)
    faults.extend(cannot_be_built(content, faults))
    if faults or spec is None:
        raise DefinitionError(faults)
    return StudySpec.model_validate({**content, "name": name, "text": text})


def _gathered(content: dict[str, Any]) -> dict[str, Any]:
    """The same content with the free keys of a part moved into its options."""
    faces = content.get("faces")
    if isinstance(faces, dict):
        prepared = model_of(Preparation).model_fields
        content["faces"] = {
            **{key: faces[key] for key in ("source",) if key in faces},
            "preparation": {key: value for key, value in faces.items() if key in prepared},
            "options": {
                key: value
                for key, value in faces.items()
                if key != "source" and key not in prepared
            },
        }
    train = content["network"].get("train") if _is_table(content, "network") else None
    if isinstance(train, dict):
        own = set(TrainPart.model_fields) - {"recipe"}
        kept = {key: value for key, value in train.items() if key in own}
        recipe = {key: value for key, value in train.items() if key not in kept}
        content["network"]["train"] = {**kept, "recipe": recipe}
    return content


def _is_table(content: Mapping[str, Any], name: str) -> bool:
    return isinstance(content.get(name), dict)


def _validated(
    content: dict[str, Any], name: str, text: str, faults: list[Fault]
) -> StudySpec | None:
    try:
        return StudySpec.model_validate({**content, "name": name, "text": text})
    except ValidationError as error:
        faults.extend(faults_of(error, StudySpec))
        return None


def _filled(content: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """The content with the defaults of source, preparation, recipe, settings and study."""
    filled = dict(content)
    if _is_table(content, "faces"):
        faces = dict(content["faces"])
        faces["preparation"] = _settings(Preparation, faces["preparation"], "faces", faults)
        faces["options"] = _source_options(faces, faults)
        filled["faces"] = faces
    if _is_table(content, "network"):
        filled["network"] = _network(dict(content["network"]), faults)
    faults.extend(protocol_faults(content))
    filled["association"] = _association(content.get("association", {}), faults)
    study = _study(content, faults)
    filled["params"] = _params(content, study, faults)
    faults.extend(controls_faults(content, study))
    return filled


def _checked(
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


def _source_options(faces: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(faces.get("source"), str):
        return {}
    try:
        found = source(faces["source"])
    except DefinitionError as error:
        faults.extend(placed(fault, "faces.source") for fault in error.faults)
        return {}
    also = ["source", *model_of(Preparation).model_fields]
    return _checked(found.Options, faces["options"], "faces", faults, also=also)


def _network(network: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    # Architectures and recipes live beside torch, which is slow to load.
    from facsinterp.nets.banks import BankOptions
    from facsinterp.nets.zoo import ARCHITECTURES

    faults.extend(network_faults(network))
    arch = network.get("arch")
    if isinstance(arch, str) and arch in ARCHITECTURES:
        given = network.get("options", {})
        network["options"] = _checked(ARCHITECTURES[arch].options, given, "network.options", faults)
    elif isinstance(arch, str):
        faults.append(_unknown("network", "network.arch", arch, list(ARCHITECTURES)))
    elif "bank" in network:
        given = network.get("options", {})
        network["options"] = _checked(BankOptions, given, "network.options", faults)
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
    return _settings(Recipe, {**asdict(RECIPES[name]), **changes}, "network.train", faults)


def _unknown(kind: str, where: str, got: str, known: list[str]) -> Fault:
    what = f"there is no {kind} {got!r}"
    return Fault(what, where, expected=", ".join(known), do=nearest(got, known))


def _settings(
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


def _association(given: object, faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(given, dict):
        return {}  # already told as a fault of StudySpec
    filled = _settings(Settings, given, "association", faults)
    if "seed" not in given:
        filled.pop("seed", None)
    return filled


def _study(content: Mapping[str, Any], faults: list[Fault]) -> type[Study] | None:
    name = content.get("study")
    if not isinstance(name, str):
        return None  # already told as a fault of StudySpec
    try:
        return registry.load(name)
    except PluginError as error:
        faults.append(Fault(str(error), where="study"))
        return None


def _params(
    content: Mapping[str, Any], study: type[Study] | None, faults: list[Fault]
) -> dict[str, Any]:
    given = content.get("params", {})
    if not isinstance(given, dict):
        return {}
    return dict(given) if study is None else _checked(study, given, "params", faults)
