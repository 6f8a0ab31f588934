"""From TOML text to a `StudySpec`: every default filled in, every fault told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from facsinterp.association.settings import Settings
from facsinterp.errors import DefinitionError, Fault, PluginError
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.study import registry
from facsinterp.study.combinations import controls_faults, protocol_faults
from facsinterp.study.contract import Study
from facsinterp.study.faults import faults_of, model_of
from facsinterp.study.feasible import cannot_be_built
from facsinterp.study.filling import checked, faces_of, gathered, network_of, settings_of
from facsinterp.study.spec import StudySpec

FILE_NAME: Final = "study.toml"


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
    name = _name(file.resolve())
    try:
        return parse_spec(file.read_text(encoding="utf-8"), name=name)
    except DefinitionError as error:
        raise error.inside(str(file)) from None
    except UnicodeDecodeError as error:
        fault = Fault("the definition is not UTF-8 text", where=str(file), got=str(error))
        raise DefinitionError(fault) from None


def _name(file: Path) -> str:
    """The folder's name, and where a definition lies beside a `study.toml` its own after it."""
    if file.name == FILE_NAME:
        return file.parent.name
    beside = file.with_name(FILE_NAME).is_file()
    return f"{file.parent.name}-{file.stem}" if beside else file.stem


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
    if _is_table(content, "faces"):
        content["faces"] = _faces(content["faces"])
    if _is_table(content, "also"):
        # Faces that are compared are prepared alike, unless it is said otherwise.
        alike = content["faces"]["preparation"] if _is_table(content, "faces") else {}
        for name, part in content["also"].items():
            if isinstance(part, dict):
                own = _faces(part)
                own["preparation"] = {**alike, **own["preparation"]}
                content["also"][name] = own
    if _is_table(content, "network"):
        content["network"] = gathered(content["network"])
    return content


def _faces(given: Mapping[str, Any]) -> dict[str, Any]:
    """A `[faces]` part: its source, what prepares the pictures, and the source's own options."""
    prepared = model_of(Preparation).model_fields
    return {
        **{key: given[key] for key in ("source",) if key in given},
        "preparation": {key: value for key, value in given.items() if key in prepared},
        "options": {
            key: value for key, value in given.items() if key != "source" and key not in prepared
        },
    }


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
        filled["faces"] = faces_of(content["faces"], faults)
    if _is_table(content, "also"):
        filled["also"] = {
            name: faces_of(part, faults, f"also.{name}") if isinstance(part, dict) else part
            for name, part in content["also"].items()
        }
    if _is_table(content, "network"):
        filled["network"] = network_of(content["network"], faults)
    faults.extend(protocol_faults(content))
    filled["association"] = _association(content.get("association", {}), faults)
    study = _study(content, faults)
    filled["params"] = _params(content, study, faults)
    faults.extend(controls_faults(content, study))
    return filled


def _association(given: object, faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(given, dict):
        return {}  # already told as a fault of StudySpec
    filled = settings_of(Settings, given, "association", faults)
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
    return dict(given) if study is None else checked(study, given, "params", faults)
