"""Which jobs a study of accuracy takes: each system in each fold from each seed, mistakes too.

It loads torch, so the study imports it only when there is work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from facsinterp import Inputs, Job, NetworkPart, trainings

from .jobs import Machines
from .reading import Answers, answers_of
from .systems import Features, Mistake, Recipes, System, network_of

Jobs = tuple[tuple[int | None, tuple[Job, ...]], ...]


@dataclass(frozen=True)
class Planned:
    """The jobs of one system by one protocol."""

    system: System
    mistake: Mistake
    jobs: Jobs
    """Those of each seed, one a fold; None for what has no seed."""

    def answers(self, inputs: Inputs) -> Answers:
        """What they left, put together."""
        folders = [(seed, [inputs.folder(job) for job in some]) for seed, some in self.jobs]
        return answers_of(self.system, self.mistake, folders)


def planned(
    inputs: Inputs,
    part: NetworkPart,
    systems: Sequence[tuple[System, Mistake]],
    seeds: Sequence[int],
    recipes: Recipes,
    normalise: str | None = None,
) -> tuple[Planned, ...]:
    """The jobs of each system and mistake, all in the same folds.

    `recipes` and `normalise` as in `systems.network_of`. Raises DefinitionError where a
    network cannot be what is asked.
    """
    found = []
    for system, mistake in systems:
        if system.features is not None:
            jobs = _machines(inputs, part, system.features, mistake)
        else:
            network = network_of(system, part, recipes, normalise)
            jobs = _networks(inputs, network, mistake, seeds)
        found.append(Planned(system, mistake, jobs))
    return tuple(found)


def _machines(inputs: Inputs, part: NetworkPart, features: Features, mistake: Mistake) -> Jobs:
    split = NetworkPart(train=part.train)
    job = Machines(features=features, split=split, deal=inputs.seed, mistake=mistake)
    return ((None, (job,)),)


def _networks(inputs: Inputs, network: NetworkPart, mistake: Mistake, seeds: Sequence[int]) -> Jobs:
    every = trainings(
        network, inputs.corpora[""], seeds=seeds, deal=inputs.seed, mistake=mistake, weights=False
    )
    return tuple((seed, tuple(job for job in every if job.seed == seed)) for seed in seeds)
