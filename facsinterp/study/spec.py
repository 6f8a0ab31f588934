"""A study definition: what it may say, its id, and the steps that it asks for.

A definition names corpora and networks, never paths, so its `id` (the hash of its content
with all defaults filled in) means the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from facsinterp.activations.plan import Precision
from facsinterp.association.settings import Settings
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.splits.protocols import protocol
from facsinterp.provenance import fingerprint
from facsinterp.saliency.methods import Method
from facsinterp.study import registry
from facsinterp.study.contract import Need

Labels = Literal["expression", "shuffled", "identity"]
Copies = Literal["keep", "drop"]
Bank = Literal["pixels", "pca", "gabor"]
Arm = Literal[
    "trained",
    "untrained",
    "shuffled-labels",
    "identity",
    "rotated",
    "pixels",
    "pca",
    "gabor",
    "emotion-only",
]

# The module whose functions build the banks, by name as a user's own networks are.
BANKS: Final = "facsinterp.nets.banks"
# These keys came when there were reports already: their defaults leave ids as they are.
_LATER: Final[Mapping[str, Mapping[str, Any]]] = {
    "": {"controls": None, "visual": {"method": "guided-backprop"}},
    "sweep": {"precision": "float32"},
    "network": {"bank": None, "seed": None, "untrained": False, "rotated": False},
    "faces.options": {"sequences": "all"},  # of ckplus; those of drawn faces are a number
    "network.options": {"normalise": None},
    "network.train": {
        "labels": "expression",
        "first_fold_only": False,
        "protocol": None,
        "copies": "keep",
    },
    "association": {"beyond": "within-emotion", "sides": "one", "atom_bins": 11},
}


class _Part(BaseModel):
    """Keys of one part, each by itself; `combinations` knows which go together."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FacesPart(_Part):
    """`[faces]`: the source, how pictures are prepared, and the source's own options."""

    source: str
    preparation: Mapping[str, Any] = {}
    options: Mapping[str, Any] = {}


class TrainPart(_Part):
    """`[network.train]`: who is held out, what is learnt, and the recipe."""

    folds: int | None = Field(default=None, ge=3)
    hold_out: float | None = Field(default=None, gt=0, lt=1)
    protocol: str | None = None
    """A split of the field by name, with the classes that are learnt."""
    first_fold_only: bool = False
    """Whether only the network that is studied is made, not those of the other folds."""
    labels: Labels = "expression"
    """What the network learns to name: the expression, expressions shuffled between the
    sequences of each subject, or the subject."""
    copies: Copies = "keep"
    """Whether pictures that are equal to held-out ones stay among those that train."""
    recipe: Mapping[str, Any] = {}


class NetworkPart(_Part):
    """`[network]`: an architecture by name or import path, or a bank of fixed filters.

    An architecture is trained, left as it is drawn, or has given weights.
    """

    arch: str | None = None
    builder: str | None = Field(default=None, alias="import")
    bank: Bank | None = None
    options: Mapping[str, Any] = {}
    classes: tuple[str, ...] | None = None
    weights: str | None = None
    train: TrainPart | None = None
    seed: int | None = Field(default=None, ge=0)
    """Of weights, augmentation and shuffled labels; left out, that of the definition. Folds and
    statistics keep the definition's, so that networks of all seeds have the same test subjects."""
    untrained: bool = False
    """Whether the network stays as its seed draws it; `train` still says who is held out."""
    rotated: bool = False
    """Whether the channels of each layer are mixed by a random orthogonal matrix."""

    @property
    def built(self) -> str:
        """The architecture's name, or the import path of its builder."""
        return self.arch or self.builder or (f"{BANKS}:{self.bank}" if self.bank else "")

    @property
    def name(self) -> str:
        """The architecture or the bank, for people."""
        return f"a bank of {self.bank}" if self.bank else self.built

    @property
    def learns(self) -> bool:
        """Whether a training makes it what it is."""
        return self.train is not None and not self.untrained and self.bank is None


class SweepPart(_Part):
    """`[sweep]`: layers to read (left out: every conv layer), images a forward pass, precision."""

    layers: tuple[str, ...] | None = None
    batch_size: int = Field(default=64, ge=1)
    precision: Precision = "float32"


class VisualPart(_Part):
    """`[visual]`: how pictures of the filters are made, where the study shows any."""

    method: Literal[Method, "none"] = "guided-backprop"


