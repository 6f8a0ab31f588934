"""The parts of a study definition: what each key may hold, by itself.

`combinations` knows which keys go together, `spec` the whole definition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from facsinterp.activations.plan import Precision
from facsinterp.errors import Fault, InputError
from facsinterp.saliency.methods import Method

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


def _each_once(values: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(values)) < len(values):
        raise InputError(
            Fault(
                "a seed is there twice",
                expected="each once: the same network is no second one",
                got=", ".join(map(str, values)),
            )
        )
    return values


Seeds = Annotated[tuple[Annotated[int, Field(ge=0)], ...], AfterValidator(_each_once)]
"""Seeds of networks, as a study's params name them."""
# The module whose functions build the banks, by name as a user's own networks are.
BANKS: Final = "facsinterp.nets.banks"


class Part(BaseModel):
    """Keys of one part, each by itself; `combinations` knows which go together."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FacesPart(Part):
    """`[faces]`: the source, how pictures are prepared, and the source's own options."""

    source: str
    preparation: Mapping[str, Any] = {}
    options: Mapping[str, Any] = {}


class TrainPart(Part):
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


class NetworkPart(Part):
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


class SweepPart(Part):
    """`[sweep]`: layers to read (left out: every conv layer), images a forward pass, precision."""

    layers: tuple[str, ...] | None = None
    batch_size: int = Field(default=64, ge=1)
    precision: Precision = "float32"


class VisualPart(Part):
    """`[visual]`: how pictures of the filters are made, where the study shows any."""

    method: Literal[Method, "none"] = "guided-backprop"


class ControlsPart(Part):
    """`[controls]`: what the trained network is compared with, and over which seeds."""

    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1)
    arms: tuple[Arm, ...] = Field(default=get_args(Arm), min_length=1)
    filters: Literal[32, 128, 288, 512] = 128
    """Of each bank: numbers that every bank can have."""
