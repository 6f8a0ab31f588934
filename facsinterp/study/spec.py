"""A study definition: TOML text parsed into a `StudySpec`, every fault told at once.

A definition names corpora and networks, never paths, so its `id` (the hash of its content
with all defaults filled in) means the same on every machine.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from facsinterp.association.settings import Settings
from facsinterp.errors import DefinitionError, Fault, InputError, PluginError
from facsinterp.faces.prepare import Preparation
from facsinterp.faces.sources.registry import source
from facsinterp.provenance import fingerprint
from facsinterp.study import registry
from facsinterp.study.faults import faults_of, model_of

FILE_NAME: Final = "study.toml"
DEFAULT_RECIPE: Final = "short"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FacesPart(_Part):
    """`[faces]`: the source, how pictures are prepared, and the source's own options."""

    source: str
    preparation: Mapping[str, Any] = {}
    options: Mapping[str, Any] = {}


class TrainPart(_Part):
    """`[network.train]`: who is held out, and the recipe."""

    folds: int | None = Field(default=None, ge=3)
    hold_out: float | None = Field(default=None, gt=0, lt=1)
    recipe: Mapping[str, Any] = {}

    @model_validator(mode="after")
    def _one_way_to_hold_out(self) -> TrainPart:
        if (self.folds is None) == (self.hold_out is None):
            message = "give either folds (such as 5) or hold_out (such as 0.4)"
            raise ValueError(message)
        return self


class NetworkPart(_Part):
    """`[network]`: an architecture by name or import path, trained or with given weights."""

    arch: str | None = None
    builder: str | None = Field(default=None, alias="import")
    options: Mapping[str, Any] = {}
    classes: tuple[str, ...] | None = None
    weights: str | None = None
    train: TrainPart | None = None

    @property
    def built(self) -> str:
        """The architecture's name, or the import path of its builder."""
        return self.arch or self.builder or ""

    @model_validator(mode="after")
    def _one_network(self) -> NetworkPart:
        if (self.arch is None) == (self.builder is None):
            message = 'give either arch = "breuer2017" or import = "package.module:builder"'
            raise ValueError(message)
        if (self.train is None) == (self.weights is None):
            message = "give either a [network.train] part or weights = FILE"
            raise ValueError(message)
        return self


class SweepPart(_Part):
    """`[sweep]`: layers to read (left out: every conv layer) and images a forward pass."""

    layers: tuple[str, ...] | None = None
    batch_size: int = Field(default=64, ge=1)


class StudySpec(_Part):
    """One definition, checked, with every default filled in."""

    name: str = Field(exclude=True)
    """Of the definition's folder or file; not part of its content."""
    text: str = Field(exclude=True, repr=False)
    study: str
    question: str
    seed: int = Field(default=0, ge=0)
    faces: FacesPart
    network: NetworkPart
    sweep: SweepPart = SweepPart()
    association: Mapping[str, Any] = {}
    params: Mapping[str, Any] = {}

    @property
    def id(self) -> str:
        """Twelve hex digits that change with the content of the definition, not its layout."""
        return fingerprint(self.model_dump(mode="json", by_alias=True))[:12]

    @property
    def settings(self) -> Settings:
        """The settings of the association step, with this definition's seed."""
        return Settings(**{"seed": self.seed, **self.association})

    @property
    def preparation(self) -> Preparation:
        """How pictures are made ready for the network."""
        return Preparation(**self.faces.preparation)


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
                do="run `facsinterp studies` to see the studies that are installed",
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
        kept = {key: train[key] for key in ("folds", "hold_out") if key in train}
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
        faces["preparation"] = _checked(
            model_of(Preparation), faces["preparation"], "faces", faults
        )
        faces["options"] = _source_options(faces, faults)
        filled["faces"] = faces
    if _is_table(content, "network"):
        filled["network"] = _network(dict(content["network"]), faults)
    filled["association"] = _association(content.get("association", {}), faults)
    filled["params"] = _params(content, faults)
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
        faults.extend(error.inside("faces.source").faults)
        return {}
    also = ["source", *model_of(Preparation).model_fields]
    return _checked(found.Options, faces["options"], "faces", faults, also=also)


def _network(network: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    # Architectures and recipes live beside torch, which is slow to load.
    from facsinterp.nets.zoo import ARCHITECTURES

    arch = network.get("arch")
    if isinstance(arch, str) and arch in ARCHITECTURES:
        given = network.get("options", {})
        network["options"] = _checked(ARCHITECTURES[arch].options, given, "network.options", faults)
    elif isinstance(arch, str):
        faults.append(_unknown("network", "network.arch", arch, list(ARCHITECTURES)))
    train = network.get("train")
    if isinstance(train, dict):
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
    near = difflib.get_close_matches(got, known, n=1)
    do = f"did you mean {near[0]}?" if near else ""
    return Fault(f"there is no {kind} {got!r}", where, expected=", ".join(known), do=do)


def _settings(
    kind: type, given: Mapping[str, Any], where: str, faults: list[Fault]
) -> dict[str, Any]:
    """The fields of a settings dataclass with defaults; its own checks count too."""
    before = len(faults)
    filled = _checked(model_of(kind), given, where, faults)
    if len(faults) == before:
        try:
            kind(**filled)
        except InputError as error:
            faults.extend(error.inside(where).faults)
        except ValueError as error:
            faults.append(Fault(str(error), where=where))
    return filled


def _association(given: object, faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(given, dict):
        return {}  # already told as a fault of StudySpec
    filled = _settings(Settings, given, "association", faults)
    if "seed" not in given:
        filled.pop("seed", None)
    return filled


def _params(content: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    given = content.get("params", {})
    name = content.get("study")
    if not isinstance(name, str) or not isinstance(given, dict):
        return {}
    try:
        study = registry.load(name)
    except PluginError as error:
        faults.append(Fault(str(error), where="study"))
        return dict(given)
    return _checked(study, given, "params", faults)


def layer_words(spec: StudySpec) -> str:
    """The layers of a sweep in words."""
    return ", ".join(spec.sweep.layers) if spec.sweep.layers else "every conv layer"


def steps(spec: StudySpec) -> Iterator[tuple[str, str]]:
    """(step, what it does) for each step that `run` would take, in order."""
    prepared = spec.preparation
    yield (
        "faces",
        f"read {spec.faces.source}; {prepared.size} x {prepared.size} px {prepared.colour}",
    )
    network, built = spec.network, spec.network.built
    if network.train is None:
        yield "network", f"{built} with weights {network.weights}"
    elif network.train.folds:
        yield "network", f"train {built} in {network.train.folds} subject-exclusive folds"
    else:
        yield "network", f"train {built}; {network.train.hold_out:.0%} of the subjects held out"
    yield "activations", f"sweep {layer_words(spec)}"
    settings = spec.settings
    yield (
        "associations",
        f"{settings.permutations:,} shuffles {settings.null}, {settings.correction} at "
        f"{settings.alpha:g}",
    )
    yield "study", f"{spec.study}: {registry.summary(registry.load(spec.study))}"
    yield "report", "site/index.html"