class ControlsPart(_Part):
    """`[controls]`: what the trained network is compared with, and over which seeds."""

    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1)
    arms: tuple[Arm, ...] = Field(default=get_args(Arm), min_length=1)
    filters: Literal[32, 128, 288, 512] = 128
    """Of each bank: numbers that every bank can have."""


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
    visual: VisualPart = VisualPart()
    params: Mapping[str, Any] = {}
    controls: ControlsPart | None = None

    @property
    def id(self) -> str:
        """Twelve hex digits that change with the content of the definition, not its layout."""
        return fingerprint(self._content())[:12]

    @property
    def network_seed(self) -> int:
        """The seed of the network's weights and of its training."""
        return self.seed if self.network.seed is None else self.network.seed

    @property
    def network_content(self) -> dict[str, Any]:
        """What the definition says that decides the network of each fold, as plain data."""
        content: dict[str, Any] = self._content()["network"]
        content.pop("rotated", None)  # done to the network when it is loaded
        (content["train"] or {}).pop("first_fold_only", None)
        return content

    def _content(self) -> dict[str, Any]:
        content = self.model_dump(mode="json", by_alias=True)
        if self.network.seed == self.seed:
            content["network"]["seed"] = None
        for place, defaults in _LATER.items():
            part: Any = content
            for name in place.split(".") if place else ():
                part = part[name] or {}
            for key, default in defaults.items():
                if part.get(key) == default:
                    part.pop(key, None)
        return content

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


def visual_words(spec: StudySpec) -> str:
    """How pictures of the filters are made, in words."""
    if spec.visual.method == "none":
        return "none are made"
    return f"{spec.visual.method} of each filter's {spec.settings.top_n} strongest faces"


def network_words(network: NetworkPart) -> str:
    """What a network is other than trained on expressions; empty where it is that."""
    labels = network.train.labels if network.train else "expression"
    words = (
        "untrained" if network.untrained else "",
        "trained on expressions shuffled between a person's sequences"
        if labels == "shuffled"
        else "",
        "trained to tell people apart" if labels == "identity" else "",
        "filters mixed at random" if network.rotated else "",
    )
    return ", ".join(filter(None, words))


def _network_step(network: NetworkPart) -> str:
    train, kind = network.train, network_words(network)
    end = f" ({kind})" if kind else ""
    if train is None:
        return f"{network.name} with weights {network.weights}{end}"
    verb = "train" if network.learns else "make"
    return f"{verb} {network.name}{end}{_held_out(train)}"


def _held_out(train: TrainPart) -> str:
    """Who is held out, in words that follow those of the network."""
    dropped = ", without training copies of held-out pictures" if train.copies == "drop" else ""
    if train.hold_out is not None:
        return f"; {train.hold_out:.0%} of the subjects held out{dropped}"
    first = "the first of " if train.first_fold_only else ""
    if train.protocol is None:
        return f" in {first}{train.folds} subject-exclusive folds{dropped}"
    named = f"{train.protocol} ({protocol(train.protocol).title})"
    return f" in {first + 'the folds of ' if first else ''}{named}{dropped}"


def steps(spec: StudySpec) -> Iterator[tuple[str, str]]:
    """(step, what it does) for each step that `run` would take, in order."""
    prepared = spec.preparation
    yield (
        "faces",
        f"read {spec.faces.source}; {prepared.size} x {prepared.size} px {prepared.colour}",
    )
    yield "network", _network_step(spec.network)
    precise = precision_words(spec)
    yield "activations", f"sweep {layer_words(spec)}" + (f" {precise}" if precise else "")
    settings = spec.settings
    beyond = "not tested" if settings.beyond == "none" else settings.beyond
    yield (
        "associations",
        f"{settings.permutations:,} shuffles {settings.null}, beyond emotion {beyond}; "
        f"{settings.correction} at {settings.alpha:g}",
    )
    if Need.VISUAL in registry.load(spec.study).needs:
        yield "pictures", visual_words(spec)
    if spec.controls is not None:
        seeds, arms = spec.controls.seeds, spec.controls.arms
        yield (
            "controls",
            f"networks, activations and associations of {', '.join(arms)}; "
            f"seeds {', '.join(map(str, seeds))}",
        )
    yield "study", f"{spec.study}: {registry.summary(registry.load(spec.study))}"
    yield "report", "site/index.html"
