"""The systems that are compared, by name, and how the network of a definition becomes each.

The arms of Khorrami et al. are khorrami2015 with dropout and augmentation (theirs, as published),
-dropout and -augmentation with one of the two alone, and -plain with neither; `-bias` gives any
of them biases in its convolutions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from facsinterp import Fault, InputError, Inputs, NetworkPart, changed_network

Recipes = Literal["shared", "own"]
Features = Literal["lbp", "gabor"]
Mistake = Literal["", "checkpoint-on-test", "folds-by-image"]

NETWORK: Final = "network"
"""The definition's own network, as it stands there."""


@dataclass(frozen=True)
class System:
    """One way to name expressions."""

    name: str
    words: str
    """For people, in a line of a figure."""
    arch: str = ""
    """Of a network; empty where it is none, or that of the definition."""
    features: Features | None = None
    """What a support vector machine is given; None for networks."""
    options: Mapping[str, Any] = field(default_factory=dict)
    augmented: bool = True
    recipe: str = ""
    """The name of its paper's own recipe; empty where no paper gave one."""
    against: str = ""
    """The system from which it differs in one thing alone."""


def _arms() -> tuple[System, ...]:
    found = []
    plain = "khorrami2015-plain"
    for bias, ending, told in ((False, "", ""), (True, "-bias", ", with biases")):
        for name, words, dropout, augmented in (
            ("khorrami2015", "dropout and augmentation", 0.5, True),
            ("khorrami2015-dropout", "dropout alone", 0.5, False),
            ("khorrami2015-augmentation", "augmentation alone", 0.0, True),
            (plain, "neither", 0.0, False),
        ):
            found.append(
                System(
                    f"{name}{ending}",
                    f"Khorrami 2015, {words}{told}",
                    arch="khorrami2015",
                    options={"dropout": dropout, "bias": bias},
                    augmented=augmented,
                    recipe="khorrami2015",
                    against=name if bias else plain if name != plain else "",
                )
            )
    return tuple(found)


SYSTEMS: Final[Mapping[str, System]] = {
    one.name: one
    for one in (
        System("breuer2017", "Breuer & Kimmel 2017", arch="breuer2017", recipe="breuer2017"),
        System(
            "breuer2017-no-bias",
            "Breuer & Kimmel 2017, no biases",
            arch="breuer2017",
            options={"bias": False},
            recipe="breuer2017",
            against="breuer2017",
        ),
        *_arms(),
        System("vgg", "VGG-style CNN", arch="vgg"),
        System("resnet", "ResNet-style CNN", arch="resnet"),
        System("lbp-svm", "LBP + SVM", features="lbp"),
        System("gabor-svm", "Gabor + SVM", features="gabor"),
        System(NETWORK, "the network of the definition"),
    )
}


def unknown(names: Iterable[str]) -> list[str]:
    """Those of `names` that are no system."""
    return [name for name in names if name not in SYSTEMS]


def normalise_faults(part: NetworkPart, normalise: str | None) -> Iterator[Fault]:
    """That no network normalises so, also where none of those compared is asked to."""
    if normalise is None:
        return
    try:
        changed_network(part, arch="breuer2017", options={"normalise": normalise})
    except InputError as error:
        for one in error.faults:
            yield Fault(one.what, "params.normalise", one.expected, one.got, one.do)


def grey_faults(names: Iterable[str], inputs: Inputs) -> Iterator[Fault]:
    """That machines are asked of faces in colour, which they cannot describe."""
    machines = [name for name in names if SYSTEMS[name].features is not None]
    if machines and inputs.corpora[""].pixels.array.ndim != 3:
        yield Fault(
            f"{' and '.join(machines)} describe grey faces",
            where="faces.colour",
            expected="grey",
            got="rgb",
            do='set colour = "grey" in [faces], or leave them out of params.systems',
        )


def taught(part: NetworkPart | None) -> NetworkPart:
    """The `[network]` part, if it says who is held out and how networks learn expressions.

    Raises InputError otherwise.
    """
    if (
        part is None
        or part.bank is not None
        or part.train is None
        or part.train.labels != "expression"
    ):
        raise InputError(
            Fault(
                "accuracy takes a training on expressions",
                where="network.train",
                expected="folds, hold_out or protocol, a recipe, and labels left out",
                do='add [network.train], such as folds = 10 and recipe = "short"',
            )
        )
    return part.model_copy(update={"untrained": False, "rotated": False})


def network_of(
    system: System, part: NetworkPart, recipes: Recipes, normalise: str | None = None
) -> NetworkPart:
    """The `[network]` part that trains a system in the folds of `part`.

    `recipes`: "shared" keeps the recipe of the definition for everybody; "own" takes that of
    the system's paper where there is one. Either way an arm without augmentation has none.
    Options of the definition's network that the system does not set go with it where the
    architecture is the same. `normalise`: how all but the definition's own normalise faces;
    None: as each does by itself.
    """
    if system.name == NETWORK:
        return part
    kept = part.options if part.arch == system.arch else {}
    if normalise is not None:
        kept = {**kept, "normalise": normalise}
    options = {**kept, **system.options}
    changes: dict[str, Any] = {} if system.augmented else {"augmentation": "none"}
    if recipes == "own" and system.recipe:
        assert part.train is not None  # `taught` has seen to it
        blank = part.train.model_copy(update={"recipe": {}})
        part = part.model_copy(update={"train": blank})
        changes = {"recipe": system.recipe, **changes}
    return changed_network(part, arch=system.arch, options=options, train=changes)
