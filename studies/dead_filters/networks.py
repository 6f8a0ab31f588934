"""Which networks are made: the definition's own and its variants, over folds and seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from facsinterp import (
    Inputs,
    NetworkPart,
    Training,
    changed_network,
    learning,
    trainings,
)

from .jobs import Peaks
from .study import Variant

OWN: Final = "as defined"
KIND: Final = ("network", "optimiser", "learning rate", "conv biases", "initialiser")
"""What of a network may decide how many of its filters die: the keys of `told`."""


@dataclass(frozen=True)
class Made:
    """One network of the study."""

    variant: str
    part: NetworkPart
    job: Peaks

    @property
    def training(self) -> Training:
        """What made it."""
        return self.job.training

    @property
    def trained(self) -> bool:
        """Whether it learnt anything."""
        return self.part.learns


def made(
    inputs: Inputs,
    variants: Mapping[str, Variant],
    seeds: Sequence[int],
    absolute: tuple[float, ...],
    relative: tuple[float, ...],
) -> tuple[Made, ...]:
    """Every network: the definition's own in all folds, all others in the first fold alone.

    Raises InputError where the definition trains none on expressions, or a variant cannot be built.
    """
    part = learning(inputs.network_part)
    found = []
    for name, parts in _parts(part, variants):
        for one in parts:
            jobs = trainings(one, inputs.corpora[""], seeds=seeds, deal=inputs.seed)
            first = jobs[0].fold
            everywhere = name == OWN and one.learns
            found += [
                Made(name, one, Peaks(training=job, absolute=absolute, relative=relative))
                for job in jobs
                if everywhere or job.fold == first
            ]
    return tuple(found)


def _parts(
    part: NetworkPart, variants: Mapping[str, Variant]
) -> Iterator[tuple[str, tuple[NetworkPart, NetworkPart]]]:
    """Each variant by its name, as it is trained and as it starts."""
    for name, one in {OWN: Variant(), **variants}.items():
        trained = changed_network(part, arch=one.arch, options=one.options, train=one.train)
        # Whatever would train it: equal starts are one piece of work.
        start = changed_network(part, arch=one.arch, options=one.options)
        yield name, (trained, start.model_copy(update={"untrained": True}))


def told(part: NetworkPart) -> dict[str, object]:
    """`KIND` of a network."""
    recipe: Mapping[str, Any] = part.train.recipe if part.train else {}
    options = part.options
    start = options.get("initialiser", "")
    if "k" in options:
        start = "gaussian, k drawn" if options["k"] is None else f"gaussian, k = {options['k']:g}"
    return {
        "network": part.name,
        "optimiser": recipe.get("optimizer", ""),
        "learning rate": recipe.get("learning_rate", float("nan")),
        "conv biases": ("yes" if options["bias"] else "no") if "bias" in options else "",
        "initialiser": start,
    }
