"""Recipes: everything that decides how a network is trained, as plain data.

breuer2017     Breuer & Kimmel: Adam 1e-3, Keras' decay 1e-5, flips and affine changes
khorrami2015   Khorrami et al.: SGD with momentum, 31,000 updates, flips, warps and gamma
short          a good network within minutes on a laptop
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from facsinterp.errors import Fault, InputError
from facsinterp.nets.augment import AUGMENTATIONS, Augmentation, AugmentationName
from facsinterp.nets.devices import Precision
from facsinterp.nets.network import did_you_mean


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. An epoch ends with a look at the validation faces."""

    epochs: int = 60
    """Most epochs."""
    batch_size: int = 32
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    """Of sgd; adam has its usual 0.9 and 0.999."""
    weight_decay: float = 0.0
    """L2, added to the gradient of every parameter, biases included."""
    schedule: Literal["constant", "inverse", "cosine"] = "constant"
    """How the learning rate falls from update to update: not at all, as 1 / (1 + decay *
    updates) (the `decay` of Keras 1 and 2), or along a cosine to 0 at the last update."""
    decay: float = 0.0
    """Of the schedule `inverse`."""
    warmup: int = 0
    """Updates at the start over which the learning rate rises evenly to that of the schedule."""
    updates_per_epoch: int | None = None
    """None: an epoch shows each training face once."""
    replacement: bool = False
    """Whether faces are drawn with replacement instead of each in turn."""
    patience: int | None = None
    """Epochs without a better validation score after which training stops; None: never."""
    select: Literal["accuracy", "loss"] = "accuracy"
    """Which validation score decides; the weights of its first best epoch are kept."""
    class_weights: bool = False
    """Whether rare classes count more: each class weighs the same in sum."""
    augmentation: AugmentationName | Augmentation = "light"
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        given: object = self.augmentation
        if isinstance(given, Mapping):  # as a study definition holds it
            object.__setattr__(self, "augmentation", Augmentation(**given))
        InputError.raise_any(self._faults())

    def _faults(self) -> Iterator[Fault]:
        for name in ("epochs", "batch_size", "updates_per_epoch", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                yield Fault(
                    f"unusable {name}", f"recipe.{name}", expected="1 or more", got=str(value)
                )
        if not self.learning_rate > 0:
            yield Fault(
                "unusable learning_rate",
                "recipe.learning_rate",
                expected="above 0",
                got=str(self.learning_rate),
            )
        if self.warmup < 0:
            yield Fault(
                "unusable warmup", "recipe.warmup", expected="0 or more", got=str(self.warmup)
            )
        for name in ("momentum", "weight_decay", "decay"):
            if not 0 <= getattr(self, name) < 1:
                yield Fault(
                    f"unusable {name}",
                    f"recipe.{name}",
                    expected="0 or more, below 1",
                    got=str(getattr(self, name)),
                )
        if isinstance(self.augmentation, str) and self.augmentation not in AUGMENTATIONS:
            yield Fault(
                f"there is no augmentation {self.augmentation!r}",
                "recipe.augmentation",
                do=did_you_mean(self.augmentation, tuple(AUGMENTATIONS)),
            )

    @property
    def changes(self) -> Augmentation:
        """The ranges that `augmentation` stands for."""
        given = self.augmentation
        return given if isinstance(given, Augmentation) else AUGMENTATIONS[given]


RECIPES: Final[Mapping[str, Recipe]] = {
    # Batch, epochs and stopping are not in the paper.
    "breuer2017": Recipe(
        epochs=100,
        batch_size=32,
        schedule="inverse",
        decay=1e-5,
        patience=20,
        augmentation="breuer2017",
    ),
    # 31,000 updates in all; the authors looked at the validation faces every 1,000.
    "khorrami2015": Recipe(
        epochs=31,
        batch_size=64,
        optimizer="sgd",
        learning_rate=1e-2,
        weight_decay=1e-5,
        updates_per_epoch=1000,
        replacement=True,
        augmentation="khorrami2015",
    ),
    # Adam at 1e-3 stops breuer2017 dead within some updates on a few hundred faces of 96 px:
    # every training then ends at the commonest class.
    "short": Recipe(
        epochs=16, batch_size=16, learning_rate=3e-4, schedule="cosine", augmentation="light"
    ),
}


def recipe(name: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """The recipe called `name`, with some fields changed; InputError for unknown names."""
    fields = tuple(Recipe.__dataclass_fields__)
    faults = [
        Fault(f"a recipe has no {key!r}", "recipe", do=did_you_mean(key, fields))
        for key in changes or {}
        if key not in fields
    ]
    if name not in RECIPES:
        faults.append(
            Fault(f"there is no recipe {name!r}", "recipe", do=did_you_mean(name, tuple(RECIPES)))
        )
    InputError.raise_any(faults)
    return replace(RECIPES[name], **(changes or {}))
