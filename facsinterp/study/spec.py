"""A study definition: what it may say, its id, and the steps that it asks for.

A definition names corpora and networks, never paths, so its `id` (the hash of its content
with all defaults filled in) means the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from facsinterp.activations.plan import Precision
from facsinterp.association.settings import Settings
from facsinterp.faces.prepare import Preparation
from facsinterp.provenance import fingerprint
from facsinterp.study import registry


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
    """`[sweep]`: layers to read (left out: every conv layer), images a forward pass, precision."""

    layers: tuple[str, ...] | None = None
    batch_size: int = Field(default=64, ge=1)
    precision: Precision = "float32"


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
        content = self.model_dump(mode="json", by_alias=True)
        # This key came when there were reports already: its default leaves their ids as they are.
        if content["sweep"]["precision"] == "float32":
            del content["sweep"]["precision"]
        return fingerprint(content)[:12]

    @property
    def settings(self) -> Settings:
        """The settings of the association step, with this definition's seed."""
        return Settings(**{"seed": self.seed, **self.association})

    @property
    def preparation(self) -> Preparation:
        """How pictures are made ready for the network."""
        return Preparation(**self.faces.preparation)


def layer_words(spec: StudySpec) -> str:
    """The layers of a sweep in words."""
    return ", ".join(spec.sweep.layers) if spec.sweep.layers else "every conv layer"


def precision_words(spec: StudySpec) -> str:
    """What numbers of a sweep are less exact than float32, in words; empty if none are."""
    if spec.sweep.precision == "float32":
        return ""
    return (
        "in bfloat16; the 50 strongest images of each filter are those of float32, all else "
        "(galleries of one image a sequence, statistics) rests on bfloat16"
    )


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
    precise = precision_words(spec)
    yield "activations", f"sweep {layer_words(spec)}" + (f" {precise}" if precise else "")
    settings = spec.settings
    yield (
        "associations",
        f"{settings.permutations:,} shuffles {settings.null}, {settings.correction} at "
        f"{settings.alpha:g}",
    )
    yield "study", f"{spec.study}: {registry.summary(registry.load(spec.study))}"
    yield "report", "site/index.html"
